package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// BenchmarkApplySelection sweeps a million candidates, first into a control
// group of a tenth, then with nothing to move.
func BenchmarkApplySelection(b *testing.B) {
	i := newImports(b)
	fill(b, i, 1_000_000)
	i.selection(func(s *campaigns.Selection) { s.ControlShare = 0.1 })
	sweep := func(b *testing.B, least int) {
		for b.Loop() {
			moved, longest := 0, time.Duration(0)
			for after := int64(0); ; {
				start := time.Now()
				next, n, err := i.store.ApplySelection(b.Context(), i.campaign.ID, after)
				if err != nil {
					b.Fatal(err)
				}
				moved, longest = moved+n, max(longest, time.Since(start))
				if after = next; next == 0 {
					break
				}
			}
			if moved < least {
				b.Fatalf("%d moved", moved)
			}
			b.ReportMetric(float64(longest.Milliseconds()), "ms-longest-step")
		}
	}
	b.Run("first", func(b *testing.B) { sweep(b, 90_000) })
	b.Run("again", func(b *testing.B) { sweep(b, 0) })
}

// BenchmarkScoreCandidates scores 100,000 candidates by a model, first all of
// them anew and then with nothing to change.
func BenchmarkScoreCandidates(b *testing.B) {
	i := newImports(b)
	i.exec(generate, 100_000, i.campaign.ID, []string{"America/New_York"})
	i.exec(`update contacts set attributes = jsonb_build_object('plan', (array['gold', 'basic', 'none'])[1 + id % 3], 'tenure', (id % 40)::text)`)
	i.exec(`vacuum analyze`)
	table := &model.Table{}
	for k := range 2000 {
		table.Add(model.Row{"plan": []string{"gold", "basic", "none"}[k%3], "tenure": fmt.Sprint(k % 40), "language": ""}, k%7 == 0 || k%3 == 0 && k%2 == 0)
	}
	m, err := model.Train(b.Context(), table, model.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := i.store.AddModel(b.Context(), "spring", i.campaign.ID, m, nil, true); err != nil {
		b.Fatal(err)
	}
	i.selection(func(s *campaigns.Selection) { s.Model = "spring" })
	for _, run := range []struct {
		name  string
		moved int
	}{{"first", 100_000}, {"again", 0}} {
		b.Run(run.name, func(b *testing.B) {
			for b.Loop() {
				if moved := i.scoreAll(); moved != run.moved {
					b.Fatalf("%d moved", moved)
				}
			}
			b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "candidates/s")
		})
	}
}
