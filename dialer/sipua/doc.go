// Package sipua is the SIP signalling of the dialer: it implements
// dialer.Signalling and dialer.Dialog and feeds inbound calls to
// dialer.TakeCall.
//
// It uses sipgo's parser, UDP transport and transactions and none of its
// dialog layer. Two endpoints, each a socket with transport and transaction
// layers of its own, keep carriers and agents' phones apart: the trunk endpoint
// hears only listed trunks, the phone endpoint only addresses that were called.
//
// # Order
//
// sipgo handles every message in a goroutine of its own, so that a 200 may
// overtake a 183, a BYE its ACK, and a CANCEL its INVITE. Each endpoint
// therefore taps the transport before the transaction layer, in arrival order:
// responses to an INVITE, ACKs, and the arrival of new INVITEs are taken from
// the tap; the transactions keep what they are good at, retransmission, time-out
// and the ACK of a refusal.
//
// # Concurrency
//
// One goroutine owns each dialog and posts its events in order. Everything else
// (the tap, request handlers, the methods of dialer.Dialog) puts items into the
// dialog's inbox and never waits for it. An inbox holds 64 items from the
// network, what exceeds that is dropped as the network might have, and as many
// commands. What comes for an INVITE after its dialog ended is served for 64×T1
// by one goroutine of the UA from a record of the INVITE: retransmitted finals
// are acknowledged again, late and forked 2xx are acknowledged and ended by BYE.
// A panic in a dialog, a handler or a callback ends that call only.
//
// # Bounds
//
// Live dialogs are bounded by Options.MaxCalls for each endpoint; INVITE
// records, sources and arrivals are bounded by constants of this package.
// Every wait has a deadline: an INVITE without a final response ends after
// three minutes (RFC 3261 timer C) whatever the caller does.
//
// # Shutdown
//
// New binds the sockets. Run serves them until its context ends, then refuses
// new calls, hangs up live dialogs, waits for their ends up to
// Options.HangUpLimit, and returns when every goroutine that it and the dialogs
// started has stopped. Each dialog's terminal event has been posted by then.
//
// # Departures and limits
//
// A late offer in a re-INVITE is answered with our offer, and the answer in its
// ACK is handed to the Reoffer callback with its result discarded. Destinations
// are host:port, resolved by address records (no SRV). The transport is UDP; a
// message is limited to 16 KiB in and to one UDP datagram out. Session timers,
// PRACK and REGISTER are not offered and are refused.
package sipua
