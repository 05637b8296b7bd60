// Package judge says how good a model is, on rows that it was not trained on:
// how well it orders (AUC, lift), how well it orders the persons of one day,
// and whether what it calls 10 % happens in 10 of 100 cases.
//
// # Concurrency
//
// Pure functions over memory; safe for concurrent use. There is nothing to shut
// down; what trains stops early when its context ends.
package judge
