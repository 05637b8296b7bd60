package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

// finish ends a waiting candidate; one in a call, blocked or done stays.
func (b *boosted) finish(ctx context.Context, tx pgx.Tx, reason campaigns.Reason) error {
	if !slices.Contains(waiting, b.state) {
		return nil
	}
	b.state, b.reason = campaigns.CandidateDone, reason
	return exec(ctx, tx, `update candidates set state = 'done', reason = $2, due_at = null, queued_at = null, state_at = $3 where id = $1`,
		b.id, reason, b.now)
}

// boost gives the candidate the event's time and worth, and lets it rest or
// wakes it accordingly. An event older than the one it stands for changes its
// worth only.
func (b *boosted) boost(ctx context.Context, tx pgx.Tx, e *told, t campaigns.Trigger) error {
	if at := e.At.Add(t.Delay.Std()); at.After(b.EventAt) {
		b.EventAt = at
	}
	if e.Value > 0 {
		b.Value = e.Value
	}
	if e.Propensity > 0 {
		b.Propensity = e.Propensity
	}
	b.Propensity = t.Lifted(b.Propensity)
	reopened := t.Reopen && b.state == campaigns.CandidateDone
	if reopened {
		b.Attempts = 0
	}
	if err := exec(ctx, tx, `update candidates set value = $2, propensity = $3, event_at = $4, rank = $5, attempts = $6 where id = $1`,
		b.id, b.Value, b.Propensity, b.EventAt, scoring.Rank(b.Candidate, b.rules), b.Attempts); err != nil {
		return err
	}
	waits := b.state == campaigns.CandidateReady || b.state == campaigns.CandidateResting && (t.Hot || b.reason == campaigns.ReasonFutureEvent)
	switch {
	case !waits && !reopened, b.state == campaigns.CandidateReady && scoring.Ready(b.EventAt, b.now):
		return nil
	case b.state == campaigns.CandidateResting && slices.Contains(gateReasons, b.reason):
		return nil // a gate refused it, and would again
	}
	return b.rest(ctx, tx)
}

// rest lets the candidate wait for its event, which may be due at once.
func (b *boosted) rest(ctx context.Context, tx pgx.Tx) error {
	until := b.EventAt
	if until.Before(b.now) {
		until = b.now
	}
	b.state, b.reason = campaigns.CandidateResting, campaigns.ReasonFutureEvent
	if err := exec(ctx, tx, `update candidates set state = 'resting', reason = $2, due_at = $3, queued_at = null, agent_id = null, state_at = $4
		where id = $1`, b.id, b.reason, until, b.now); err != nil || until.After(b.now) {
		return err
	}
	b.state, b.reason = campaigns.CandidateReady, ""
	return b.store.promoteAll(ctx, tx, []due{b.due}, b.now)
}
