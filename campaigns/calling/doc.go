// Package calling decides whether a person may be called now: calling windows
// in every zone the number may lie in, suppression, complaints, caps over all
// campaigns, and what is already under way. It is pure: the facts and the
// business time are parameters, and the same Decide serves the reserve
// transaction, the engine, campaign why and the tests.
//
// A window is decided by the local clock of each zone, so that a day with a
// shift of daylight saving time has the hours that its people see. An unknown
// zone means no call.
package calling
