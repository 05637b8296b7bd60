package calling

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// week holds the hours of each weekday, Sunday first; nil says nothing of them.
type week []dayHours

// dayHours are disjoint and in order; none: closed.
type dayHours []campaigns.Hours

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekOf reads hours by weekday or a range of weekdays.
func weekOf(hours map[string][]string) (week, error) {
	if len(hours) == 0 {
		return nil, nil
	}
	w := make(week, 7)
	seen := map[int]bool{}
	for days, texts := range hours {
		first, last, isRange := strings.Cut(days, "-")
		if !isRange {
			last = first
		}
		from, until := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || until < 0 {
			return nil, fmt.Errorf("%q names no days such as mon-fri or sun", days)
		}
		own, err := hoursOf(texts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", days, err)
		}
		for day := from; ; day = (day + 1) % 7 {
			if seen[day] {
				return nil, fmt.Errorf("%s is there twice", weekdays[day])
			}
			w[day], seen[day] = own, true
			if day == until {
				break
			}
		}
	}
	return w, nil
}

// hoursOf reads the hours of one day, such as 10:00-13:00 and 14:00-20:00.
func hoursOf(texts []string) (dayHours, error) {
	var hours dayHours
	for _, text := range texts {
		from, until, _ := strings.Cut(text, "-")
		h := campaigns.Hours{From: minuteOf(from), Until: minuteOf(until)}
		if h.From < 0 || h.From >= h.Until {
			return nil, fmt.Errorf("%q is no time of the day such as 08:00-21:00", text)
		}
		if len(hours) > 0 && hours[len(hours)-1].Until > h.From {
			return nil, fmt.Errorf("%q begins before the end of the hours named before it", text)
		}
		hours = append(hours, h)
	}
	return hours, nil
}

// minuteOf reads a time of the day, 24:00 being its end; -1 when it is none.
func minuteOf(text string) int {
	if text == "24:00" {
		return minutesPerDay
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return -1
	}
	return at.Hour()*60 + at.Minute()
}

// allow reports whether the minute is one of the hours.
func (d dayHours) allow(minute int) bool {
	for _, h := range d {
		if within(h, minute) {
			return true
		}
	}
	return false
}

// edge gives the next edge of the hours after the minute, at most edge.
func (d dayHours) edge(minute, edge int) int {
	for _, h := range d {
		edge = nextEdge(h, minute, edge)
	}
	return edge
}

// and gives the hours that lie in both.
func (d dayHours) and(other dayHours) dayHours {
	var both dayHours
	for _, a := range d {
		for _, b := range other {
			if h := (campaigns.Hours{From: max(a.From, b.From), Until: min(a.Until, b.Until)}); h.From < h.Until {
				both = append(both, h)
			}
		}
	}
	return both
}

func within(h campaigns.Hours, minute int) bool { return h.From <= minute && minute < h.Until }

// nextEdge gives the next edge of the hours after the minute, at most edge.
func nextEdge(h campaigns.Hours, minute, edge int) int {
	if minute < h.Until && h.Until < edge {
		edge = h.Until
	}
	if minute < h.From && h.From < edge {
		edge = h.From
	}
	return edge
}
