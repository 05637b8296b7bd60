package media

import (
	"net/netip"
	"time"
)

const (
	// sourceSilence is how long a source must be silent before another SSRC
	// from the same address, or while learning another address, replaces it.
	sourceSilence = 500 * time.Millisecond
	// probationPackets is how many packets in sequence an address that the
	// SDP does not name must send to be accepted after confirmation
	// (RFC 3550, A.1 asks for two).
	probationPackets = 3
	// formerSourcePackets is the same for the source that spoke before a
	// re-negotiation named another address: it goes on for a moment, which
	// must not win it the leg back.
	formerSourcePackets = 50
)

// latch decides which source of RTP a leg listens to; the rules are in the
// package comment. It is not safe for concurrent use.
type latch struct {
	want      netip.AddrPort // address of the SDP; invalid when unknown
	source    netip.AddrPort // accepted source; invalid when none yet
	ssrc      uint32
	confirmed bool
	locked    bool
	anySSRC   bool // the next SSRC from source is accepted
	lastAt    time.Time
	former    netip.AddrPort // source before the last change of want

	candidate      netip.AddrPort // on probation
	candidateSSRC  uint32
	candidateSeq   uint16
	candidateCount int
}

// verdict is what the latch says of one packet.
type verdict uint8

const (
	foreign  verdict = iota // not our source: drop
	accepted                // our source
	moved                   // our source, which is new or has a new address
)

// setWanted takes the address of a new SDP. An invalid address (hold by
// 0.0.0.0, a host name) changes nothing.
func (l *latch) setWanted(addr netip.AddrPort) {
	if !addr.IsValid() {
		return
	}
	if addr == l.want {
		l.anySSRC = true
		return
	}
	l.former = l.source
	l.want, l.source, l.locked = addr, netip.AddrPort{}, false
	l.candidateCount = 0
}

// check judges a packet. lockedNow reports that this packet made the lock.
func (l *latch) check(from netip.AddrPort, ssrc uint32, seq uint16, now time.Time) (v verdict, lockedNow bool) {
	switch {
	case from == l.source:
		if ssrc != l.ssrc && l.locked && !l.anySSRC && now.Sub(l.lastAt) < sourceSilence {
			return foreign, false
		}
		v = accepted
	case from == l.want:
		v = moved
	case !l.confirmed:
		if l.source.IsValid() && now.Sub(l.lastAt) < sourceSilence {
			return foreign, false
		}
		v = moved
	case l.source.IsValid():
		return foreign, false
	default:
		if !l.probation(from, ssrc, seq) {
			return foreign, false
		}
		v = moved
	}
	if v == moved {
		l.locked = false
	}
	if ssrc != l.ssrc {
		l.anySSRC = false
	}
	l.source, l.ssrc, l.lastAt = from, ssrc, now
	if l.confirmed && !l.locked {
		l.locked, lockedNow = true, true
	}
	return v, lockedNow
}

// probation counts the packets in sequence of one unknown source and reports
// whether they are enough.
func (l *latch) probation(from netip.AddrPort, ssrc uint32, seq uint16) bool {
	if from == l.candidate && ssrc == l.candidateSSRC && seq == l.candidateSeq+1 {
		l.candidateCount++
	} else {
		l.candidate, l.candidateSSRC, l.candidateCount = from, ssrc, 1
	}
	l.candidateSeq = seq
	need := probationPackets
	if from == l.former {
		need = formerSourcePackets
	}
	return l.candidateCount >= need
}
