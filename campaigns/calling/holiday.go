package calling

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// holiday is a day of each year: a fixed date, days from Easter Sunday, or the
// nth or last weekday of a month.
type holiday struct {
	Fixed   string `json:"fixed,omitempty"`
	Easter  *int   `json:"easter,omitempty"`
	Nth     int    `json:"nth,omitempty"`
	Last    bool   `json:"last,omitempty"`
	Weekday string `json:"weekday,omitempty"`
	Month   int    `json:"month,omitempty"`
	// Observed says which weekday is kept besides where the day falls on a
	// weekend: nearest, the Friday before a Saturday and the Monday after a Sunday
	// (5 U.S.C. 6103(b)); next, the first weekday after it that is no holiday itself.
	Observed string `json:"observed,omitempty"`
}

// Which weekday stands in for a holiday on a weekend.
const (
	observedNearest = "nearest"
	observedNext    = "next"
)

var weekdayNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (h *holiday) check() error {
	byWeekday := h.Nth != 0 || h.Last
	forms := 0
	for _, given := range []bool{h.Fixed != "", h.Easter != nil, byWeekday} {
		if given {
			forms++
		}
	}
	switch {
	case h.Observed != "" && h.Observed != observedNearest && h.Observed != observedNext:
		return errors.New("observed is nearest or next")
	case forms != 1:
		return errors.New("needs one of fixed, easter, nth and last")
	case h.Fixed != "":
		_, err := time.Parse("01-02", h.Fixed)
		return err
	case byWeekday && (!slices.Contains(weekdayNames, strings.ToLower(h.Weekday)) || h.Month < 1 || h.Month > 12 || h.Nth < 0 || h.Nth > 4):
		return errors.New("needs a weekday, a month from 1 to 12, and nth from 1 to 4 or last")
	}
	return nil
}

// in gives the holiday's date in the year.
func (h *holiday) in(year int) time.Time {
	switch {
	case h.Fixed != "":
		day, _ := time.Parse("01-02", h.Fixed) // was checked
		return time.Date(year, day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	case h.Easter != nil:
		return easter(year).AddDate(0, 0, *h.Easter)
	}
	weekday := time.Weekday(slices.Index(weekdayNames, strings.ToLower(h.Weekday)))
	if h.Last {
		day := time.Date(year, time.Month(h.Month)+1, 0, 0, 0, 0, 0, time.UTC)
		return day.AddDate(0, 0, -int((day.Weekday()-weekday+7)%7))
	}
	day := time.Date(year, time.Month(h.Month), 1, 0, 0, 0, 0, time.UTC)
	return day.AddDate(0, 0, int((weekday-day.Weekday()+7)%7)+7*(h.Nth-1))
}

// datesOf gives the dates of a calendar in a year, and after them the weekdays
// that stand in for those on a weekend. The one of a first of January may lie in
// the year before.
func datesOf(calendar []holiday, year int) []time.Time {
	dates := make([]time.Time, 0, len(calendar))
	for i := range calendar {
		dates = append(dates, calendar[i].in(year))
	}
	weekend := func(d time.Time) bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }
	for i := range calendar {
		if date := dates[i]; calendar[i].Observed != "" && weekend(date) {
			step := 1
			if calendar[i].Observed == observedNearest && date.Weekday() == time.Saturday {
				step = -1
			}
			for weekend(date) || calendar[i].Observed == observedNext && slices.ContainsFunc(dates, date.Equal) {
				date = date.AddDate(0, 0, step)
			}
			dates = append(dates, date)
		}
	}
	return dates
}

// easter gives Easter Sunday of the Gregorian calendar (the anonymous
// algorithm, as Meeus prints it in Astronomical Algorithms, chapter 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (b - (b+8)/25 + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	l := (32 + 2*e + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// secondsPerDay of a calendar, which knows no shifts of the clock.
const secondsPerDay = 24 * 60 * 60

// dateOf numbers a date, given as its midnight in UTC.
func dateOf(midnight time.Time) int64 { return midnight.Unix() / secondsPerDay }
