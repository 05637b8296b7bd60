package calling

import (
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// ConnectFrom says where the wait for an agent begins.
type ConnectFrom string

// Where the time to connect begins.
const (
	FromAnswer        ConnectFrom = "answer"
	FromGreetingStart ConnectFrom = "greeting_start"
	FromGreetingEnd   ConnectFrom = "greeting_end"
)

var connectFroms = []ConnectFrom{FromAnswer, FromGreetingStart, FromGreetingEnd}

// CapScope says whose attempts a cap counts.
type CapScope string

// The scopes of a cap: a person over all campaigns, a number, and a person in
// one campaign.
const (
	CapPerson   CapScope = "person"
	CapNumber   CapScope = "number"
	CapCampaign CapScope = "campaign"
)

// LawQuery says for whom the rules are wanted.
type LawQuery struct {
	// Jurisdictions in which the person may be, as phone.Jurisdictions gives
	// them: a country, its part, or "US-*" for all parts that have rules.
	Jurisdictions []string
	// Rules bind besides, by id.
	Rules    []string
	Purpose  campaigns.Purpose
	Business bool
}

// Law is what the rules of several jurisdictions ask for together: hours
// intersect, the least of the caps and limits holds, the longest of the periods,
// and consent where any asks for it. It does not change; keep it per query and
// day (rules begin and end by the date).
type Law struct {
	// Unknown: for one of the jurisdictions no rule is known, so nobody is called.
	Unknown bool
	// Rules are the ids of the rules that bind.
	Rules []string
	// ConsentRule asks for consent; empty: none does.
	ConsentRule string
	// RefusalPeriod after a refusal, RecallAfterDrop after a dropped call, and
	// AfterConversation after a conversation bar the next call.
	RefusalPeriod, RecallAfterDrop, AfterConversation Period
	// RingMin and RingMax bound how long a phone rings; zero: no bound.
	RingMin, RingMax Period
	// Connect is the longest wait of an answered customer; zero: no limit.
	Connect     Period
	ConnectFrom ConnectFrom
	// Drops are the limits on dropped calls, each with its own formula.
	Drops []DropLimit
	// Retention is how long records are kept.
	Retention Period
	// Records to keep of each call.
	Records []string

	weeks    []ruleWeek
	caps     []lawCap
	holidays map[int]string // the rule by dayKey
}

// Period is a time that a rule asks for.
type Period struct {
	time.Duration
	Rule string
}

type ruleWeek struct {
	week
	rule string
}

type lawCap struct {
	bookCap
	per  time.Duration
	rule string
}

// Known reports whether the book has the rule.
func (b *Book) Known(id string) bool {
	return slices.ContainsFunc(b.rules, func(r rule) bool { return r.ID == id })
}

// Law merges the rules that bind at a time. CodeInvalid names a rule of the
// query that the book does not have; a jurisdiction that it does not have makes
// the Law Unknown.
func (b *Book) Law(q LawQuery, at time.Time) (*Law, error) {
	for _, id := range q.Rules {
		if !b.Known(id) {
			return nil, campaigns.Invalid("compliance.rules", "no rule %q is known", id)
		}
	}
	l := &Law{holidays: map[int]string{}, Unknown: len(q.Jurisdictions) == 0}
	for _, j := range q.Jurisdictions {
		country, _, _ := strings.Cut(j, "-")
		if !slices.ContainsFunc(b.rules, func(r rule) bool { return r.Jurisdiction == country }) {
			l.Unknown = true
		}
	}
	for i := range b.rules {
		if r := &b.rules[i]; r.binds(q, at) {
			b.add(l, r, at)
		}
	}
	return l, nil
}

func (r *rule) binds(q LawQuery, at time.Time) bool {
	// The days of a rule are those of the place, which may be a day ahead or
	// behind: it binds from the earliest to the latest.
	if !r.from.IsZero() && at.Before(r.from.Add(-14*time.Hour)) || !r.until.IsZero() && at.After(r.until.Add(36*time.Hour)) {
		return false
	}
	if slices.Contains(q.Rules, r.ID) {
		return true
	}
	purposes := r.Purposes
	if len(purposes) == 0 {
		purposes = []campaigns.Purpose{campaigns.PurposeMarketing}
	}
	purpose := q.Purpose
	if purpose == "" {
		purpose = campaigns.PurposeMarketing
	}
	if r.OnlyByID || r.ConsumersOnly && q.Business || !slices.Contains(purposes, purpose) {
		return false
	}
	return slices.ContainsFunc(q.Jurisdictions, func(j string) bool {
		country, part, _ := strings.Cut(j, "-")
		return r.Jurisdiction == j || r.Jurisdiction == country || part == "*" && strings.HasPrefix(r.Jurisdiction, country+"-")
	})
}

// add merges one rule into the law.
func (b *Book) add(l *Law, r *rule, at time.Time) {
	l.Rules = append(l.Rules, r.ID)
	if r.week != nil {
		l.weeks = append(l.weeks, ruleWeek{r.week, r.ID})
	}
	for _, c := range r.Caps {
		per, _ := c.period() // was checked
		l.caps = append(l.caps, lawCap{c, per, r.ID})
	}
	for year := at.Year() - 1; r.Holidays != "" && year <= at.Year()+1; year++ {
		for _, h := range b.calendars[r.Holidays] {
			l.holidays[dayKey(h.in(year))] = r.ID
		}
	}
	if r.Consent && l.ConsentRule == "" {
		l.ConsentRule = r.ID
	}
	for _, longest := range []struct {
		of  *Period
		own time.Duration
	}{
		{&l.RingMin, r.RingMin.Std()}, {&l.RefusalPeriod, time.Duration(r.RefusalDays) * 24 * time.Hour},
		{&l.RecallAfterDrop, r.RecallAfterDrop.Std()}, {&l.AfterConversation, r.AfterConversation.Std()},
		{&l.Retention, time.Duration(r.RetentionDays) * 24 * time.Hour},
	} {
		if longest.own > longest.of.Duration {
			*longest.of = Period{longest.own, r.ID}
		}
	}
	if own := r.RingMax.Std(); own > 0 && (l.RingMax.Duration == 0 || own < l.RingMax.Duration) {
		l.RingMax = Period{own, r.ID}
	}
	if r.Connect != nil && (l.Connect.Duration == 0 || r.Connect.Limit.Std() < l.Connect.Duration) {
		l.Connect, l.ConnectFrom = Period{r.Connect.Limit.Std(), r.ID}, r.Connect.From
	}
	if r.Drop != nil {
		l.Drops = append(l.Drops, *r.Drop)
	}
	for _, record := range r.Records {
		if !slices.Contains(l.Records, record) {
			l.Records = append(l.Records, record)
		}
	}
}

// RingTimeout is how long a phone rings: as the campaign wants, within what the
// law bounds.
func (l *Law) RingTimeout(own time.Duration) time.Duration {
	if l == nil {
		return own
	}
	own = max(own, l.RingMin.Duration)
	if l.RingMax.Duration > 0 {
		own = min(own, l.RingMax.Duration)
	}
	return own
}

// ConnectLimit is the longest wait of an answered customer: the shorter of the
// campaign's and the law's.
func (l *Law) ConnectLimit(own time.Duration) time.Duration {
	if l == nil || l.Connect.Duration == 0 {
		return own
	}
	return min(own, l.Connect.Duration)
}

// DropRate gives the rate by the formula of the rule that is nearest to its
// limit, or past it, and that rule; false where no rule limits drops.
func (l *Law) DropRate(drops, humans, machines float64) (float64, DropLimit, bool) {
	worst, found := 0.0, -1
	var rate float64
	for i, d := range l.Drops {
		own := d.Rate(drops, humans, machines)
		if pressure := own / max(d.Limit, 1e-9); found < 0 || pressure > worst {
			worst, found, rate = pressure, i, own
		}
	}
	if found < 0 {
		return 0, DropLimit{}, false
	}
	return rate, l.Drops[found], true
}

// Check tells of settings that contradict the law: hours without any moment in
// common, or a ring time that the rules cannot agree on. CodeInvalid names the
// setting and the rule.
func (l *Law) Check(s *campaigns.Settings) error {
	if l.RingMax.Duration > 0 && l.RingMin.Duration > l.RingMax.Duration {
		return campaigns.Invalid("compliance.rules", "%s lets phones ring for %v at least, %s for %v at most",
			l.RingMin.Rule, l.RingMin.Duration, l.RingMax.Rule, l.RingMax.Duration)
	}
	for minute := range 7 * minutesPerDay {
		if day, m := minute/minutesPerDay, minute%minutesPerDay; within(s.Window.Days[day], m) && l.closedBy(time.Weekday(day), m) == "" {
			return nil
		}
	}
	return campaigns.Invalid("window", "leaves no hour that %s allows", strings.Join(l.Rules, ", "))
}

func within(h campaigns.Hours, minute int) bool { return h.From <= minute && minute < h.Until }

// closedBy gives the rule whose hours are closed at that minute of the weekday.
func (l *Law) closedBy(day time.Weekday, minute int) string {
	for _, w := range l.weeks {
		if !slices.ContainsFunc(w.week[day], func(h campaigns.Hours) bool { return within(h, minute) }) {
			return w.rule
		}
	}
	return ""
}

// edge gives the next edge of the law's hours after the minute, at most edge.
func (l *Law) edge(day time.Weekday, minute, edge int) int {
	for _, w := range l.weeks {
		for _, h := range w.week[day] {
			edge = nextEdge(h, minute, edge)
		}
	}
	return edge
}
