package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"ringmaster/campaigns/ingest"
)

// list makes a file of n rows with ten columns, a number each, from first on.
func list(first, n int) string {
	var b strings.Builder
	b.WriteString("external_id,first_name,last_name,phone,email,region,postal_code,value,event_at,plan\n")
	for k := first; k < first+n; k++ {
		fmt.Fprintf(&b, "c-%d,First%d,Last%d,+1%d,p%d@example.com,NY,10001,%d,2026-02-%02dT10:00:00Z,gold\n",
			k, k%500, k, 2120000000+k, k, 1+k%100, 1+k%28)
	}
	return b.String()
}

// BenchmarkImport imports a list of new persons, and then the same list again,
// into a store that holds 200,000 already.
func BenchmarkImport(b *testing.B) {
	i := newImports(b)
	const rows, before = 100_000, 200_000
	run := func(first, n int) ingest.Summary {
		s, err := ingest.Import(b.Context(), ingest.Options{Campaign: "spring", List: "l", File: strings.NewReader(list(first, n))}, i.store)
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	run(0, before)
	i.exec(`analyze`)
	next := before
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			if s := run(next, rows); s.Imported != rows {
				b.Fatalf("%+v", s)
			}
			next += rows
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			if s := run(0, rows); s.Unchanged != rows {
				b.Fatalf("%+v", s)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
