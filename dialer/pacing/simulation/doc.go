// Package simulation runs a campaign's day against a pacing algorithm in a second
// or so: calls ring, are answered or fail, agents talk, wrap up, pause, come and
// go. The predictive, progressive and ratio algorithms are production's own code
// (package pacing); the others are what it is compared with.
//
// A day is a discrete-event simulation: a heap of events, one clock, one source of
// chance. It is pure and for one goroutine, and a scenario, an algorithm and a seed
// always give the same day. Compare runs the days of several algorithms and seeds
// on as many goroutines as processors, returns when all of them have stopped, and
// gives the same figures whichever ends first.
//
// An answered customer waits for the agent who is free the longest, at most for the
// connect limit; after that the call is a drop. What the trunks allow is part of
// what the algorithm sees, and held by the day whatever the algorithm asks for. The
// trunk's rate counts the dials of any second, not of whole seconds of the clock.
//
// Not simulated: machines that answer, customers who hang up while they wait,
// signaling delay, and callers who come in.
package simulation
