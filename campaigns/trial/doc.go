// Package trial holds the statistics of experiments with two arms: how many
// persons are needed, who belongs to which arm, and what the shares at the end
// say.
//
// The horizon is fixed before the start and looked at once. Looking at the test
// again and again while the numbers come in, and stopping when it is
// significant, would find a difference where there is none far more often than
// alpha says; the tests of this package show that.
//
// Everything here is pure: no clock, no I/O, no goroutine.
package trial
