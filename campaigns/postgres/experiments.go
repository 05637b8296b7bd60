package postgres

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/trial"
)

// experimentColumns select an experiment e with the persons of each arm so far.
const experimentColumns = `e.id, e.name, e.campaign_id, e.subject, e.salt, e.arms, e.baseline, e.effect, e.alpha, e.power, e.per_arm,
	e.within_s, e.state, e.created_at, e.started_at, e.ended_at, e.result,
	(select array_agg((select count(*) from experiment_exposures x where x.experiment_id = e.id and x.arm = a.arm)::bigint order by a.arm)
		from generate_series(0, jsonb_array_length(e.arms) - 1) as a (arm))`

func scanExperiment(row pgx.Row) (campaigns.Experiment, error) {
	var e campaigns.Experiment
	var arms, result []byte
	var within int64
	if err := row.Scan(&e.ID, &e.Name, &e.CampaignID, &e.Subject, &e.Salt, &arms, &e.Baseline, &e.Effect, &e.Alpha, &e.Power, &e.PerArm,
		&within, &e.State, &e.CreatedAt, &e.StartedAt, &e.EndedAt, &result, &e.Progress); err != nil {
		return e, err
	}
	e.Within = campaigns.Duration(time.Duration(within) * time.Second)
	if result != nil {
		if err := json.Unmarshal(result, &e.Result); err != nil {
			return e, err
		}
	}
	return e, json.Unmarshal(arms, &e.Arms)
}

// CreateExperiment stores a new experiment as draft with its horizon, which
// follows from baseline, effect, alpha and power and never changes. CodeInvalid
// names what is wrong, CodeConflict a name that is taken.
func (s *Store) CreateExperiment(ctx context.Context, e campaigns.Experiment) (campaigns.Experiment, error) {
	if err := e.Validate(); err != nil {
		return e, err
	}
	var err error
	if e.PerArm, err = trial.Size(e.Baseline, e.Effect, e.Alpha, e.Power); err != nil {
		return e, err
	}
	arms, err := json.Marshal(e.Arms)
	if err != nil {
		return e, err
	}
	if _, err := s.Campaign(ctx, e.CampaignID); err != nil {
		return e, err
	}
	for _, arm := range e.Arms {
		if err := s.armExists(ctx, e.Subject, arm); err != nil {
			return e, err
		}
	}
	err = s.tx(ctx, func(tx pgx.Tx) error {
		err := exec(ctx, tx, `insert into experiments (name, campaign_id, subject, salt, arms, baseline, effect, alpha, power, per_arm, within_s, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, e.Name, e.CampaignID, e.Subject, rand.Text(), arms,
			e.Baseline, e.Effect, e.Alpha, e.Power, e.PerArm, int64(e.Within.Std()/time.Second), s.clock.Now())
		if violates(err, "experiments_name_key") {
			return campaigns.Errorf(campaigns.CodeConflict, "an experiment %q exists already", e.Name)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	return s.Experiment(ctx, e.Name)
}

// armExists names an arm whose script, offer or model is not there.
func (s *Store) armExists(ctx context.Context, subject campaigns.ExperimentSubject, arm campaigns.ExperimentArm) error {
	table := map[campaigns.ExperimentSubject]string{
		campaigns.SubjectScript: "scripts", campaigns.SubjectOffer: "offers", campaigns.SubjectScore: "models",
	}[subject]
	var there bool
	if err := s.pool.QueryRow(ctx, `select exists (select from `+table+` where name = $1)`, arm.Value).Scan(&there); err != nil {
		return classify(err)
	}
	if !there {
		noun := map[campaigns.ExperimentSubject]string{campaigns.SubjectScore: "model"}[subject]
		if noun == "" {
			noun = string(subject)
		}
		return campaigns.Invalid("arm", "%s: there is no %s %q", arm.Name, noun, arm.Value)
	}
	return nil
}

// StartExperiment begins to assign and to count. CodeConflict where it has been
// started, or where its campaign has another one of the subject running.
func (s *Store) StartExperiment(ctx context.Context, name string) (campaigns.Experiment, error) {
	return s.moveExperiment(ctx, name, campaigns.ExperimentRunning)
}

// StopExperiment gives an experiment up before its horizon: it never has a
// result. CodeConflict where it is over.
func (s *Store) StopExperiment(ctx context.Context, name string) (campaigns.Experiment, error) {
	return s.moveExperiment(ctx, name, campaigns.ExperimentStopped)
}

func (s *Store) moveExperiment(ctx context.Context, name string, to campaigns.ExperimentState) (campaigns.Experiment, error) {
	e, err := s.Experiment(ctx, name)
	if err != nil {
		return e, err
	}
	err = s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		var started, ended *time.Time
		if to == campaigns.ExperimentRunning {
			started = &now
		} else {
			ended = &now
		}
		var from []campaigns.ExperimentState
		for state := range campaigns.ExperimentMoves {
			if state.CanMove(to) {
				from = append(from, state)
			}
		}
		tag, err := tx.Exec(ctx, `update experiments set state = $2, started_at = coalesce($3, started_at), ended_at = $4
			where id = $1 and state = any($5)`, e.ID, to, started, ended, from)
		if violates(err, "experiments_running") {
			return campaigns.Errorf(campaigns.CodeConflict, "the campaign has another experiment with its %s running", e.Subject)
		}
		if err == nil && tag.RowsAffected() == 0 {
			return campaigns.Errorf(campaigns.CodeConflict, "experiment %q is %s", name, e.State)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	return s.Experiment(ctx, name)
}

// Experiments gives every experiment, by name; those at their horizon are
// finished first.
func (s *Store) Experiments(ctx context.Context) ([]campaigns.Experiment, error) {
	if err := s.FinishExperiments(ctx); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `select `+experimentColumns+` from experiments e order by e.name`)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Experiment, error) { return scanExperiment(row) })
	return all, classify(err)
}

// Experiment finds one, after it was finished where it is at its horizon;
// CodeNotFound when there is none.
func (s *Store) Experiment(ctx context.Context, name string) (campaigns.Experiment, error) {
	if err := s.FinishExperiments(ctx); err != nil {
		return campaigns.Experiment{}, err
	}
	e, err := scanExperiment(s.pool.QueryRow(ctx, `select `+experimentColumns+` from experiments e where e.name = $1`, name))
	if errors.Is(err, pgx.ErrNoRows) {
		return e, campaigns.Errorf(campaigns.CodeNotFound, "no experiment %q", name)
	}
	return e, classify(err)
}
