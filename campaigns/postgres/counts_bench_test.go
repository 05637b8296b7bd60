package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
)

// BenchmarkCounters does the same work without and with the triggers that
// maintain the counts, by turns (off, on, on, off), so that their price is read
// in one run whatever else the machine does. cost-% is what they add.
func BenchmarkCounters(b *testing.B) {
	b.Run("reserve", func(b *testing.B) {
		h := newHouse(b)
		people := h.crowd(200_000)
		h.exec(`analyze`)
		next := int64(0)
		byTurns(b, 25, h.exec, func() {
			items := make([]campaigns.HopperItem, 0, 20)
			for range 20 {
				next++
				id := (next*7919)%people + 1
				items = append(items, campaigns.HopperItem{CampaignID: h.campaign.ID, CandidateID: id, ContactID: id, NumberID: id})
			}
			if _, _, err := h.store.Reserve(b.Context(), h.owner, items); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("refill", func(b *testing.B) {
		i := newImports(b)
		fill(b, i, 300_000)
		warm(b, i)
		byTurns(b, 10, i.exec, func() {
			if items, err := i.store.Refill(b.Context(), i.campaign.ID, 100); err != nil || len(items) != 100 {
				b.Fatalf("%d items, %v", len(items), err)
			}
		})
	})
	b.Run("import", func(b *testing.B) {
		i := newImports(b)
		const rows = 5000
		next := 0
		byTurns(b, 1, i.exec, func() {
			o := ingest.Options{Campaign: "spring", List: "l", File: strings.NewReader(list(next, rows))}
			if s, err := ingest.Import(b.Context(), o, i.store); err != nil || s.Imported != rows {
				b.Fatalf("%+v, %v", s, err)
			}
			next += rows
		})
	})
}

// byTurns times do, a turn of so many at a time, with and without the triggers.
func byTurns(b *testing.B, turn int, exec func(string, ...any), do func()) {
	b.Helper()
	var spent [2]time.Duration
	var done [2]int
	for n := 0; b.Loop(); n++ {
		on := []int{0, 1, 1, 0}[n%4]
		exec(`alter table candidates ` + []string{"disable", "enable"}[on] + ` trigger user`)
		start := time.Now()
		for range turn {
			do()
		}
		spent[on] += time.Since(start)
		done[on] += turn
	}
	if done[0] == 0 || done[1] == 0 {
		return
	}
	without, with := spent[0].Seconds()/float64(done[0]), spent[1].Seconds()/float64(done[1])
	b.ReportMetric(1000*without, "ms-without")
	b.ReportMetric(1000*with, "ms-with")
	b.ReportMetric(100*(with/without-1), "cost-%")
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
