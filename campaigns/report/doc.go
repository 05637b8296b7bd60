// Package report turns rolled-up counts into the figures that call centers are
// led by, each with its numerator and its denominator. It is pure: the counts
// come from the store, and a report goes out as tables, CSV or JSON.
//
// Definitions (research of the trade; where the law defines a figure, its own
// formula is used):
//
//	contact rate        persons reached ÷ dials sent
//	right party         conversations with the person meant ÷ persons reached
//	conversion          sales ÷ persons reached
//	response            positive answers (sale, callback) ÷ records tried
//	penetration         records tried at least once ÷ records
//	saturation          attempts ÷ records
//	occupancy           (talk + hold + wrap-up) ÷ (that + ready + preview)
//	handling time       (talk + hold + wrap-up) ÷ calls handled
//	service level       inbound calls answered within T ÷ inbound calls offered
//
// # Concurrency
//
// Pure functions; safe for concurrent use. There is nothing to shut down.
package report
