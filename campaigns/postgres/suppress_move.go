package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// leaveNumbers takes the waiting candidates off locked numbers that were just
// suppressed, in one campaign or (zero) all: to another number of the person,
// or to rest until the entry ends, or aside. A queued one with another number is
// ready again, since the hopper knows it by the old one.
func leaveNumbers(ctx context.Context, tx pgx.Tx, numberIDs []int64, campaignID int64, until, now time.Time) error {
	return exec(ctx, tx, `update candidates c set number_id = coalesce(o.next, c.number_id), queued_at = null, state_at = $2,
			state = case when o.next is null and $4::timestamptz is not null then 'resting' when o.next is null then 'blocked'
				when c.state = 'queued' then 'ready' else c.state end,
			reason = case when o.next is null then 'do_not_call' when c.state = 'queued' then '' else c.reason end,
			due_at = case when o.next is null then $4 else c.due_at end
		from (select k.id, (select cn.number_id from `+callableNumbers+` order by cn.position limit 1) as next
			from contact_numbers h join candidates k on k.contact_id = h.contact_id and k.number_id = h.number_id `+ofCampaign+`
			where h.number_id = any($1) and ($3 = 0 or k.campaign_id = $3) and k.state = any($5)
			order by k.id for no key update of k) o
		where c.id = o.id and c.state = any($5)`, numberIDs, now, campaignID, optional(until), waiting)
}

// freeNumbers makes the candidates ready again that a do-not-call entry of one
// of the numbers keeps waiting and that no entry covers any more. The gate sees
// to whatever else stands against them.
func freeNumbers(ctx context.Context, tx pgx.Tx, numberIDs []int64, now time.Time) error {
	return exec(ctx, tx, `update candidates c set state = 'ready', reason = '', due_at = null, state_at = $2
		from (select k.id from candidates k join numbers n on n.id = k.number_id `+ofCampaign+`
			where k.number_id = any($1) and k.reason = 'do_not_call' and k.state in ('blocked', 'resting') and `+suppressedUntil+` is null
			order by k.id for no key update of k) o
		where c.id = o.id`, numberIDs, now)
}

// cancelDials tells the dialers of those of the locked numbers that are being
// dialed, in one campaign or (zero) in any. A reservation holds its numbers'
// locks until its attempts are committed: whatever it reserved before the entry
// is seen here, and whatever it reserves after sees the entry.
func cancelDials(ctx context.Context, tx pgx.Tx, numberIDs []int64, campaignID int64) error {
	rows, err := tx.Query(ctx, `select distinct number_id from attempts
		where number_id = any($1) and ended_at is null and ($2 = 0 or campaign_id = $2)`, numberIDs, campaignID)
	if err != nil {
		return err
	}
	dialed, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, id := range dialed {
		if err := notify(ctx, tx, Block{NumberID: id}); err != nil {
			return err
		}
	}
	return nil
}

// sweepChunk is how many numbers are locked at once.
const sweepChunk = 5000

// lockMatching locks the next numbers after an id that a pattern covers, or
// only those that are queued or being dialed.
func lockMatching(ctx context.Context, tx pgx.Tx, pattern string, after int64, dialedOnly bool) ([]int64, error) {
	sql := `select n.id from numbers n where n.id > $1 and (n.region = $2 or starts_with(n.e164, $2)) order by n.id limit $3 for no key update`
	if dialedOnly {
		sql = `select n.id from numbers n where n.id > $1 and (n.region = $2 or starts_with(n.e164, $2))
			and n.id = any(array(select number_id from candidates where state = 'queued' union select number_id from attempts where ended_at is null))
			order by n.id limit $3 for no key update`
	}
	rows, err := tx.Query(ctx, sql, after, pattern, sweepChunk)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// sweepPattern acts on all numbers that a committed pattern covers: first on
// those that are about to be dialed or ring, then on the rest, some thousands at
// a time.
func (s *Store) sweepPattern(ctx context.Context, pattern string, act func(context.Context, pgx.Tx, []int64, time.Time) error) error {
	for _, dialedOnly := range []bool{true, false} {
		if err := s.inChunks(ctx, func(tx pgx.Tx, after int64) ([]int64, error) {
			ids, err := lockMatching(ctx, tx, pattern, after, dialedOnly)
			if err != nil || len(ids) == 0 {
				return nil, err
			}
			return ids, act(ctx, tx, ids, s.clock.Now())
		}); err != nil {
			return err
		}
	}
	return nil
}

// inChunks calls f with the last id of what it gave before, each time in a
// transaction of its own, until it gives no full chunk.
func (s *Store) inChunks(ctx context.Context, f func(tx pgx.Tx, after int64) ([]int64, error)) error {
	for after := int64(0); ; {
		var ids []int64
		if err := s.tx(ctx, func(tx pgx.Tx) error {
			var err error
			ids, err = f(tx, after)
			return err
		}); err != nil || len(ids) < sweepChunk {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// freeAll makes ready again every candidate that waits behind a do-not-call
// entry that is gone, some thousands at a time, after a list was replaced.
func (s *Store) freeAll(ctx context.Context) error {
	return s.inChunks(ctx, func(tx pgx.Tx, after int64) ([]int64, error) {
		rows, err := tx.Query(ctx, `select distinct number_id from candidates
			where reason = 'do_not_call' and state in ('blocked', 'resting') and number_id > $1 order by number_id limit $2`, after, sweepChunk)
		if err != nil {
			return nil, err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		if err := lockNumbers(ctx, tx, ids); err != nil {
			return nil, err
		}
		return ids, freeNumbers(ctx, tx, ids, s.clock.Now())
	})
}

func lockNumbers(ctx context.Context, tx pgx.Tx, ids []int64) error {
	return exec(ctx, tx, `select id from numbers where id = any($1) order by id for no key update`, ids)
}
