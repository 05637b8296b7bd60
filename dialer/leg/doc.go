// Package leg is the pure machine of one SIP dialog, as client or as server:
// Step(now, Event) gives the commands that follow. It has no I/O, goroutine or
// clock of its own.
package leg
