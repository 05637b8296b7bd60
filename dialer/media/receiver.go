package media

import (
	"net/netip"
	"sync"
	"time"
)

// payloadMap says which payload types the far end may send.
type payloadMap struct {
	pcmu, pcma uint8
	event      uint8 // 0: none
	eventAlias uint8 // the far end's own number, which some send; 0: none
}

// receiver is the incoming half of a leg: latch, counters, digits, and the
// watch over dead media. All fields are guarded by mu; the reader goroutine is
// the only one that feeds it.
type receiver struct {
	opened time.Time // origin of the arrival times
	// located tells the sender where the far end is. It is called under mu,
	// so that the newest finding is the one that stays.
	located func(netip.AddrPort)

	mu       sync.Mutex
	latch    latch
	types    payloadMap
	stream   streamStats
	digits   dtmfReceiver
	packets  uint64
	octets   uint64
	foreign  uint64
	broken   uint64
	unknown  uint64
	padding  uint64
	keys     uint64
	firstRTP time.Time
	lastRTP  time.Time

	watching  bool      // dead media is watched for
	watchedAt time.Time // since when, or since the last RTP if that is later
	dead      bool      // reported
}

// received is what the receiver makes of a packet.
type received struct {
	use    bool // of our source: forward in
	in     inbound
	events [3]Event
	count  int
}

func (r *received) add(kind EventKind, digit byte, at time.Time) {
	r.events[r.count] = Event{Kind: kind, Digit: digit, At: at}
	r.count++
}

// handle judges and counts the first n bytes of buf, received from an address.
func (r *receiver) handle(buf []byte, n int, from netip.AddrPort, now time.Time) (out received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := parseRTP(buf, n)
	if !ok {
		r.broken++
		return out
	}
	in := inbound{rtpPacket: p}
	known := r.classify(&in)
	if !known && r.latch.source != from {
		// Nothing of ours may begin with a payload we did not agree on.
		if from == r.latch.want {
			r.unknown++
		} else {
			r.foreign++
		}
		return out
	}
	verdict, locked := r.latch.check(from, p.ssrc, p.seq, now)
	if verdict == foreign {
		r.foreign++
		return out
	}
	out.use = true
	if verdict == moved {
		r.located(from)
	}
	if p.ssrc != r.stream.ssrc {
		r.digits.reset()
	}
	r.packets++
	r.octets += uint64(p.end - p.start) // end is not before start
	r.stream.receive(p.ssrc, p.seq, p.ts, samplesBetween(r.opened, now), !in.event && known)
	switch {
	case !known:
		r.unknown++
		in.drop = true
	case p.end == p.start:
		r.padding++
		in.drop = true
	case in.event:
		r.readEvent(&in, &out, now)
	case p.payloadType == payloadComfortNoise:
		in.drop = !in.setSilence(in.codec)
	}
	if known {
		r.lastRTP, r.dead = now, false
		if r.firstRTP.IsZero() {
			r.firstRTP = now
			out.add(FirstRTP, 0, now)
		}
	}
	if locked {
		out.add(Latched, 0, now)
	}
	out.in = in
	return out
}

// classify sets the kind of a packet by its payload type and reports whether
// it is known.
func (r *receiver) classify(in *inbound) bool {
	switch t := in.payloadType; {
	case t == r.types.pcmu || t == uint8(PCMU):
		in.codec = PCMU
	case t == r.types.pcma || t == uint8(PCMA):
		in.codec = PCMA
	case t == payloadComfortNoise:
		in.codec = PCMU
	case r.types.event != 0 && t == r.types.event, r.types.eventAlias != 0 && t == r.types.eventAlias:
		in.event = true
	default:
		return false
	}
	return true
}

func (r *receiver) readEvent(in *inbound, out *received, now time.Time) {
	e, ok := parseEvent(in.payload())
	if !ok {
		r.broken++
		in.drop = true
		return
	}
	if in.digit = r.digits.receive(e, in.ts, in.marker); in.digit != 0 {
		r.keys++
		out.add(DTMF, in.digit, now)
	}
}

// setRemote takes over the result of a negotiation.
func (r *receiver) setRemote(addr netip.AddrPort, types payloadMap) {
	r.mu.Lock()
	r.latch.setWanted(addr)
	r.types = types
	switch {
	case r.latch.source.IsValid():
		r.located(r.latch.source)
	case r.latch.want.IsValid():
		r.located(r.latch.want)
	}
	r.mu.Unlock()
}

// confirm ends the learning.
func (r *receiver) confirm() {
	r.mu.Lock()
	r.latch.confirmed = true
	r.mu.Unlock()
}

// source returns the accepted source of RTP, invalid when there is none yet.
func (r *receiver) source() netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latch.source
}

// watch starts or stops the watch over dead media; starting it anew while it
// runs changes nothing.
func (r *receiver) watch(on bool, now time.Time) {
	r.mu.Lock()
	if on && !r.watching {
		r.watchedAt, r.dead = now, false
	}
	r.watching = on
	r.mu.Unlock()
}

// died reports, once per silence, that no RTP has come for too long: first if
// none ever came, later otherwise.
func (r *receiver) died(now time.Time, first, later time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.watching || r.dead {
		return false
	}
	limit, since := later, r.lastRTP
	if r.lastRTP.IsZero() {
		limit = first
	}
	if since.Before(r.watchedAt) {
		since = r.watchedAt
	}
	if now.Sub(since) < limit {
		return false
	}
	r.dead = true
	return true
}

// fill copies the receiver's counters to stats.
func (r *receiver) fill(s *Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.PacketsReceived, s.BytesReceived = r.packets, r.octets
	s.Lost, s.Late, s.Jitter = r.stream.lost(), r.stream.late, samplesTime(r.stream.jitter)
	s.Foreign, s.Malformed, s.Unknown, s.Padding = r.foreign, r.broken, r.unknown, r.padding
	s.DigitsReceived = r.keys
	s.FirstRTP, s.LastRTP, s.Source = r.firstRTP, r.lastRTP, r.latch.source
}
