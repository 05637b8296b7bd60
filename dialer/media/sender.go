package media

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// keepAliveAfter is how long nothing must have been forwarded to a leg before
// keep-alive silence fills in.
const keepAliveAfter = 200 * time.Millisecond

// sender is the outgoing half of a leg: it owns the rewriter and decides
// whether a forwarded packet, a playback, a digit or silence is sent. All
// fields below mu are guarded by it.
type sender struct {
	conn      *net.UDPConn
	pace      func(*sender) // hands the sender to the pacer
	nextID    func() uint64 // ids of sources, unique within a factory
	keepAlive bool

	mu          sync.Mutex
	closed      bool
	paced       bool // the pacer ticks this sender
	dest        netip.AddrPort
	muted       bool // the far end does not want to hear us
	codec       Codec
	codecType   uint8 // payload type of codec
	eventType   uint8 // payload type of telephone-event; 0: not negotiated
	rw          rewriter
	play        *playback
	digits      digitQueue
	silenceID   uint64
	forwardedAt time.Time
	packet      [rtpHeaderSize + frameSamples]byte
	stats       sentStats
}

// sentStats counts what a leg sent.
type sentStats struct {
	packets, octets uint64 // octets of payload
	errors          uint64 // packets the socket refused
	digits          uint64
}

// playback is one PlayTone or Play.
type playback struct {
	key    sourceKey
	source frameSource
	done   chan struct{}
}

func newSender(conn *net.UDPConn, keepAlive bool, nextID func() uint64, pace func(*sender)) *sender {
	s := &sender{conn: conn, keepAlive: keepAlive, nextID: nextID, pace: pace, silenceID: nextID()}
	s.rw = rewriter{ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), ts: rand.Uint32()} // ChaCha8 is unpredictable
	return s
}

// target is how a leg sends, as negotiated.
type target struct {
	codec     Codec
	codecType uint8
	eventType uint8
	muted     bool
}

// setTarget takes over a negotiation.
func (s *sender) setTarget(t target) {
	s.mu.Lock()
	s.codec, s.codecType, s.eventType, s.muted = t.codec, t.codecType, t.eventType, t.muted
	s.wakeLocked(s.keepAlive)
	s.mu.Unlock()
}

// setDest says where the far end is: what the SDP says, or what the latch
// found.
func (s *sender) setDest(addr netip.AddrPort) {
	s.mu.Lock()
	s.dest = addr
	s.mu.Unlock()
}

// wakeLocked hands the sender to the pacer if there is work and it is not
// there yet. The pacer takes its own lock only for an append.
func (s *sender) wakeLocked(work bool) {
	if work && !s.paced && !s.closed {
		s.paced = true
		s.pace(s)
	}
}

// inbound is a packet on its way from one leg to another.
type inbound struct {
	rtpPacket
	codec Codec // of its payload, if it is audio
	event bool  // a telephone event
	drop  bool  // nothing to send: padding only, unknown payload
	digit byte  // the digit that begins with this packet, or 0
}

// forward sends a packet that arrived at another leg, as long as still holds:
// both legs in bridge br. The packet's buffer is used for sending, so that
// nothing is copied.
func (s *sender) forward(br *Bridged, mine *atomic.Pointer[Bridged], p *inbound, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine.Load() != br || s.closed {
		return
	}
	key := sourceKey{id: br.id, ssrc: p.ssrc}
	if p.event && s.eventType == 0 {
		// The far end knows no telephone events: let it hear the tones.
		if p.digit != 0 {
			s.queueDigitLocked(p.digit)
		}
		p.drop = true
	}
	if p.drop {
		s.rw.skip(key, p.seq)
		return
	}
	if s.play != nil || s.digits.sounding() {
		return
	}
	s.forwardedAt = now
	if s.muted || !s.dest.IsValid() {
		s.rw.pause()
		return
	}
	payloadType, dur := s.codecType, uint32(p.end-p.start) // below maxDatagram
	if p.event {
		payloadType, dur = s.eventType, eventDuration(p.payload())
	} else {
		convertLaw(p.payload(), p.codec, s.codec)
	}
	st, ok := s.rw.forward(key, p.seq, p.ts, dur, !p.event, now)
	if !ok {
		return
	}
	out := p.buf[p.start-rtpHeaderSize : p.end]
	putHeader(out, payloadType, p.marker || st.fresh, st.seq, st.ts, s.rw.ssrc)
	s.writeLocked(out)
}

func eventDuration(payload []byte) uint32 {
	e, _ := parseEvent(payload)
	return uint32(e.duration)
}

// writeLocked sends one datagram. A socket error is counted; the next packet
// tries again.
func (s *sender) writeLocked(b []byte) {
	if _, err := s.conn.WriteToUDPAddrPort(b, s.dest); err != nil {
		s.stats.errors++
		return
	}
	s.stats.packets++
	s.stats.octets += uint64(len(b) - rtpHeaderSize)
}

// tick sends the frame that is due at the given time and reports whether the
// pacer shall come again. skipped is the number of frames the pacer left out.
func (s *sender) tick(due time.Time, skipped int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	busy := s.tickDigitLocked(due)
	switch {
	case busy:
	case s.play != nil:
		if s.play.source.next(s.codec, s.frame()) {
			s.sendFrameLocked(s.play.key, skipped, due)
		} else {
			s.endPlayLocked()
		}
	case s.keepAlive && due.Sub(s.forwardedAt) >= keepAliveAfter:
		fill(s.frame()[:], s.codec.silence())
		s.sendFrameLocked(sourceKey{id: s.silenceID}, skipped, due)
	}
	s.paced = s.keepAlive || s.play != nil || s.digits.pending()
	return s.paced
}

// frame is where a frame that is made here is written: the payload of packet.
func (s *sender) frame() *[frameSamples]byte {
	return (*[frameSamples]byte)(s.packet[rtpHeaderSize:])
}

// sendFrameLocked sends the frame.
func (s *sender) sendFrameLocked(key sourceKey, skipped int, now time.Time) {
	if s.muted || !s.dest.IsValid() {
		s.rw.pause()
		return
	}
	st := s.rw.local(key, skipped, now)
	putHeader(s.packet[:], s.codecType, st.fresh, st.seq, st.ts, s.rw.ssrc)
	s.writeLocked(s.packet[:])
}

// start begins a playback in place of the current one.
func (s *sender) start(source frameSource) <-chan struct{} {
	p := &playback{key: sourceKey{id: s.nextID()}, source: source, done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endPlayLocked()
	if s.closed {
		close(p.done)
		return p.done
	}
	s.play = p
	s.wakeLocked(true)
	return p.done
}

func (s *sender) stop() {
	s.mu.Lock()
	s.endPlayLocked()
	s.mu.Unlock()
}

func (s *sender) endPlayLocked() {
	if s.play != nil {
		close(s.play.done)
		s.play = nil
	}
}

// close ends everything; nothing is sent afterwards.
func (s *sender) close() {
	s.mu.Lock()
	s.closed = true
	s.endPlayLocked()
	s.digits = digitQueue{}
	s.mu.Unlock()
}
