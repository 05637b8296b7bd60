// Package scoring gives a candidate its rank: who is called next. It also says
// what a customer is worth (Lifetime), whether a call is worth its cost
// (Worthwhile), and when a person is most likely reached (Hours). Package model
// learns propensities, package judge says how good they are.
//
// The rank is log2 of the candidate's expected worth, with the present taken
// out: since exponential decay shrinks all candidates of a campaign by the same
// factor, their order never changes with time, so an index on the rank is right
// for ever and is never computed anew. What comes closer to the present ranks
// higher by one for each half-life.
//
// float64 throughout: float32 resolves only minutes of the event's time.
//
// # Concurrency
//
// Pure functions; safe for concurrent use. There is nothing to shut down.
package scoring
