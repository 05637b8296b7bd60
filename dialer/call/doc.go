// Package call is the pure machine of one call: a set of dialogs, a waiting
// time, an agent, a bridge. Step(now, Input) gives the commands that the
// owning actor carries out, and the facts that it records, in order. There is
// no I/O, goroutine or clock in here, and nothing to shut down.
//
// Three plans share it. An outbound call dials the customer, and upon the
// answer looks for an agent within the connect limit; when nobody is free in
// time it plays the safe-harbor message and ends as dropped. An inbound call
// finds out who calls, answers, and waits in its queue until an agent is
// reserved or the caller gives up. A manual call has its agent from the
// start, rings that agent's phone if it is rung per call, reserves the attempt
// only then (an attempt must be dialed within a second), and dials.
//
// What holds whatever the order of events, and is tested as such: every
// attempt gets exactly one attempt.ended; every opened call exactly one
// call.ended, and either one system disposition or one agent who owes a
// result; every agent is released exactly once; no timer outlives the call;
// Done comes once, when every dialog is down.
//
// A Machine belongs to one goroutine.
package call
