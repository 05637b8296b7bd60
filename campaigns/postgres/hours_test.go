package postgres_test

import (
	"math"
	"testing"
	"time"

	"ringmaster/campaigns"
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
	if f, err := i.store.HourFactor(t.Context(), i.campaign.ID, []string{"America/Chicago"}, now); err != nil || f != nil {
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
	f, err := i.store.HourFactor(t.Context(), i.campaign.ID, []string{"America/Chicago"}, now)
	if err != nil || f == nil || f.Points != profile[2][9].Offset || f.Text != "reached on a Tuesday at 9 h" {
		t.Errorf("factor %+v, %v", f, err)
	}
	chicago := i.rows(`select c.id from candidates c join buckets b on b.id = c.bucket_id where zones = '{America/Chicago}' order by rank desc`)
	items := i.refill(40)
	for k, item := range items[:20] {
		if got := i.rows(`select $1::bigint`, item.CandidateID)[0]; got != chicago[k] {
			t.Fatalf("place %d is candidate %s, want %s of Chicago", k, got, chicago[k])
		}
	}
	if lift := items[0].Score - items[20].Score; math.Abs(lift-2) > 0.3 {
		t.Errorf("four times as likely lifts by %v doublings", lift)
	}
}
