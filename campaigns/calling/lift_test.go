package calling

import (
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// named expects the rule to name the source, since the tests of this file hold
// what that source says.
func named(t *testing.T, b *Book, id, source string) {
	t.Helper()
	if sources, _ := b.Sources(id); !strings.Contains(strings.Join(sources, "; "), source) {
		t.Errorf("%s does not name %s: %q", id, source, sources)
	}
}

// In France nobody is called without a consent since 11 August 2026, except
// about a running contract (loi 2025-594, article 13); that changes neither the
// hours nor the attempts of D. 223-9.
func TestARunningContractStandsInForAConsentInFrance(t *testing.T) {
	t.Parallel()
	b := book(t)
	named(t, b, "fr-opt-in", "Loi 2025-594, article 13")
	september := at(t, "Europe/Paris", "2026-09-02 15:00:00")
	settings := campaigns.DefaultSettings(campaigns.KindLoyalty)
	for _, c := range []struct {
		place    string
		contract bool
		now      time.Time
		reason   campaigns.Reason
	}{
		{"FR", false, september, campaigns.ReasonConsentMissing},
		{"FR", true, september, ""},
		{"FR", true, september.Add(6 * time.Hour), campaigns.ReasonOutsideWindow},
		// No source says so of Germany and Spain.
		{"DE", true, september, campaigns.ReasonConsentMissing},
		{"ES", true, september, campaigns.ReasonConsentMissing},
	} {
		f := allowed(&settings)
		f.Zones, f.Law = []string{"Europe/Paris"}, lawOf(t, LawQuery{Jurisdictions: []string{c.place}, RunningContract: c.contract}, c.now)
		if v := Decide(f, c.now); v.Reason != c.reason {
			t.Errorf("%s, contract %v, at %s: %+v, want %q", c.place, c.contract, c.now, v, c.reason)
		}
	}
}

// An explicit consent to that time relieves of the hours and holidays of
// Australia (donotcall.gov.au, industry standards), a provable one of those of
// France (Code de la consommation, D. 223-9). One that names no hours does not.
func TestAgreedHoursTakeThePlaceOfARulesHours(t *testing.T) {
	t.Parallel()
	b := book(t)
	named(t, b, "au-standard", "donotcall.gov.au")
	named(t, b, "fr-conso", "D. 223-9")
	sunday, holiday := "2026-09-06 12:00:00", "2026-11-11 12:00:00"
	agreed := campaigns.DailyWindow(11, 13)
	for _, c := range []struct {
		name, place, zone, now  string
		hours                   *campaigns.Window
		proven, refused, expect bool
	}{
		{"no hours named", "AU", "Australia/Sydney", sunday, nil, true, false, false},
		{"agreed", "AU", "Australia/Sydney", sunday, &agreed, false, false, true},
		{"agreed, on a holiday", "AU", "Australia/Sydney", "2026-04-03 12:00:00", &agreed, false, false, true},
		{"agreed for another time", "AU", "Australia/Sydney", "2026-09-06 15:00:00", &agreed, false, false, false},
		{"agreed without proof", "FR", "Europe/Paris", sunday, &agreed, false, false, false},
		{"agreed with proof", "FR", "Europe/Paris", sunday, &agreed, true, false, true},
		{"with proof, on a holiday", "FR", "Europe/Paris", holiday, &agreed, true, false, true},
		{"with proof, but no hours", "FR", "Europe/Paris", sunday, nil, true, false, false},
		{"refused", "FR", "Europe/Paris", sunday, &agreed, true, true, false},
		// No source says so of Germany.
		{"agreed in Germany", "DE", "Europe/Berlin", sunday, &agreed, true, false, false},
	} {
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		f, now := allowed(&settings), at(t, c.zone, c.now)
		f.Zones, f.Law = []string{c.zone}, lawOf(t, LawQuery{Jurisdictions: []string{c.place}}, now)
		f.ConsentGranted, f.ConsentRefused, f.ConsentProven, f.PreferredHours = !c.refused, c.refused, c.proven, c.hours
		if v := Decide(f, now); v.Allowed != c.expect {
			t.Errorf("%s in %s: %+v, want %v", c.name, c.place, v, c.expect)
		}
	}
	// Two places bind: a consent that relieves of the one leaves the other.
	settings := campaigns.DefaultSettings(campaigns.KindWinBack)
	f, now := allowed(&settings), at(t, "Australia/Sydney", sunday)
	f.Zones, f.Law = []string{"Australia/Sydney"}, lawOf(t, LawQuery{Jurisdictions: []string{"AU", "DE"}}, now)
	f.ConsentGranted, f.PreferredHours = true, &agreed
	if v := Decide(f, now); v.Allowed || v.Rule != "de-uwg" {
		t.Errorf("Australia or Germany: %+v", v)
	}
}

// A holiday on a weekend is kept on a weekday too: in the states on the nearest
// one (5 U.S.C. 6103(b)), in Australia on the next that is none itself. Both
// days are closed.
func TestHolidaysMoveOffTheWeekend(t *testing.T) {
	t.Parallel()
	b := book(t)
	if _, verified := b.Sources("us-al"); !strings.Contains(verified, "5 U.S.C. 6103(b)") {
		t.Errorf("us-al is verified by %q", verified)
	}
	for _, c := range []struct {
		place, zone string
		dates       string
		open        string
	}{
		// Independence Day 2026 is a Saturday, Juneteenth 2027 too, Christmas 2027 as
		// well, and New Year's Day 2028, which is kept in the year before.
		{"US-AL", "America/Chicago", "2026-07-03 2026-07-04 2027-06-18 2027-12-24 2027-12-31", "2026-07-06 2026-07-02"},
		{"US-LA", "America/Chicago", "2027-07-05 2027-12-31", "2027-07-06"},
		// Anzac Day 2026 is a Saturday; of Christmas and Boxing Day 2027, a Saturday
		// and a Sunday, both move.
		{"AU", "Australia/Sydney", "2026-04-27 2027-12-27 2027-12-28 2028-01-03", "2026-04-28 2027-12-29 2028-01-04"},
	} {
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		check := func(date string, want bool) {
			now := at(t, c.zone, date+" 12:00:00")
			f := allowed(&settings)
			f.Zones, f.Law = []string{c.zone}, lawOf(t, LawQuery{Jurisdictions: []string{c.place}}, now)
			if v := Decide(f, now); v.Allowed != want || !want && v.Reason != campaigns.ReasonHoliday {
				t.Errorf("%s on %s: %+v, want allowed %v", c.place, date, v, want)
			}
		}
		for date := range strings.FieldsSeq(c.dates) {
			check(date, false)
		}
		for date := range strings.FieldsSeq(c.open) {
			check(date, true)
		}
	}
}

// Who calls by a version of the register that is not older than 31 days is
// within the safe harbor (16 CFR 310.4(b)(3)(iv)); in the TPS a number counts
// after 28 days.
func TestAnOldRegisterRefusesWhereARuleBoundsItsAge(t *testing.T) {
	t.Parallel()
	b := book(t)
	named(t, b, "us-tsr", "16 CFR 310.4(b)(3)(iv)")
	noon := at(t, "America/New_York", "2026-03-03 12:00:00")
	file := func(country string, days int) []Register {
		return []Register{{List: "registry", Country: country, CheckedAt: noon.AddDate(0, 0, -days)}}
	}
	for _, c := range []struct {
		name, place string
		files       []Register
		elsewhere   bool
		rule        string
	}{
		{"never imported", "US-NY", nil, false, ""},
		{"young", "US-NY", file("US", 31), false, ""},
		{"old", "US-NY", file("US", 32), false, "us-tsr"},
		{"old, the state is not known", "US-*", file("US", 32), false, "us-tsr"},
		{"old, looked up elsewhere", "US-NY", file("US", 32), true, ""},
		{"old, of another country", "US-NY", file("GB", 320), false, ""},
		{"old, of a country that its list does not name", "US-NY", file("", 32), false, "us-tsr"},
		{"one of two is old", "US-NY", append(file("US", 1), file("US", 40)...), false, "us-tsr"},
		{"28 days in Britain", "GB", file("GB", 28), false, ""},
		{"29 days in Britain", "GB", file("GB", 29), false, "gb-ofcom"},
		{"no rule is known in Germany", "DE", file("", 400), false, ""},
	} {
		settings := campaigns.DefaultSettings(campaigns.KindWinBack)
		settings.Compliance.RegistersCheckedElsewhere = c.elsewhere
		f := allowed(&settings)
		f.ConsentGranted, f.Registers, f.Law = true, c.files, lawOf(t, LawQuery{Jurisdictions: []string{c.place}}, noon)
		v := Decide(f, noon)
		if v.Rule != c.rule || v.Allowed != (c.rule == "") || !v.Allowed && v.Reason != campaigns.ReasonRegisterOld {
			t.Errorf("%s: %+v, want rule %q", c.name, v, c.rule)
		}
	}
}
