// Package model trains and applies propensity models: the probability that a
// call succeeds, from what is known of a person before it, with a reason for
// every score.
//
// A model is a regularised logistic regression over features that are made
// from the columns by themselves: levels of texts, bins and the straight line
// of numbers, and the pairs of columns that explain most of what the single
// ones leave. It is a sum in log-odds, so that a score falls apart into one
// contribution per column which add up to it exactly. Everything is
// deterministic.
//
// Columns that describe what the law protects are refused (Protected), and
// columns that know the result are found (Leaks).
//
// # Concurrency
//
// Pure functions over memory. A Model does not change once it is trained or
// read, and is safe for concurrent use. There is nothing to shut down; Train
// stops early when its context ends.
package model
