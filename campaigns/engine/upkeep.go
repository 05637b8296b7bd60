package engine

import (
	"context"
	"time"

	"ringmaster/campaigns"
)

// Upkeep is what the engine needs of the truth to keep it in order.
type Upkeep interface {
	// FoldCounts folds some of what the counts of candidates have not taken in
	// yet and gives how much that was.
	FoldCounts(ctx context.Context) (int, error)
	// ApplySelection takes one bounded step of bringing a campaign's candidates in
	// line with its policy, from an id on; it gives the id to go on after, zero at
	// the end, and how many it has moved.
	ApplySelection(ctx context.Context, campaignID, after int64) (next int64, moved int, err error)
	// SweepSegment does the same for the campaign's segment.
	SweepSegment(ctx context.Context, campaignID, after int64) (next int64, moved int, err error)
	// ScoreCandidates does the same for the propensities of the campaign's model.
	ScoreCandidates(ctx context.Context, campaignID, after int64) (next int64, moved int, err error)
	// ProfileHours makes the profiles by hour anew that are due and gives how many.
	ProfileHours(ctx context.Context) (int, error)
}

const (
	// foldPeriod is how often the counts are folded.
	foldPeriod = time.Second
	// sweepLook is how often campaigns are looked at that may be swept.
	sweepLook = 2 * time.Second
	// sweepPeriod is how long a campaign is left alone after a sweep began, unless
	// its settings change, and sweepRest how many times as long as the sweep took.
	sweepPeriod = time.Minute
	sweepRest   = 9
	// sweepTurn is how long one campaign is swept before the next has its turn.
	sweepTurn = time.Second
)

// hoursLook is how often it is looked whether a profile by hour is due.
const hoursLook = time.Minute

// profileHours keeps the profiles by hour.
func (e *Engine) profileHours(ctx context.Context) error {
	_, err := e.options.Upkeep.ProfileHours(ctx)
	return err
}

// foldCounts folds until there is nothing left.
func (e *Engine) foldCounts(ctx context.Context) error {
	for {
		if n, err := e.options.Upkeep.FoldCounts(ctx); err != nil || n == 0 {
			return err
		}
	}
}

// sweeper is the state of the sweep task, used by its goroutine only.
type sweeper struct {
	*Engine
	sweeps map[int64]*sweep
}

// sweep is where the sweep of one campaign stands.
type sweep struct {
	// revision of the settings that are applied.
	revision int64
	// stage is the step to take next, one of the sweeper's stages, and after the
	// id to go on after. Past the last stage the sweep is through.
	stage int
	after int64
	// began is when this sweep began, next when the next one is due.
	began, next time.Time
	moved       int
}

// stages of a sweep, in their order.
func (s *sweeper) stages() []func(ctx context.Context, campaignID, after int64) (int64, int, error) {
	u := s.options.Upkeep
	return []func(context.Context, int64, int64) (int64, int, error){u.ScoreCandidates, u.ApplySelection, u.SweepSegment}
}

// pass takes each campaign's sweep some steps further.
func (s *sweeper) pass(ctx context.Context) error {
	all := s.campaigns()
	kept := make(map[int64]*sweep, len(all))
	for _, c := range all {
		if known := s.sweeps[c.ID]; known != nil {
			kept[c.ID] = known
		} else {
			kept[c.ID] = &sweep{stage: len(s.stages())}
		}
	}
	s.sweeps = kept
	return each(all, func(c campaigns.Campaign) error {
		if c.State == campaigns.CampaignClosed {
			return nil
		}
		return s.turn(ctx, c, s.sweeps[c.ID])
	})
}

// turn sweeps one campaign for a while. What is moved is told to the refill.
func (s *sweeper) turn(ctx context.Context, c campaigns.Campaign, at *sweep) error {
	stages, start := s.stages(), time.Now()
	if through := at.stage >= len(stages); at.revision != c.Revision || through && !start.Before(at.next) {
		*at = sweep{revision: c.Revision, began: start}
	}
	for at.stage < len(stages) && time.Since(start) < sweepTurn {
		next, moved, err := stages[at.stage](ctx, c.ID, at.after)
		if err != nil {
			return err
		}
		if moved > 0 {
			at.moved += moved
			s.metrics.swept.Add(float64(moved))
			s.Wake(c.ID)
		}
		if at.after = next; next == 0 {
			at.stage++
		}
	}
	if at.stage == len(stages) && at.next.IsZero() {
		took := time.Since(at.began)
		at.next = at.began.Add(max(sweepPeriod, sweepRest*took))
		if at.moved > 0 {
			s.log.Info("candidates brought in line with their campaign", "campaign", c.ID, "candidates", at.moved, "took", took)
		}
	}
	return nil
}
