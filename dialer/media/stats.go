package media

import (
	"net/netip"
	"time"
)

// Stats are the counters of a leg since it was opened.
type Stats struct {
	PacketsSent     uint64
	BytesSent       uint64 // payload
	SendErrors      uint64 // packets the socket refused
	PacketsReceived uint64 // of our source, whether used or not
	BytesReceived   uint64 // payload
	Lost            uint64 // by gaps in the sequence numbers, duplicates set off
	Late            uint64 // arrived after a newer one, or twice
	Jitter          time.Duration
	Foreign         uint64 // RTP of other sources, dropped
	Malformed       uint64 // not RTP, dropped
	Unknown         uint64 // payload types that were not negotiated, dropped
	Padding         uint64 // packets without media, dropped
	DigitsReceived  uint64
	DigitsSent      uint64
	FirstRTP        time.Time // zero: none yet
	LastRTP         time.Time
	LastRTCP        time.Time
	Source          netip.AddrPort // where RTP comes from; invalid: unknown

	// What the far end reports of our stream by RTCP.
	RemoteLost      uint64
	RemoteJitter    time.Duration
	RemoteRoundTrip time.Duration
}

// streamStats follows the sequence numbers and arrival times of the incoming
// stream (RFC 3550, A.3 and A.8).
type streamStats struct {
	ssrc     uint32
	started  bool
	base     uint32 // extended sequence numbers
	highest  uint32
	received uint32 // since base
	late     uint64
	earlier  uint64  // lost of the streams before this one
	transit  int64   // samples
	jitter   float64 // samples

	reportedExpected uint32 // at the last receiver report
	reportedReceived uint32
}

// receive counts one packet; arrival is in samples on any clock. Timed tells
// that the timestamp is that of the packet, which it is not in telephone
// events.
func (s *streamStats) receive(ssrc uint32, seq uint16, ts uint32, arrival int64, timed bool) {
	if s.started && ssrc == s.ssrc {
		ahead := int16(seq - uint16(s.highest)) // signed distance modulo 2^16
		switch {
		case ahead > maxDropout || ahead < -maxMisorder:
			s.restart(ssrc, seq, ts, arrival)
			return
		case ahead > 0:
			s.highest += uint32(ahead)
		default:
			s.late++
		}
		s.received++
		if timed {
			s.measureJitter(ts, arrival)
		}
		return
	}
	s.restart(ssrc, seq, ts, arrival)
}

func (s *streamStats) restart(ssrc uint32, seq uint16, ts uint32, arrival int64) {
	s.earlier = s.lost()
	// One full cycle is added, so that a packet from before the first does
	// not run below zero.
	s.ssrc, s.started, s.base = ssrc, true, uint32(seq)+1<<16
	s.highest, s.received = s.base, 1
	s.transit = arrival - int64(ts)
	s.reportedExpected, s.reportedReceived = 0, 0
}

func (s *streamStats) measureJitter(ts uint32, arrival int64) {
	transit := arrival - int64(ts)
	d := transit - s.transit
	s.transit = transit
	if d < 0 {
		d = -d
	}
	if d > maxClockDrift { // a wrapped or jumping timestamp says nothing
		return
	}
	s.jitter += (float64(d) - s.jitter) / 16
}

func (s *streamStats) expected() uint32 {
	if !s.started {
		return 0
	}
	return s.highest - s.base + 1
}

func (s *streamStats) lost() uint64 {
	if expected := s.expected(); expected > s.received {
		return s.earlier + uint64(expected-s.received)
	}
	return s.earlier
}

// fraction returns the share of packets lost since the last call, in 256ths,
// as a receiver report carries it.
func (s *streamStats) fraction() uint8 {
	expected := s.expected() - s.reportedExpected
	received := s.received - s.reportedReceived
	s.reportedExpected, s.reportedReceived = s.expected(), s.received
	if expected == 0 || received >= expected {
		return 0
	}
	return uint8(min((expected-received)*256/expected, 255)) // bounded
}

// samplesTime converts a number of samples to time.
func samplesTime(n float64) time.Duration {
	return time.Duration(n * float64(time.Second) / sampleRate)
}
