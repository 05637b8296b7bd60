package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
)

// BenchmarkCounters does the same work without and with the triggers that
// maintain the counts, so that their price is read in one run.
func BenchmarkCounters(b *testing.B) {
	for _, off := range []bool{true, false} {
		name, change := "with", `select 1`
		if off {
			name, change = "without", `alter table candidates disable trigger user`
		}
		b.Run("reserve/"+name, func(b *testing.B) { benchReserve(b, change) })
		b.Run("refill/"+name, func(b *testing.B) {
			i := newImports(b)
			fill(b, i, 300_000)
			i.exec(change)
			warm(b, i)
			taken := 0
			for b.Loop() {
				items, err := i.store.Refill(b.Context(), i.campaign.ID, 100)
				if err != nil || len(items) != 100 {
					b.Fatalf("%d items, %v", len(items), err)
				}
				taken += len(items)
			}
			b.ReportMetric(float64(taken)/b.Elapsed().Seconds(), "candidates/s")
		})
		b.Run("import/"+name, func(b *testing.B) {
			i := newImports(b)
			i.exec(change)
			const rows = 50_000
			next := 0
			for b.Loop() {
				o := ingest.Options{Campaign: "spring", List: "l", File: strings.NewReader(list(next, rows))}
				if s, err := ingest.Import(b.Context(), o, i.store); err != nil || s.Imported != rows {
					b.Fatalf("%+v, %v", s, err)
				}
				next += rows
			}
			b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// benchReserve reserves batches of twenty of 200,000 queued persons.
func benchReserve(b *testing.B, change string) {
	h := newHouse(b)
	people := h.crowd(200_000)
	h.exec(change)
	h.exec(`analyze`)
	b.ResetTimer()
	var next atomic.Int64
	b.SetParallelism(benchWorkers / 2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			items := make([]campaigns.HopperItem, 0, 20)
			for range 20 {
				id := (next.Add(1)*7919)%people + 1
				items = append(items, campaigns.HopperItem{CampaignID: h.campaign.ID, CandidateID: id, ContactID: id, NumberID: id})
			}
			if _, _, err := h.store.Reserve(context.WithoutCancel(b.Context()), h.owner, items); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)*20/b.Elapsed().Seconds(), "candidates/s")
}

// BenchmarkWhy asks why of a campaign with a million candidates, and for the
// figures of the wallboard.
func BenchmarkWhy(b *testing.B) {
	i := newImports(b)
	fill(b, i, 1_000_000)
	i.exec(`update candidates set state = 'resting', reason = (array['busy', 'no_answer', 'person_cap'])[1 + id % 3], due_at = now() + id * interval '1 second' where id % 5 = 0`)
	i.exec(`update candidates set state = 'done', due_at = null, reason = (array['sale', 'not_interested', 'max_attempts'])[1 + id % 3] where id % 7 = 0`)
	i.exec(`vacuum analyze candidates`)
	b.Run("why", func(b *testing.B) {
		for b.Loop() {
			lines, err := i.store.Why(b.Context(), i.campaign.ID)
			total := 0
			for _, l := range lines {
				total += l.Count
			}
			if err != nil || total != 1_000_000 {
				b.Fatalf("%d candidates, %v", total, err)
			}
		}
	})
	b.Run("figures", func(b *testing.B) {
		for b.Loop() {
			figures, err := i.store.Figures(b.Context(), i.store.Clock().Now())
			if err != nil || len(figures[i.campaign.ID].Candidates) == 0 {
				b.Fatal(fmt.Sprint(figures, err))
			}
		}
	})
}
