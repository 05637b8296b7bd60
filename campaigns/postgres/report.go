package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns/report"
)

// ReportCounts gives what is rolled up from one time until another, of one
// campaign or (zero) of all. The times are full hours.
func (s *Store) ReportCounts(ctx context.Context, campaignID int64, from, until time.Time) (report.Counts, error) {
	c := report.Counts{Bins: map[string][]report.Bin{}}
	err := s.reading(ctx, func(tx pgx.Tx) error {
		for _, read := range []func(context.Context, pgx.Tx, *report.Counts, ...any) error{
			readAttempts, readCalls, readAgents, readLists, readBins, readManned,
		} {
			if err := read(ctx, tx, &c, campaignID, from, until); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
}

// rolled is the condition on a rollup of campaigns: $1 is the campaign or zero,
// $2 and $3 the time.
const rolled = ` where ($1::bigint = 0 or campaign_id = $1) and hour >= $2 and hour < $3 `

func readAttempts(ctx context.Context, tx pgx.Tx, c *report.Counts, args ...any) error {
	rows, err := tx.Query(ctx, `select list_id, caller_id, outcome, sum(attempts)::bigint, sum(sent)::bigint, sum(first)::bigint
		from rollup_attempts`+rolled+`group by 1, 2, 3 order by 1, 2, 3`, args...)
	if err != nil {
		return err
	}
	c.Attempts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.AttemptCount, error) {
		var a report.AttemptCount
		return a, row.Scan(&a.ListID, &a.CallerID, &a.Outcome, &a.Attempts, &a.Sent, &a.First)
	})
	return err
}

func readCalls(ctx context.Context, tx pgx.Tx, c *report.Counts, args ...any) error {
	rows, err := tx.Query(ctx, `select list_id, queue, agent_id, direction, disposition, sum(calls)::bigint, sum(bridged)::bigint,
			sum(abandoned)::bigint, sum(talk_ms)::bigint, sum(hold_ms)::bigint, sum(wrap_up_ms)::bigint, sum(expected)
		from rollup_calls`+rolled+`group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`, args...)
	if err != nil {
		return err
	}
	c.Calls, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.CallCount, error) {
		var k report.CallCount
		var talk, hold, wrapUp int64
		err := row.Scan(&k.ListID, &k.Queue, &k.AgentID, &k.Direction, &k.Disposition, &k.Calls, &k.Bridged, &k.Abandoned,
			&talk, &hold, &wrapUp, &k.Expected)
		k.Talk, k.Hold, k.WrapUp = milliseconds(talk), milliseconds(hold), milliseconds(wrapUp)
		return k, err
	})
	return err
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// readAgents reads the time of those agents who had a call of the campaign.
func readAgents(ctx context.Context, tx pgx.Tx, c *report.Counts, args ...any) error {
	rows, err := tx.Query(ctx, `select a.agent_id, u.name, a.state, sum(a.spent_ms)::bigint, sum(a.hold_ms)::bigint
		from rollup_agents a join users u on u.id = a.agent_id
		where a.hour >= $2 and a.hour < $3 and ($1::bigint = 0 or a.agent_id in (select agent_id from rollup_calls`+rolled+`))
		group by 1, 2, 3 order by 1, 3`, args...)
	if err != nil {
		return err
	}
	c.Agents, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.AgentTime, error) {
		var a report.AgentTime
		var spent, hold int64
		err := row.Scan(&a.AgentID, &a.Name, &a.State, &spent, &hold)
		a.Spent, a.Hold = milliseconds(spent), milliseconds(hold)
		return a, err
	})
	return err
}

// readLists reads the records of each list from the maintained counts.
func readLists(ctx context.Context, tx pgx.Tx, c *report.Counts, args ...any) error {
	rows, err := tx.Query(ctx, `select l.id, g.name, l.name, coalesce(sum(n.n), 0)::bigint from lists l join campaigns g on g.id = l.campaign_id
		left join (select list_id, n from candidate_counts union all select list_id, n from candidate_deltas) n on n.list_id = l.id
		where $1::bigint = 0 or l.campaign_id = $1 group by 1, 2, 3 order by 1`, args[0])
	if err != nil {
		return err
	}
	c.Lists, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.ListCount, error) {
		var l report.ListCount
		return l, row.Scan(&l.ID, &l.Campaign, &l.Name, &l.Records)
	})
	return err
}

func readBins(ctx context.Context, tx pgx.Tx, c *report.Counts, args ...any) error {
	rows, err := tx.Query(ctx, `select measure, bin, sum(n)::bigint, sum(hits)::bigint, sum(weight)
		from rollup_bins`+rolled+`group by 1, 2 order by 1, 2`, args...)
	if err != nil {
		return err
	}
	var measure string
	var b report.Bin
	_, err = pgx.ForEachRow(rows, []any{&measure, &b.At, &b.N, &b.Hits, &b.Weight}, func() error {
		c.Bins[measure] = append(c.Bins[measure], b)
		return nil
	})
	return err
}

// readManned shares each agent's hours among the campaigns by their handling.
func readManned(ctx context.Context, tx pgx.Tx, c *report.Counts, args ...any) error {
	var ms float64
	err := tx.QueryRow(ctx, `
		with handled as (select hour, agent_id, sum(talk_ms + hold_ms + wrap_up_ms) filter (where $1::bigint = 0 or campaign_id = $1) as own,
				sum(talk_ms + hold_ms + wrap_up_ms) as whole
			from rollup_calls where hour >= $2 and hour < $3 and agent_id <> 0 group by 1, 2),
		manned as (select hour, agent_id, sum(spent_ms) as ms from rollup_agents
			where hour >= $2 and hour < $3 and state in ('ready', 'preview', 'reserved', 'talking', 'wrap_up') group by 1, 2)
		select coalesce(sum(m.ms * h.own / h.whole), 0)::float8 from handled h join manned m using (hour, agent_id) where h.whole > 0`, args...).Scan(&ms)
	c.Manned = time.Duration(ms * float64(time.Millisecond))
	return err
}
