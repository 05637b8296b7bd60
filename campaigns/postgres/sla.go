package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/report"
)

// SaveAgreement creates or changes a service level agreement; CodeInvalid names
// a wrong key, CodeNotFound an unknown campaign.
func (s *Store) SaveAgreement(ctx context.Context, a report.Agreement) error {
	if err := a.Validate(); err != nil {
		return err
	}
	if a.Campaign != "" {
		if _, err := s.CampaignByName(ctx, a.Campaign); err != nil {
			return err
		}
	}
	_, err := s.pool.Exec(ctx, `insert into service_levels (name, document, created_at, updated_at) values ($1, $2, $3, $3)
		on conflict (name) do update set document = excluded.document, updated_at = excluded.updated_at
		where service_levels.document <> excluded.document`, a.Name, a, s.clock.Now())
	return classify(err)
}

// Agreements gives every service level agreement, by name.
func (s *Store) Agreements(ctx context.Context) ([]report.Agreement, error) {
	rows, err := s.pool.Query(ctx, `select document from service_levels order by name`)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[report.Agreement])
	return all, classify(err)
}

// Measure gives what each day (UTC) brought under the agreement.
func (s *Store) Measure(ctx context.Context, a report.Agreement, from, until time.Time) ([]report.Measured, error) {
	sql, args := measures[a.Objective], []any{from, until}
	switch a.Objective {
	case report.ObjectiveServiceLevel:
		args = append(args, a.Queue, int(a.Within.Std()/time.Second))
	case report.ObjectiveAbandonment:
		args = append(args, a.Queue)
	default:
		var id int64
		if a.Campaign != "" {
			campaign, err := s.CampaignByName(ctx, a.Campaign)
			if err != nil {
				return nil, err
			}
			id = campaign.ID
		}
		args = append(args, id)
	}
	if sql == "" {
		return nil, campaigns.Invalid("objective", "%q cannot be measured", a.Objective)
	}
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	days, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (report.Measured, error) {
		var m report.Measured
		return m, row.Scan(&m.Day, &m.Numerator, &m.Denominator)
	})
	return days, classify(err)
}

// measures read numerator and denominator by day: $1 until $2 is the time, $3
// the queue or the campaign, $4 the seconds of a service level.
var measures = map[report.Objective]string{
	report.ObjectiveServiceLevel: `select date_trunc('day', hour, 'UTC'), sum(met)::float8, sum(offered)::float8 from (
			select hour, 0 as met, sum(calls) as offered from rollup_calls
				where hour >= $1 and hour < $2 and direction = 'inbound' and ($3 = '' or queue = $3) group by hour
			union all select hour, sum(n), 0 from rollup_bins
				where hour >= $1 and hour < $2 and measure = 'wait' and bin < $4 and ($3 = '' or queue = $3) group by hour) m
		group by 1 order by 1`,
	report.ObjectiveAbandonment: `select date_trunc('day', hour, 'UTC'), sum(abandoned)::float8, sum(calls)::float8 from rollup_calls
		where hour >= $1 and hour < $2 and direction = 'inbound' and ($3 = '' or queue = $3) group by 1 order by 1`,
	report.ObjectiveDropRate: `select date_trunc('day', hour, 'UTC'), coalesce(sum(attempts) filter (where outcome = 'dropped'), 0)::float8,
			coalesce(sum(attempts) filter (where outcome in ('dropped', 'answered')), 0)::float8
		from rollup_attempts where hour >= $1 and hour < $2 and ($3::bigint = 0 or campaign_id = $3) group by 1 order by 1`,
	report.ObjectiveContactRate: `select date_trunc('day', hour, 'UTC'), coalesce(sum(attempts) filter (where outcome in ('dropped', 'answered')), 0)::float8,
			sum(sent)::float8
		from rollup_attempts where hour >= $1 and hour < $2 and ($3::bigint = 0 or campaign_id = $3) group by 1 order by 1`,
}
