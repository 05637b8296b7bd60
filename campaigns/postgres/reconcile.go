package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

const (
	// unsentGrace is how long after its dial_by an attempt may stay without
	// word that it was sent: the reserve transaction's commit, or the word,
	// may have been lost on the way. It is longer than facts wait for a store
	// that is up.
	unsentGrace = 2 * time.Minute
	// openGrace is how long a candidate may be open with nothing under way.
	openGrace = 2 * time.Minute
	// reconcileLimit bounds the candidates of one pass.
	reconcileLimit = 1000
)

// Reconcile ends what owners without a fresh lease left open: attempts as
// unknown, calls as ended, results as lost with their agent. It also ends
// attempts of anybody that were reserved and never heard of again, and moves on
// candidates that are open although nothing is under way. It gives the number
// of attempts closed.
func (s *Store) Reconcile(ctx context.Context) (int, error) {
	closed := 0
	err := s.tx(ctx, func(tx pgx.Tx) error {
		const lapsed = `not exists (select from nodes n where n.name = o.node and n.epoch = o.epoch and n.lease_until > clock_timestamp())`
		now := s.clock.Now()
		ended, err := s.reconcileAttempts(ctx, tx, now, "its node was lost", lapsed)
		if err != nil {
			return err
		}
		unsent, err := s.reconcileAttempts(ctx, tx, now, "reserved and never heard of again", `o.sent_at is null and o.dial_by < $1`, now.Add(-unsentGrace))
		if err != nil {
			return err
		}
		closed = ended + unsent
		if err := freeShares(ctx, tx); err != nil {
			return err
		}
		if err := s.reconcileCalls(ctx, tx, now, lapsed); err != nil {
			return err
		}
		return s.reconcileCandidates(ctx, tx, now)
	})
	return closed, err
}

// reconcileOwn ends what earlier epochs of a node left open.
func (s *Store) reconcileOwn(ctx context.Context, tx pgx.Tx, node string, epoch int64) error {
	const own = `o.node = $1 and o.epoch < $2`
	now := s.clock.Now()
	if _, err := s.reconcileAttempts(ctx, tx, now, "its node started anew", own, node, epoch); err != nil {
		return err
	}
	return s.reconcileCalls(ctx, tx, now, own, node, epoch)
}

// reconcileAttempts closes the attempts o that the condition picks.
func (s *Store) reconcileAttempts(ctx context.Context, tx pgx.Tx, now time.Time, detail, condition string, args ...any) (int, error) {
	rows, err := tx.Query(ctx, `select o.id, o.node, o.epoch from attempts o where o.ended_at is null and `+condition+`
		order by o.id for no key update`, args...)
	if err != nil {
		return 0, err
	}
	orphans, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Event, error) {
		f := campaigns.Event{Kind: campaigns.AttemptEnded, At: now}
		f.End = &campaigns.AttemptEnd{Outcome: campaigns.OutcomeUnknown, Detail: detail}
		return f, row.Scan(&f.AttemptID, &f.Node, &f.Epoch)
	})
	if err != nil {
		return 0, err
	}
	drops := dropTally{}
	for _, f := range orphans {
		if err := s.recordAttemptEnd(ctx, tx, f, drops); err != nil {
			return 0, err
		}
	}
	return len(orphans), drops.book(ctx, tx)
}

// reconcileCalls closes the calls o without a result that the condition picks.
func (s *Store) reconcileCalls(ctx context.Context, tx pgx.Tx, now time.Time, condition string, args ...any) error {
	rows, err := tx.Query(ctx, `select o.id, o.node, o.epoch, o.agent_id is not null from calls o where o.closed_at is null and `+condition+`
		order by o.id for no key update`, args...)
	if err != nil {
		return err
	}
	calls, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Event, error) {
		f := campaigns.Event{Kind: campaigns.CallClosed, At: now, Disposition: campaigns.SystemHungUp}
		var withAgent bool
		err := row.Scan(&f.CallID, &f.Node, &f.Epoch, &withAgent)
		if withAgent {
			f.Disposition = campaigns.SystemAgentLost
		}
		return f, err
	})
	if err != nil {
		return err
	}
	for _, f := range calls {
		if err := s.closeBySystem(ctx, tx, f); err != nil {
			return err
		}
	}
	return nil
}

// reconcileCandidates moves on open candidates with nothing under way, by the
// outcome of their last attempt.
func (s *Store) reconcileCandidates(ctx context.Context, tx pgx.Tx, now time.Time) error {
	rows, err := tx.Query(ctx, `select c.id, coalesce((select a.outcome from attempts a
			where a.contact_id = c.contact_id and a.candidate_id = c.id order by a.reserved_at desc limit 1), 'unknown')
		from candidates c where c.state = 'open' and c.state_at < $1
			and not exists (select from attempts a where a.contact_id = c.contact_id and a.candidate_id = c.id and a.ended_at is null)
			and not exists (select from calls k where k.candidate_id = c.id and k.closed_at is null)
		order by c.id limit $2 for no key update of c skip locked`, now.Add(-openGrace), reconcileLimit)
	if err != nil {
		return err
	}
	type orphan struct {
		id      int64
		outcome campaigns.Outcome
	}
	orphans, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (orphan, error) {
		var o orphan
		return o, row.Scan(&o.id, &o.outcome)
	})
	if err != nil {
		return err
	}
	for _, o := range orphans {
		if err := s.stepAfterOutcome(ctx, tx, o.id, o.outcome, now); err != nil {
			return err
		}
	}
	return nil
}
