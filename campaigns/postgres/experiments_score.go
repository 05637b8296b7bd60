package postgres

import (
	"context"

	"ringmaster/campaigns"
	"ringmaster/campaigns/trial"
)

// scoreArms are the models of a running experiment with scores; nil: none runs.
type scoreArms struct {
	salt string
	// models in use of each arm; zero: its model has no version in use.
	models []int64
}

// scoreArmsOf finds the campaign's running experiment with scores.
func scoreArmsOf(ctx context.Context, q querier, campaignID int64) (*scoreArms, error) {
	running, err := runningExperiments(ctx, q, campaignID)
	if err != nil {
		return nil, err
	}
	for _, e := range running {
		if e.Subject != campaigns.SubjectScore {
			continue
		}
		arms := &scoreArms{salt: e.Salt, models: make([]int64, len(e.Arms))}
		for i, arm := range e.Arms {
			if err := q.QueryRow(ctx, `select coalesce((select id from models where name = $1 and in_use), 0)`, arm.Value).Scan(&arms.models[i]); err != nil {
				return nil, err
			}
		}
		return arms, nil
	}
	return nil, nil //nolint:nilnil // none is no error
}

// modelFor gives the model that scores the person: that of their arm, else the
// campaign's; zero: none.
func (a *scoreArms) modelFor(contactID, standard int64) int64 {
	if a == nil {
		return standard
	}
	return a.models[trial.Arm(a.salt, contactID, len(a.models))]
}
