package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// blockChannel, with the schema's name after it, carries notices of new
	// suppressions and complaints to dialers.
	blockChannel = "ringmaster_block_"
	// hotChannel, likewise, carries those of hot candidates to the engines.
	hotChannel = "ringmaster_hot_"
	// watchAgain is the pause before a lost connection is made anew.
	watchAgain = 500 * time.Millisecond
	// watchCheck is how long a silent connection is trusted: a server that is
	// gone without a word would never say that somebody must not be called.
	watchCheck = 10 * time.Second
)

// Block is a number or person that may no longer be called; Resync asks to
// check everything that rings, after a gap in the notices.
type Block struct {
	NumberID  int64 `json:"number_id,omitempty"`
	ContactID int64 `json:"contact_id,omitempty"`
	Resync    bool  `json:"resync,omitempty"`
}

// notify tells the dialers once the transaction is committed.
func notify(ctx context.Context, tx pgx.Tx, b Block) error { return announce(ctx, tx, blockChannel, b) }

// announce sends a notice on a channel once the transaction is committed.
func announce(ctx context.Context, tx pgx.Tx, channel string, notice any) error {
	body, err := json.Marshal(notice)
	if err != nil {
		return err
	}
	return exec(ctx, tx, `select pg_notify($1 || current_schema(), $2)`, channel, string(body))
}

// Watch calls f for each suppression and complaint as it is committed, and
// with Resync after each (re)connection, until ctx ends, which is its error.
func (s *Store) Watch(ctx context.Context, f func(Block)) error {
	return s.watch(ctx, blockChannel, func() { f(Block{Resync: true}) }, func(payload string) {
		var b Block
		if err := json.Unmarshal([]byte(payload), &b); err != nil {
			s.log.Error("notice of a blocked number is unreadable", "error", err)
			return
		}
		f(b)
	})
}

// watch calls take for each notice on the channel, and joined after each
// (re)connection, until ctx ends, which is its error.
func (s *Store) watch(ctx context.Context, channel string, joined func(), take func(payload string)) error {
	for {
		err := s.listen(ctx, channel, joined, take)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.log.Warn("notices interrupted", "channel", channel, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchAgain):
		}
	}
}

// listen takes notices until the connection is lost.
func (s *Store) listen(ctx context.Context, channel string, joined func(), take func(payload string)) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// A listening connection keeps its channel, so it never goes back.
	conn := pooled.Hijack()
	defer func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(within)
	}()
	var schema string
	if err := conn.QueryRow(ctx, `select current_schema()`).Scan(&schema); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{channel + schema}.Sanitize()); err != nil {
		return err
	}
	joined()
	for {
		payload, err := nextNotice(ctx, conn)
		if err != nil {
			return err
		}
		take(payload)
	}
}

// nextNotice waits for a notice and, where none comes, asks from time to time
// whether the server is there still.
func nextNotice(ctx context.Context, conn *pgx.Conn) (string, error) {
	for {
		within, cancel := context.WithTimeout(ctx, watchCheck)
		notice, err := conn.WaitForNotification(within)
		silent := within.Err() != nil && ctx.Err() == nil
		cancel()
		if notice != nil {
			return notice.Payload, nil
		}
		if !silent {
			return "", err
		}
		within, cancel = context.WithTimeout(ctx, watchCheck)
		err = conn.Ping(within)
		cancel()
		if err != nil {
			return "", err
		}
	}
}
