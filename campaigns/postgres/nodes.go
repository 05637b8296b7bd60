package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// Join takes a new epoch for the node for ttl and reconciles what its earlier
// epochs left open.
func (s *Store) Join(ctx context.Context, node string, ttl time.Duration) (int64, error) {
	var epoch int64
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `insert into nodes (name, epoch, lease_until, started_at)
			values ($1, 1, clock_timestamp() + $2, clock_timestamp())
			on conflict (name) do update set epoch = nodes.epoch + 1, lease_until = excluded.lease_until, started_at = excluded.started_at
			returning epoch`, node, ttl).Scan(&epoch); err != nil {
			return err
		}
		_, err := s.reconcile(ctx, tx, `o.node = $1 and o.epoch < $2`, node, epoch)
		return err
	})
	return epoch, err
}

// Renew prolongs the node's lease; CodeConflict when another epoch took over.
func (s *Store) Renew(ctx context.Context, node string, epoch int64, ttl time.Duration) error {
	tag, err := s.pool.Exec(ctx, `update nodes set lease_until = clock_timestamp() + $3 where name = $1 and epoch = $2`, node, epoch, ttl)
	if err != nil {
		return classify(err)
	}
	if tag.RowsAffected() == 0 {
		return campaigns.Errorf(campaigns.CodeConflict, "node %s: epoch %d was taken over", node, epoch)
	}
	return nil
}

// Leave ends the node's lease at once, after a drain.
func (s *Store) Leave(ctx context.Context, node string, epoch int64) error {
	_, err := s.pool.Exec(ctx, `update nodes set lease_until = clock_timestamp() where name = $1 and epoch = $2`, node, epoch)
	return classify(err)
}

// Reconcile ends what owners without a fresh lease left open: attempts as
// unknown, calls as ended, results as lost with their agent. It gives
// the number of attempts closed.
func (s *Store) Reconcile(ctx context.Context) (int, error) {
	closed := 0
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var err error
		if closed, err = s.reconcile(ctx, tx, `not exists (select from nodes n where n.name = o.node and n.epoch = o.epoch and n.lease_until > clock_timestamp())`); err != nil {
			return err
		}
		// A living owner that never heard of its own reservation, because the
		// answer was lost, cannot end it.
		unheard, err := s.reconcileAttempts(ctx, tx, s.clock.Now(), `o.sent_at is null and o.dial_by < $1`, s.clock.Now().Add(-unheardAfter))
		closed += unheard
		return err
	})
	return closed, err
}

// unheardAfter is how long after its dial_by an attempt that was never sent is
// given up: longer than its owner may take to write down that it was sent.
const unheardAfter = time.Minute

// reconcile closes the attempts and calls o that the condition picks.
func (s *Store) reconcile(ctx context.Context, tx pgx.Tx, condition string, args ...any) (int, error) {
	now := s.clock.Now()
	n, err := s.reconcileAttempts(ctx, tx, now, condition, args...)
	if err != nil {
		return 0, err
	}
	return n, s.reconcileCalls(ctx, tx, now, condition, args...)
}

// reconcileAttempts closes the open attempts o that the condition picks as
// unknown.
func (s *Store) reconcileAttempts(ctx context.Context, tx pgx.Tx, now time.Time, condition string, args ...any) (int, error) {
	rows, err := tx.Query(ctx, `select o.id, o.node, o.epoch, o.answered_at is not null from attempts o where o.ended_at is null and `+condition+` order by o.id for update`, args...)
	if err != nil {
		return 0, err
	}
	type orphan struct {
		id, epoch int64
		node      string
		answered  bool
	}
	orphans, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (orphan, error) {
		var o orphan
		return o, row.Scan(&o.id, &o.node, &o.epoch, &o.answered)
	})
	if err != nil {
		return 0, err
	}
	for _, o := range orphans {
		end := campaigns.AttemptEnd{Outcome: campaigns.OutcomeUnknown, Detail: "its node was lost"}
		fact := campaigns.Event{Kind: campaigns.AttemptEnded, At: now, Node: o.node, Epoch: o.epoch, AttemptID: o.id, End: &end}
		if err := s.recordAttemptEnd(ctx, tx, fact); err != nil {
			return 0, err
		}
	}
	return len(orphans), nil
}

// reconcileCalls closes the calls that lost owners left without a result.
func (s *Store) reconcileCalls(ctx context.Context, tx pgx.Tx, now time.Time, condition string, args ...any) error {
	rows, err := tx.Query(ctx, `select o.id, o.node, o.epoch, o.agent_id is not null from calls o where o.closed_at is null and `+condition+` order by o.id for update`, args...)
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
