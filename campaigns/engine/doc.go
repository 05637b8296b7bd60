// Package engine keeps the campaigns' hoppers filled with the best candidates
// that may be dialed now, and sees to it that no candidate is lost on the way:
//
//   - refill.go takes ready candidates into the hopper, by low-water mark, by
//     event and by period;
//   - promote.go makes resting candidates and callbacks ready when they are due;
//   - recover.go puts candidates back whose lease ran out;
//   - reconcile.go pushes queued candidates again that the hopper does not hold,
//     all of them after Redis was wiped, and empties the hoppers of campaigns
//     that do not run;
//   - upkeep.go folds the maintained counts of candidates, and sweeps over the
//     candidates of each campaign to bring them in line with its policy and its
//     segment: at once when its settings change, and again every minute, resting
//     nine times as long as a sweep takes;
//   - train.go trains the models of campaigns anew, once a day, and puts a new
//     one into use unless the old one does better on the newest attempts.
//
// Several nodes may run an engine at the same time: each move is a
// compare-and-set in the store or idempotent in the hopper. Two engines may
// overfill a hopper by one refill.
//
// Time is the store's business: what is due and which windows are open is asked
// there, so the engine has tickers and no clock of its own.
//
// # Failure
//
// A task that fails is logged and counted and tried again at its next tick;
// every call is bounded by Options.Timeout. Redis away: nothing is taken, since
// the depth is not known. Pushed in vain: the candidates stay queued in the
// store, and the reconciler pushes them again.
//
// # Concurrency and shutdown
//
// Run starts one goroutine per task and returns when its context has ended and
// all of them have stopped. Wake may be called from any goroutine and never
// blocks; wakes of one campaign that are not served yet are one.
package engine
