package engine

import (
	"context"
	"time"

	"ringmaster/campaigns"
)

// Events is what the engine needs of the truth for events of other systems.
type Events interface {
	// WatchHot tells of hot candidates until ctx ends, which is its error.
	WatchHot(ctx context.Context, f func(campaignID int64, candidates []int64)) error
	// QueueHot marks those of the candidates as queued that may be dialed now and
	// gives them, best first.
	QueueHot(ctx context.Context, campaignID int64, candidates []int64) ([]campaigns.HopperItem, error)
	// ApplyPending applies up to limit events that a crash left and gives how
	// many there were.
	ApplyPending(ctx context.Context, limit int) (int, error)
}

const (
	// pendingEvents is how many left events one pass applies.
	pendingEvents = 100
	// pendingPeriod is how often left events are looked for.
	pendingPeriod = 10 * time.Second
)

// hotTask hands hot candidates to the hopper as they are told, past its target
// depth. A notice that fails is not lost: its candidates are ready, and a refill
// picks them by their rank.
func (e *Engine) hotTask(ctx context.Context) {
	_ = e.options.Events.WatchHot(ctx, func(campaignID int64, candidates []int64) {
		e.attempt(ctx, taskHot, func(ctx context.Context) error {
			items, err := e.options.Events.QueueHot(ctx, campaignID, candidates)
			if err != nil || len(items) == 0 {
				return err
			}
			e.log.Info("hot candidates queued", "campaign", campaignID, "candidates", len(items))
			return e.push(ctx, campaignID, items)
		})
	})
}

// applyPending applies what was told but not applied.
func (e *Engine) applyPending(ctx context.Context) error {
	n, err := e.options.Events.ApplyPending(ctx, pendingEvents)
	if n > 0 {
		e.log.Warn("events applied late", "events", n)
	}
	return err
}
