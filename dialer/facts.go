package dialer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"ringmaster/campaigns"
)

const (
	// factBatch bounds the facts of one transaction.
	factBatch = 200
	// factTries is how often a fact that the store refuses, not for want of
	// the store, is tried before it is set aside with an error in the log.
	factTries = 5
)

// ledger writes facts to the store in their order. While the store is away it
// keeps them; past its limit nothing new is dialed, and nothing is lost.
type ledger struct {
	store   Recorder
	limit   int
	timeout time.Duration
	log     *slog.Logger
	metrics *metrics

	wake chan struct{}
	mu   sync.Mutex
	// pending facts; the first of them is number written+1.
	pending []campaigns.Event
	written int64
	moved   chan struct{} // closed and renewed when written grows
	failing bool
}

func newLedger(store Recorder, limit int, timeout time.Duration, log *slog.Logger, m *metrics) *ledger {
	return &ledger{
		store: store, limit: limit, timeout: timeout, log: log, metrics: m,
		wake: make(chan struct{}, 1), moved: make(chan struct{}),
	}
}

// put queues a fact and gives its number; it never blocks, since facts of live
// calls must go on.
func (l *ledger) put(e campaigns.Event) int64 {
	l.mu.Lock()
	l.pending = append(l.pending, e)
	number := l.written + int64(len(l.pending))
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return number
}

// through is the number of the last fact that is written.
func (l *ledger) through() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written
}

// behind says why nothing new may be dialed, or nothing.
func (l *ledger) behind() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.failing:
		return "the store is away"
	case len(l.pending) >= l.limit:
		return "the store is behind with writing"
	}
	return ""
}

// flush waits until everything put before is written.
func (l *ledger) flush(ctx context.Context) error {
	l.mu.Lock()
	target := l.written + int64(len(l.pending))
	for l.written < target {
		moved := l.moved
		l.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return campaigns.Wrap(campaigns.CodeUnavailable, "the store is away", ctx.Err())
		}
		l.mu.Lock()
	}
	l.mu.Unlock()
	return nil
}

// run writes until ctx ends; what is then left was given its time by flush.
func (l *ledger) run(ctx context.Context) {
	backOff := time.Duration(0)
	tries := 0
	for {
		batch := l.head(tries > 0)
		if len(batch) == 0 {
			select {
			case <-l.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		err := l.write(batch)
		if err == nil {
			backOff, tries = 0, max(0, tries-1)
			l.done(len(batch))
			continue
		}
		if ctx.Err() != nil {
			return
		}
		l.setFailing()
		// A fact that the store refuses for a reason of its own must not hold
		// up the others for ever: it is found one by one and set aside.
		if campaigns.CodeOf(err) != campaigns.CodeUnavailable {
			tries = min(tries+1, factTries+1)
			if tries > factTries && len(batch) == 1 {
				l.log.Error("fact refused by the store", "kind", batch[0].Kind, "call", batch[0].CallID,
					"attempt", batch[0].AttemptID, "error", err)
				l.metrics.factsRefused.Inc()
				l.done(1)
				tries, backOff = 1, 0
				continue
			}
		}
		backOff = min(max(2*backOff, 50*time.Millisecond), 2*time.Second)
		l.log.Warn("facts wait for the store", "waiting", l.waiting(), "error", err)
		select {
		case <-time.After(backOff):
		case <-ctx.Done():
			return
		}
	}
}

func (l *ledger) write(batch []campaigns.Event) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	return l.store.Record(ctx, batch)
}

// head gives the oldest facts, only one of them while a refused one is sought.
func (l *ledger) head(single bool) []campaigns.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.pending), factBatch)
	if single {
		n = min(n, 1)
	}
	return l.pending[:n:n]
}

func (l *ledger) done(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = l.pending[n:]
	if len(l.pending) == 0 {
		l.pending = nil
	}
	l.written += int64(n)
	l.failing = false
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *ledger) setFailing() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = true
}

func (l *ledger) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending)
}

// announcer shows facts to screens and other nodes, best effort: what finds
// no room is dropped and counted.
type announcer struct {
	to      Publisher
	facts   chan campaigns.Event
	timeout time.Duration
	metrics *metrics
}

func newAnnouncer(to Publisher, limit int, timeout time.Duration, m *metrics) *announcer {
	return &announcer{to: to, facts: make(chan campaigns.Event, limit), timeout: timeout, metrics: m}
}

func (a *announcer) put(e campaigns.Event) {
	if a.to == nil {
		return
	}
	select {
	case a.facts <- e:
	default:
		a.metrics.publishDropped.Inc()
	}
}

func (a *announcer) run(ctx context.Context) {
	if a.to == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-a.facts:
			batch := []campaigns.Event{first}
			for len(batch) < factBatch && len(a.facts) > 0 {
				batch = append(batch, <-a.facts)
			}
			a.publish(batch)
		}
	}
}

func (a *announcer) publish(batch []campaigns.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), a.timeout)
	defer cancel()
	if err := a.to.Publish(ctx, batch); err != nil {
		a.metrics.publishDropped.Add(float64(len(batch)))
	}
}
