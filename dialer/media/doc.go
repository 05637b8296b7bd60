// Package media carries the sound of calls: RTP legs on UDP sockets, bridges
// between them, G.711, telephone-event, tones, prompts, and the SDP offers and
// answers that agree on all of it. It knows nothing of SIP signalling, calls
// or agents; whoever owns a dialog owns its Leg.
//
// # One packet's way
//
// The reader goroutine of a leg parses a packet, decides by the latch whether
// the source may speak, counts it, and looks at the leg's bridge: one atomic
// pointer. If the peer holds the same bridge, the packet is forwarded through
// the peer's sender from the reader's own buffer (no copy, no allocation):
// law conversion by table in place, payload type remapped, and sequence
// number and timestamp rewritten, so that the far end hears one continuous
// stream whatever is bridged, played or silent behind it. Bridging is two
// pointer swaps and stops no reader. A packet is only forwarded while both
// legs hold the same bridge, so that a leg which was bridged elsewhere never
// receives two voices.
//
// Playback, DTMF and keep-alive silence are paced by one goroutine of the
// Factory for all legs. A frame's due time is computed from the start of the
// playback, not from the last wake-up, so that it does not drift. What is
// played suppresses what is forwarded to that leg until it ends; Bridge ends
// the playback of both legs, hence a beep into a fresh bridge is played after
// Bridge.
//
// # Which source may speak
//
// Before SetConfirmed the leg learns: it takes the first source that comes,
// and the address of the SDP always wins over another. From SetConfirmed on,
// address and SSRC are locked; everything else is dropped and counted in
// Stats.Foreign. Departures from a plain lock, each for a case met with
// carriers and phones:
//
//   - Nothing was heard before confirmation (a phone behind NAT): the SDP
//     address locks at once; another address must send three packets in
//     sequence first.
//   - The locked address continues with another SSRC (a session border
//     controller that changes its source): accepted once the old SSRC has
//     been silent for half a second, or after a re-negotiation.
//   - A re-negotiation names another address: the leg learns again, and the
//     previous source needs a second of continuous packets to win it back.
//
// # Concurrency
//
// All exported methods are safe for concurrent use. OnEvent is called from a
// goroutine of the factory (the leg's reader; the housekeeper for Dead), never
// under a lock, and must not block: a blocked reader loses the leg's audio. It
// may call any method of the leg, Close included. Lock order inside a leg is
// control, negotiation, receiver, sender; no lock is held over two legs.
//
// # Shutdown
//
// Leg.Close is idempotent, closes the sockets, ends the playback (its done
// channel is closed) and puts the port into quarantine for ten seconds; it
// does not wait for the reader, so that it may be called from OnEvent, and one
// event that is just being delivered may still arrive. Factory.Close closes
// every leg and returns when all goroutines have ended.
//
// # Limits
//
// Frames are forwarded as they come: a peer with a ptime other than 20 ms is
// understood but not repacketised. There is no jitter buffer; the endpoints
// have theirs. RTCP has a small reader goroutine of its own per leg, besides
// the one RTP reader that DESIGN.md names. SRTP and rtcp-mux are not offered.
// Comfort noise (payload type 13) is forwarded as a frame of silence.
package media
