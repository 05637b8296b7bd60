package postgres_test

import (
	"fmt"
	"strconv"
	"testing"
)

// fill makes n ready candidates in twelve buckets of distinct zone sets, of
// which those of the Americas are open, without contacts and numbers, which a
// refill does not read. Indexes are built afterwards.
func fill(b *testing.B, i *imports, n int) {
	b.Helper()
	i.exec(`insert into lists (campaign_id, name) values ($1, 'generated')`, i.campaign.ID)
	i.exec(`insert into buckets (campaign_id, kind, zones) select $1, 'rank', string_to_array(zones, ',') from unnest(array[
		'America/New_York', 'America/Chicago', 'America/Chicago,America/New_York', 'America/Toronto', 'America/Detroit',
		'America/Denver', 'America/Bogota', 'America/Chicago,America/Denver', 'America/Los_Angeles', 'Asia/Tokyo',
		'Australia/Sydney', 'Pacific/Honolulu']) as zones`, i.campaign.ID)
	definitions := i.rows(`select pg_get_indexdef(indexrelid) from pg_index where indrelid = 'candidates'::regclass and not indisunique`)
	for _, name := range i.rows(`select indexrelid::regclass::text from pg_index where indrelid = 'candidates'::regclass and not indisunique`) {
		i.exec(`drop index ` + name)
	}
	i.exec(`set session_replication_role = replica`) // no foreign keys
	i.exec(`with b as (select array_agg(id) as ids from buckets)
		insert into candidates (campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, state_at)
		select $1, g, (select id from lists), g, b.ids[1 + (random() * 12)::int % 12], random() * 1000, now(), 'ready', now()
		from generate_series(1, $2::bigint) g, b`, i.campaign.ID, n)
	i.exec(`set session_replication_role = origin`)
	for _, definition := range definitions {
		i.exec(definition)
	}
	count(i)
	i.exec(`vacuum analyze candidates`)
}

// count counts what was made past the triggers.
func count(i *imports) {
	i.exec(`insert into candidate_counts select campaign_id, list_id, bucket_id, state, reason, count(*), min(id), max(id) from candidates group by 1, 2, 3, 4, 5`)
}

// warm reads table and indexes into the cache, so that the statements are
// measured and not the disk.
func warm(b *testing.B, i *imports) {
	b.Helper()
	i.exec(`create extension if not exists pg_prewarm schema public`)
	i.rows(`select public.pg_prewarm('candidates'), (select sum(public.pg_prewarm(indexrelid)) from pg_index where indrelid = 'candidates'::regclass)`)
	i.exec(`checkpoint`)
}

// blocks gives how many blocks of the candidates and their indexes the server
// has touched so far. A backend tells of its work a second later at most.
func blocks(b testing.TB, i *imports) float64 {
	b.Helper()
	last := ""
	for {
		now := i.rows(`select heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read from pg_statio_user_tables where relid = 'candidates'::regclass`)[0]
		if now == last {
			break
		}
		last = now
		i.rows(`select pg_sleep(1.5)`)
	}
	n, err := strconv.ParseFloat(last, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkRefill refills a hopper by a hundred candidates at a time: of a
// million fresh ones, of those with the best 200,000 resting, and of ten
// million. Every refill leaves its rows behind as queued, so the table is used
// up as in production.
func BenchmarkRefill(b *testing.B) {
	for _, size := range []int{1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			i := newImports(b)
			fill(b, i, size)
			warm(b, i)
			b.Run("fresh", func(b *testing.B) { benchRefill(b, i) })
			i.exec(`update candidates set state = 'resting', reason = 'busy', due_at = now() + interval '1 day'
				where id in (select id from candidates where state = 'ready' order by rank desc limit 200000)`)
			// The first refill walks past what the update has left at the head of the
			// index, and marks it dead; a vacuum takes it away.
			warm(b, i)
			if _, err := i.store.Refill(b.Context(), i.campaign.ID, 100); err != nil {
				b.Fatal(err)
			}
			b.Run("best_200000_resting", func(b *testing.B) { benchRefill(b, i) })
			i.exec(`vacuum candidates`)
			warm(b, i)
			b.Run("best_200000_resting_vacuumed", func(b *testing.B) { benchRefill(b, i) })
		})
	}
}

// BenchmarkRefillListsOff refills from one list of ten of a million candidates;
// the others, with nine tenths of the best, are off.
func BenchmarkRefillListsOff(b *testing.B) {
	i := newImports(b)
	fill(b, i, 1_000_000)
	i.exec(`insert into lists (campaign_id, name) select $1, 'l' || n from generate_series(1, 9) n`, i.campaign.ID)
	i.exec(`update candidates set list_id = (select min(id) from lists) + id % 10 where id % 10 > 0`)
	i.exec(`update lists set active = id = (select max(id) from lists)`)
	i.exec(`vacuum full candidates`)
	i.exec(`analyze candidates`)
	warm(b, i)
	benchRefill(b, i)
}

// benchRefill refills a hundred at a time, and tells how many candidates a
// second that is and how many blocks are touched for each.
func benchRefill(b *testing.B, i *imports) {
	taken, before := 0, blocks(b, i)
	for b.Loop() {
		items, err := i.store.Refill(b.Context(), i.campaign.ID, 100)
		if err != nil || len(items) != 100 {
			b.Fatalf("%d items, %v", len(items), err)
		}
		taken += len(items)
	}
	b.ReportMetric(float64(taken)/b.Elapsed().Seconds(), "candidates/s")
	b.ReportMetric((blocks(b, i)-before)/float64(taken), "blocks/candidate")
}
