package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// openHours are rolled up at every pass: attempts end, and calls get their
	// results, in the hours after their beginning.
	openHours = 2
	// oldestHours bounds how far back the first pass of all looks.
	oldestHours = 400 * 24
)

// RollUp makes the hours anew in which something has changed since they were
// rolled up, up to limit of them, the newest first, and gives how many it made.
// One process does it at a time; another one finds nothing to do.
func (s *Store) RollUp(ctx context.Context, limit int) (int, error) {
	now := s.clock.Now()
	hours, err := s.staleHours(ctx, now, limit)
	for i, hour := range hours {
		if err := s.rollUpHour(ctx, hour); err != nil {
			return i, err
		}
	}
	return len(hours), err
}

// staleHours are the open hours, those never rolled up, and those of calls that
// were closed or amended after their hour was rolled up.
func (s *Store) staleHours(ctx context.Context, now time.Time, limit int) ([]time.Time, error) {
	rows, err := s.pool.Query(ctx, `
		with last as (select coalesce(max(rolled_at), '-infinity') as at from rollup_hours),
		begun as (select least((select min(reserved_at) from attempts where id = (select min(id) from attempts)),
			(select min(started_at) from calls), (select min(until) - interval '1 day' from agent_spells)) as at),
		first as (select greatest(at, $1::timestamptz - $3 * interval '1 hour') as at from begun where at is not null),
		stale as (
			select h as hour from first, generate_series(date_trunc('hour', first.at, 'UTC'), $1, interval '1 hour') h
			where h > $1 - $2 * interval '1 hour' or not exists (select from rollup_hours r where r.hour = h)
			union select date_trunc('hour', c.started_at, 'UTC') from calls c, last where c.closed_at >= last.at - interval '1 minute'
			union select date_trunc('hour', c.started_at, 'UTC') from call_amendments m join calls c on c.id = m.call_id, last
				where m.amended_at >= last.at - interval '1 minute')
		select hour from stale where hour <= $1 order by hour desc limit $4`, now, openHours, oldestHours, limit)
	if err != nil {
		return nil, classify(err)
	}
	hours, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	return hours, classify(err)
}

// rollUpHour makes one hour anew. Who finds the lock taken leaves it to the
// other.
func (s *Store) rollUpHour(ctx context.Context, hour time.Time) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var mine bool
		err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock(hashtext('ringmaster rollup'), hashtext(current_schema()))`).Scan(&mine)
		if err != nil || !mine {
			return err
		}
		until := hour.Add(time.Hour)
		for _, statement := range rollups {
			if err := exec(ctx, tx, statement, hour, until); err != nil {
				return err
			}
		}
		// An hour with an attempt under way will change: it stays to be done.
		return exec(ctx, tx, `insert into rollup_hours (hour, rolled_at) select $1, $3
			where not exists (select from attempts where reserved_at >= $1 and reserved_at < $2 and ended_at is null)
			on conflict (hour) do update set rolled_at = excluded.rolled_at`, hour, until, s.clock.Now())
	})
}

// rollups make the hour from $1 until $2. What was imported from another system
// is history of the person, not work of this floor.
var rollups = []string{
	`delete from rollup_attempts where hour = $1 and $2::timestamptz is not null`,
	`insert into rollup_attempts
		select $1, a.campaign_id, coalesce(c.list_id, 0), a.caller_id, coalesce(a.outcome, ''), count(*), count(a.sent_at),
			count(*) filter (where a.candidate_id is not null and not exists (select from attempts e
				where e.contact_id = a.contact_id and e.candidate_id = a.candidate_id and e.reserved_at < a.reserved_at))
		from attempts a left join candidates c on c.id = a.candidate_id
		where a.node <> 'import' and a.reserved_at >= $1 and a.reserved_at < $2 group by 2, 3, 4, 5`,
	`delete from rollup_calls where hour = $1 and $2::timestamptz is not null`,
	`insert into rollup_calls
		select $1, coalesce(k.campaign_id, 0), coalesce(c.list_id, 0), k.queue, coalesce(k.agent_id, 0), k.direction, coalesce(k.disposition, ''),
			count(*), count(k.bridged_at), count(*) filter (where k.abandoned),
			sum(k.talk_ms), sum(k.hold_ms), sum(k.wrap_up_ms),
			coalesce(sum(c.propensity) filter (where k.direction = 'outbound' and k.bridged_at is not null), 0)
		from calls k left join candidates c on c.id = k.candidate_id
		where k.node <> 'import' and k.started_at >= $1 and k.started_at < $2 group by 2, 3, 4, 5, 6, 7`,
	`delete from rollup_agents where hour = $1 and $2::timestamptz is not null`,
	// A spell lies within the day before its end. Its hold is spread evenly.
	`insert into rollup_agents
		select $1, agent_id, state, sum(inside)::bigint, sum(hold_ms * inside / greatest(spent_ms, 1))::bigint
		from (select agent_id, state, spent_ms, hold_ms, extract(epoch from
				least(until, $2) - greatest(until - spent_ms * interval '1 millisecond', $1)) * 1000 as inside
			from agent_spells where until > $1 and until < $2 + interval '24 hours') o
		where inside > 0 group by 2, 3`,
	`delete from rollup_bins where hour = $1 and $2::timestamptz is not null`,
	// From the moment in which an event was received that made or lifted a
	// candidate to the first attempt after it. Who came by a list alone waits for
	// no event.
	`insert into rollup_bins
		select $1, a.campaign_id, '', 'first_call', round(4 * log(2, greatest(extract(epoch from a.sent_at - e.received_at), 1)::numeric))::integer, count(*), 0, 0
		from attempts a join candidates c on c.campaign_id = a.campaign_id and c.contact_id = a.contact_id
		join customer_events e on e.contact_id = a.contact_id and e.received_at <= a.reserved_at and exists (
			select from jsonb_array_elements(e.receipt -> 'effects') f where (f ->> 'candidate_id')::bigint = c.id and f ->> 'action' <> 'finish')
		where a.node <> 'import' and a.reserved_at >= $1 and a.reserved_at < $2 and a.sent_at is not null and not exists (
			select from attempts b where b.contact_id = a.contact_id and b.campaign_id = a.campaign_id and b.node <> 'import' and b.sent_at is not null
				and b.reserved_at >= e.received_at and (b.reserved_at, b.id) < (a.reserved_at, a.id))
		group by 2, 5`,
	`insert into rollup_bins
		select $1, coalesce(k.campaign_id, 0), k.queue, 'wait', floor(extract(epoch from k.bridged_at - k.started_at))::integer, count(*), 0, 0
		from calls k where k.node <> 'import' and k.started_at >= $1 and k.started_at < $2 and k.direction = 'inbound' and k.bridged_at is not null group by 2, 3, 5`,
	`insert into rollup_bins
		select $1, k.campaign_id, '', 'age', greatest(floor(extract(epoch from k.started_at - c.event_at) / 86400), 0)::integer, count(*),
			count(*) filter (where k.disposition = 'sale'), 0
		from calls k join candidates c on c.id = k.candidate_id
		where k.node <> 'import' and k.started_at >= $1 and k.started_at < $2 and k.direction = 'outbound' and k.bridged_at is not null and k.disposition is not null
		group by 2, 5`,
	`insert into rollup_bins
		select $1, k.campaign_id, '', 'score', floor(100 * c.propensity)::integer, count(*), count(*) filter (where k.disposition = 'sale'), sum(c.propensity)
		from calls k join candidates c on c.id = k.candidate_id
		where k.node <> 'import' and k.started_at >= $1 and k.started_at < $2 and k.direction = 'outbound' and k.bridged_at is not null and k.disposition is not null
		group by 2, 5`,
	// The place (hourPlace) stands in the column of the queue, which an outbound
	// measure has none of.
	`insert into rollup_bins
		select $1, a.campaign_id, coalesce(nullif(b.region, ''), b.zones[1]), 'local_hour',
			(24 * extract(dow from a.reserved_at at time zone b.zones[1]) + extract(hour from a.reserved_at at time zone b.zones[1]))::integer,
			count(*), count(*) filter (where a.outcome in ('answered', 'dropped')), 0
		from attempts a join candidates c on c.id = a.candidate_id join buckets b on b.id = c.bucket_id
		where a.node <> 'import' and a.reserved_at >= $1 and a.reserved_at < $2 and a.sent_at is not null and b.zones[1] is not null group by 2, 3, 5`,
}

// Rolled gives when the newest hour was rolled up; the zero time: never.
func (s *Store) Rolled(ctx context.Context) (time.Time, error) {
	var at *time.Time
	err := s.pool.QueryRow(ctx, `select max(rolled_at) from rollup_hours`).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return value(at), classify(err)
}
