package calling

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
)

var lawZones = map[string][]string{
	"US-FL": {"America/New_York", "America/Chicago"}, "US-LA": {"America/Chicago"}, "US-KY": {"America/New_York", "America/Chicago"},
	"US-*": {"America/New_York", "Pacific/Honolulu"}, "US-WA": {"America/Los_Angeles"}, "GB": {"Europe/London"}, "DE": {"Europe/Berlin"},
	"FR": {"Europe/Paris"}, "ES": {"Europe/Madrid", "Atlantic/Canary"}, "IT": {"Europe/Rome"}, "CA": {"America/Toronto", "America/St_Johns"},
	"AU": {"Australia/Sydney", "Australia/Lord_Howe"}, "IN": {"Asia/Kolkata"},
}

// broken is how a person reads the book: rule by rule, second by second on the
// wall clock, attempt by attempt.
func (r *rule) broken(b *Book, f Facts, now time.Time, ring time.Duration) string {
	for passed := time.Duration(0); passed <= ring; passed += time.Second {
		for _, location := range f.Locations {
			local := now.Add(passed).In(location)
			if r.week != nil && !slices.ContainsFunc(r.week[local.Weekday()], func(h campaigns.Hours) bool {
				return within(h, local.Hour()*60+local.Minute())
			}) {
				return "hours"
			}
			tomorrow := time.Date(local.Year(), local.Month(), local.Day()+1, 12, 0, 0, 0, time.UTC)
			for _, date := range slices.Concat(datesOf(b.calendars[r.Holidays], local.Year()), datesOf(b.calendars[r.Holidays], local.Year()+1)) {
				if date.Format(time.DateOnly) == local.Format(time.DateOnly) {
					return "holiday"
				}
			}
			for _, h := range b.calendars[r.Holidays] {
				if r.EveHours != nil && h.in(tomorrow.Year()).Format(time.DateOnly) == tomorrow.Format(time.DateOnly) && !slices.ContainsFunc(r.EveHours, func(text string) bool {
					from, until, _ := strings.Cut(text, "-")
					clock := local.Format("15:04")
					return from <= clock && clock < until
				}) {
					return "eve"
				}
			}
		}
	}
	for _, c := range r.Caps {
		attempts := map[CapScope][]time.Time{CapPerson: f.PersonAttempts, CapNumber: f.NumberAttempts, CapCampaign: f.CampaignAttempts}[c.Scope]
		per, _ := c.period()
		for _, location := range f.Locations {
			n := 0
			for _, at := range attempts {
				if per > 0 && now.Sub(at) < per || per == 0 && at.In(location).Format(time.DateOnly) == now.In(location).Format(time.DateOnly) {
					n++
				}
			}
			if n >= c.Max {
				return "cap"
			}
		}
	}
	if f.AgreedCallback {
		return ""
	}
	switch {
	case !f.LastRefusal.IsZero() && now.Sub(f.LastRefusal) < time.Duration(r.RefusalDays)*24*time.Hour:
		return "refusal"
	case !f.LastDrop.IsZero() && now.Sub(f.LastDrop) < r.RecallAfterDrop.Std() && (!r.AgentLiftsRecall || !f.AgentGuaranteed):
		return "drop"
	case !f.LastConversation.IsZero() && now.Sub(f.LastConversation) < r.AfterConversation.Std():
		return "conversation"
	}
	return ""
}

func drawAgo(t *rapid.T, now time.Time, label string, days int) time.Time {
	return now.Add(-time.Duration(rapid.IntRange(0, days*24*3600).Draw(t, label)) * time.Second)
}

// Whoever may be called breaks no single rule of any of their jurisdictions;
// whoever may not, breaks one.
func TestNoRuleOfTheMergedSetIsEverBroken(t *testing.T) {
	t.Parallel()
	b := book(t)
	places := slices.Sorted(func(yield func(string) bool) {
		for place := range lawZones {
			if !yield(place) {
				return
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		q := LawQuery{Jurisdictions: rapid.SliceOfNDistinct(rapid.SampledFrom(places), 1, 2, rapid.ID).Draw(t, "jurisdictions"), Business: rapid.Bool().Draw(t, "business")}
		q.Purpose = rapid.SampledFrom([]campaigns.Purpose{"", "", campaigns.PurposeMarketing, campaigns.PurposeService}).Draw(t, "purpose")
		if rapid.Bool().Draw(t, "debt") {
			q.Rules = []string{"us-regf"}
		}
		now := drawMoment(t)
		if rapid.Bool().Draw(t, "holiday") {
			now = time.Date(2026, 12, rapid.IntRange(23, 25).Draw(t, "date"), rapid.IntRange(0, 47).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC)
		}
		law, err := b.Law(q, now)
		if err != nil {
			t.Fatal(err)
		}
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		settings.Window = campaigns.DailyWindow(0, 24)
		settings.PersonCap, settings.NumberCap = campaigns.Cap{}, campaigns.Cap{}
		settings.RingTimeout = campaigns.Seconds(rapid.IntRange(15, 60).Draw(t, "ring"))
		f := allowed(&settings)
		f.Zones = nil
		for _, j := range q.Jurisdictions {
			f.Zones = append(f.Zones, lawZones[j]...)
		}
		f.Locations, f.Law, f.ConsentGranted = Locations(f.Zones), law, true
		f.AgreedCallback = rapid.Bool().Draw(t, "callback")
		for range rapid.IntRange(0, 5).Draw(t, "attempts") {
			f.PersonAttempts = append(f.PersonAttempts, drawAgo(t, now, "ago", 35))
		}
		slices.SortFunc(f.PersonAttempts, func(a, b time.Time) int { return b.Compare(a) })
		f.NumberAttempts, f.CampaignAttempts = f.PersonAttempts, f.PersonAttempts
		if rapid.Bool().Draw(t, "refused") {
			f.LastRefusal = drawAgo(t, now, "refusal", 90)
		}
		if rapid.Bool().Draw(t, "dropped") {
			f.LastDrop = drawAgo(t, now, "drop", 6)
		}
		if rapid.Bool().Draw(t, "spoke") {
			f.LastConversation = drawAgo(t, now, "conversation", 9)
		}
		f.AgentGuaranteed = rapid.Bool().Draw(t, "by hand")
		v := Decide(f, now)
		ring := law.RingTimeout(settings.RingTimeout.Std())
		reason := ""
		for i := range b.rules {
			if r := &b.rules[i]; reason == "" && r.binds(q, now) {
				if how := r.broken(b, f, now, ring); how != "" {
					reason = r.ID + " " + how
				}
			}
		}
		if v.Allowed != (reason == "") {
			t.Fatalf("%v at %s: verdict %+v, broken: %q", q.Jurisdictions, now, v, reason)
		}
		if !v.Allowed && v.Rule == "" {
			t.Fatalf("verdict %+v names no rule", v)
		}
		if !v.Until.IsZero() && !v.Until.After(now) {
			t.Fatalf("verdict %+v lapsed already", v)
		}
		if v.Allowed || v.Until.IsZero() {
			return
		}
		if early := Decide(f, v.Until.Add(-1)); early.Allowed {
			t.Fatalf("verdict %+v lapses earlier", v)
		}
		if later := Decide(f, v.Until); later.Reason == v.Reason && later.Rule == v.Rule {
			t.Fatalf("verdict %+v holds on: %+v", v, later)
		}
	})
}

func TestEachRuleRefusesWithItsReason(t *testing.T) {
	t.Parallel()
	paris := func(text string) time.Time { return at(t, "Europe/Paris", text) }
	noon := paris("2026-09-02 15:00:00")
	july := paris("2026-07-01 15:00:00")
	for _, c := range []struct {
		name, place string
		now         time.Time
		spoil       func(*Facts)
		reason      campaigns.Reason
		rule        string
		until       time.Time
	}{
		{"allowed", "FR", noon, func(*Facts) {}, "", "", time.Time{}},
		{"without consent", "FR", noon, func(f *Facts) { f.ConsentGranted = false }, campaigns.ReasonConsentMissing, "fr-opt-in", time.Time{}},
		{"at lunch", "FR", paris("2026-09-02 13:30:00"), func(*Facts) {}, campaigns.ReasonOutsideWindow, "fr-conso", paris("2026-09-02 14:00:00")},
		{"the lunch begins while it rings", "FR", paris("2026-09-02 12:59:45"), func(*Facts) {}, campaigns.ReasonOutsideWindow, "fr-conso", paris("2026-09-02 14:00:00")},
		{"before the weekend", "FR", paris("2026-09-04 20:00:00"), func(*Facts) {}, campaigns.ReasonOutsideWindow, "fr-conso", paris("2026-09-07 10:00:00")},
		{"on a holiday", "FR", paris("2026-11-11 15:00:00"), func(*Facts) {}, campaigns.ReasonHoliday, "fr-conso", paris("2026-11-12 10:00:00")},
		{"the campaign's own hours", "FR", paris("2026-09-02 15:00:00"), func(f *Facts) { f.Settings.Window = campaigns.DailyWindow(8, 15) }, campaigns.ReasonOutsideWindow, "", paris("2026-09-03 10:00:00")},
		{"four in thirty days", "FR", noon, func(f *Facts) {
			f.PersonAttempts = []time.Time{noon.AddDate(0, 0, -1), noon.AddDate(0, 0, -5), noon.AddDate(0, 0, -9), noon.AddDate(0, 0, -20)}
		}, campaigns.ReasonPersonCap, "fr-conso", noon.AddDate(0, 0, 10)},
		{"after a refusal", "FR", july, func(f *Facts) { f.LastRefusal = july.AddDate(0, 0, -10) }, campaigns.ReasonRefusalPeriod, "fr-conso", july.AddDate(0, 0, 50)},
		{"after a refusal under the law of 2026", "FR", noon, func(f *Facts) { f.LastRefusal = noon.AddDate(-3, 0, 0) }, campaigns.ReasonRefusalPeriod, "fr-opt-in",
			noon.AddDate(-3, 0, 0).Add(36500 * 24 * time.Hour)},
		{"an agreed callback is no harassment", "FR", noon, func(f *Facts) { f.LastRefusal, f.AgreedCallback = noon.AddDate(0, 0, -10), true }, "", "", time.Time{}},
		{"a longer period of the campaign", "FR", july, func(f *Facts) {
			f.LastRefusal, f.Settings.Compliance.RefusalPeriod = july.AddDate(0, 0, -61), campaigns.Duration(90*24*time.Hour)
		}, campaigns.ReasonRefusalPeriod, "", july.AddDate(0, 0, 29)},
		{"after a dropped call", "GB", noon, func(f *Facts) { f.LastDrop = noon.Add(-time.Hour) }, campaigns.ReasonRecallAfterDrop, "gb-ofcom", noon.Add(71 * time.Hour)},
		{"after a dropped call, by hand", "GB", noon, func(f *Facts) { f.LastDrop, f.AgentGuaranteed = noon.Add(-time.Hour), true }, "", "", time.Time{}},
		{"after a dropped call, in a campaign by hand", "GB", noon, func(f *Facts) { f.LastDrop, f.Settings.Mode = noon.Add(-time.Hour), campaigns.PacingManual }, "", "", time.Time{}},
		{"after a dropped call, by hand in Italy", "IT", noon, func(f *Facts) { f.LastDrop, f.AgentGuaranteed = noon.Add(-time.Hour), true }, campaigns.ReasonRecallAfterDrop, "it-garante", noon.Add(119 * time.Hour)},
		{"late on the eve of a holiday", "IT", paris("2026-12-07 19:30:00"), func(*Facts) {}, campaigns.ReasonOutsideWindow, "it-garante", paris("2026-12-09 09:00:00")},
		{"late on another day", "IT", paris("2026-12-02 19:30:00"), func(*Facts) {}, "", "", time.Time{}},
		{"the eve's hours end while it rings", "IT", paris("2026-12-07 18:59:50"), func(*Facts) {}, campaigns.ReasonOutsideWindow, "it-garante", paris("2026-12-09 09:00:00")},
		{"three on a day", "DE", noon, func(f *Facts) {
			f.NumberAttempts = []time.Time{noon.Add(-time.Hour), noon.Add(-2 * time.Hour), noon.Add(-3 * time.Hour)}
		}, campaigns.ReasonNumberCap, "de-uwg", at(t, "Europe/Paris", "2026-09-03 00:00:00")},
		{"three on two days", "DE", noon, func(f *Facts) {
			f.NumberAttempts = []time.Time{noon.Add(-time.Hour), noon.Add(-2 * time.Hour), noon.Add(-16 * time.Hour)}
		}, "", "", time.Time{}},
		{"objected", "FR", noon, func(f *Facts) { f.Objected = true }, campaigns.ReasonObjected, "", time.Time{}},
		{"an expired list", "FR", noon, func(f *Facts) { f.ListExpired = true }, campaigns.ReasonListExpired, "", time.Time{}},
		{"hours they asked for", "FR", noon, func(f *Facts) { w := campaigns.DailyWindow(17, 19); f.PreferredHours = &w }, campaigns.ReasonOutsidePreferredHours, "", paris("2026-09-02 17:00:00")},
		{"consent that the campaign wants", "US-NY", noon, func(f *Facts) { f.Settings.Compliance.RequireConsent, f.ConsentGranted = true, false }, campaigns.ReasonConsentMissing, "", time.Time{}},
		{"a country without rules", "ZZ", noon, func(*Facts) {}, campaigns.ReasonJurisdictionUnknown, "", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings := campaigns.DefaultSettings(campaigns.KindWinBack)
			settings.PersonCap, settings.NumberCap = campaigns.Cap{}, campaigns.Cap{}
			f := allowed(&settings)
			f.Zones, f.ConsentGranted, f.Law = []string{"Europe/Paris"}, true, lawOf(t, LawQuery{Jurisdictions: []string{c.place}}, c.now)
			c.spoil(&f)
			v := Decide(f, c.now)
			if v.Allowed != (c.reason == "") || v.Reason != c.reason || v.Rule != c.rule || !v.Until.Equal(c.until) {
				t.Errorf("want %q by %q until %s, got %+v", c.reason, c.rule, c.until, v)
			}
		})
	}
}

// A rule binds on each day of UTC that holds a moment of its days, wherever on
// earth, and a law is the same for the whole of such a day.
func TestRulesBeginAndEndByTheDate(t *testing.T) {
	t.Parallel()
	b, err := ParseBook([]byte(`{"rules": [
		{"id": "old", "jurisdiction": "AU", "sources": ["a"], "verified": "b", "valid_until": "2026-06-30", "ring_max": "30s"},
		{"id": "new", "jurisdiction": "AU", "sources": ["a"], "verified": "b", "valid_from": "2026-07-01", "ring_max": "20s"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for date, want := range map[string]string{
		"2026-06-29": "old", "2026-06-30": "old new", "2026-07-01": "old new", "2026-07-02": "new",
	} {
		begin, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{begin, begin.Add(11 * time.Hour), begin.Add(day - 1)} {
			l, err := b.Law(LawQuery{Jurisdictions: []string{"AU"}}, at)
			if err != nil || strings.Join(l.Rules, " ") != want {
				t.Errorf("%s: %v, want %s, %v", at, l.Rules, want, err)
			}
		}
	}
	eve := time.Date(2026, 6, 30, 14, 30, 0, 0, time.UTC) // half past midnight in Sydney
	if l, err := b.Law(LawQuery{Jurisdictions: []string{"AU"}}, eve); err != nil || l.RingTimeout(time.Minute) != 20*time.Second {
		t.Errorf("the new rule does not bind in Sydney yet: %+v, %v", l, err)
	}
}

// One law serves all who decide at once.
func TestALawIsSharedWithoutLocks(t *testing.T) {
	t.Parallel()
	settings := campaigns.DefaultSettings(campaigns.KindWinBack)
	noon := time.Date(2026, 9, 2, 13, 0, 0, 0, time.UTC)
	law := lawOf(t, LawQuery{Jurisdictions: []string{"DE", "IT"}}, noon)
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			f := allowed(&settings)
			f.Law, f.ConsentGranted, f.Zones = law, true, []string{"Europe/Berlin", "Europe/Rome"}
			for hour := range 48 {
				Decide(f, noon.Add(time.Duration(hour)*time.Hour))
			}
		})
	}
}

func TestADecisionAllocatesNothing(t *testing.T) {
	settings := campaigns.DefaultSettings(campaigns.KindWinBack)
	noon := time.Date(2026, 3, 3, 17, 0, 0, 0, time.UTC)
	f := allowed(&settings)
	f.Locations, f.Law = Locations(f.Zones), lawOf(t, LawQuery{Jurisdictions: []string{"US-*"}}, noon)
	f.PersonAttempts = []time.Time{noon.Add(-time.Hour)}
	if n := testing.AllocsPerRun(100, func() { Decide(f, noon) }); n != 0 || !Decide(f, noon).Allowed {
		t.Errorf("%v allocations, %+v", n, Decide(f, noon))
	}
}

func BenchmarkDecideByLaw(b *testing.B) {
	settings := campaigns.DefaultSettings(campaigns.KindWinBack)
	noon := time.Date(2026, 3, 3, 17, 0, 0, 0, time.UTC)
	for _, place := range []string{"", "US-NY", "US-*"} {
		b.Run(fmt.Sprintf("law=%s", place), func(b *testing.B) {
			f := allowed(&settings)
			f.Locations = Locations(f.Zones)
			if place != "" {
				f.Law = lawOf(b, LawQuery{Jurisdictions: []string{place}}, noon)
			}
			for b.Loop() {
				Decide(f, noon)
			}
		})
	}
}
