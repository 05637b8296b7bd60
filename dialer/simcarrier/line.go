package simcarrier

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// signal is what a script waits for.
type signal int

const (
	sigNone     signal = iota
	sigTimeout         // the time given has passed
	sigCancel          // CANCEL, or a BYE before the answer
	sigBye             // the other side hung up
	sigAck             // our 2xx was acknowledged
	sigTone            // an agent's tone was heard
	sigResponse        // a response to our own INVITE, in line.response
	sigLost            // the other side is gone: audio stopped, no ACK, no answer
	sigStop            // the context has ended
)

const (
	// mailbox bounds the messages that wait for a line; more are dropped, as
	// the network would, and come again by retransmission.
	mailbox = 64
	// defaultMediaLost is how long audio that once flowed may be absent.
	defaultMediaLost = 5 * time.Second
	// defaultStalePhone is how long a phone's call must have received nothing
	// for a new call to take its place.
	defaultStalePhone = 2 * time.Second
	// crossDelay is how long a Bye100 line takes from 100 to 200.
	crossDelay = 300 * time.Millisecond
)

// line is one INVITE and the call that it makes: a customer's, a phone's or an
// inbound one. One goroutine owns it; others only deliver to its mailbox.
type line struct {
	carrier *Carrier
	ep      *endpoint
	log     *slog.Logger
	rng     *rand.Rand
	rec     Record
	user    string // of our Contact
	inbox   chan message
	timer   *time.Timer
	keys    []string // guarded by ep.mu

	dialog    dialog
	tags      []*dialogTag // ours; two when forked
	invite    message      // of a server line: the INVITE
	lastReply []byte       // to it
	final     bool         // a final response was sent or received
	over      bool         // the call has ended
	onCancel  func(message)
	byeFirst  bool // Bye100

	ownInvite  *sip.Request  // of a client line
	response   *sip.Response // to it, the last one
	giveUp     bool          // the caller no longer wants it
	cancelSent bool

	audio   atomic.Pointer[leg]
	offer   session
	offered bool // the INVITE had an SDP
	sdpID   uint64
	version uint64
	watch   bool // audio is expected
	tone    <-chan struct{}
	probing bool
	probeAt time.Time

	resends   []*resend
	lingering bool
	replaced  chan struct{} // a newer call takes this phone
	gone      chan struct{} // closed when the record is written
}

// dialogTag is one of our tags with its own fate (RFC 3261 section 12).
type dialogTag struct {
	tag          string
	acked, ended bool
}

// dialog is what requests of our own need.
type dialog struct {
	callID string
	local  sip.FromHeader // without tag
	remote sip.ToHeader   // with tag
	target sip.Uri
	routes []sip.Uri
	peer   netip.AddrPort
	seq    uint32
}

func (c *Carrier) newLine(ep *endpoint, kind Kind, number string, tone int, rng *rand.Rand) *line {
	return &line{
		carrier: c, ep: ep, rng: rng, log: c.options.Logger.With("kind", kind, "number", mask(number)),
		rec:   Record{Seq: c.seq.Add(1), Kind: kind, Number: number, ToneHz: tone},
		inbox: make(chan message, mailbox), timer: time.NewTimer(time.Hour),
		sdpID: rng.Uint64() >> 2, version: 1,
		replaced: make(chan struct{}), gone: make(chan struct{}),
	}
}

// deliver hands a message to the line, or drops it when the mailbox is full.
func (l *line) deliver(m message) {
	select {
	case l.inbox <- m:
	default:
		l.log.Warn("dropped a message: mailbox full")
	}
}

// run plays the script, writes the record and then stays, without a place
// among the calls, to answer what is retransmitted.
func (l *line) run(ctx context.Context, script func(context.Context)) {
	defer l.timer.Stop()
	defer l.ep.release(l)
	script(ctx)
	l.conclude()
	l.carrier.finished()
	close(l.gone)
	l.linger(ctx)
}

// conclude ends what the script left open, because the carrier stops.
func (l *line) conclude() {
	if l.rec.Result == "" {
		l.rec.Result = ResultOpen
	}
	if !l.over {
		l.abort()
	}
	if leg := l.audio.Load(); leg != nil {
		leg.close(&l.rec)
	}
	l.carrier.journal.write(&l.rec)
}

// linger answers late messages for 64·T1, or, once ctx has ended, only as long
// as something of our own awaits its answer, and that for 3·T1.
func (l *line) linger(ctx context.Context) {
	l.watch, l.tone, l.lingering = false, nil, true
	deadline := time.Now().Add(64 * l.carrier.options.T1)
	if !l.serveLate(ctx, deadline, func() bool { return true }) {
		return
	}
	deadline = time.Now().Add(3 * l.carrier.options.T1)
	l.serveLate(context.WithoutCancel(ctx), deadline, func() bool { return len(l.resends) > 0 })
}

// serveLate serves a line that is over until the deadline and as long as more
// holds. It reports whether the end of ctx interrupted it.
func (l *line) serveLate(ctx context.Context, deadline time.Time, more func() bool) (stopped bool) {
	for more() {
		switch l.next(ctx, deadline) {
		case sigTimeout:
			return false
		case sigStop:
			return true
		case sigResponse:
			l.lateResponse()
		}
	}
	return false
}

// wait lets d pass; an acknowledgement does not interrupt it.
func (l *line) wait(ctx context.Context, d time.Duration) signal {
	until := time.Now().Add(d)
	for {
		if s := l.next(ctx, until); s != sigAck {
			return s
		}
	}
}

// next serves the line until something happens that a script must know of, or
// until the given time; a zero time is no limit.
func (l *line) next(ctx context.Context, until time.Time) signal {
	for {
		now := time.Now()
		if s := l.due(now); s != sigNone {
			return s
		}
		if !until.IsZero() && !now.Before(until) {
			return sigTimeout
		}
		l.timer.Reset(time.Until(l.wake(now, until)))
		replaced := l.replaced
		if l.lingering {
			replaced = nil
		}
		select {
		case <-ctx.Done():
			return sigStop
		case <-replaced:
			return sigLost
		case <-l.tone:
			l.tone = nil
			return sigTone
		case <-l.timer.C:
		case m := <-l.inbox:
			if s := l.handle(m); s != sigNone {
				return s
			}
		}
	}
}

// wake is when the line must look again.
func (l *line) wake(now, until time.Time) time.Time {
	at := now.Add(time.Hour)
	if l.watch {
		at = now.Add(l.carrier.mediaLost / 10)
	}
	if !until.IsZero() && until.Before(at) {
		at = until
	}
	for _, r := range l.resends {
		if r.next.Before(at) {
			at = r.next
		}
	}
	return at
}

func (l *line) handle(m message) signal {
	if l.rec.Behaviour == Silent {
		return sigNone
	}
	if m.res != nil {
		return l.handleResponse(m)
	}
	return l.handleRequest(m)
}

// lost tells whether the audio that once flowed has stopped. A phone, which a
// dialer may leave in silence between two calls, asks the other side first.
func (l *line) lost(now time.Time) bool {
	leg := l.audio.Load()
	if !l.watch || leg == nil {
		return false
	}
	quiet, flowed := leg.quiet()
	if !flowed || quiet < l.carrier.mediaLost {
		return false
	}
	if l.rec.Kind != KindPhone {
		return true
	}
	if !l.probing && now.After(l.probeAt) {
		l.probing = true
		l.probe()
	}
	return false
}

// now is the wall clock for the record.
func (l *line) now() time.Time { return l.carrier.options.Now().UTC() }
