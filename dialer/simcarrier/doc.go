// Package simcarrier is a simulated carrier: the telephone network, its
// customers and the agents' desk phones, over real SIP and RTP. It runs as a
// process of its own, outlives a killed dialer, and is the independent witness
// of what the dialer did: it imports nothing of this module.
//
// # What it plays
//
// On Options.Listen any number may be dialed; no list is needed. What a number
// does at its n-th INVITE follows from the seed, the number and n (see Mix and
// Behaviour); Options.Customers pins single numbers. A call_back customer calls
// Options.DialerAddr after the missed call, from the same socket. On
// Options.PhonesListen every user name is an agent's phone that answers by
// itself and stays off-hook until BYE; "agent7-busy" and "agent7-noanswer" do
// what they say. One phone holds one call; a second INVITE is busy, unless the
// first call has received no audio for two seconds (a dialer that was killed
// and dials again), which then gives way.
//
// A customer is a person to a detector of answering machines too: a word, a
// pause, then speech. Every endpoint speaks on a tone of its own (CustomerTone,
// PhoneTone) and finds the tones of the other kind in what it receives; a tone
// counts where it holds 35 % of the power of a window of 100 ms, for two
// windows at least, so that two voices at once are both found. Tones of the
// dialer itself that lie on the other kind's grid (multiples of 25 Hz from 400
// to 2000, 2150 + 40·n) for 200 ms or longer are taken for a voice.
//
// # The call log
//
// Options.Log receives one JSON object per line and INVITE, written when that
// INVITE's life is over, with one Write each. An INVITE that is challenged,
// merged, or asks for an extension makes no call and no line. Times are UTC of
// Options.Now; a time that was not reached is omitted. ReadLog reads it,
// Overlaps finds persons rung twice at once.
//
//	seq             order in which the INVITEs came or went, from 1
//	kind            "customer", "phone" (the dialer called) or "inbound" (a customer called)
//	number          the customer's E.164 number with +, of a phone its user name
//	from            the caller id seen: user of From, or of P-Asserted-Identity when anonymous
//	to              of an inbound call: the number called
//	call_id         SIP Call-ID
//	behaviour       what the line did, see Behaviour; of a phone answer, busy or no_answer
//	try             the how manieth INVITE to this number it was
//	invite_at       the INVITE was read, or sent
//	ringing_at      the first of 180 to 199 was sent, or received
//	answered_at     200 was sent, or received
//	ended_at        BYE or CANCEL was received, or BYE or the refusal was sent
//	result          how it ended, see Result
//	code            final SIP status code; absent when there was none
//	ended_by        "us" (this side), "them" (the dialer) or "media_lost": audio that had
//	                flowed was absent for 5 s without a BYE; absent when open
//	acked           our 2xx was acknowledged, or we acknowledged theirs
//	fork            of fork_200, the second dialog: "released" (acknowledged and hung up),
//	                "acked" (not hung up), "leaked" (not even acknowledged)
//	tone_hz         the tone that this endpoint speaks on
//	heard           intervals in which one tone of the other kind was heard: hz, ms (sum of
//	                windows), first_at, last_at; a new one begins when another tone took over
//	                or the tone was absent for more than a second
//	heard_other_ms  sound that was no such tone: announcements, comfort tones, beeps
//	digits          DTMF received as telephone-events
//	rtp_sent, rtp_received, rtp_lost   audio packets; lost is expected minus received
//	rtp_stray       datagrams that were no RTP or not from the peer
//
// When the context of Run ends, what is unfinished is written with the result
// "open" and without an end. That is how the log of a phone that is off-hook
// for the whole shift is completed by SIGTERM.
//
// # Concurrency and shutdown
//
// One goroutine reads each SIP socket and hands messages, in the order of
// arrival, to mailboxes of 64; a message to a full mailbox is dropped, as the
// network may, and comes again. One goroutine owns each call, for 64·T1 longer
// than the call lasts, to answer retransmissions. Each audio leg has a socket
// and a receiving goroutine; one goroutine sends the frames of all legs. Calls
// beyond Options.MaxCalls are refused with 503.
//
// Run returns when all of these have stopped: calls are hung up with BYE (503
// or CANCEL before the answer), records written, and up to 3·T1 granted for the
// answers.
//
// # Departures
//
// Of sipgo only the message parser and builder are used. Its transaction layer
// answers CANCEL and sends 100 by itself, which silent, cancel_481 and
// cross_200 must not do, hands each message to a goroutine of its own, and
// keeps every transaction for 32 s; and a witness should not share the
// transaction code of what it witnesses. UDP only; extensions that are required
// get 420, sessions timers and REFER are not offered. Host names in Contact and
// Route are not looked up: requests then go to where the last message came
// from.
package simcarrier
