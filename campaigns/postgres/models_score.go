package postgres

import (
	"context"
	"errors"
	"math"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

const (
	// scoredSpan is how many ids one step of scoring looks through.
	scoredSpan = 5000
	// leastShift is the shift of a rank, in doublings, that is worth a write.
	leastShift = 0.02
)

// ScoreCandidates takes one bounded step of giving the waiting candidates of a
// campaign the propensity of the model in use, in the manner of ApplySelection,
// and shifts their ranks by what the propensity changed. Where the campaign names
// no model any more, they get back what was given. While an experiment with scores
// runs, each person has the model of their arm.
func (s *Store) ScoreCandidates(ctx context.Context, campaignID, after int64) (next int64, moved int, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		next, moved = 0, 0
		settings, _, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		var inUse int64
		var scored bool
		if err := tx.QueryRow(ctx, `select coalesce((select id from models where name = $1 and in_use), 0),
			exists (select from scored_campaigns where campaign_id = $2)`, settings.Selection.Model, campaignID).Scan(&inUse, &scored); err != nil {
			return err
		}
		arms, err := scoreArmsOf(ctx, tx, campaignID)
		if err != nil || inUse == 0 && arms == nil && !scored {
			return err
		}
		span, err := waitingSpan(ctx, tx, campaignID, after)
		if err != nil || span.last == 0 {
			return err
		}
		next = span.next
		if inUse == 0 && arms == nil {
			moved, err = unscore(ctx, tx, campaignID, span)
			return err
		}
		if err := exec(ctx, tx, `insert into scored_campaigns values ($1) on conflict do nothing`, campaignID); err != nil {
			return err
		}
		// What was kept of these for lessons that no training looks back to.
		if err := exec(ctx, tx, `delete from candidate_features where candidate_id between $1 and $2 and at < $3`,
			span.first, span.last, s.clock.Now().Add(-featuresKept)); err != nil {
			return err
		}
		moved, err = s.score(ctx, tx, campaignID, inUse, arms, span)
		return err
	})
	return next, moved, err
}

// waitingSpan gives the next ids to look through for candidates that wait.
func waitingSpan(ctx context.Context, tx pgx.Tx, campaignID, after int64) (idSpan, error) {
	var first, last int64
	if err := tx.QueryRow(ctx, `select coalesce(min(first), 1), coalesce(max(last), 0)
		from (select state, first, last from candidate_counts where campaign_id = $1
			union all select state, first, last from candidate_deltas where campaign_id = $1) k
		where state in ('ready', 'resting', 'callback')`, campaignID).Scan(&first, &last); err != nil {
		return idSpan{}, err
	}
	first = max(first, after+1)
	if first > last {
		return idSpan{}, nil
	}
	span := idSpan{first: first, last: first + scoredSpan - 1}
	if span.last < last {
		span.next = span.last
	}
	return span, nil
}

// unscore gives candidates back what was given.
func unscore(ctx context.Context, tx pgx.Tx, campaignID int64, span idSpan) (int, error) {
	tag, err := tx.Exec(ctx, `with taken as (
			select id from candidates where id between $2 and $3 and campaign_id = $1 and model_id is not null
			and state in ('ready', 'resting', 'callback') for no key update skip locked)
		update candidates c set rank = rank + (ln(coalesce(given_propensity, propensity)) - ln(propensity)) / ln(2::float8),
			propensity = coalesce(given_propensity, propensity), given_propensity = null, model_id = null
		from taken where c.id = taken.id`, campaignID, span.first, span.last)
	return int(tag.RowsAffected()), err
}

// score gives the candidates of the ids the propensity of the model, or of that
// of their arm, where it shifts them or comes of another model than before.
func (s *Store) score(ctx context.Context, tx pgx.Tx, campaignID, inUse int64, arms *scoreArms, span idSpan) (int, error) {
	type scored struct {
		propensity         float64
		modelID, contactID int64
	}
	before := map[int64]scored{}
	var ids []int64
	rows, err := tx.Query(ctx, `select id, propensity, coalesce(model_id, 0), contact_id from candidates
		where id between $2 and $3 and campaign_id = $1 and state in ('ready', 'resting', 'callback')`, campaignID, span.first, span.last)
	if err != nil {
		return 0, err
	}
	var id int64
	var known scored
	if _, err := pgx.ForEachRow(rows, []any{&id, &known.propensity, &known.modelID, &known.contactID}, func() error {
		before[id] = known
		ids = append(ids, id)
		return nil
	}); err != nil || len(ids) == 0 {
		return 0, err
	}
	told, err := features(ctx, tx, ids, s.clock.Now())
	if err != nil {
		return 0, err
	}
	var changed, models []int64
	var propensities []float64
	for _, id := range ids {
		b := before[id]
		modelID := arms.modelFor(b.contactID, inUse)
		if modelID == 0 {
			continue
		}
		m, err := s.models.get(ctx, tx, modelID)
		if err != nil {
			return 0, err
		}
		p := m.Score(told[id])
		if b.modelID != modelID || math.Abs(math.Log2(p/b.propensity)) > leastShift {
			changed, propensities, models = append(changed, id), append(propensities, p), append(models, modelID)
		}
	}
	if len(changed) == 0 {
		return 0, nil
	}
	tag, err := tx.Exec(ctx, `with taken as (
			select id from candidates where id = any($1) and state in ('ready', 'resting', 'callback') for no key update skip locked)
		update candidates c set rank = c.rank + (ln(m.propensity) - ln(c.propensity)) / ln(2::float8), propensity = m.propensity,
			given_propensity = case when c.model_id is null then c.propensity else c.given_propensity end, model_id = m.model
		from taken, unnest($1::bigint[], $2::float8[], $3::bigint[]) as m (id, propensity, model)
		where c.id = taken.id and c.id = m.id`, changed, propensities, models)
	return int(tag.RowsAffected()), err
}

// ScoreFactors says why a model gave a candidate its propensity, strongest
// first; the points add up to its log-odds in doublings (model.Explain). There
// are none for a candidate whose propensity was given.
func (s *Store) ScoreFactors(ctx context.Context, candidateID int64) ([]campaigns.Factor, error) {
	var modelID *int64
	err := s.pool.QueryRow(ctx, `select model_id from candidates where id = $1`, candidateID).Scan(&modelID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, campaigns.Errorf(campaigns.CodeNotFound, "no candidate %d", candidateID)
	case err != nil:
		return nil, classify(err)
	case modelID == nil:
		return nil, nil
	}
	m, err := s.models.get(ctx, s.pool, *modelID)
	if err != nil {
		return nil, err
	}
	var told map[int64]model.Row
	err = s.reading(ctx, func(tx pgx.Tx) error {
		told, err = features(ctx, tx, []int64{candidateID}, s.clock.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.Explain(told[candidateID]), nil
}
