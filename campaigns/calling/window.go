package calling

import (
	"time"

	"ringmaster/campaigns"
)

// horizon bounds the search for the next opening of a window: one that does not
// open within it, counts as closed for ever.
const horizon = 15 * 24 * time.Hour

// minutesPerDay of a local clock; a day with a shift of daylight saving time
// has these minutes too, some of them never or twice.
const minutesPerDay = 24 * 60

// WindowOpen tells whether the window is open now in every one of the zones,
// and when it next is: now itself while it is open, the zero time when it never
// opens within two weeks or a zone is unknown.
func WindowOpen(w campaigns.Window, zones []string, now time.Time) (open bool, next time.Time) {
	return WindowOpenFor(w, zones, now, 0)
}

// WindowOpenFor is WindowOpen for a phone that may ring for the whole of ring:
// the window must not close meanwhile.
func WindowOpenFor(w campaigns.Window, zones []string, now time.Time, ring time.Duration) (open bool, next time.Time) {
	return clocks{window: &w}.open(Locations(zones), now, ring)
}

// AllowedUntil gives the moment at which the window that is open now closes in
// the first of the zones; the zero time when it is not open. A window that
// never closes is given until the horizon of two weeks.
func AllowedUntil(w campaigns.Window, zones []string, now time.Time) time.Time {
	return LawAllowsUntil(w, nil, zones, now)
}

// LawAllowsUntil is AllowedUntil within the hours and outside the holidays of
// the law too; nil: there is none.
func LawAllowsUntil(w campaigns.Window, law *Law, zones []string, now time.Time) time.Time {
	locations := Locations(zones)
	c := clocks{window: &w, law: law}
	if len(locations) == 0 {
		return time.Time{}
	}
	limit := now.Add(horizon)
	for _, location := range locations {
		at := now
		for at.Before(limit) {
			open, turn := c.read(location, at)
			if !open {
				break
			}
			at = turn
		}
		if at.Before(limit) {
			limit = at
		}
	}
	if !limit.After(now) {
		return time.Time{}
	}
	return limit
}

// Open reports whether a phone may begin to ring at that moment in all of the
// locations: within the campaign's window, and within the hours and outside the
// holidays of the law, for as long as it may ring. A nil Law has no hours.
func (l *Law) Open(s *campaigns.Settings, locations []*time.Location, at time.Time) bool {
	open, _ := clocks{window: &s.Window, law: l}.open(locations, at, l.RingTimeout(s.RingTimeout.Std()))
	return open
}

// Locations loads the zones; nil when one of them is unknown. It reads the
// time zone database, some ten microseconds a zone: who decides often keeps the
// result in Facts.Locations.
func Locations(zones []string) []*time.Location {
	locations := make([]*time.Location, len(zones))
	for i, zone := range zones {
		// LoadLocation takes the empty name for UTC and "Local" for the
		// machine's own zone; neither says where a person is.
		if zone == "" || zone == "Local" {
			return nil
		}
		location, err := time.LoadLocation(zone)
		if err != nil {
			return nil
		}
		locations[i] = location
	}
	return locations
}

// clocks are the hours of the wall clock that must all allow a call: the
// campaign's, the law's with its dates, and those the person asked for.
type clocks struct {
	window    *campaigns.Window
	law       *Law
	preferred *campaigns.Window
}

// open tells whether a call may start now in all of the locations and ring for
// the whole of ring, and when one may.
func (c clocks) open(locations []*time.Location, now time.Time, ring time.Duration) (open bool, next time.Time) {
	if len(locations) == 0 {
		return false, time.Time{}
	}
	for at := now; at.Sub(now) < horizon; {
		later := at
		for _, location := range locations {
			if until := c.closedUntil(location, at, ring); until.After(later) {
				later = until
			}
		}
		if later.Equal(at) {
			return at.Equal(now), at
		}
		at = later
	}
	return false, time.Time{}
}

// closedUntil gives a moment before which no call may start in the zone: at
// itself when one may start then. It steps from one turn of the local clock to
// the next, for the one or two that lie within ring.
func (c clocks) closedUntil(location *time.Location, at time.Time, ring time.Duration) time.Time {
	for t := at; t.Sub(at) <= ring; {
		open, turn := c.read(location, t)
		if !open {
			return turn
		}
		t = turn
	}
	return at
}

// read tells whether the hours are open by the local clock, and the next moment
// at which they may turn: an edge of the day's hours, midnight, or a shift of the
// clock, whichever comes first. It runs for each decision, so it asks the zone
// only twice.
func (c clocks) read(location *time.Location, at time.Time) (open bool, turn time.Time) {
	l := readClock(location, at)
	hours := c.window.Days[l.weekday]
	open, edge := within(hours, l.minute), nextEdge(hours, l.minute, minutesPerDay)
	if c.preferred != nil {
		hours = c.preferred.Days[l.weekday]
		open, edge = open && within(hours, l.minute), nextEdge(hours, l.minute, edge)
	}
	if c.law != nil {
		open, edge = open && c.law.open[l.weekday].allow(l.minute), c.law.open[l.weekday].edge(l.minute, edge)
		if len(c.law.dates) > 0 {
			for _, d := range c.law.dates[l.date] {
				open, edge = open && d.hours.allow(l.minute), d.hours.edge(l.minute, edge)
			}
		}
	}
	turn = at.Add(time.Duration(edge-l.minute)*time.Minute - l.past)
	if _, shift := at.In(location).ZoneBounds(); !shift.IsZero() && shift.Before(turn) {
		turn = shift
	}
	return open, turn
}

// clockReading is what a person sees on the wall.
type clockReading struct {
	weekday time.Weekday
	minute  int           // of the day
	past    time.Duration // since that minute began
	date    int64         // numbered as by dateOf
}

func readClock(location *time.Location, at time.Time) clockReading {
	_, offset := at.In(location).Zone()
	seconds := at.Unix() + int64(offset)
	date := seconds / secondsPerDay
	ofDay := seconds % secondsPerDay
	if ofDay < 0 {
		ofDay += secondsPerDay
		date--
	}
	return clockReading{
		// The first of January 1970 was a Thursday.
		weekday: time.Weekday(((date+int64(time.Thursday))%7 + 7) % 7), minute: int(ofDay / 60), date: date,
		past: time.Duration(ofDay%60)*time.Second + time.Duration(at.Nanosecond()),
	}
}
