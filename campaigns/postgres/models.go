package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// ModelRecord is one version of a model in the registry, without the model.
type ModelRecord struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Version int    `json:"version"`
	// CampaignID is the campaign that it was trained on; zero: a file.
	CampaignID int64     `json:"campaign_id,omitempty"`
	TrainedAt  time.Time `json:"trained_at"`
	Rows       int       `json:"rows"`
	Successes  int       `json:"successes"`
	// Metrics are what its evaluation gave, by name.
	Metrics map[string]float64 `json:"metrics"`
	InUse   bool               `json:"in_use"`
}

const modelColumns = `id, name, version, coalesce(campaign_id, 0), trained_at, rows, successes, metrics, in_use`

func scanModel(row pgx.CollectableRow) (ModelRecord, error) {
	var r ModelRecord
	return r, row.Scan(&r.ID, &r.Name, &r.Version, &r.CampaignID, &r.TrainedAt, &r.Rows, &r.Successes, &r.Metrics, &r.InUse)
}

// SaveModel puts a trained model into the registry as the next version of its
// name and gives the record. It is not in use yet.
func (s *Store) SaveModel(ctx context.Context, name string, campaignID int64, m *model.Model, metrics map[string]float64) (ModelRecord, error) {
	if name == "" {
		return ModelRecord{}, campaigns.Invalid("model", "has no name")
	}
	document, err := model.Marshal(m)
	if err != nil {
		return ModelRecord{}, campaigns.Wrap(campaigns.CodeInternal, "model "+name, err)
	}
	if metrics == nil {
		metrics = map[string]float64{}
	}
	trained := m.TrainedAt
	if trained.IsZero() {
		trained = s.clock.Now()
	}
	var record ModelRecord
	err = s.tx(ctx, func(tx pgx.Tx) error {
		// Two trainings of one name take their versions one after the other.
		if err := exec(ctx, tx, `select pg_advisory_xact_lock(hashtextextended('ringmaster model ' || $1, 0))`, name); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `insert into models (name, version, campaign_id, trained_at, rows, successes, metrics, document)
			select $1, 1 + coalesce(max(version), 0), nullif($2::bigint, 0), $3, $4, $5, $6, $7 from models where name = $1
			returning `+modelColumns, name, campaignID, trained, m.Rows, m.Successes, metrics, string(document))
		if err != nil {
			return err
		}
		record, err = pgx.CollectExactlyOneRow(rows, scanModel)
		return err
	})
	return record, err
}

// Models gives the versions of a name, or of all names when it is empty, the
// newest first.
func (s *Store) Models(ctx context.Context, name string) ([]ModelRecord, error) {
	rows, err := s.pool.Query(ctx, `select `+modelColumns+` from models where $1 = '' or name = $1 order by name, version desc`, name)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanModel)
	return all, classify(err)
}

// Model reads a version of a model, or with version zero the one in use.
// CodeNotFound tells that there is none.
func (s *Store) Model(ctx context.Context, name string, version int) (*model.Model, ModelRecord, error) {
	rows, err := s.pool.Query(ctx, `select `+modelColumns+` from models where name = $1 and (version = $2 or $2 = 0 and in_use)`, name, version)
	if err != nil {
		return nil, ModelRecord{}, classify(err)
	}
	record, err := pgx.CollectExactlyOneRow(rows, scanModel)
	switch {
	case errors.Is(err, pgx.ErrNoRows) && version == 0:
		return nil, record, campaigns.Errorf(campaigns.CodeNotFound, "no version of model %q is in use", name)
	case errors.Is(err, pgx.ErrNoRows):
		return nil, record, campaigns.Errorf(campaigns.CodeNotFound, "model %q has no version %d", name, version)
	case err != nil:
		return nil, record, classify(err)
	}
	m, err := s.models.get(ctx, s.pool, record.ID)
	return m, record, err
}

// UseModel puts a version of a model into use in place of any other; the sweep
// of the campaigns that name it scores their candidates anew.
func (s *Store) UseModel(ctx context.Context, name string, version int) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := exec(ctx, tx, `update models set in_use = false where name = $1 and in_use and version <> $2`, name, version); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update models set in_use = true where name = $1 and version = $2`, name, version)
		if err == nil && tag.RowsAffected() == 0 {
			return campaigns.Errorf(campaigns.CodeNotFound, "model %q has no version %d", name, version)
		}
		return err
	})
}

// ModelInUse gives the model of that name that is in use, or nil.
func (s *Store) ModelInUse(ctx context.Context, name string) (*model.Model, error) {
	m, _, err := s.Model(ctx, name, 0)
	if campaigns.CodeOf(err) == campaigns.CodeNotFound {
		return nil, nil //nolint:nilnil // none is no error
	}
	return m, err
}

// AddModel saves a model as SaveModel does, puts it into use at once if so
// wanted, and gives its version.
func (s *Store) AddModel(ctx context.Context, name string, campaignID int64, m *model.Model, metrics map[string]float64, use bool) (int, error) {
	record, err := s.SaveModel(ctx, name, campaignID, m, metrics)
	if err == nil && use {
		err = s.UseModel(ctx, name, record.Version)
	}
	return record.Version, err
}

// ClaimTraining reports whether the caller is to train the model of that name:
// nobody began within the last period. The claim counts from now.
func (s *Store) ClaimTraining(ctx context.Context, name string, period time.Duration) (bool, error) {
	now := s.clock.Now()
	tag, err := s.pool.Exec(ctx, `insert into model_trainings as t values ($1, $2)
		on conflict (name) do update set began_at = excluded.began_at where t.began_at <= $3`, name, now, now.Add(-period))
	return err == nil && tag.RowsAffected() == 1, classify(err)
}

// mostModels bounds the models held in memory.
const mostModels = 16

// modelCache holds models as they were read; a version never changes. Its zero
// value is empty and ready, and it is safe for concurrent use.
type modelCache struct {
	mu   sync.Mutex
	held map[int64]*model.Model
}

// get gives a model of the registry by its id.
func (c *modelCache) get(ctx context.Context, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, id int64) (*model.Model, error) {
	c.mu.Lock()
	m, ok := c.held[id]
	c.mu.Unlock()
	if ok {
		return m, nil
	}
	var document []byte
	if err := q.QueryRow(ctx, `select document from models where id = $1`, id).Scan(&document); err != nil {
		return nil, classify(err)
	}
	m, err := model.Unmarshal(document)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil || len(c.held) >= mostModels {
		c.held = map[int64]*model.Model{}
	}
	c.held[id] = m
	return m, nil
}
