package media

import (
	"context"
	"sync"
	"time"
)

const (
	// pacerPeriod is how often the pacer looks for frames that are due: the
	// jitter it adds.
	pacerPeriod = 5 * time.Millisecond
	// maxCatchUp is how many frames the pacer sends at once when it was held
	// up; what is beyond is left out and the timestamps jump over it.
	maxCatchUp = 5
)

// pacer sends the frames that legs make themselves, for all legs of a factory
// from one goroutine. It sleeps while no leg has any.
type pacer struct {
	now  func() time.Time
	wake chan struct{} // capacity 1

	mu       sync.Mutex
	arriving []*sender

	active []pacedSender // touched by step only
}

// pacedSender is a sender and the time of its next frame. Each has a schedule
// of its own, which spreads the load over the 20 ms.
type pacedSender struct {
	s   *sender
	due time.Time
}

func newPacer(now func() time.Time) *pacer {
	return &pacer{now: now, wake: make(chan struct{}, 1)}
}

// add makes the pacer tick a sender until its tick returns false. It is called
// with the sender's lock held.
func (p *pacer) add(s *sender) {
	p.mu.Lock()
	p.arriving = append(p.arriving, s)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run paces until ctx is done.
func (p *pacer) run(ctx context.Context) {
	ticker := time.NewTicker(pacerPeriod)
	ticker.Stop()
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
			ticker.Reset(pacerPeriod)
		case <-ticker.C:
		}
		if !p.step(p.now()) {
			ticker.Stop()
		}
	}
}

// step sends what is due at now and reports whether any sender is left.
func (p *pacer) step(now time.Time) bool {
	p.mu.Lock()
	for _, s := range p.arriving {
		p.active = append(p.active, pacedSender{s: s, due: now})
	}
	clear(p.arriving)
	p.arriving = p.arriving[:0]
	p.mu.Unlock()

	kept := p.active[:0]
	for _, a := range p.active {
		if p.catchUp(&a, now) {
			kept = append(kept, a)
		}
	}
	clear(p.active[len(kept):])
	p.active = kept
	return len(p.active) > 0
}

// catchUp sends the frames of one sender that are due.
func (p *pacer) catchUp(a *pacedSender, now time.Time) bool {
	skipped := 0
	if behind := int(now.Sub(a.due) / frameTime); behind >= maxCatchUp {
		skipped = behind - maxCatchUp + 1
		a.due = a.due.Add(time.Duration(skipped) * frameTime)
	}
	for !a.due.After(now) {
		if !a.s.tick(a.due, skipped) {
			return false
		}
		skipped = 0
		a.due = a.due.Add(frameTime)
	}
	return true
}
