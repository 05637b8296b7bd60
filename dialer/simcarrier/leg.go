package simcarrier

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

const (
	frameTime = 20 * time.Millisecond
	// maxBurst is how many late frames one tick sends; what is later is
	// skipped, with its time stamps.
	maxBurst = 4
	// comfortNoise is the payload type of RFC 3389.
	comfortNoise = 13
)

// leg is one audio stream on a socket of its own. The studio's goroutine
// sends, the leg's own goroutine receives, the line's goroutine controls it.
type leg struct {
	studio *studio
	conn   *net.UDPConn
	port   netip.AddrPort

	mu      sync.Mutex // guards what the studio's goroutine reads
	remote  netip.AddrPort
	law     law
	event   uint8
	listens bool // the other side wants audio
	program []segment
	offset  int // bytes into the running sound
	played  int // frames of the running segment
	next    time.Time
	header  struct {
		ssrc, timestamp uint32
		sequence        uint16
		marker          bool
	}
	sent uint64

	// Of the receiving goroutine, until close.
	ear      *ear
	counter  rtpCounter
	digits   digitReader
	latched  netip.AddrPort
	stray    uint64
	received atomic.Int64 // monotonic time of the last packet, 0 before
	born     time.Time
	tone     chan struct{} // closed when a tone was heard
	toneOnce sync.Once
	done     chan struct{}
}

func newLeg(s *studio, conn *net.UDPConn, grid []int) *leg {
	l := &leg{
		studio: s, conn: conn, port: localAddr(conn),
		born: time.Now(), tone: make(chan struct{}), done: make(chan struct{}),
	}
	l.header.ssrc, l.header.timestamp = rand.Uint32(), rand.Uint32()
	l.header.sequence = uint16(rand.Uint32())
	l.ear = newEar(grid, s.now, func(int) { l.toneOnce.Do(func() { close(l.tone) }) })
	return l
}

// connect directs the leg as the other side's SDP says.
func (l *leg) connect(s session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remote, l.law, l.event, l.listens = s.remote, s.law, s.event, s.toThem()
}

// play replaces what the leg sends; an empty program sends nothing.
func (l *leg) play(program ...segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.program, l.offset, l.played = program, 0, 0
	l.header.marker = true
	l.next = time.Now()
}

// send sends the frames that are due at now.
func (l *leg) send(now time.Time, buffer []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.program) == 0 || !l.listens || !l.remote.IsValid() {
		l.next = now
		return
	}
	for range maxBurst {
		if now.Before(l.next) {
			return
		}
		l.sendFrame(buffer)
		l.next = l.next.Add(frameTime)
	}
	if late := now.Sub(l.next); late > 0 {
		skipped := late.Truncate(frameTime) + frameTime
		l.next = l.next.Add(skipped)
		l.header.timestamp += uint32(skipped/frameTime) * frameSamples
	}
}

func (l *leg) sendFrame(buffer []byte) {
	running := l.program[0]
	buffer[0], buffer[1] = 2<<6, byte(l.law)
	if l.header.marker {
		buffer[1] |= 0x80
		l.header.marker = false
	}
	binary.BigEndian.PutUint16(buffer[2:], l.header.sequence)
	binary.BigEndian.PutUint32(buffer[4:], l.header.timestamp)
	binary.BigEndian.PutUint32(buffer[8:], l.header.ssrc)
	clip := l.studio.sounds.clip(l.law, running.sound)
	copy(buffer[12:], clip[l.offset:l.offset+frameSamples])
	l.header.sequence++
	l.header.timestamp += frameSamples
	l.offset = (l.offset + frameSamples) % len(clip)
	if l.played++; running.frames > 0 && l.played >= running.frames {
		l.program, l.offset, l.played = l.program[1:], 0, 0
	}
	// An unreachable port shows as an error of a later write; the call goes on.
	if _, err := l.conn.WriteToUDPAddrPort(buffer, l.remote); err == nil {
		l.sent++
	}
}

// receive reads until the socket is closed.
func (l *leg) receive() {
	defer close(l.done)
	buffer := make([]byte, 2048)
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		l.take(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

func (l *leg) take(datagram []byte, from netip.AddrPort) {
	var h rtp.Header
	n, err := h.Unmarshal(datagram)
	if err != nil || h.Version != 2 || !l.expected(from) {
		l.stray++
		return
	}
	if h.PayloadType >= 72 && h.PayloadType <= 76 {
		return // RTCP on the same port (RFC 5761 section 4)
	}
	payload := datagram[n:]
	if h.Padding && len(payload) > 0 {
		pad := int(payload[len(payload)-1])
		payload = payload[:max(0, len(payload)-pad)]
	}
	l.received.Store(max(1, int64(time.Since(l.born))))
	l.counter.count(h.SSRC, h.SequenceNumber)
	l.mu.Lock()
	event := l.event
	l.mu.Unlock()
	switch {
	case h.PayloadType == uint8(pcmu):
		l.ear.listen(payload, l.studio.mulaw)
	case h.PayloadType == uint8(pcma):
		l.ear.listen(payload, l.studio.alaw)
	case h.PayloadType == comfortNoise:
	case event != 0 && h.PayloadType == event:
		l.digits.read(payload, h.Timestamp)
	}
}

// expected accepts the address of the SDP and, while nothing has come from
// there, the first other source: an endpoint behind address translation.
func (l *leg) expected(from netip.AddrPort) bool {
	l.mu.Lock()
	remote := l.remote
	l.mu.Unlock()
	if from == remote || !l.latched.IsValid() {
		l.latched = from
	}
	return from == l.latched
}

// quiet returns for how long nothing was received; ok is false when nothing
// ever was.
func (l *leg) quiet() (d time.Duration, ok bool) {
	last := l.received.Load()
	if last == 0 {
		return 0, false
	}
	return time.Since(l.born) - time.Duration(last), true
}

// touch counts as received audio: after a hold, silence begins anew.
func (l *leg) touch() {
	if l.received.Load() != 0 {
		l.received.Store(max(1, int64(time.Since(l.born))))
	}
}

// close stops the leg and fills in what it heard.
func (l *leg) close(r *Record) {
	l.studio.forget(l)
	_ = l.conn.Close() // nothing is lost with an error
	<-l.done
	l.ear.close()
	r.Heard, r.HeardOther = l.ear.heard, l.ear.otherMS
	r.RTPReceived, r.RTPLost = l.counter.received, l.counter.lost()
	r.RTPStray, r.Digits = l.stray, string(l.digits.pressed)
	l.mu.Lock()
	r.RTPSent = l.sent
	l.mu.Unlock()
}
