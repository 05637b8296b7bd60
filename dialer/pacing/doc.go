// Package pacing decides how many dials to start now. Share gives each
// campaign its part of the ready agents, Decide turns that part into a number
// of dials with a reason in words. Both are pure: no clock, goroutine or state.
//
// An agent who works for several campaigns counts for one at a time: dials
// under way are covered first, what is left is dealt out evenly, so that two
// campaigns never dial for the same agent. Agents whose phone is rung per call
// are not counted, because an answered customer cannot wait for it.
package pacing
