// Package postgres is the store: the truth about contacts, candidates,
// attempts, calls, results and consents.
//
// # Transactions
//
// Each method is one transaction. Whoever decides over persons locks their
// contact rows and then their number rows, each sorted by id, before reading
// the facts in a second statement (DESIGN.md section 4.5); DNC entries and
// complaints lock the same rows, so that a decision is either before or after
// them. Deadlocks and serialization failures are retried a few times.
//
// State changes are compare-and-set updates, and the partial unique indexes of
// the schema hold the invariants even against a mistake in this package.
//
// # Time
//
// Business time is the database's clock plus a configured offset; it is a
// parameter of every query. The nodes' leases use the database's own clock.
//
// # SQL
//
// The queries stand beside their Go as text and are proven by the tests, which
// run each against PostgreSQL. sqlc is not used: the gate, refill and import
// statements work on arrays and temporary tables, which its generator does not
// type.
//
// # Concurrency and shutdown
//
// A Store is safe for concurrent use. Run measures the clock until its context
// ends; Close releases the connections once all callers have returned.
package postgres
