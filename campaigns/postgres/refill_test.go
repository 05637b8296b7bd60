package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

// generate makes n contacts with a number and a candidate each, spread over the
// zones, ranks descending with the id and all ready.
const generate = `
with made as (
	insert into contacts (first_name) select 'P' from generate_series(1, $1::int) returning id
), numbered as (
	insert into numbers (e164, hmac, prefix, region, zones)
	select '+1208' || lpad(id::text, 8, '0'), sha256(id::text::bytea), '+1208', 'US', '{America/New_York}' from made returning id, e164
), listed as (
	insert into lists (campaign_id, name) values ($2, 'generated') on conflict (campaign_id, name) do update set active = true returning id
), bucketed as (
	insert into buckets (campaign_id, kind, zones) select $2, 'rank', array[zone] from unnest($3::text[]) as zone
	on conflict (campaign_id, kind, zones, region) do update set kind = 'rank' returning id
), b as (select array_agg(id) as ids from bucketed)
insert into candidates (campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, state_at)
select $2, m.id, (select id from listed), n.id, b.ids[1 + m.id % cardinality(b.ids)], 1e6 - m.id, now(), 'ready', now()
from made m join numbered n on n.e164 = '+1208' || lpad(m.id::text, 8, '0'), b`

func ranks(items []campaigns.HopperItem) []float64 {
	r := make([]float64, len(items))
	for i, item := range items {
		r[i] = item.Score
	}
	return r
}

func TestRefillTakesTheBestOfAllOpenBuckets(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	// Open at Tuesday 10:00 in New York: the Americas, not Tokyo.
	i.exec(generate, 500, i.campaign.ID, []string{"America/New_York", "America/Chicago", "America/Denver", "Asia/Tokyo", "America/Bogota"})
	want := i.rows(`select rank from candidates c join buckets b on b.id = c.bucket_id where zones <> '{Asia/Tokyo}' order by rank desc`)
	var got []float64
	for _, n := range []int{1, 7, 50, 400} {
		items, err := i.store.Refill(t.Context(), i.campaign.ID, n)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ranks(items)...)
	}
	if len(got) != 400 {
		t.Fatalf("%d candidates, want 400", len(got))
	}
	for k := range got {
		if fmt.Sprint(got[k]) != want[k] {
			t.Fatalf("place %d has rank %v, want %s", k, got[k], want[k])
		}
	}
	if states := i.rows(`select state, count(*), count(queued_at) from candidates group by 1 order by 1`); fmt.Sprint(states) != "[queued 400 400 ready 100 0]" {
		t.Errorf("states %v", states)
	}
}

// A bucket that holds nearly all of the best is read again; ties do not matter.
func TestRefillFromOneSidedBucketsAndTies(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 600, i.campaign.ID, []string{"America/New_York", "America/Chicago", "America/Denver"})
	i.exec(`update candidates set rank = case when bucket_id = (select min(id) from buckets) then 2e6 else 1 end`)
	items, err := i.store.Refill(t.Context(), i.campaign.ID, 150)
	if err != nil || len(items) != 150 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	for _, item := range items {
		if item.Score != 2e6 {
			t.Fatalf("score %v among the best", item.Score)
		}
	}
	if items, err = i.store.Refill(t.Context(), i.campaign.ID, 1000); err != nil || len(items) != 450 {
		t.Fatalf("%d items, %v", len(items), err)
	}
}

func TestRefillLeavesWhatMayNotBeDialed(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 60, i.campaign.ID, []string{"America/New_York"})
	i.exec(`insert into lists (campaign_id, name, active) values ($1, 'off', false)`, i.campaign.ID)
	i.exec(`update candidates set list_id = (select id from lists where name = 'off') where id % 2 = 0`)
	i.exec(`update candidates set state = 'resting', reason = 'busy', due_at = now() where id % 3 = 0`)
	want := i.rows(`select id from candidates where id % 2 <> 0 and id % 3 <> 0 order by rank desc`)
	items, err := i.store.Refill(t.Context(), i.campaign.ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range items {
		got = append(got, fmt.Sprint(item.CandidateID))
	}
	if !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	i.exec(`update candidates set state = 'ready', due_at = null`)
	i.exec(`update lists set active = true`)
	for _, state := range []campaigns.CampaignState{campaigns.CampaignPaused, campaigns.CampaignClosed} {
		if _, err := i.store.MoveCampaign(t.Context(), i.campaign.ID, state); err != nil {
			t.Fatal(err)
		}
		if items, err := i.store.Refill(t.Context(), i.campaign.ID, 100); err != nil || len(items) > 0 {
			t.Errorf("%s: %d items, %v", state, len(items), err)
		}
	}
}

// A phone must not ring on past the end of the window.
func TestRefillLeavesTimeToRing(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 10, i.campaign.ID, []string{"America/New_York"})
	settings := i.campaign.Settings
	now := i.store.Clock().Now()
	location, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	local := now.In(location)
	minute := local.Hour()*60 + local.Minute()
	for d := range settings.Window.Days {
		settings.Window.Days[d] = campaigns.Hours{From: 0, Until: minute + 1}
	}
	settings.RingTimeout = campaigns.Seconds(90)
	if _, err := i.store.UpdateSettings(t.Context(), i.campaign.ID, 2, settings); err != nil {
		t.Fatal(err)
	}
	if items, err := i.store.Refill(t.Context(), i.campaign.ID, 10); err != nil || len(items) > 0 {
		t.Errorf("%d items with less than a minute left, %v", len(items), err)
	}
}

func TestRefillsAtTheSameTimeShareTheCandidates(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 1000, i.campaign.ID, []string{"America/New_York", "America/Chicago"})
	var mu sync.Mutex
	taken := map[int64]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				items, err := i.store.Refill(t.Context(), i.campaign.ID, 40)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, item := range items {
					taken[item.CandidateID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range taken {
		if n != 1 {
			t.Errorf("candidate %d was taken %d times", id, n)
		}
	}
	if got := i.rows(`select count(*) from candidates where state = 'queued'`); got[0] != fmt.Sprint(len(taken)) {
		t.Errorf("%s queued, %d taken", got[0], len(taken))
	}
}

// A row that a gate holds at that moment is left out instead of waited for.
func TestRefillDoesNotWaitForALockedCandidate(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 10, i.campaign.ID, []string{"America/New_York"})
	tx, err := i.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `update candidates set rank = rank where rank = (select max(rank) from candidates)`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	items, err := i.store.Refill(ctx, i.campaign.ID, 10)
	if err != nil || len(items) != 9 {
		t.Errorf("%d items, %v", len(items), err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestDueCandidatesArePromotedToTheRightBucket(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	people := postgrestest.Candidates(t, i.conn, i.store, i.campaign, 0, 8, campaigns.CandidateReady)
	now := i.store.Clock().Now()
	i.exec(`insert into users (name, role) values ('ann', 'agent')`)
	set := func(k int, sql string, args ...any) {
		i.exec(`update candidates set `+sql+` where id = $1`, append([]any{people[k].CandidateID}, args...)...)
	}
	due := now.Add(-time.Minute)
	set(0, `state = 'callback', due_at = $2, agent_id = (select id from users)`, due)
	set(1, `state = 'resting', reason = 'busy', due_at = $2`, due)
	set(2, `state = 'resting', reason = 'busy', due_at = $2`, now.Add(time.Hour))
	set(3, `state = 'callback', due_at = $2`, now.Add(time.Hour))
	// A due callback that a gate sent to rest, and one that was tried.
	i.exec(`insert into buckets (campaign_id, kind, zones) values ($1, 'callback', '{America/New_York}')`, i.campaign.ID)
	set(4, `state = 'resting', reason = 'outside_window', due_at = $2, bucket_id = (select id from buckets where kind = 'callback')`, due)
	set(5, `state = 'resting', reason = 'no_answer', due_at = $2, bucket_id = (select id from buckets where kind = 'callback')`, due)
	// Another number, and a known address.
	i.exec(`update numbers set zones = '{America/Chicago}' where id = $1`, people[6].NumberID)
	set(6, `state = 'resting', reason = 'unreachable', due_at = $2`, due)
	i.exec(`update contacts set region = 'ID', postal_code = '83814' where id = $1`, people[7].ContactID)
	set(7, `state = 'resting', reason = 'busy', due_at = $2`, due)

	n, err := i.store.Promote(t.Context(), 4)
	if err != nil || n[i.campaign.ID] != 4 {
		t.Fatalf("promoted %v, %v", n, err)
	}
	if n, err = i.store.Promote(t.Context(), 100); err != nil || n[i.campaign.ID] != 2 {
		t.Fatalf("promoted %v, %v", n, err)
	}
	got := i.rows(`select c.state, c.reason, b.kind, b.zones::text, c.due_at is null from candidates c join buckets b on b.id = c.bucket_id order by c.id`)
	want := []string{
		"ready  callback {America/New_York} true", "ready  rank {America/New_York} true",
		"resting busy rank {America/New_York} false", "callback test rank {America/New_York} false",
		"ready  callback {America/New_York} true", "ready  rank {America/New_York} true",
		"ready  rank {America/Chicago} true", "ready  rank {America/Los_Angeles} true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	// Los Angeles sleeps still; callbacks come first, the personal one with its agent.
	items, err := i.store.Refill(t.Context(), i.campaign.ID, 100)
	if err != nil || len(items) != 5 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	if items[0].CandidateID != people[4].CandidateID || items[0].AgentID != 0 || items[1].CandidateID != people[0].CandidateID || items[1].AgentID == 0 {
		t.Errorf("callbacks first: %+v", items)
	}
	if items[2].Score >= items[1].Score {
		t.Errorf("scores %v", ranks(items))
	}
}

func TestQueuedCandidatesAreFoundAgain(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 20, i.campaign.ID, []string{"America/New_York"})
	items, err := i.store.Refill(t.Context(), i.campaign.ID, 6)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, len(items))
	for k, item := range items {
		ids[k] = item.CandidateID
	}
	if young, err := i.store.Queued(t.Context(), i.campaign.ID, time.Minute); err != nil || len(young) > 0 {
		t.Errorf("queued for a minute: %v, %v", young, err)
	}
	i.exec(`update candidates set queued_at = $2 where id = any($1)`, ids[:3], i.store.Clock().Now().Add(-time.Hour))
	old, err := i.store.Queued(t.Context(), i.campaign.ID, time.Minute)
	if err != nil || len(old) != 3 {
		t.Fatalf("queued for a minute: %v, %v", old, err)
	}
	if all, err := i.store.Queued(t.Context(), i.campaign.ID, 0); err != nil || len(all) != 6 {
		t.Errorf("queued: %v, %v", all, err)
	}
	slices.SortFunc(old, func(a, b campaigns.HopperItem) int { return int(b.Score - a.Score) })
	if !slices.Equal(old, items[:3]) {
		t.Errorf("found %+v, want %+v", old, items[:3])
	}
	i.exec(`update candidates set state = 'open' where id = $1`, ids[0])
	again, err := i.store.Requeue(t.Context(), i.campaign.ID, ids[:3])
	if err != nil || len(again) != 2 {
		t.Errorf("requeued %v, %v", again, err)
	}
	if old, err = i.store.Queued(t.Context(), i.campaign.ID, time.Minute); err != nil || len(old) > 0 {
		t.Errorf("queued for a minute after the requeue: %v, %v", old, err)
	}
	if n, err := i.store.Unqueue(t.Context(), i.campaign.ID); err != nil || n != 5 {
		t.Errorf("unqueued %d, %v", n, err)
	}
	if got := i.rows(`select state, count(*) from candidates group by 1 order by 1`); fmt.Sprint(got) != "[open 1 ready 19]" {
		t.Errorf("states %v", got)
	}
}

func TestActiveCampaigns(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 1, i.campaign.ID, []string{"America/New_York"})
	names := func() []string {
		all, err := i.store.ActiveCampaigns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range all {
			names = append(names, c.Name)
		}
		return names
	}
	for _, name := range []string{"paused", "closed"} {
		c := postgrestest.Campaign(t, i.store, name)
		if _, err := i.store.MoveCampaign(t.Context(), c.ID, campaigns.CampaignState(name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(); !slices.Equal(got, []string{"spring", "paused"}) {
		t.Errorf("active: %v", got)
	}
	if _, err := i.store.Refill(t.Context(), i.campaign.ID, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := i.store.MoveCampaign(t.Context(), i.campaign.ID, campaigns.CampaignClosed); err != nil {
		t.Fatal(err)
	}
	if got := names(); !slices.Equal(got, []string{"spring", "paused"}) {
		t.Errorf("closed with a queued candidate: %v", got)
	}
}
