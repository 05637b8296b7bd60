//go:build race

package simulation

// underRace: the race detector makes arithmetic ten times slower.
const underRace = true
