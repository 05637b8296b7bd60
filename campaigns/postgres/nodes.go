package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ringmaster/campaigns"
)

// claim is a connection whose session holds the lock of this process's node
// name. The lock goes with the process, however that ends, so that the same
// node started again need not wait for the old lease.
type claim struct {
	mu   sync.Mutex
	conn *pgx.Conn
	// held: the lock is this connection's.
	held bool
}

// Join takes a new epoch for the node for ttl and reconciles what its earlier
// epochs left open. CodeConflict says that another process runs under that name:
// it holds the name's lock, and its lease has not lapsed.
func (s *Store) Join(ctx context.Context, node string, ttl time.Duration) (int64, error) {
	alone, err := s.claim.take(ctx, s.pool, node)
	if err != nil {
		return 0, classify(err)
	}
	var epoch int64
	err = s.tx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `insert into nodes (name, epoch, lease_until, started_at)
			values ($1, 1, clock_timestamp() + $2, clock_timestamp())
			on conflict (name) do update set epoch = nodes.epoch + 1, lease_until = excluded.lease_until, started_at = excluded.started_at
			where $3 or nodes.lease_until <= clock_timestamp()
			returning epoch`, node, ttl, alone).Scan(&epoch)
		if errors.Is(err, pgx.ErrNoRows) {
			return campaigns.Errorf(campaigns.CodeConflict, "another process runs as node %q: give each one a name of its own (node)", node)
		}
		if err != nil {
			return err
		}
		return s.reconcileOwn(ctx, tx, node, epoch)
	})
	return epoch, err
}

// take tries to hold the node's lock, on a connection that is kept for it.
func (c *claim) take(ctx context.Context, pool *pgxpool.Pool, node string) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil && c.conn.Ping(ctx) != nil {
		_ = c.conn.Close(ctx) // it is broken
		c.conn, c.held = nil, false
	}
	if c.held {
		return true, nil
	}
	if c.conn == nil {
		pooled, err := pool.Acquire(ctx)
		if err != nil {
			return false, err
		}
		c.conn = pooled.Hijack()
	}
	err := c.conn.QueryRow(ctx, `select pg_try_advisory_lock(hashtextextended('ringmaster node ' || $1 || ' of ' || current_schema(), 0))`, node).Scan(&c.held)
	return c.held, err
}

// close gives the lock up.
func (c *claim) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx) // the server lets go of the lock in any case
	c.conn, c.held = nil, false
}

// Renew prolongs the node's lease; CodeConflict when another epoch took over.
func (s *Store) Renew(ctx context.Context, node string, epoch int64, ttl time.Duration) error {
	// A lock that was lost with its connection is taken again.
	if _, err := s.claim.take(ctx, s.pool, node); err != nil {
		return classify(err)
	}
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
