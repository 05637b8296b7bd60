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
	// RunningContract: each person has a contract with the seller that runs, and
	// is called about it.
	RunningContract bool
}

// Law is what the rules of several jurisdictions ask for together: hours
// intersect, the least of the caps and limits holds, the longest of the periods,
// and consent where any asks for it. It does not change, and it is the same for
// the whole of a day of UTC: keep it per query and day.
type Law struct {
	// Unknown: for one of the jurisdictions no rule is known, so nobody is called.
	Unknown bool
	// Rules are the ids of the rules that bind.
	Rules []string
	// ConsentRule asks for consent; empty: none does.
	ConsentRule string
	// RefusalPeriod after a refusal, RecallAfterDrop after a dropped call, and
	// AfterConversation after a conversation bar the next call; RecallByAgent is
	// what stays of RecallAfterDrop where an agent is on the line already.
	RefusalPeriod, RecallAfterDrop, RecallByAgent, AfterConversation Period
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
	// Registers must have been looked into lately, one limit for each country.
	Registers []RegisterLimit

	caps  []lawCap
	weeks []ruleWeek
	// open are the hours of all weeks together, Sunday first.
	open [7]dayHours
	// dates are what some days have of their own, by dateOf.
	dates map[int64][]lawDate
	// lifted are the law without the hours and holidays of which a consent relieves,
	// by its lift less one; nil: it relieves of none.
	lifted [2]*Law
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

// lawDate is a holiday, or the eve of one with hours of its own.
type lawDate struct {
	rule    string
	holiday bool
	hours   dayHours
}

type lawCap struct {
	bookCap
	per  time.Duration
	rule string
}

const day = 24 * time.Hour

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
	l := b.merge(q, at, 0)
	for lift := liftAgreed; lift <= liftProven; lift++ {
		if slices.ContainsFunc(b.rules, func(r rule) bool { return r.lift.by(lift) && r.binds(q, at) }) {
			l.lifted[lift-1] = b.merge(q, at, lift)
		}
	}
	return l, nil
}

// merge merges the rules that bind, without the hours that a lift relieves of.
func (b *Book) merge(q LawQuery, at time.Time, by lift) *Law {
	l := &Law{dates: map[int64][]lawDate{}, Unknown: len(q.Jurisdictions) == 0}
	for day := range l.open {
		l.open[day] = dayHours{{From: 0, Until: minutesPerDay}}
	}
	for _, j := range q.Jurisdictions {
		country, _, _ := strings.Cut(j, "-")
		if !slices.ContainsFunc(b.rules, func(r rule) bool { return r.Jurisdiction == country }) {
			l.Unknown = true
		}
	}
	for i := range b.rules {
		if r := &b.rules[i]; r.binds(q, at) {
			b.add(l, r, q, at, by)
		}
	}
	return l
}

func (r *rule) binds(q LawQuery, at time.Time) bool {
	// The days of a rule are those of the place, up to 14 hours ahead of UTC or 12
	// behind: it binds on each day of UTC that has a moment of them.
	today := at.UTC().Truncate(day)
	if !r.from.IsZero() && today.Before(r.from.Add(-day)) || !r.until.IsZero() && today.After(r.until.Add(day)) {
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
func (b *Book) add(l *Law, r *rule, q LawQuery, at time.Time, by lift) {
	l.Rules = append(l.Rules, r.ID)
	l.addRegister(r)
	lifted := r.lift.by(by)
	if r.week != nil && !lifted {
		l.weeks = append(l.weeks, ruleWeek{r.week, r.ID})
		for day := range l.open {
			l.open[day] = l.open[day].and(r.week[day])
		}
	}
	for _, c := range r.Caps {
		per, _ := c.period() // was checked
		l.caps = append(l.caps, lawCap{c, per, r.ID})
	}
	for year := at.Year() - 1; r.Holidays != "" && !lifted && year <= at.Year()+1; year++ {
		for _, midnight := range datesOf(b.calendars[r.Holidays], year) {
			date := dateOf(midnight)
			l.dates[date] = append(l.dates[date], lawDate{rule: r.ID, holiday: true})
			if len(r.eve) > 0 {
				l.dates[date-1] = append(l.dates[date-1], lawDate{rule: r.ID, hours: r.eve})
			}
		}
	}
	if r.Consent && l.ConsentRule == "" && (!r.ContractForConsent || !q.RunningContract) {
		l.ConsentRule = r.ID
	}
	byAgent := r.RecallAfterDrop.Std()
	if r.AgentLiftsRecall {
		byAgent = 0
	}
	for _, longest := range []struct {
		of  *Period
		own time.Duration
	}{
		{&l.RingMin, r.RingMin.Std()}, {&l.RefusalPeriod, time.Duration(r.RefusalDays) * day}, {&l.RecallByAgent, byAgent},
		{&l.RecallAfterDrop, r.RecallAfterDrop.Std()}, {&l.AfterConversation, r.AfterConversation.Std()},
		{&l.Retention, time.Duration(r.RetentionDays) * day},
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

// closedBy gives the rule whose hours are closed at that minute of the weekday.
func (l *Law) closedBy(day time.Weekday, minute int) string {
	for _, w := range l.weeks {
		if !w.week[day].allow(minute) {
			return w.rule
		}
	}
	return ""
}
