// Package leg is the pure machine of one SIP dialog, as client or as server,
// seen from the call that owns it: Step(now, Input) gives the commands that
// follow. It has no I/O, goroutine or clock of its own, and needs no shutdown.
//
// The machine survives every order of events that a network can produce: a
// 200 that overtakes a 183, an answer that crosses our CANCEL, a BYE before
// anything else, events after the end. Whatever comes, it tells Down exactly
// once, with the facts from which the outcome of an attempt is judged.
//
// A Machine belongs to one goroutine.
package leg
