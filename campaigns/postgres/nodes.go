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
		return s.reconcileOwn(ctx, tx, node, epoch)
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
