package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"ringmaster/campaigns"
)

// benchWorkers reserve at the same time, each on a connection of its own.
const benchWorkers = 4

// BenchmarkReserve20 gates and reserves in batches of twenty, with an empty
// table of attempts and with two million in it, two for each person. The
// figure is candidates per second over all workers, PostgreSQL's own time
// included.
func BenchmarkReserve20(b *testing.B) {
	for _, preloaded := range []int{0, 2_000_000} {
		b.Run(fmt.Sprintf("attempts=%d", preloaded), func(b *testing.B) {
			h := newHouse(b)
			people := h.crowd(max(preloaded/2, 200_000))
			h.exec(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, ended_at, outcome)
				select $1, k.id, k.contact_id, k.number_id, false, 'old', 1, $2::timestamptz - n * interval '30 days', $2::timestamptz - n * interval '30 days', $2::timestamptz - n * interval '30 days', 'no_answer'
				from candidates k, generate_series(1, 2) n where k.id <= $3`, h.campaign.ID, h.store.Clock().Now(), preloaded/2)
			h.exec(`analyze`)
			b.ResetTimer()
			var next, passed atomic.Int64
			b.SetParallelism(benchWorkers / 2)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					items := make([]campaigns.HopperItem, 0, 20)
					for range 20 {
						// Spread over the table, as the best candidates are.
						id := (next.Add(1)*7919)%people + 1
						items = append(items, campaigns.HopperItem{CampaignID: h.campaign.ID, CandidateID: id, ContactID: id, NumberID: id})
					}
					attempts, _, err := h.store.Reserve(context.WithoutCancel(b.Context()), h.owner, items)
					if err != nil {
						b.Error(err)
						return
					}
					passed.Add(int64(len(attempts)))
				}
			})
			b.StopTimer()
			if n := int64(b.N) * 20; passed.Load() != min(n, people) {
				b.Errorf("%d of %d passed", passed.Load(), n)
			}
			b.ReportMetric(float64(b.N)*20/b.Elapsed().Seconds(), "candidates/s")
		})
	}
}

// crowd makes n persons with one number and one queued candidate each; their
// ids, and those of numbers and candidates, are 1 to n.
func (h *house) crowd(n int) int64 {
	h.t.Helper()
	h.exec(`set session_replication_role = replica`) // no look-ups for foreign keys
	defer h.exec(`set session_replication_role = origin`)
	h.exec(`insert into lists (campaign_id, name) values ($1, 'crowd')`, h.campaign.ID)
	h.exec(`insert into buckets (campaign_id, kind, zones) values ($1, 'rank', '{America/New_York}')`, h.campaign.ID)
	h.exec(`insert into contacts (first_name) select 'Ann' from generate_series(1, $1::int)`, n)
	h.exec(`insert into numbers (e164, hmac, prefix, region, zones) select '+1212' || lpad(i::text, 8, '0'), sha256(i::text::bytea), '+1212', 'US', '{America/New_York}'
		from generate_series(1, $1::int) i`, n)
	h.exec(`insert into contact_numbers select i, i, 1 from generate_series(1, $1::int) i`, n)
	h.exec(`insert into candidates (campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, state_at, queued_at)
		select $2, i, 1, i, 1, i, $3, 'queued', $3, $3 from generate_series(1, $1::int) i`, n, h.campaign.ID, h.store.Clock().Now())
	return int64(n)
}
