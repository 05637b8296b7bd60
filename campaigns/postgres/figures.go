package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// CampaignFigures are a campaign's counts: candidates now, the rest since a
// time.
type CampaignFigures struct {
	Candidates map[campaigns.CandidateState]int
	Outcomes   map[campaigns.Outcome]int
	Results    map[campaigns.Disposition]int
}

// Attempts adds up the outcomes.
func (f CampaignFigures) Attempts() int {
	n := 0
	for _, count := range f.Outcomes {
		n += count
	}
	return n
}

// DropRate is dropped ÷ live answers, as a fraction of 1.
func (f CampaignFigures) DropRate() float64 {
	dropped := f.Outcomes[campaigns.OutcomeDropped]
	if live := f.Outcomes[campaigns.OutcomeAnswered] + dropped; live > 0 {
		return float64(dropped) / float64(live)
	}
	return 0
}

// Figures gives each campaign's figures since a business time.
func (s *Store) Figures(ctx context.Context, since time.Time) (map[int64]CampaignFigures, error) {
	figures := map[int64]CampaignFigures{}
	of := func(id int64) CampaignFigures {
		f, ok := figures[id]
		if !ok {
			f = CampaignFigures{map[campaigns.CandidateState]int{}, map[campaigns.Outcome]int{}, map[campaigns.Disposition]int{}}
			figures[id] = f
		}
		return f
	}
	add := func(put func(f CampaignFigures, key string, n int)) func(pgx.Rows) error {
		return func(rows pgx.Rows) error {
			var id int64
			var key string
			var n int
			_, err := pgx.ForEachRow(rows, []any{&id, &key, &n}, func() error {
				put(of(id), key, n)
				return nil
			})
			return err
		}
	}
	var batch pgx.Batch
	batch.Queue(`select campaign_id, state, sum(n)::bigint from (select campaign_id, state, n from candidate_counts
			union all select campaign_id, state, n from candidate_deltas) k group by 1, 2 having sum(n) <> 0`).
		Query(add(func(f CampaignFigures, key string, n int) { f.Candidates[campaigns.CandidateState(key)] = n }))
	batch.Queue(`select campaign_id, outcome, count(*) from attempts where reserved_at >= $1 and outcome is not null group by 1, 2`, since).
		Query(add(func(f CampaignFigures, key string, n int) { f.Outcomes[campaigns.Outcome(key)] = n }))
	batch.Queue(`select campaign_id, disposition, count(*) from calls where started_at >= $1 and disposition is not null and campaign_id is not null group by 1, 2`, since).
		Query(add(func(f CampaignFigures, key string, n int) { f.Results[campaigns.Disposition(key)] = n }))
	err := s.pool.SendBatch(ctx, &batch).Close()
	return figures, classify(err)
}

// QueueFigures are an inbound queue's counts since a time.
type QueueFigures struct {
	Offered, Answered, Abandoned, InTime int
}

// QueueFigures gives each queue's figures since a business time; within is the
// service level's T.
func (s *Store) QueueFigures(ctx context.Context, since time.Time, within time.Duration) (map[string]QueueFigures, error) {
	rows, err := s.pool.Query(ctx, `select queue, count(*), count(bridged_at), count(*) filter (where abandoned),
			count(*) filter (where bridged_at - started_at <= $2)
		from calls where direction = 'inbound' and started_at >= $1 group by queue`, since, within)
	if err != nil {
		return nil, classify(err)
	}
	figures := map[string]QueueFigures{}
	var queue string
	var f QueueFigures
	_, err = pgx.ForEachRow(rows, []any{&queue, &f.Offered, &f.Answered, &f.Abandoned, &f.InTime}, func() error {
		figures[queue] = f
		return nil
	})
	return figures, classify(err)
}

// AgentTime adds up what agents did between two business times, by state; the
// time of a spell before or after them does not count. hold is part of talking. A
// zero time is no bound.
func (s *Store) AgentTime(ctx context.Context, from, until time.Time) (spent map[campaigns.AgentState]time.Duration, hold time.Duration, err error) {
	rows, err := s.pool.Query(ctx, `select state, sum(within)::bigint, sum(least(hold_ms, within))::bigint
		from agent_spells a, lateral (select a.until - a.spent_ms * interval '1 ms' as began) b,
			lateral (select 1000 * extract(epoch from least(a.until, $2) - greatest(b.began, $1)) as within) w
		where within > 0 group by 1`, optional(from), optional(until))
	if err != nil {
		return nil, 0, classify(err)
	}
	spent = map[campaigns.AgentState]time.Duration{}
	var state campaigns.AgentState
	var ms, held int64
	_, err = pgx.ForEachRow(rows, []any{&state, &ms, &held}, func() error {
		spent[state] = time.Duration(ms) * time.Millisecond
		hold += time.Duration(held) * time.Millisecond
		return nil
	})
	return spent, hold, classify(err)
}

// Latency is three percentiles in milliseconds.
type Latency struct{ P50, P95, P99 float64 }

// Latencies gives the percentiles of the measured steps since a business time.
func (s *Store) Latencies(ctx context.Context, since time.Time) (claimToInvite, answerToBridge, answerToPop Latency, err error) {
	var batch pgx.Batch
	read := func(l *Latency) func(pgx.Row) error {
		return func(row pgx.Row) error { return row.Scan(&l.P50, &l.P95, &l.P99) }
	}
	percentiles := func(column, table, at string) string {
		return `select coalesce(percentile_cont(0.5) within group (order by ` + column + `), 0) / 1000,
			coalesce(percentile_cont(0.95) within group (order by ` + column + `), 0) / 1000,
			coalesce(percentile_cont(0.99) within group (order by ` + column + `), 0) / 1000 from ` + table + ` where ` + at + ` >= $1`
	}
	batch.Queue(percentiles("claim_to_invite_us", "attempts", "candidate_id is not null and reserved_at"), since).QueryRow(read(&claimToInvite))
	batch.Queue(percentiles("answer_to_bridge_us", "calls", "direction = 'outbound' and started_at"), since).QueryRow(read(&answerToBridge))
	batch.Queue(percentiles("answer_to_pop_us", "calls", "direction = 'outbound' and started_at"), since).QueryRow(read(&answerToPop))
	err = classify(s.pool.SendBatch(ctx, &batch).Close())
	return claimToInvite, answerToBridge, answerToPop, err
}

// Dispositions counts the results of all calls since a business time.
func (s *Store) Dispositions(ctx context.Context, since time.Time) (map[campaigns.Disposition]int, error) {
	rows, err := s.pool.Query(ctx, `select disposition, count(*) from calls where started_at >= $1 and disposition is not null group by 1`, since)
	if err != nil {
		return nil, classify(err)
	}
	found := map[campaigns.Disposition]int{}
	var disposition campaigns.Disposition
	var n int
	_, err = pgx.ForEachRow(rows, []any{&disposition, &n}, func() error {
		found[disposition] = n
		return nil
	})
	return found, classify(err)
}
