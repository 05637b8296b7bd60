package postgres_test

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// Ten in the morning in New York is nine in Chicago: where nine is the better
// hour, Chicago comes first.
func TestBucketsAreLiftedByTheHourOfTheirDay(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 40, i.campaign.ID, []string{"America/New_York", "America/Chicago"})
	i.exec(`update candidates set rank = 100 + id / 1000.0`)
	now := i.store.Clock().Now()
	// Tuesdays: 24 × 2 + hour. Another campaign tells of ten at night only.
	i.exec(`insert into rollup_bins values ($1, $2, '', 'local_hour', 58, 1000, 100, 0), ($1, $2, '', 'local_hour', 57, 1000, 400, 0),
		($1, 4711, '', 'local_hour', 70, 1000, 250, 0), ($3, $2, '', 'local_hour', 58, 9000, 9000, 0)`,
		now.Add(-24*time.Hour).Truncate(time.Hour), i.campaign.ID, now.Add(-100*24*time.Hour).Truncate(time.Hour))
	if n, err := i.store.ProfileHours(t.Context()); err != nil || n != 0 {
		t.Errorf("%d made that nobody wants, %v", n, err)
	}
	if f, err := i.store.HourFactor(t.Context(), i.campaign.ID, []string{"America/Chicago"}, "", now); err != nil || f != nil {
		t.Errorf("factor %+v, %v", f, err)
	}
	i.selection(func(s *campaigns.Selection) { s.HourProfile = true })
	for want := 1; want >= 0; want-- { // the second time it is fresh
		if n, err := i.store.ProfileHours(t.Context()); err != nil || n != want {
			t.Errorf("%d made, want %d, %v", n, want, err)
		}
	}
	profile, err := i.store.HourProfile(t.Context(), i.campaign.ID)
	if err != nil {
		t.Fatal(err)
	}
	if ten, nine := profile[2][10], profile[2][9]; math.Abs(ten.Probability-0.1) > 0.02 || math.Abs(nine.Probability-0.4) > 0.02 || ten.Tries != 1000 {
		t.Errorf("at ten %+v, at nine %+v", ten, nine)
	}
	if night := profile[2][22]; math.Abs(night.Probability-0.25) > 0.01 || night.Tries != 0 {
		t.Errorf("ten at night, known of other campaigns: %+v", night)
	}
	f, err := i.store.HourFactor(t.Context(), i.campaign.ID, []string{"America/Chicago"}, "", now)
	if err != nil || f == nil || f.Points != profile[2][9].Offset || f.Text != "reached on a Tuesday at 9 h" {
		t.Errorf("factor %+v, %v", f, err)
	}
	chicago := i.rows(`select c.id from candidates c join buckets b on b.id = c.bucket_id where zones = '{America/Chicago}' order by rank desc`)
	items := i.refill(40)
	pop, err := i.store.Pop(t.Context(), postgres.PopFor{CampaignID: i.campaign.ID, CandidateID: items[0].CandidateID})
	if err != nil || len(pop.Factors) == 0 || pop.Factors[len(pop.Factors)-1] != *f {
		t.Errorf("the pop's factors are %+v, %v", pop.Factors, err)
	}
	for k, item := range items[:20] {
		if got := i.rows(`select $1::bigint`, item.CandidateID)[0]; got != chicago[k] {
			t.Fatalf("place %d is candidate %s, want %s of Chicago", k, got, chicago[k])
		}
	}
	if lift := items[0].Score - items[20].Score; math.Abs(lift-2) > 0.3 {
		t.Errorf("four times as likely lifts by %v doublings", lift)
	}
}

// hourly makes a campaign of two places, in one of which everybody is reached
// four times as well at this hour, and gives who stands where.
func hourly(t *testing.T) (i *imports, well, badly map[string]bool) {
	t.Helper()
	i = newImports(t)
	i.exec(generate, 40, i.campaign.ID, []string{"America/New_York", "America/Detroit"})
	i.exec(`update candidates set rank = 100 + id / 1000.0`)
	i.selection(func(s *campaigns.Selection) { s.HourProfile = true })
	now := i.store.Clock().Now()
	i.exec(`insert into rollup_bins values ($1, $2, 'America/New_York', 'local_hour', 58, 2000, 200, 0), ($1, $2, 'America/Detroit', 'local_hour', 58, 2000, 800, 0)`,
		now.Add(-24*time.Hour).Truncate(time.Hour), i.campaign.ID)
	if n, err := i.store.ProfileHours(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d made, %v", n, err)
	}
	in := func(zone string) map[string]bool {
		all := map[string]bool{}
		for _, id := range i.rows(`select c.id from candidates c join buckets b on b.id = c.bucket_id where zones = array[$1]`, zone) {
			all[id] = true
		}
		return all
	}
	return i, in("America/Detroit"), in("America/New_York")
}

// another is the store of another process on the same tables.
func (i *imports) another() *postgres.Store {
	i.t.Helper()
	store, err := postgres.Open(i.t.Context(), postgres.Options{
		URL: i.conn.Config().ConnString(), ClockOffset: time.Until(postgrestest.Morning), NumberKey: []byte("a key for the tests only"), MaxConns: 4,
	})
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(store.Close)
	return store
}

// Within one campaign and at the same hour, the place where people are reached
// comes first; a place nobody has called goes by its campaign.
func TestPlacesHaveHoursOfTheirOwn(t *testing.T) {
	t.Parallel()
	i, well, _ := hourly(t)
	now := i.store.Clock().Now()
	points := func(store *postgres.Store, zone, jurisdictions string) float64 {
		f, err := store.HourFactor(t.Context(), i.campaign.ID, []string{zone}, jurisdictions, now)
		if err != nil || f == nil {
			t.Fatalf("factor %+v, %v", f, err)
		}
		return f.Points
	}
	detroit, york, nowhere := points(i.store, "America/Detroit", ""), points(i.store, "America/New_York", ""), points(i.store, "America/New_York", "US,US-VT")
	if !(york < nowhere && nowhere < detroit) || math.Abs(detroit-york-2) > 0.2 {
		t.Errorf("Detroit %v, a place without a past %v, New York %v", detroit, nowhere, york)
	}
	for k, item := range i.refill(40) {
		if got := well[i.rows(`select $1::bigint`, item.CandidateID)[0]]; got != (k < 20) {
			t.Fatalf("place %d: of the well reached %v", k, got)
		}
	}
	// Another process, which made no profile, says the same, and after its own look
	// it refills so too.
	other := i.another()
	if got := points(other, "America/Detroit", ""); got != detroit {
		t.Errorf("another process says %v, want %v", got, detroit)
	}
	third := i.another()
	if n, err := third.ProfileHours(t.Context()); err != nil || n != 0 {
		t.Errorf("a third process made %d, %v", n, err)
	}
	if got := points(third, "America/New_York", ""); got != york {
		t.Errorf("a third process says %v, want %v", got, york)
	}
}

// The roll-up tells places apart by what buckets have in common.
func TestAttemptsAreRolledUpByPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.history(60, 5)
	h.exec(`update buckets set region = 'US,US-NY'`)
	h.rollAll()
	if got := h.read(`select count(*) > 0, bool_and(queue = 'US,US-NY') from rollup_bins where measure = 'local_hour'`); got != "true true" {
		t.Errorf("by jurisdiction: %s", got)
	}
	h.exec(`update buckets set region = ''`)
	h.rollAll()
	if got := h.read(`select sum(n) = (select count(sent_at) from attempts), bool_and(queue = 'America/New_York') from rollup_bins where measure = 'local_hour'`); got != "true true" {
		t.Errorf("by zone: %s", got)
	}
}

// What is pushed again after the hopper was lost stands where the refill had put
// it.
func TestWhatIsPushedAgainKeepsTheHour(t *testing.T) {
	t.Parallel()
	i, _, _ := hourly(t)
	want := map[int64]float64{}
	for _, item := range i.refill(40) {
		want[item.CandidateID] = item.Score
	}
	same := func(what string, items []campaigns.HopperItem, err error) {
		t.Helper()
		if err != nil || len(items) != 40 {
			t.Fatalf("%s: %d, %v", what, len(items), err)
		}
		for _, item := range items {
			if math.Abs(item.Score-want[item.CandidateID]) > 1e-9 {
				t.Fatalf("%s: candidate %d has score %v, want %v", what, item.CandidateID, item.Score, want[item.CandidateID])
			}
		}
	}
	items, err := i.store.Queued(t.Context(), i.campaign.ID, 0)
	same("queued", items, err)
	ids := slices.Collect(maps.Keys(want))
	items, err = i.store.Requeue(t.Context(), i.campaign.ID, ids)
	same("requeued", items, err)
	if items, err := i.store.Queued(t.Context(), 4711, 0); err != nil || len(items) != 0 {
		t.Errorf("of no campaign: %v, %v", items, err)
	}
}
