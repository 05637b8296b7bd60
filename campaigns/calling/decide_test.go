package calling

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
)

// allowed are facts that nothing speaks against at noon.
func allowed(s *campaigns.Settings) Facts {
	return Facts{CampaignState: campaigns.CampaignRunning, ListActive: true, Settings: s, Zones: []string{"America/New_York"}}
}

func TestEachGateRefusesWithItsReason(t *testing.T) {
	t.Parallel()
	noon := at(t, "America/New_York", "2026-03-03 12:00:00")
	day := 24 * time.Hour
	for _, c := range []struct {
		reason campaigns.Reason
		spoil  func(*Facts)
		until  time.Time
	}{
		{"", func(*Facts) {}, time.Time{}},
		{campaigns.ReasonCampaignNotRunning, func(f *Facts) { f.CampaignState = campaigns.CampaignPaused }, time.Time{}},
		{campaigns.ReasonListInactive, func(f *Facts) { f.ListActive = false }, time.Time{}},
		{campaigns.ReasonDoNotCall, func(f *Facts) { f.DoNotCall = true }, time.Time{}},
		{campaigns.ReasonDoNotCall, func(f *Facts) { f.DoNotCall, f.DoNotCallUntil = true, noon.Add(day) }, noon.Add(day)},
		{campaigns.ReasonOpenComplaint, func(f *Facts) { f.OpenComplaint = true }, time.Time{}},
		{campaigns.ReasonConsentRefused, func(f *Facts) { f.ConsentRefused = true }, time.Time{}},
		{campaigns.ReasonConsentRefused, func(f *Facts) { f.ConsentRefused, f.ConsentRefusedUntil = true, noon.Add(day) }, noon.Add(day)},
		{campaigns.ReasonNoNumber, func(f *Facts) { f.NumberBad = true }, time.Time{}},
		{campaigns.ReasonMaxAttempts, func(f *Facts) { f.Attempts = f.Settings.MaxAttempts }, time.Time{}},
		{"", func(f *Facts) { f.Attempts, f.AgreedCallback = f.Settings.MaxAttempts, true }, time.Time{}},
		{campaigns.ReasonZoneUnknown, func(f *Facts) { f.Zones = nil }, time.Time{}},
		{campaigns.ReasonZoneUnknown, func(f *Facts) { f.Zones = []string{"America/New_York", "Nowhere/Land"} }, time.Time{}},
		{campaigns.ReasonPersonCap, func(f *Facts) {
			f.PersonAttempts = []time.Time{noon.Add(-1 * time.Hour), noon.Add(-2 * time.Hour), noon.Add(-3 * time.Hour), noon.Add(-4 * time.Hour), noon.Add(-5 * time.Hour)}
		}, noon.Add(20 * time.Hour)},
		{"", func(f *Facts) {
			f.PersonAttempts = []time.Time{noon.Add(-1 * time.Hour), noon.Add(-2 * time.Hour), noon.Add(-3 * time.Hour), noon.Add(-day)}
		}, time.Time{}},
		{campaigns.ReasonNumberCap, func(f *Facts) {
			f.NumberAttempts = []time.Time{noon.Add(-1 * time.Hour), noon.Add(-2 * time.Hour), noon.Add(-3 * time.Hour)}
		}, noon.Add(21 * time.Hour)},
		{campaigns.ReasonOutsideWindow, func(f *Facts) { f.Zones = []string{"America/New_York", "Pacific/Honolulu"} }, noon.Add(time.Hour)},
		{campaigns.ReasonPersonInAttempt, func(f *Facts) { f.PersonInAttempt = true }, noon.Add(retrySoon)},
		{campaigns.ReasonNumberInAttempt, func(f *Facts) { f.NumberInAttempt = true }, noon.Add(retrySoon)},
		{campaigns.ReasonPersonInCall, func(f *Facts) { f.PersonInCall = true }, noon.Add(5 * retrySoon)},
	} {
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		facts := allowed(&settings)
		c.spoil(&facts)
		v := Decide(facts, noon)
		if v.Allowed != (c.reason == "") || v.Reason != c.reason || !v.Until.Equal(c.until) {
			t.Errorf("want %q until %s, got %+v", c.reason, c.until, v)
		}
	}
}

func TestWhatLastsLongestIsToldFirst(t *testing.T) {
	t.Parallel()
	settings := campaigns.DefaultSettings(campaigns.KindWinBack)
	now := at(t, "America/New_York", "2026-03-03 03:00:00")
	facts := allowed(&settings)
	facts.DoNotCall, facts.PersonInCall, facts.NumberBad = true, true, true
	if v := Decide(facts, now); v.Reason != campaigns.ReasonDoNotCall {
		t.Errorf("told %q first", v.Reason)
	}
}

func TestNobodyIsCalledOutsideTheirWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		settings.Window = drawWindow(t)
		settings.RingTimeout = campaigns.Seconds(rapid.IntRange(15, 120).Draw(t, "ring"))
		facts := allowed(&settings)
		facts.Zones = rapid.SliceOfN(rapid.SampledFrom(zoneNames), 1, 3).Draw(t, "zones")
		if rapid.Bool().Draw(t, "loaded") {
			facts.Locations = Locations(facts.Zones)
		}
		now := drawMoment(t)
		v := Decide(facts, now)
		if fits := clockAllowsWhile(settings.Window, facts.Zones, now, settings.RingTimeout.Std()); v.Allowed != fits {
			t.Fatalf("allowed %v, the clocks say %v", v.Allowed, fits)
		}
		if !v.Allowed && (v.Reason != campaigns.ReasonOutsideWindow || !v.Until.IsZero() && !v.Until.After(now)) {
			t.Fatalf("verdict %+v", v)
		}
	})
}

func TestACapLapsesExactlyWhenItSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		settings.Window = campaigns.DailyWindow(0, 24)
		settings.PersonCap = campaigns.Cap{
			Max: rapid.IntRange(0, 5).Draw(t, "max"),
			Per: campaigns.Seconds(rapid.IntRange(1, 3*24*3600).Draw(t, "per")),
		}
		now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		facts := allowed(&settings)
		for range rapid.IntRange(0, 8).Draw(t, "attempts") {
			facts.PersonAttempts = append(facts.PersonAttempts, now.Add(-time.Duration(rapid.IntRange(0, 5*24*3600).Draw(t, "ago"))*time.Second))
		}
		slices.SortFunc(facts.PersonAttempts, func(a, b time.Time) int { return b.Compare(a) })
		within := func(moment time.Time) int {
			n := 0
			for _, a := range facts.PersonAttempts {
				if moment.Sub(a) < settings.PersonCap.Per.Std() {
					n++
				}
			}
			return n
		}
		v := Decide(facts, now)
		if full := settings.PersonCap.Max > 0 && within(now) >= settings.PersonCap.Max; v.Allowed == full {
			t.Fatalf("%d attempts within, verdict %+v", within(now), v)
		}
		if v.Allowed {
			return
		}
		if v.Reason != campaigns.ReasonPersonCap || Decide(facts, v.Until.Add(-1)).Allowed || !Decide(facts, v.Until).Allowed {
			t.Fatalf("verdict %+v does not lapse when it says", v)
		}
	})
}
