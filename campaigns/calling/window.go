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
	return clocks{window: w}.open(Locations(zones), now, ring)
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
	c := clocks{window: w, law: law}
	if len(locations) == 0 {
		return time.Time{}
	}
	limit := now.Add(horizon)
	for _, location := range locations {
		at := now
		for at.Before(limit) && c.openAt(location, at) {
			at = c.turn(location, at)
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
// campaign's, the law's with its holidays, and those the person asked for.
type clocks struct {
	window    campaigns.Window
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
	for t := at; ; t = c.turn(location, t) {
		switch {
		case t.Sub(at) > ring:
			return at
		case !c.openAt(location, t):
			return c.turn(location, t)
		}
	}
}

// openAt reads the local clock and calendar.
func (c clocks) openAt(location *time.Location, at time.Time) bool {
	local := at.In(location)
	day, minute := local.Weekday(), local.Hour()*60+local.Minute()
	if !within(c.window.Days[day], minute) || c.preferred != nil && !within(c.preferred.Days[day], minute) {
		return false
	}
	return c.law == nil || c.law.closedBy(day, minute) == "" && (len(c.law.holidays) == 0 || c.law.holidays[dayKey(local)] == "")
}

// turn gives the next moment at which the local clock may open or close one of
// the hours: the next edge of the day's hours, midnight, or a shift of the
// clock, whichever comes first.
func (c clocks) turn(location *time.Location, at time.Time) time.Time {
	local := at.In(location)
	day, minute := local.Weekday(), local.Hour()*60+local.Minute()
	edge := nextEdge(c.window.Days[day], minute, minutesPerDay)
	if c.preferred != nil {
		edge = nextEdge(c.preferred.Days[day], minute, edge)
	}
	if c.law != nil {
		edge = c.law.edge(day, minute, edge)
	}
	left := time.Duration(edge-minute)*time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond())
	next := at.Add(left)
	if _, shift := local.ZoneBounds(); !shift.IsZero() && shift.Before(next) {
		return shift
	}
	return next
}

// nextEdge gives the next edge of the hours after the minute, at most edge.
func nextEdge(h campaigns.Hours, minute, edge int) int {
	for _, e := range [2]int{h.Until, h.From} {
		if minute < e && e < edge {
			edge = e
		}
	}
	return edge
}
