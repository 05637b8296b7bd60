// Package dialer is the engine room: actors that own calls and agents, pacing,
// connection, limits and recovery. It knows no SIP library; package sipua gives
// it signalling, package media the sound, and everything else comes through the
// interfaces of ports.go.
//
// # Who owns what
//
// A call is owned by one goroutine (callActor), which steps the pure machine
// of package call and carries out its commands. An agent is owned by one
// goroutine (agentActor) that outlives calls and screens. Both have bounded
// mailboxes; SIP events, timers, media and commands only post. What ends or
// reserves something uses reserved slots. The floor holds copies of who waits
// and who is ready, matches them (package acd) and proposes pairs; the agent's
// own compare-and-set decides. One pacer decides for all campaigns together,
// since they share agents (package pacing): at every change of a call or an agent
// and at a short tick. Calls and agents tell it what they saw through a bounded
// buffer; it asks the ledger of dropped calls every two seconds and has no credit
// once that has been silent for ten.
//
// # What is written
//
// Facts go through the ledger: in order, in batches, again and again while the
// store is away; past its limit nothing new is dialed, and nothing is lost. A
// result is committed after the facts of its call. Screens and other nodes see
// facts best effort.
//
// # Shutdown
//
// When the context of Run ends, dialing stops at once; live calls and wrap-up
// go on up to the drain limit; then calls are hung up, agents signed out (an
// owed result becomes system_agent_lost), phones put down, and the ledger
// flushed. Run returns when no goroutine of the package is left.
//
// # Decisions beyond DESIGN.md
//
//   - An answer that crosses our CANCEL reached a person whom nobody spoke to:
//     it is recorded as answered and dropped, not as no_answer.
//   - Latency of call.bridged and call.offered is measured from the answer for
//     outbound calls, from the agent's reservation for inbound ones, whose wait
//     is the caller's wait. A pop that comes after the reservation is told by a
//     second call.offered with its latency.
//   - A lost watch on do-not-call entries (Resync) cancels every attempt that
//     is not answered, since nobody can tell what was missed.
//   - A personal callback prefers its agent and goes to anyone of the campaign
//     when that agent is not ready at the answer.
//   - Ratio dialing keeps to the drop limit, too (I8): no more lines than ready
//     agents and drops still allowed. There is no fixed number of answers before
//     prediction begins; credit that the answers pay for does the same at every
//     count.
//   - Answers of calls that go on count for the limit on dropped calls at once, on
//     the node that has them; the store hears of them at their end.
//   - A cap on a campaign's lines holds for each node.
//   - The spool of results (I9) is the client's: a result given while the store
//     is away is refused as unavailable and sent again under its id; one given
//     while talking is kept and repeated by the agent's actor.
package dialer
