package simcarrier

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Carrier is the simulated telephone network. Make one with New and run it
// once.
type Carrier struct {
	options Options
	dialer  netip.AddrPort
	guard   *guard
	studio  *studio
	journal *journal
	seq     atomic.Uint64
	ready   chan struct{}
	trunk   *endpoint
	phones  *endpoint

	mu      sync.Mutex
	lines   sync.WaitGroup
	stopped bool
	live    int
	waiting int // call backs that are due
	tries   map[string]int
	seats   map[string]*line

	mediaLost, stalePhone time.Duration
}

// New checks the options. Nothing listens before Run.
func New(options Options) (*Carrier, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	o := options.withDefaults()
	c := &Carrier{
		options: o, guard: newGuard(o.Auth), journal: &journal{out: o.Log, log: o.Logger},
		ready: make(chan struct{}), tries: make(map[string]int), seats: make(map[string]*line),
		mediaLost: defaultMediaLost, stalePhone: defaultStalePhone,
	}
	if o.DialerAddr != "" {
		c.dialer = netip.MustParseAddrPort(o.DialerAddr)
	}
	// The first port is taken at random, not by the seed: of two carriers on
	// one machine neither then receives what still flows to the other's ports.
	c.studio = newStudio(netip.MustParseAddr(o.RTPHost), o.RTPPortMin, o.RTPPortMax, rand.Uint32(), func() time.Time { return o.Now().UTC() })
	return c, nil
}

// Ready is closed when the carrier listens.
func (c *Carrier) Ready() <-chan struct{} { return c.ready }

// Addr returns the carrier's SIP address; it is empty before Ready.
func (c *Carrier) Addr() string { return c.address(func() *endpoint { return c.trunk }) }

// PhonesAddr returns the phones' SIP address; it is empty before Ready and
// where the phones are off.
func (c *Carrier) PhonesAddr() string { return c.address(func() *endpoint { return c.phones }) }

func (c *Carrier) address(of func() *endpoint) string {
	select {
	case <-c.ready:
		if ep := of(); ep != nil {
			return ep.addr.String()
		}
	default:
	}
	return ""
}

// Live returns the number of calls at this moment, phones included.
func (c *Carrier) Live() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

// Run listens and serves until ctx ends. It then hangs up every call, writes
// the records of all that was still open and returns nil, or the first error
// of a socket or of the call log. An address in use is an error at once.
func (c *Carrier) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var err error
	if c.trunk, err = listen("carrier", c.options.Listen, c.options.Logger, c.acceptCall(ctx, KindCustomer)); err != nil {
		return err
	}
	endpoints := []*endpoint{c.trunk}
	if c.options.PhonesListen != PhonesOff {
		if c.phones, err = listen("phones", c.options.PhonesListen, c.options.Logger, c.acceptCall(ctx, KindPhone)); err != nil {
			_ = c.trunk.conn.Close() // the error that counts is the other one
			return err
		}
		endpoints = append(endpoints, c.phones)
	}
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	var workers sync.WaitGroup
	workers.Go(func() { c.studio.run(sending) })
	for _, ep := range endpoints {
		workers.Go(func() { cancel(ep.serve()) })
	}
	close(c.ready)
	<-ctx.Done()

	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.lines.Wait()
	stopSending()
	for _, ep := range endpoints {
		_ = ep.conn.Close() // nothing is lost with an error
	}
	workers.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return errors.Join(cause, c.journal.failure())
	}
	return c.journal.failure()
}

// finished gives the place of one call free.
func (c *Carrier) finished() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live--
}

// callBack has a customer call the dialer in a while: the number given in the
// options, or the one that called them.
func (c *Carrier) callBack(ctx context.Context, number, calledBy string, try int) {
	rng := randFor(c.options.Seed, number+" calls back", try)
	to := c.options.InboundNumber
	if to == "" {
		to = dialedNumber(calledBy)
	}
	delay := scaled(between(rng, 3*time.Second, 15*time.Second), c.options.WaitScale)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dialer.IsValid() || c.stopped || c.waiting >= c.options.MaxCalls {
		return
	}
	c.waiting++
	c.lines.Go(func() { c.inboundAfter(ctx, delay, number, to, rng) })
}

func (c *Carrier) inboundAfter(ctx context.Context, delay time.Duration, number, to string, rng *rand.Rand) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	c.mu.Lock()
	c.waiting--
	if ctx.Err() != nil || c.live >= c.options.MaxCalls {
		c.mu.Unlock()
		return
	}
	c.live++
	c.mu.Unlock()
	l := c.newLine(c.trunk, KindInbound, number, CustomerTone(number), rng)
	l.rec.Behaviour, l.rec.InviteAt = CallBack, l.now()
	l.prepareInbound(to)
	l.run(ctx, l.inbound)
}

// seat returns the line that holds a phone, which is l if it was free.
func (c *Carrier) seat(l *line) *line {
	c.mu.Lock()
	defer c.mu.Unlock()
	if holder := c.seats[l.rec.Number]; holder != nil {
		return holder
	}
	c.seats[l.rec.Number] = l
	return l
}

func (c *Carrier) leaveSeat(l *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seats[l.rec.Number] == l {
		delete(c.seats, l.rec.Number)
	}
}

// replace tells the holder of a phone that a newer call takes it.
func (c *Carrier) replace(holder *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-holder.replaced:
	default:
		close(holder.replaced)
	}
}
