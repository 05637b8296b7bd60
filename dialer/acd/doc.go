// Package acd pairs waiting calls with ready agents. Match is pure: it has no
// clock, goroutine or state, and needs no shutdown.
//
// The order of service is by value tier, lifted by one tier for every ageing
// interval waited, so that nobody starves: a caller of the lowest tier who has
// waited long enough goes before a fresh one of the highest. Answered outbound
// customers come after inbound callers of the same rank only in ties of time;
// they carry a tier above every inbound one, because the law gives them two
// seconds and inbound callers hear that they wait. Among the agents that may
// take a call, a personal one is chosen, then who speaks the customer's language and
// has the campaign's skill, then the one who has been ready longest (fairness, and
// the steadiest occupancy). Inbound calls require language and skill of their
// agents; an answered customer takes anyone of the campaign rather than be dropped,
// and waits in the order of the answers, since each has the same two seconds; a
// higher value tier decides between answers of the same moment.
package acd
