package postgres

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// featuresOf reads what a model may know of the candidates of w (candidate, at)
// as it was at that moment. What the rank counts by itself, the event's age and
// the attempts since, is left out: a model that knew it would count it twice.
// The contact's own fields are those of now.
const featuresOf = `select w.candidate, l.source, coalesce(n.region, ''), p.region, p.language, p.company <> '', p.attributes,
	c.value, coalesce(c.given_propensity, c.propensity), h.answers, k.sales, k.refusals, coalesce(k.last, '')
	from w join candidates c on c.id = w.candidate join contacts p on p.id = c.contact_id
	join lists l on l.id = c.list_id left join numbers n on n.id = c.number_id
	cross join lateral (select count(*) as answers from attempts a where a.contact_id = c.contact_id
		and a.reserved_at < w.at and a.answered_at is not null) h
	cross join lateral (select count(*) filter (where disposition = 'sale') as sales,
		count(*) filter (where disposition = 'not_interested') as refusals,
		(array_agg(disposition order by closed_at desc))[1] as last
		from calls x where x.contact_id = c.contact_id and x.closed_at < w.at) k`

// scanFeatures reads one row of featuresOf as a candidate's id and what a model
// is told of it. Protected fields are never told (package model names them).
func scanFeatures(row pgx.CollectableRow) (int64, model.Row, error) {
	var id int64
	var source, numberRegion, region, language, last string
	var business bool
	var attributes map[string]string
	var value, propensity float64
	var answers, sales, refusals int
	err := row.Scan(&id, &source, &numberRegion, &region, &language, &business, &attributes, &value, &propensity, &answers, &sales, &refusals, &last)
	if err != nil {
		return 0, nil, err
	}
	told := make(model.Row, len(attributes)+11)
	for name, cell := range attributes {
		if model.Protected(name) == "" {
			told[name] = cell
		}
	}
	maps.Copy(told, map[string]string{
		"list_source": source, "number_country": numberRegion, "region": region, "language": language, "last_result": last,
		"business": strconv.FormatBool(business), "value": digits(value), "given_propensity": digits(propensity),
		"answers_before": strconv.Itoa(answers), "sales_before": strconv.Itoa(sales), "refusals_before": strconv.Itoa(refusals),
	})
	return id, told, nil
}

func digits(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// features gives what a model may know of the candidates now.
func features(ctx context.Context, q querier, candidates []int64, now time.Time) (map[int64]model.Row, error) {
	rows, err := q.Query(ctx, `with w as (select candidate, $2::timestamptz as at from unnest($1::bigint[]) as candidate) `+featuresOf, candidates, now)
	if err != nil {
		return nil, err
	}
	all := make(map[int64]model.Row, len(candidates))
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		id, told, err := scanFeatures(row)
		all[id] = told
		return struct{}{}, err
	})
	return all, err
}

// keepFeatures keeps what is known of the queued candidates of a campaign that
// has a model, for its next training.
func (p *picker) keepFeatures(ctx context.Context, taken []head, now time.Time) error {
	if p.settings.Selection.Model == "" || len(taken) == 0 {
		return nil
	}
	ids := make([]int64, len(taken))
	for i, h := range taken {
		ids[i] = h.item.CandidateID
	}
	all, err := features(ctx, p.tx, ids, now)
	if err != nil {
		return err
	}
	bodies := make([]string, 0, len(ids))
	for _, id := range ids {
		body, err := json.Marshal(all[id])
		if err != nil {
			return campaigns.Wrap(campaigns.CodeInternal, "features", err)
		}
		bodies = append(bodies, string(body))
	}
	return exec(ctx, p.tx, `insert into candidate_features (candidate_id, at, features)
		select id, $3, features from unnest($1::bigint[], $2::jsonb[]) as f (id, features) on conflict do nothing`, ids, bodies, now)
}

// featuresHold is how long what was kept of a candidate stands for the attempt
// that followed.
const featuresHold = 24 * time.Hour

// featuresKept is how long it is kept at all: longer than a training looks back.
const featuresKept = 200 * 24 * time.Hour

// TrainingRows gives the attempts of some campaigns within the last time, most of
// them at most and the newest last, each with what was known of the person at
// that moment and whether it was a success: a sale, agreed in its call. Attempts
// that provably rang nobody are left out, and so are those of which it is not
// known any more what was known: nothing was kept when they were queued, and the
// contact was changed since.
func (s *Store) TrainingRows(ctx context.Context, campaignIDs []int64, within time.Duration, most int) (*model.Table, error) {
	var newestFirst []trainingRow
	const day = 24 * time.Hour
	now := s.clock.Now()
	since := now.Add(-within)
	for until := now; until.After(since) && len(newestFirst) < most; until = until.Add(-day) {
		from := until.Add(-day)
		if from.Before(since) {
			from = since
		}
		rows, err := s.trainingDay(ctx, campaignIDs, from, until, most-len(newestFirst))
		if err != nil {
			return nil, err
		}
		newestFirst = append(newestFirst, rows...)
	}
	table := &model.Table{}
	for i := len(newestFirst) - 1; i >= 0; i-- {
		r := &newestFirst[i]
		table.Add(r.told, r.success)
		table.Days = append(table.Days, r.at.UTC().Format(time.DateOnly))
	}
	return table, nil
}

type trainingRow struct {
	attempt, candidate int64
	at                 time.Time
	told               model.Row
	success            bool
	// unchanged is set where the contact is what it was at the attempt.
	unchanged bool
}

// trainingDay reads the attempts of a stretch of time, newest first.
func (s *Store) trainingDay(ctx context.Context, campaignIDs []int64, from, until time.Time, most int) ([]trainingRow, error) {
	rows, err := s.pool.Query(ctx, `select a.id, a.candidate_id, a.reserved_at, f.features, coalesce(x.disposition = 'sale', false), p.updated_at <= a.reserved_at
		from attempts a join contacts p on p.id = a.contact_id left join calls x on x.attempt_id = a.id
		left join lateral (select features from candidate_features f where f.candidate_id = a.candidate_id
			and f.at <= a.reserved_at and f.at > a.reserved_at - $5::interval order by f.at desc limit 1) f on true
		where a.campaign_id = any($1) and a.candidate_id is not null and a.reserved_at > $2 and a.reserved_at <= $3
		and a.outcome not in ('congestion', 'failed', 'cancelled') and (x.id is null or x.disposition is not null)
		order by a.reserved_at desc, a.id desc limit $4`, campaignIDs, from, until, most, featuresHold)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (trainingRow, error) {
		var r trainingRow
		var told *model.Row
		err := row.Scan(&r.attempt, &r.candidate, &r.at, &told, &r.success, &r.unchanged)
		if told != nil {
			r.told = *told
		}
		return r, err
	})
	if err != nil {
		return nil, classify(err)
	}
	return s.recallFeatures(ctx, all)
}

// recallFeatures finds out what was known at attempts for which nothing was
// kept, and drops those of which it cannot be known any more.
func (s *Store) recallFeatures(ctx context.Context, all []trainingRow) ([]trainingRow, error) {
	var candidates []int64
	var times []time.Time
	var of []int
	for i := range all {
		if all[i].told == nil && all[i].unchanged {
			candidates, times, of = append(candidates, all[i].candidate), append(times, all[i].at), append(of, i)
		}
	}
	if len(of) > 0 {
		rows, err := s.pool.Query(ctx, `with w as (select * from unnest($1::bigint[], $2::timestamptz[]) with ordinality as t (candidate, at, place))
			select * from (`+featuresOf+` order by w.place) known`, candidates, times)
		if err != nil {
			return nil, classify(err)
		}
		next := 0
		if _, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
			_, told, err := scanFeatures(row)
			all[of[next]].told = told
			next++
			return struct{}{}, err
		}); err != nil {
			return nil, classify(err)
		}
	}
	kept := all[:0]
	for _, r := range all {
		if r.told != nil {
			kept = append(kept, r)
		}
	}
	return kept, nil
}
