package calling

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestALawIsToldWithTheRuleOfEachPart(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		q    LawQuery
		want string
	}{
		{LawQuery{Jurisdictions: []string{"FR"}}, `
hours: mon-fri 10:00-13:00 14:00-20:00, sat-sun closed (fr-conso)
holidays: no calls; the next is 2026-12-25 (fr-conso)
instead of hours and holidays: the hours that a proven consent names (fr-conso)
person cap: 4 in 30 days (fr-conso)
consent: needed (fr-opt-in)
after a refusal: no call any more (fr-opt-in)`},
		{LawQuery{Jurisdictions: []string{"IT"}}, `
hours: mon-fri 09:00-20:00, sat 10:00-19:00, sun closed (it-garante)
eves of holidays: 10:00-19:00; the next is 2026-12-07 (it-garante)
holidays: no calls; the next is 2026-12-08 (it-garante)
register of IT: no file older than 31 days (it-garante)
connect limit: 3s from the answer (it-garante)
drop limit: 3 % of live answers, per 30 days (it-garante)
after a drop: no call for 5 days (it-garante)
keep records: for 731 days (it-garante)`},
		{LawQuery{Jurisdictions: []string{"GB"}}, `
hours: mon-sun 08:00-21:00 (gb-ofcom)
register of GB: no file older than 28 days (gb-ofcom)
ring time: 15s at least (gb-ofcom)
connect limit: 2s from the greeting's start (gb-ofcom)
drop limit: 3 % less machines, per day (gb-ofcom)
after a drop: no call for 3 days (gb-ofcom)
after a drop: but at once where an agent is on the line (gb-ofcom)`},
		{LawQuery{Jurisdictions: []string{"IN", "GB"}, Business: true, Purpose: "service"}, ""},
		{LawQuery{Jurisdictions: []string{"US-FL"}, Rules: []string{"us-regf"}}, `
hours: mon-sun 08:00-21:00 (us-tsr)
hours: mon-sun 08:00-21:00 (us-tcpa)
hours: mon-sun 08:00-20:00 (us-fl)
person cap: 7 in 7 days (us-regf)
person cap: 3 in 24h (us-fl)
register of US: no file older than 31 days (us-tsr)
ring time: 15s at least (us-tsr)
connect limit: 2s from the greeting's end (us-tsr)
drop limit: 3 % of live answers, per 30 days (us-tsr)
drop limit: 3 % of live answers, per 30 days (us-tcpa)
after a conversation: no call for 7 days (us-regf)
keep records: for 1826 days (us-tsr)`},
	} {
		var got strings.Builder
		for _, r := range lawOf(t, c.q, noon).Restrictions(noon) {
			_, _ = fmt.Fprintf(&got, "\n%s: %s (%s)", r.What, r.Value, r.Rule)
		}
		if got.String() != c.want {
			t.Errorf("%v:%s\nwant:%s", c.q.Jurisdictions, got.String(), c.want)
		}
	}
}

func TestEntriesAreThoseOfTheBook(t *testing.T) {
	t.Parallel()
	b := book(t)
	for i, e := range b.Entries() {
		sources, verified := b.Sources(e.ID)
		if e.ID != b.rules[i].ID || len(sources) == 0 || strings.Join(sources, "|") != strings.Join(e.Sources, "|") || verified != e.Verified {
			t.Errorf("%+v, by itself %v, %q", e, sources, verified)
		}
	}
}
