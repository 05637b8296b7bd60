package calling

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// Entry says what a rule of the book is.
type Entry struct {
	ID string `json:"id"`
	// Jurisdiction is a country or a part of one; empty: the rule binds only
	// campaigns that name it.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// ValidFrom and ValidUntil are its first and last day; empty: no bound.
	ValidFrom  string   `json:"valid_from,omitempty"`
	ValidUntil string   `json:"valid_until,omitempty"`
	Sources    []string `json:"sources"`
	// Verified says how well the sources were checked.
	Verified string `json:"verified"`
}

// Entries are the rules of the book in its order.
func (b *Book) Entries() []Entry {
	entries := make([]Entry, len(b.rules))
	for i := range b.rules {
		r := &b.rules[i]
		entries[i] = Entry{r.ID, r.Jurisdiction, r.ValidFrom, r.ValidUntil, slices.Clone(r.Sources), r.Verified}
	}
	return entries
}

// Restriction is one thing that a rule asks for, in plain words.
type Restriction struct {
	What  string `json:"what"`
	Value string `json:"value"`
	Rule  string `json:"rule"`
}

// Restrictions tells all that binds under the law, each with the rule that it
// comes from; of several hours and caps each one, since all of them hold.
func (l *Law) Restrictions(now time.Time) []Restriction {
	var all []Restriction
	add := func(what, rule, format string, args ...any) {
		if rule != "" {
			all = append(all, Restriction{what, fmt.Sprintf(format, args...), rule})
		}
	}
	for _, w := range l.weeks {
		add("hours", w.rule, "%s", w.week)
	}
	l.tellDates(now, add)
	l.tellLifts(add)
	for _, c := range l.caps {
		per := "a calendar day"
		if c.per > 0 {
			per = "in " + span(c.per)
		}
		add(string(c.Scope)+" cap", c.rule, "%d %s", c.Max, per)
	}
	add("consent", l.ConsentRule, "needed")
	for _, r := range l.Registers {
		add("register of "+r.Country, r.Rule, "no file older than %s", span(r.MaxAge))
	}
	add("ring time", l.RingMin.Rule, "%s at least", span(l.RingMin.Duration))
	add("ring time", l.RingMax.Rule, "%s at most", span(l.RingMax.Duration))
	add("connect limit", l.Connect.Rule, "%s from the %s", span(l.Connect.Duration), strings.ReplaceAll(string(l.ConnectFrom), "_", "'s "))
	for _, d := range l.Drops {
		add("drop limit", d.Rule, "%.4g %% %s, per %s", d.Limit*100, strings.ReplaceAll(string(d.Formula), "_", " "), strings.ReplaceAll(string(d.Window), "_", " "))
	}
	add("after a drop", l.RecallAfterDrop.Rule, "no call for %s", span(l.RecallAfterDrop.Duration))
	switch l.RecallByAgent.Duration {
	case l.RecallAfterDrop.Duration:
	case 0:
		add("after a drop", l.RecallAfterDrop.Rule, "but at once where an agent is on the line")
	default:
		add("after a drop", l.RecallByAgent.Rule, "no call for %s where an agent is on the line", span(l.RecallByAgent.Duration))
	}
	l.tellRefusal(add)
	add("after a conversation", l.AfterConversation.Rule, "no call for %s", span(l.AfterConversation.Duration))
	add("keep records", l.Retention.Rule, "for %s", span(l.Retention.Duration))
	return all
}

// tellDates tells the next holiday of each rule, and the hours on its eve.
func (l *Law) tellDates(now time.Time, add func(what, rule, format string, args ...any)) {
	type part struct {
		rule    string
		holiday bool
	}
	today, told := dateOf(now.UTC().Truncate(day)), map[part]bool{}
	for _, date := range slices.Sorted(maps.Keys(l.dates)) {
		for _, d := range l.dates[date] {
			if date < today || told[part{d.rule, d.holiday}] {
				continue
			}
			told[part{d.rule, d.holiday}] = true
			next := time.Unix(date*secondsPerDay, 0).UTC().Format(time.DateOnly)
			if d.holiday {
				add("holidays", d.rule, "no calls; the next is %s", next)
			} else {
				add("eves of holidays", d.rule, "%s; the next is %s", d.hours, next)
			}
		}
	}
}

// span writes whole days as days, and the rest as hours, minutes and seconds.
func span(d time.Duration) string {
	if d > day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	text := d.String()
	if short, whole := strings.CutSuffix(text, "m0s"); whole {
		text = short + "m"
	}
	if short, whole := strings.CutSuffix(text, "h0m"); whole {
		text = short + "h"
	}
	return text
}

// String writes the week as "mon-fri 10:00-13:00 14:00-20:00, sat-sun closed".
func (w week) String() string {
	var parts []string
	for first := 1; first <= 7; {
		last := first
		for last < 7 && slices.Equal(w[last%7], w[(last+1)%7]) {
			last++
		}
		days := weekdays[first%7]
		if last > first {
			days += "-" + weekdays[last%7]
		}
		parts = append(parts, days+" "+w[first%7].String())
		first = last + 1
	}
	return strings.Join(parts, ", ")
}

// String writes the hours as "10:00-13:00 14:00-20:00", none as "closed".
func (d dayHours) String() string {
	if len(d) == 0 {
		return "closed"
	}
	texts := make([]string, len(d))
	for i, h := range d {
		texts[i] = clockText(h)
	}
	return strings.Join(texts, " ")
}

func clockText(h campaigns.Hours) string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.Until/60, h.Until%60)
}
