package postgres

import (
	"context"
	"sync/atomic"
	"time"
)

// Clock gives business time: the database's clock, as last measured, plus the
// configured offset. It is safe for concurrent use.
type Clock struct {
	offset time.Duration
	// skew is the database's clock minus the local one, in nanoseconds.
	skew atomic.Int64
}

// Now is the business time, without a monotonic reading: it is compared with
// times of the database.
func (c *Clock) Now() time.Time {
	return time.Now().Add(time.Duration(c.skew.Load()) + c.offset).Round(0)
}

// Offset is what is added to the database's clock.
func (c *Clock) Offset() time.Duration { return c.offset }

// Clock gives the store's clock.
func (s *Store) Clock() *Clock { return s.clock }

// Run measures the clock every ten seconds, and tells of lists that ran out,
// until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := s.measureClock(ctx); err != nil {
				s.log.Warn("database clock not measured", "error", err)
			}
			if err := s.tellExhausted(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("it is not known which lists are exhausted", "error", err)
			}
		}
	}
}

// measureClock reads the database's clock and takes half the round trip off.
func (s *Store) measureClock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var theirs time.Time
	connection, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer connection.Release()
	before := time.Now()
	if err := connection.QueryRow(ctx, `select clock_timestamp()`).Scan(&theirs); err != nil {
		return err
	}
	middle := before.Add(time.Since(before) / 2)
	s.clock.skew.Store(int64(theirs.Sub(middle)))
	return nil
}
