package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// BenchmarkImportDNC loads a do-not-call file beside 200,000 numbers of our own,
// one entry in fifty of which it holds.
func BenchmarkImportDNC(b *testing.B) {
	const entries = 200_000
	h := newHouse(b)
	h.crowd(200_000)
	var ids []int64
	var keys [][]byte
	for i := 0; i < entries; i += 50 {
		ids, keys = append(ids, int64(i+1)), append(keys, h.store.NumberHMAC(fmt.Sprintf("+1212%08d", i+1)))
	}
	h.exec(`update numbers n set hmac = k.hmac from unnest($1::bigint[], $2::bytea[]) as k (id, hmac) where n.id = k.id`, ids, keys)
	h.exec(`analyze`)
	b.ResetTimer()
	for n := range b.N {
		numbers := func(yield func(string, error) bool) {
			for i := range entries {
				number := fmt.Sprintf("+1305%08d", n*entries+i)
				if i%50 == 0 {
					number = fmt.Sprintf("+1212%08d", i+1)
				}
				if !yield(number, nil) {
					return
				}
			}
		}
		if _, err := h.store.ImportDNC(context.WithoutCancel(b.Context()), postgres.DNCImport{
			List: campaigns.DNCList{Name: "us", National: true}, File: "bench", Numbers: numbers,
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*entries/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkReserveBesideDNC reserves while a million do-not-call entries are
// held that hold none of the persons; compare with BenchmarkReserve20.
func BenchmarkReserveBesideDNC(b *testing.B) {
	h := newHouse(b)
	people := h.crowd(100_000)
	h.exec(`insert into dnc_lists (name, created_at) values ('us', now())`)
	h.exec(`insert into dnc_files (list_id, file, started_at) values (1, 'bench', now())`)
	h.exec(`insert into dnc_entries (file_id, key) select 1, substr(sha256(('x' || i)::bytea), 1, 16) from generate_series(1, 1000000) i`)
	h.exec(`analyze`)
	b.ResetTimer()
	next := int64(0)
	for b.Loop() {
		items := make([]campaigns.HopperItem, 0, 20)
		for range 20 {
			id := next*7919%people + 1
			next++
			items = append(items, campaigns.HopperItem{CampaignID: h.campaign.ID, CandidateID: id, ContactID: id, NumberID: id})
		}
		if _, _, err := h.store.Reserve(context.WithoutCancel(b.Context()), h.owner, items); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "candidates/s")
}
