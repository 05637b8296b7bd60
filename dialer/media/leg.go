package media

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// EventKind says what happened on a leg.
type EventKind uint8

// The kinds of events.
const (
	// FirstRTP: the first media came, perhaps early media.
	FirstRTP EventKind = iota + 1
	// DTMF: a telephone event began; Event.Digit has the digit.
	DTMF
	// Dead: no RTP for too long on a confirmed leg that is not on hold.
	// Reported once per silence.
	Dead
	// Latched: address and SSRC of the source were locked.
	Latched
)

// String returns the code of the kind.
func (k EventKind) String() string {
	switch k {
	case FirstRTP:
		return "first_rtp"
	case DTMF:
		return "dtmf"
	case Dead:
		return "dead"
	case Latched:
		return "latched"
	}
	return "unknown"
}

// Event is a fact about a leg.
type Event struct {
	Kind  EventKind
	Digit byte // '0'-'9', '*', '#', 'A'-'D'; for DTMF only
	At    time.Time
}

// LegConfig configures one leg.
type LegConfig struct {
	// Label names the leg in logs; a phone number in it must be masked.
	Label string
	// PreferPCMA puts A-law before µ-law in offers and answers.
	PreferPCMA bool
	// KeepAlive sends silence while nothing else is sent, for far ends that
	// latch, sit behind NAT or watch for dead media: an agent's phone that
	// stays off-hook between calls.
	KeepAlive bool
	// OnEvent is called with each event; nil: nobody is told. It must not
	// block. See the package comment for the goroutines it is called from.
	OnEvent func(Event)
}

// Leg is our end of one RTP stream in each direction: a pair of sockets, what
// was negotiated for them, and what is sent and received there.
type Leg struct {
	f      *Factory
	cfg    LegConfig
	port   int
	rtp    *net.UDPConn
	rtcp   *net.UDPConn
	in     receiver
	out    *sender
	nego   negotiation
	ctl    control
	bridge atomic.Pointer[Bridged]
	closed sync.Once
}

func newLeg(f *Factory, cfg LegConfig, port int, rtp, rtcp *net.UDPConn) *Leg {
	l := &Leg{f: f, cfg: cfg, port: port, rtp: rtp, rtcp: rtcp}
	now := f.options.Now()
	l.out = newSender(rtp, cfg.KeepAlive, f.id, f.pacer.add)
	l.in.opened, l.in.located = now, l.out.setDest
	// RTP may come before the answer that it belongs to.
	l.in.types = payloadMap{pcmu: uint8(PCMU), pcma: uint8(PCMA), event: localEventType}
	l.nego.begin(cfg.PreferPCMA)
	l.ctl.begin(now)
	return l
}

// Port returns the local RTP port.
func (l *Leg) Port() int { return l.port }

// SetConfirmed tells that the signalling confirmed the call: address and SSRC
// of the source are locked, and dead media is watched for from now on. Calling
// it again changes nothing.
func (l *Leg) SetConfirmed() {
	l.in.confirm()
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	l.nego.confirmed = true
	l.watchLocked()
}

// PlayTone plays a tone in place of what is being played. The channel is
// closed when the tone has ended or was ended. While it plays, nothing that is
// bridged is heard on this leg.
func (l *Leg) PlayTone(t ToneSpec) <-chan struct{} { return l.out.start(newToneSource(t)) }

// Play plays a prompt in place of what is being played, once or for ever. The
// channel is closed when the prompt has been played to its end or was ended.
// While it plays, nothing that is bridged is heard on this leg. It runs in
// time also where nothing can be sent: before an answer, or on hold.
func (l *Leg) Play(p *Prompt, loop bool) <-chan struct{} {
	return l.out.start(&promptSource{prompt: p, loop: loop})
}

// StopPlay ends what PlayTone or Play began.
func (l *Leg) StopPlay() { l.out.stop() }

// SendDTMF queues digits to be sent, 160 ms each, as telephone events or, where
// these were not negotiated, as tones. Characters that are no digits are
// passed over; at most 64 digits wait, more are dropped.
func (l *Leg) SendDTMF(digits string) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	for i := range len(digits) {
		l.out.queueDigitLocked(digits[i])
	}
}

// Stats returns the counters so far; also after Close.
func (l *Leg) Stats() Stats {
	var s Stats
	l.in.fill(&s)
	l.out.mu.Lock()
	sent := l.out.stats
	l.out.mu.Unlock()
	s.PacketsSent, s.BytesSent = sent.packets, sent.octets
	s.SendErrors, s.DigitsSent = sent.errors, sent.digits
	l.ctl.fill(&s)
	return s
}

// Close releases the leg; its port rests for ten seconds. It may be called
// more than once and from OnEvent.
func (l *Leg) Close() {
	l.closed.Do(func() {
		if br := l.bridge.Load(); br != nil {
			br.Unbridge()
		}
		// The sockets come first: that ends a write which waits.
		_ = l.rtp.Close()
		_ = l.rtcp.Close()
		l.out.close()
		l.in.watch(false, time.Time{})
		l.f.remove(l)
		l.f.options.Logger.Debug("media leg closed", "leg", l.cfg.Label, "port", l.port)
	})
}

// read receives RTP until the socket is closed.
func (l *Leg) read() {
	l.readFrom(l.rtp, func(buf []byte, n int, from netip.AddrPort) {
		l.receive(buf, n, from, l.f.options.Now())
	})
}

// maxReadErrors is how many failing reads in a row end a reader. A single one
// belongs to its datagram; a socket that only fails must not keep a core busy,
// and the leg is then reported dead for want of RTP.
const maxReadErrors = 100

// readFrom hands the datagrams of a socket to take until it is closed. The
// buffer is reused for the next one.
func (l *Leg) readFrom(conn *net.UDPConn, take func(buf []byte, n int, from netip.AddrPort)) {
	buf := make([]byte, maxDatagram)
	for failed := 0; failed < maxReadErrors; {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			failed = 0
			take(buf, n, unmapped(from))
		case errors.Is(err, net.ErrClosed):
			return
		default:
			failed++
		}
	}
	l.f.options.Logger.Warn("media socket fails, reading stopped", "leg", l.cfg.Label, "port", l.port)
}

// unmapped turns an IPv4 address from a socket of both families into plain
// IPv4, as it stands in SDP.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// receive takes one datagram of n bytes in buf through latch and counters to
// the other side of the bridge.
func (l *Leg) receive(buf []byte, n int, from netip.AddrPort, now time.Time) {
	r := l.in.handle(buf, n, from, now)
	if r.use {
		if br := l.bridge.Load(); br != nil {
			to := br.other(l)
			to.out.forward(br, &to.bridge, &r.in, now)
		}
	}
	for _, e := range r.events[:r.count] {
		l.emit(e)
	}
}

func (l *Leg) emit(e Event) {
	if l.cfg.OnEvent != nil {
		l.cfg.OnEvent(e)
	}
}
