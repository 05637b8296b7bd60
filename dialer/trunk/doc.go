// Package trunk decides over which carrier route a dial goes, how fast, and what
// a dial's end means.
//
// A Group holds the trunks. Acquire gives a Lease on a channel of the best one:
// lowest priority value first, by weight among equals. A trunk of a higher value
// is used only while those before it are unhealthy or out of channels; a trunk
// that merely has to wait for its pace is waited for, so that an expensive route
// does not carry the peaks of a cheap one.
//
// Pace: a trunk sends at most CallsPerSecond calls in any second, spread evenly:
// at most a tenth of a second's calls at once. Health: five trunk faults in a row
// close a trunk for a while, doubling up to a minute, after which one call at a
// time probes it.
//
// Judge is the outcome table: SIP status and Q.850 cause to the attempt's
// outcome, and whether another trunk may be tried. It is pure.
//
// A Group is safe for concurrent use: one mutex, held for no I/O. The time is a
// parameter everywhere; it must not go backwards between calls by more than it
// costs (a step back delays dials by the step).
package trunk
