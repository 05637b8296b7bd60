package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/trial"
)

// running gives the experiments of a campaign that run.
func runningExperiments(ctx context.Context, q querier, campaignID int64) ([]campaigns.Experiment, error) {
	rows, err := q.Query(ctx, `select id, name, campaign_id, subject, salt, arms, started_at from experiments
		where campaign_id = $1 and state = 'running' order by id`, campaignID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Experiment, error) {
		var e campaigns.Experiment
		var arms []byte
		if err := row.Scan(&e.ID, &e.Name, &e.CampaignID, &e.Subject, &e.Salt, &arms, &e.StartedAt); err != nil {
			return e, err
		}
		return e, json.Unmarshal(arms, &e.Arms)
	})
}

// expose counts the person of a call that has begun to talk under their arms,
// once. That their offer may have been used up by then makes no difference: who
// was assigned to an arm belongs to it.
func expose(ctx context.Context, tx pgx.Tx, callID campaigns.CallID, now time.Time) error {
	rows, err := tx.Query(ctx, `select e.id, e.salt, jsonb_array_length(e.arms), k.contact_id from calls k join experiments e
		on e.campaign_id = k.campaign_id and e.state = 'running' and e.started_at <= k.started_at where k.id = $1 and k.contact_id is not null`, callID)
	if err != nil {
		return err
	}
	type exposure struct {
		experiment, contact int64
		salt                string
		arms                int
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (exposure, error) {
		var x exposure
		return x, row.Scan(&x.experiment, &x.salt, &x.arms, &x.contact)
	})
	if err != nil {
		return err
	}
	for _, x := range all {
		if err := exec(ctx, tx, `insert into experiment_exposures (experiment_id, contact_id, arm, call_id, exposed_at)
			values ($1, $2, $3, $4, $5) on conflict do nothing`, x.experiment, x.contact, trial.Arm(x.salt, x.contact, x.arms), callID, now); err != nil {
			return err
		}
	}
	return nil
}

// horizon gives for each arm the persons among the first per_arm that are
// settled, and how many of them bought: their conversation has its result, and
// the time within which a sale counts is over.
const horizon = `select x.arm, count(*) filter (where k.closed_at is not null and x.exposed_at + e.within <= $2),
		count(*) filter (where k.disposition = 'sale' or e.within > interval '0' and exists (select from calls l
			where l.contact_id = x.contact_id and l.campaign_id = e.campaign_id and l.disposition = 'sale'
				and l.started_at >= x.exposed_at and l.started_at < x.exposed_at + e.within))
	from (select id, campaign_id, per_arm, make_interval(secs => within_s) as within from experiments where id = $1) e
	cross join lateral (select *, row_number() over (partition by arm order by exposed_at, contact_id) as place
		from experiment_exposures where experiment_id = e.id) x
	join calls k on k.id = x.call_id
	where x.place <= e.per_arm group by x.arm order by x.arm`

// FinishExperiments tests every running experiment that has reached its horizon,
// once, and keeps the result. Before that nobody learns how the arms fare.
func (s *Store) FinishExperiments(ctx context.Context) error {
	rows, err := s.pool.Query(ctx, `select e.id, e.arms, e.alpha, e.per_arm from experiments e where e.state = 'running'
		and not exists (select from generate_series(0, jsonb_array_length(e.arms) - 1) as a (arm)
			where (select count(*) from experiment_exposures x where x.experiment_id = e.id and x.arm = a.arm) < e.per_arm)`)
	if err != nil {
		return classify(err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Experiment, error) {
		var e campaigns.Experiment
		var arms []byte
		if err := row.Scan(&e.ID, &arms, &e.Alpha, &e.PerArm); err != nil {
			return e, err
		}
		return e, json.Unmarshal(arms, &e.Arms)
	})
	if err != nil {
		return classify(err)
	}
	for _, e := range due {
		if err := s.tx(ctx, func(tx pgx.Tx) error { return finish(ctx, tx, e, s.clock.Now()) }); err != nil {
			return err
		}
	}
	return nil
}

// finish stores the result of an experiment whose persons are all settled.
func finish(ctx context.Context, tx pgx.Tx, e campaigns.Experiment, now time.Time) error {
	shares := make([]trial.Share, len(e.Arms))
	rows, err := tx.Query(ctx, horizon, e.ID, now)
	if err != nil {
		return err
	}
	var arm, settled, sales int
	settledAll := 0
	if _, err := pgx.ForEachRow(rows, []any{&arm, &settled, &sales}, func() error {
		shares[arm] = trial.Share{Sales: sales, Persons: e.PerArm}
		settledAll += settled
		return nil
	}); err != nil || settledAll < e.PerArm*len(e.Arms) {
		return err
	}
	v := trial.Compare(shares[0], shares[1], e.Alpha)
	result := campaigns.ExperimentResult{Difference: v.Difference, Low: v.Low, High: v.High, PValue: v.PValue, Significant: v.Significant}
	for i, a := range e.Arms {
		result.Arms = append(result.Arms, campaigns.ExperimentShare{Arm: a.Name, Sales: shares[i].Sales, Persons: shares[i].Persons})
	}
	body, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return exec(ctx, tx, `update experiments set state = 'finished', ended_at = $2, result = $3 where id = $1 and state = 'running'`, e.ID, now, body)
}
