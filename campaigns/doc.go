// Package campaigns is the domain of Ringmaster: the types, states, events and
// errors that its houses (dialer, queue, agentui, the store and the engine)
// exchange. It imports the standard library only and does no I/O.
//
// Each kind of state is a string type with one transition table in states.go;
// the SQL schema repeats the states as CHECK constraints and a test of package
// postgres holds the two against each other.
//
// # Time
//
// Every time.Time in this package is business time (the database's clock plus
// the configured offset) unless its comment says otherwise. Durations measured
// inside a process are monotonic and are handed over as time.Duration.
//
// # Concurrency
//
// Everything here is plain data or a pure function; values are not safe for
// concurrent mutation.
package campaigns
