// Package phone reads phone numbers and tells where they may lie: E.164 form,
// country, area prefix and the IANA time zones that must all be inside the
// calling window before the number may be dialed.
//
// Numbers are accepted when their length is possible in their country, not
// only when their range is assigned: fictional numbers (+1 … 555-01xx) and
// ranges newer than the embedded tables must be importable, and the network
// tells a bad number better than any table.
//
// # Concurrency
//
// Pure functions over tables that are read only; safe for concurrent use.
// There is nothing to shut down.
package phone
