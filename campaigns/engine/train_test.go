package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ringmaster/campaigns/engine"
	"ringmaster/campaigns/scoring/model"
)

// registry is the models' side of the store.
type registry struct {
	mu      sync.Mutex
	claimed map[string]time.Time
	rows    *model.Table
	asked   []int64
	inUse   *model.Model
	metrics []map[string]float64
	used    []bool
}

func (r *registry) ClaimTraining(_ context.Context, name string, period time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.claimed[name]; ok && time.Since(at) < period {
		return false, nil
	}
	if r.claimed == nil {
		r.claimed = map[string]time.Time{}
	}
	r.claimed[name] = time.Now()
	return true, nil
}

func (r *registry) TrainingRows(_ context.Context, campaignIDs []int64, _ time.Duration, _ int) (*model.Table, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = campaignIDs
	return r.rows, nil
}

func (r *registry) ModelInUse(context.Context, string) (*model.Model, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inUse, nil
}

func (r *registry) AddModel(_ context.Context, _ string, _ int64, m *model.Model, metrics map[string]float64, use bool) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.metrics, r.used = append(r.metrics, metrics), append(r.used, use)
	if use {
		r.inUse = m
	}
	return len(r.used), nil
}

// lesson is n attempts of which the plan tells the success with the given
// certainty; under it the plan says the opposite.
func lesson(n int, certainty float64) *model.Table {
	random := rand.New(rand.NewPCG(3, 4))
	table := &model.Table{}
	for range n {
		gold := random.IntN(2) == 0
		plan := "basic"
		if gold {
			plan = "gold"
		}
		table.Add(model.Row{"plan": plan, "given_propensity": "0.5", "noise": fmt.Sprint(random.IntN(9))}, gold == (random.Float64() < certainty))
	}
	return table
}

func (r *registry) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func TestModelsAreTrainedOnceADayAndKeptWhereTheyAreBetter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1, 2, 3)
		for i := range l.all[:2] {
			l.all[i].Settings.Selection.Model = "spring"
		}
		m := &registry{rows: lesson(40, 0.8)}
		r := start(t, l, func(o *engine.Options) { o.Models, o.Poll, o.Period = m, time.Minute, time.Hour })
		synctest.Wait()
		if len(m.used) != 0 || len(m.asked) != 2 {
			t.Fatalf("%d trained on forty attempts of campaigns %v", len(m.used), m.asked)
		}
		// Enough to learn from an hour later.
		m.set(func() { m.rows = lesson(1500, 0.8) })
		after(61 * time.Minute)
		if len(m.used) != 1 || !m.used[0] || m.metrics[0]["auc"] < 0.7 || m.metrics[0]["auc_in_use"] != 0.5 || m.metrics[0]["judged_rows"] != 300 {
			t.Fatalf("used %v, metrics %v", m.used, m.metrics)
		}
		after(23 * time.Hour)
		if len(m.used) != 1 {
			t.Errorf("trained again within a day")
		}
		// The old lessons turn out wrong, but for the newest attempts, which the
		// model in use knows best.
		first := m.inUse
		m.set(func() {
			old, newest := lesson(1200, 0.2), lesson(300, 0.9)
			for k := range newest.Len() {
				old.Add(newest.Row(k), newest.Labels[k])
			}
			m.rows = old
		})
		after(2 * time.Hour)
		if len(m.used) != 2 || m.used[1] || m.inUse != first {
			t.Errorf("used %v, metrics %v", m.used, m.metrics)
		}
		if got := r.metric(t, "ringmaster_engine_models_kept_total"); got != 1 {
			t.Errorf("%v kept", got)
		}
		m.set(func() { m.rows = lesson(1500, 0.1) })
		after(24 * time.Hour)
		if len(m.used) != 3 || !m.used[2] || m.inUse == first {
			t.Errorf("used %v, metrics %v", m.used, m.metrics)
		}
		if got := r.metric(t, "ringmaster_engine_models_trained_total"); got != 2 {
			t.Errorf("%v trained", got)
		}
		if got := r.metric(t, "ringmaster_engine_failed_total"); got != 0 {
			t.Errorf("%v failed", got)
		}
	})
}
