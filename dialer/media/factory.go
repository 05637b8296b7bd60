package media

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// housekeepPeriod is how often dead media is looked for and reports fall due.
const housekeepPeriod = 500 * time.Millisecond

// Factory opens legs within limits and runs what they share: the pacer and
// the housekeeper.
type Factory struct {
	options    Options
	advertised netip.Addr
	ports      *portPool
	pacer      *pacer
	ids        atomic.Uint64
	stop       context.CancelFunc
	running    sync.WaitGroup // pacer, housekeeper, readers

	mu     sync.Mutex
	closed bool
	legs   map[*Leg]struct{}
}

// NewFactory starts a factory. It returns the error of Options.Validate. Close
// must be called.
func NewFactory(o Options) (*Factory, error) {
	f, err := newFactory(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	f.running.Go(func() { f.pacer.run(ctx) })
	f.running.Go(func() { f.keepHouse(ctx) })
	return f, nil
}

// newFactory makes a factory whose pacer and housekeeper do not run yet; tests
// drive them by hand.
func newFactory(o Options) (*Factory, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return &Factory{
		options:    o,
		advertised: netip.MustParseAddr(o.AdvertisedIP).Unmap(),
		ports:      newPortPool(o),
		pacer:      newPacer(o.Now),
		stop:       func() {},
		legs:       make(map[*Leg]struct{}),
	}, nil
}

// NewLeg opens a leg: it binds its ports and starts its readers. The error is
// ErrTooManyLegs, ErrNoPorts or ErrClosed.
func (f *Factory) NewLeg(cfg LegConfig) (*Leg, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return nil, ErrClosed
	case len(f.legs) >= f.options.MaxLegs:
		return nil, ErrTooManyLegs
	}
	port, rtp, rtcp, err := f.ports.open()
	if err != nil {
		return nil, err
	}
	l := newLeg(f, cfg, port, rtp, rtcp)
	f.legs[l] = struct{}{}
	f.running.Go(l.read)
	f.running.Go(l.readRTCP)
	f.options.Logger.Debug("media leg opened", "leg", cfg.Label, "port", port)
	return l, nil
}

// Legs returns the number of open legs and the most there may be.
func (f *Factory) Legs() (open, limit int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.legs), f.options.MaxLegs
}

// Close closes every leg and returns, always nil, when all goroutines of the
// factory and its legs have ended. It must not be called from OnEvent.
func (f *Factory) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	for _, l := range f.open() {
		l.Close()
	}
	f.stop()
	f.running.Wait()
	return nil
}

// open returns the open legs.
func (f *Factory) open() []*Leg {
	f.mu.Lock()
	defer f.mu.Unlock()
	legs := make([]*Leg, 0, len(f.legs))
	for l := range f.legs {
		legs = append(legs, l)
	}
	return legs
}

// remove forgets a closed leg and puts its port to rest.
func (f *Factory) remove(l *Leg) {
	f.mu.Lock()
	delete(f.legs, l)
	f.mu.Unlock()
	f.ports.release(l.port)
}

// id returns a number for a source or bridge, unique in this factory.
func (f *Factory) id() uint64 { return f.ids.Add(1) }

// keepHouse watches all legs from one ticker until ctx is done.
func (f *Factory) keepHouse(ctx context.Context) {
	ticker := time.NewTicker(housekeepPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f.housekeep(f.options.Now())
		}
	}
}

// housekeep reports dead media and sends the RTCP reports that are due.
func (f *Factory) housekeep(now time.Time) {
	for _, l := range f.open() {
		if l.in.died(now, f.options.NoMediaFirst, f.options.NoMediaLater) {
			f.options.Logger.Debug("media leg hears nothing", "leg", l.cfg.Label, "port", l.port)
			l.emit(Event{Kind: Dead, At: now})
		}
		l.report(now)
	}
}
