package postgres_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"ringmaster/campaigns/postgres"
)

// populate makes n contacts with attributes, a number and a candidate each, over
// twelve buckets, with complaints, consents, do-not-call entries and a history among them: one
// million make a million attempts, 200,000 calls and a million do-not-call
// entries.
func populate(b *testing.B, i *imports, n int) {
	b.Helper()
	i.exec(`insert into lists (campaign_id, name) select $1, 'list ' || g from generate_series(1, 5) g`, i.campaign.ID)
	i.exec(`update lists set active = false where name = 'list 5'`)
	i.exec(`insert into buckets (campaign_id, kind, zones) select $1, 'rank', string_to_array(zones, ',') from unnest(array[
		'America/New_York', 'America/Chicago', 'America/Chicago,America/New_York', 'America/Toronto', 'America/Detroit',
		'America/Denver', 'America/Bogota', 'America/Chicago,America/Denver', 'America/Los_Angeles', 'Asia/Tokyo',
		'Australia/Sydney', 'Pacific/Honolulu']) as zones`, i.campaign.ID)
	i.exec(`set session_replication_role = replica`) // no foreign keys, no counting: the counts are made below
	i.exec(`insert into contacts (external_id, first_name, last_name, email, region, postal_code, value, attributes)
		select 'crm-' || g, 'Ann', 'Number ' || g, 'ann' || g || '@example.com', (array['NY', 'NJ', 'CA', 'TX'])[1 + g % 4], lpad((g % 100000)::text, 5, '0'),
			random() * 1000, jsonb_build_object('status', (array['lapsed', 'lapsed', 'former', 'active'])[1 + g % 4],
				'left_at', to_char(timestamp '2026-03-03' - random() * interval '120 days', 'YYYY-MM-DD'), 'source', 'referral', 'product', 'dsl', 'note', md5(g::text))
		from generate_series(1, $1::int) g`, n)
	i.exec(`insert into numbers (e164, hmac, prefix, region, zones) select '+1208' || lpad(id::text, 8, '0'), sha256(id::text::bytea), '+1208', 'US', '{America/New_York}' from contacts`)
	i.exec(`insert into contact_numbers select c.id, n.id, 1 from contacts c join numbers n on n.e164 = '+1208' || lpad(c.id::text, 8, '0')`)
	i.exec(`insert into candidates (campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, reason, due_at, state_at)
		select $1, cn.contact_id, l.ids[1 + cn.contact_id % 5], cn.number_id, b.ids[1 + cn.contact_id % 12], random() * 1000, now(),
			s.state, case when s.state = 'ready' then '' else s.reason end, case when s.state = 'resting' then now() + interval '1 hour' end, now()
		from contact_numbers cn, (select array_agg(id) as ids from lists) l, (select array_agg(id) as ids from buckets) b,
			lateral (select (array['ready', 'ready', 'ready', 'ready', 'ready', 'ready', 'ready', 'resting', 'blocked', 'done'])[1 + cn.contact_id % 10] as state,
				(array['', '', '', '', '', '', '', 'busy', 'do_not_call', 'sale'])[1 + cn.contact_id % 10] as reason) s`, i.campaign.ID)
	i.exec(`insert into complaints (contact_id, opened_at) select id, now() from contacts where id % 1000 = 0`)
	i.exec(`insert into consents (contact_id, purpose, channel, granted, valid_from) select id, 'marketing', 'phone', id % 3 > 0, timestamp '2026-01-01' from contacts where id % 5 = 0`)
	i.exec(`insert into attempts (campaign_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, ended_at, outcome)
		select $1, cn.contact_id, cn.number_id, false, 'n', 1, at, at, at, (array['busy', 'no_answer', 'answered', 'cancelled'])[1 + (cn.contact_id + k) % 4]
		from generate_series(1, 2) k, contact_numbers cn, lateral (select timestamp '2026-02-01' + k * interval '1 day' + cn.contact_id * interval '1 second' as at) t
		where cn.contact_id % 2 = 0`, i.campaign.ID)
	i.exec(`insert into calls (id, direction, contact_id, node, epoch, started_at, bridged_at, ended_at, ended_by, disposition, closed_at)
		select lpad(id::text, 26, '0'), 'inbound', id, 'n', 1, at, at, at, 'customer', case when id % 10 = 0 then 'sale' else 'not_interested' end, at
		from contacts, lateral (select timestamp '2026-02-01' + id * interval '1 second' as at) t where id % 5 = 0`)
	i.exec(`insert into dnc_lists (name, created_at) values ('us', now())`)
	i.exec(`insert into dnc_files (list_id, file, started_at, loaded_at) select id, 'f', now(), now() from dnc_lists`)
	i.exec(`insert into dnc_entries select f.id, substr(sha256((g * 20)::text::bytea), 1, 16) from dnc_files f, generate_series(1, $1::int) g`, n)
	i.exec(`insert into dnc_patterns (list_id, pattern, created_at) select id, unnest(array['+1208000001', '+1900', '+44', 'CA']), now() from dnc_lists`)
	i.exec(`set session_replication_role = origin`)
	i.exec(`insert into candidate_counts select campaign_id, list_id, bucket_id, state, case when state in ('ready', 'queued', 'open') then '' else reason end, count(*), min(id), max(id)
		from candidates group by 1, 2, 3, 4, 5`)
	i.exec(`vacuum analyze`)
}

// BenchmarkPreview previews a campaign of a million candidates, or of as many as
// RINGMASTER_BENCH_CANDIDATES says, and sweeps it by its segment.
func BenchmarkPreview(b *testing.B) {
	size := 1_000_000
	if text := os.Getenv("RINGMASTER_BENCH_CANDIDATES"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	i := newImports(b)
	populate(b, i, size)
	for _, expression := range []string{
		``,
		`contact.status == "lapsed" && contact.value > 300.0 && days_since(contact.left_at) < 60 && !contact.open_complaint`,
		`lower(contact.last_name).contains("99") || contact.email.matches("^ann[0-9]+7@")`,
		`contact.attempts == 0 && contact.last_disposition != "sale"`,
		`contact.external_id == "crm-4711"`,
		`contact.last_outcome == "busy" && days_since(contact.last_attempt_at) > 3 && contact.attempts < 2`,
		`contact.sales > 0 || days_since(contact.last_contact_at) < 10 || contact.complaints > 1`,
		`contact.country == "US" && contact.numbers > 0 && contact.consent != "refused" && !contact.do_not_call`,
	} {
		b.Run(fmt.Sprintf("%d/%.60s", size, expression), func(b *testing.B) {
			for b.Loop() {
				p, err := i.store.Preview(b.Context(), i.campaign.ID, postgres.PreviewOptions{Segment: &expression, Sample: 10})
				if err != nil || p.Steps[0].Kept != size {
					b.Fatalf("%+v, %v", p, err)
				}
			}
		})
	}
	settings := i.campaign.Settings
	settings.Selection.Segment = `contact.status == "lapsed" && days_since(contact.left_at) < 60`
	if _, err := i.store.UpdateSettings(b.Context(), i.campaign.ID, i.campaign.Revision, settings); err != nil {
		b.Fatal(err)
	}
	b.Run(fmt.Sprintf("%d/sweep", size), func(b *testing.B) {
		looked, moved := 0, 0
		after := int64(0)
		for b.Loop() {
			done, err := i.store.ApplySegment(b.Context(), i.campaign.ID, after, 5000)
			if err != nil {
				b.Fatal(err)
			}
			after, looked, moved = done.Next, looked+done.Looked, moved+done.Blocked+done.Lifted
		}
		b.ReportMetric(float64(looked)/b.Elapsed().Seconds(), "candidates/s")
		b.ReportMetric(float64(moved)/b.Elapsed().Seconds(), "moves/s")
	})
}
