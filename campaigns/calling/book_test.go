package calling

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

func book(t testing.TB) *Book {
	t.Helper()
	b, err := LoadBook()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func lawOf(t testing.TB, q LawQuery, at time.Time) *Law {
	t.Helper()
	l, err := book(t).Law(q, at)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEveryRuleNamesItsSource(t *testing.T) {
	t.Parallel()
	b := book(t)
	if len(b.rules) < 15 {
		t.Fatalf("only %d rules", len(b.rules))
	}
	for _, r := range b.rules {
		if len(r.Sources) == 0 || r.Verified == "" {
			t.Errorf("%s: sources %v, verified %q", r.ID, r.Sources, r.Verified)
		}
	}
}

func TestAWrongBookIsNamed(t *testing.T) {
	t.Parallel()
	spoil := func(change func(rule map[string]any)) []byte {
		var file map[string]any
		if err := json.Unmarshal(rulebook, &file); err != nil {
			t.Fatal(err)
		}
		change(file["rules"].([]any)[0].(map[string]any))
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for field, change := range map[string]func(map[string]any){
		"rules.us-tsr":          func(r map[string]any) { r["hour"] = 1 },
		"rules.us-tsr.sources":  func(r map[string]any) { delete(r, "sources") },
		"rules.us-tsr.hours":    func(r map[string]any) { r["hours"] = map[string]any{"mon": []string{"21:00-08:00"}} },
		"rules.us-tsr.holidays": func(r map[string]any) { r["holidays"] = "XX" },
		"rules.us-tsr.caps":     func(r map[string]any) { r["caps"] = []any{map[string]any{"scope": "cat", "max": 1, "per": "day"}} },
		"rules.us-tsr.drop": func(r map[string]any) {
			r["drop"] = map[string]any{"limit": 3, "formula": "of_live_answers", "window": "day"}
		},
		"rules.us-tsr.ring_min":             func(r map[string]any) { r["ring_min"] = "-15s" },
		"rules.us-tsr.verified":             func(r map[string]any) { r["verified"] = "" },
		"rules.us-tsr.purposes":             func(r map[string]any) { r["purposes"] = []string{"fun"} },
		"rules.us-tsr.valid_until":          func(r map[string]any) { r["valid_from"], r["valid_until"] = "2026-02-01", "2026-01-01" },
		"rules.us-tsr.eve_hours":            func(r map[string]any) { r["eve_hours"] = []string{"10:00-19:00"} },
		"rules.us-tsr.refusal_days":         func(r map[string]any) { r["refusal_days"] = -1 },
		"rules.us-tsr.retention_days":       func(r map[string]any) { r["retention_days"] = -1 },
		"rules.us-tsr.register_days":        func(r map[string]any) { r["register_days"] = -1 },
		"rules.us-tsr.hours_lifted_by":      func(r map[string]any) { r["hours_lifted_by"] = "a smile" },
		"rules.us-tsr.contract_for_consent": func(r map[string]any) { r["contract_for_consent"] = true },
		"rules.us-tsr.ring_max":             func(r map[string]any) { r["ring_max"] = "5s" },
		"rules.us-tsr.connect":              func(r map[string]any) { r["connect"] = map[string]any{"limit": "2s", "from": "soon"} },
		"rules.us-tsr.valid_from":           func(r map[string]any) { r["valid_from"] = "soon" },
		"rules.us-tsr.jurisdiction":         func(r map[string]any) { r["jurisdiction"] = "" },
	} {
		_, err := ParseBook(spoil(change))
		if e, ok := errors.AsType[*campaigns.Error](err); !ok || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestHoursThatAreNone(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{
		"08:00-21:00": true, "00:00-24:00": true, "08:00-21:00 or so": false, "08:75-21:00": false, "21:00-08:00": false,
		"08:00": false, "": false, "08:00-25:00": false, "-1:00-08:00": false, "10:00-13:00,14:00-20:00": false,
	} {
		if hours, err := hoursOf([]string{text}); (err == nil) != fits {
			t.Errorf("%q: %v, %v", text, hours, err)
		}
	}
	if hours, err := hoursOf([]string{"14:00-20:00", "10:00-13:00"}); err == nil {
		t.Errorf("hours out of order: %v", hours)
	}
	for _, days := range []map[string][]string{{"mon-fri": nil, "wed": nil}, {"monday": nil}, {"": nil}, {"mon-": nil}} {
		if w, err := weekOf(days); err == nil {
			t.Errorf("%v: %v", days, w)
		}
	}
	if w, err := weekOf(map[string][]string{"sat-mon": {"10:00-12:00"}}); err != nil || len(w[time.Sunday]) != 1 || len(w[time.Tuesday]) != 0 {
		t.Errorf("a range over the week's end: %v, %v", w, err)
	}
}

func TestABrokenFileIsToldByItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{\n\"rules\": [\n{\"id\": \"a\",}]}":                     "line 3",
		`{"rules": []} {}`:                                        "more text",
		`{"rule": []}`:                                            `unknown field "rule"`,
		`{"rules": [{"jurisdiction": "US"}]}`:                     "rule 1 has no id",
		`{"calendars": {"X": [{"fixed": "13-01"}]}, "rules": []}`: "calendars.X",
		`{"rules": [{"id": "a", "only_by_id": true, "sources": ["s"], "verified": "v"}, {"id": "a"}]}`: "rule 2: a is there twice",
		`{"rules": [{"id": "a", "jurisdiction": "USA", "sources": ["s"], "verified": "v"}]}`:           "rules.a.jurisdiction",
		`{"rules": [{"id": "a", "jurisdiction": "US", "ring_min": 15}]}`:                               "rules.a",
	} {
		if _, err := ParseBook([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestHolidaysOfAYear(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]string{2024: "2024-03-31", 2025: "2025-04-20", 2026: "2026-04-05", 2038: "2038-04-25"} {
		if got := easter(year).Format(time.DateOnly); got != want {
			t.Errorf("Easter %d is %s, want %s", year, got, want)
		}
	}
	b := book(t)
	for calendar, days := range map[string]string{
		"DE":    "2026-01-01 2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-10-03 2026-12-25 2026-12-26",
		"US-LA": "2026-01-01 2026-01-19 2026-02-17 2026-04-03 2026-05-25 2026-06-19 2026-07-04 2026-09-07 2026-11-11 2026-11-26 2026-12-25",
	} {
		var got []string
		for _, h := range b.calendars[calendar] {
			got = append(got, h.in(2026).Format(time.DateOnly))
		}
		if strings.Join(got, " ") != days {
			t.Errorf("%s: %v", calendar, got)
		}
	}
}

// The vector of VICIdial's documentation for the formula of Ofcom's statement of
// 2010: 29 dropped, 9 persons, 7 machines.
func TestDropRatesByTheirFormulas(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 6, 2, 12, 0, 0, 0, time.UTC)
	for country, want := range map[string]float64{"GB": 16.3125 / 25.3125, "US": 29.0 / 38} {
		rate, limit, ok := lawOf(t, LawQuery{Jurisdictions: []string{country}}, noon).DropRate(29, 9, 7)
		if !ok || math.Abs(rate-want) > 1e-12 || limit.Rule == "" {
			t.Errorf("%s: %v by %+v, want %v", country, rate, limit, want)
		}
	}
	if rate := (DropLimit{Formula: LessMachines}).Rate(0, 0, 0); rate != 0 {
		t.Errorf("nothing answered is a rate of %v", rate)
	}
}

// A window of days and months begins at midnight of the zone.
func TestDropWindowsBeginByTheirClock(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 23, 30, 0, 0, time.UTC) // half past midnight in London
	for _, c := range []struct {
		window DropWindow
		zone   *time.Location
		want   time.Time
	}{
		{DropOverDay, time.UTC, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{DropOverDay, london, time.Date(2026, 6, 1, 23, 0, 0, 0, time.UTC)},
		{DropOverMonth, london, time.Date(2026, 5, 31, 23, 0, 0, 0, time.UTC)},
		{DropOver30Days, london, time.Date(2026, 5, 2, 23, 30, 0, 0, time.UTC)},
	} {
		if got := c.window.Begin(now, c.zone); !got.Equal(c.want) {
			t.Errorf("%s in %s begins %v, want %v", c.window, c.zone, got, c.want)
		}
	}
}

func TestLawsMerge(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)
	florida := lawOf(t, LawQuery{Jurisdictions: []string{"US-FL"}}, noon)
	if strings.Join(florida.Rules, " ") != "us-tsr us-tcpa us-fl" || florida.RingMin.Duration != 15*time.Second || florida.Unknown {
		t.Errorf("Florida: %+v", florida)
	}
	if florida.closedBy(time.Monday, 20*60+30) != "us-fl" || florida.closedBy(time.Monday, 12*60) != "" {
		t.Error("Florida's hours end at eight")
	}
	anywhere := lawOf(t, LawQuery{Jurisdictions: []string{"US-*"}}, noon)
	if len(anywhere.Rules) != 9 || anywhere.closedBy(time.Sunday, 12*60) == "" || anywhere.closedBy(time.Monday, 9*60+30) != "us-ky" {
		t.Errorf("any state: %v", anywhere.Rules)
	}
	both := lawOf(t, LawQuery{Jurisdictions: []string{"FR", "US-FL"}, Rules: []string{"us-regf"}}, noon)
	if both.ConsentRule != "fr-opt-in" || both.RefusalPeriod.Rule != "fr-opt-in" || both.AfterConversation.Rule != "us-regf" ||
		both.Retention.Rule != "us-tsr" || len(both.Drops) != 2 || both.ConnectFrom != FromGreetingEnd {
		t.Errorf("both: %+v", both)
	}
	if before := lawOf(t, LawQuery{Jurisdictions: []string{"FR"}}, time.Date(2026, 8, 9, 0, 0, 0, 0, time.UTC)); before.ConsentRule != "" {
		t.Error("the French opt-in begins on 11 August 2026")
	}
	if l := lawOf(t, LawQuery{Jurisdictions: []string{"FR"}, Business: true}, noon); len(l.Rules) != 0 || l.Unknown {
		t.Errorf("business in France: %+v", l)
	}
	if l := lawOf(t, LawQuery{Jurisdictions: []string{"US"}, Purpose: campaigns.PurposeService}, noon); len(l.Rules) != 0 || l.Unknown {
		t.Errorf("service calls: %+v", l)
	}
	for _, unknown := range [][]string{nil, {"XX"}, {"US", "ZZ"}} {
		if !lawOf(t, LawQuery{Jurisdictions: unknown}, noon).Unknown {
			t.Errorf("%v is known", unknown)
		}
	}
	if _, err := book(t).Law(LawQuery{Jurisdictions: []string{"US"}, Rules: []string{"no-such"}}, noon); campaigns.CodeOf(err) != campaigns.CodeInvalid {
		t.Errorf("an unknown id: %v", err)
	}
	if got := lawOf(t, LawQuery{Jurisdictions: []string{"DE"}}, noon).RingTimeout(time.Minute); got != 40*time.Second {
		t.Errorf("a German phone rings for %v", got)
	}
}

func TestContradictingRulesAreTold(t *testing.T) {
	t.Parallel()
	b, err := ParseBook([]byte(`{"rules": [
		{"id": "early", "jurisdiction": "US", "sources": ["s"], "verified": "v", "hours": {"mon-sun": ["06:00-09:00"]}, "ring_max": "12s"},
		{"id": "late", "only_by_id": true, "sources": ["s"], "verified": "v", "hours": {"mon-sun": ["09:00-12:00"]}},
		{"id": "patient", "only_by_id": true, "sources": ["s"], "verified": "v", "ring_min": "15s"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	shipped := book(t)
	noon := time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		book   *Book
		place  string
		rules  []string
		spoil  func(*campaigns.Settings)
		field  string
		saying []string
	}{
		{shipped, "FR", nil, func(*campaigns.Settings) {}, "", nil},
		{shipped, "FR", nil, func(s *campaigns.Settings) { s.Window = campaigns.DailyWindow(20, 23) }, "window", []string{"fr-conso"}},
		{shipped, "DE", nil, func(s *campaigns.Settings) { s.RingTimeout = campaigns.Seconds(60) }, "ring_timeout", []string{"de-uwg", "40s"}},
		{shipped, "US", nil, func(s *campaigns.Settings) { s.RingTimeout = campaigns.Seconds(60) }, "", nil},
		{b, "US", []string{"late"}, func(s *campaigns.Settings) { s.RingTimeout = campaigns.Seconds(10) }, "compliance.rules", []string{"early, late"}},
		{b, "US", []string{"patient"}, func(*campaigns.Settings) {}, "compliance.rules", []string{"early", "patient", "15s", "12s"}},
	} {
		s := campaigns.DefaultSettings(campaigns.KindWinBack)
		c.spoil(&s)
		law, err := c.book.Law(LawQuery{Jurisdictions: []string{c.place}, Rules: c.rules}, noon)
		if err != nil {
			t.Fatal(err)
		}
		err = law.Check(&s)
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v", c.place, err)
			}
			continue
		}
		e, ok := errors.AsType[*campaigns.Error](err)
		if !ok || e.Field != c.field {
			t.Errorf("%s %v: %v", c.place, c.rules, err)
			continue
		}
		for _, word := range c.saying {
			if !strings.Contains(e.Message, word) {
				t.Errorf("%q does not say %q", e.Message, word)
			}
		}
	}
}
