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
	return windowOpen(w, Locations(zones), now, ring)
}

// AllowedUntil gives the moment at which the window that is open now closes in
// the first of the zones; the zero time when it is not open. A window that
// never closes is given until the horizon of two weeks.
func AllowedUntil(w campaigns.Window, zones []string, now time.Time) time.Time {
	locations := Locations(zones)
	if len(locations) == 0 {
		return time.Time{}
	}
	limit := now.Add(horizon)
	for _, location := range locations {
		at := now
		for at.Before(limit) && openAt(w, location, at) {
			at = turn(w, location, at)
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

func windowOpen(w campaigns.Window, locations []*time.Location, now time.Time, ring time.Duration) (open bool, next time.Time) {
	if len(locations) == 0 {
		return false, time.Time{}
	}
	for at := now; at.Sub(now) < horizon; {
		later := at
		for _, location := range locations {
			if until := closedUntil(w, location, at, ring); until.After(later) {
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
func closedUntil(w campaigns.Window, location *time.Location, at time.Time, ring time.Duration) time.Time {
	for t := at; ; t = turn(w, location, t) {
		switch {
		case t.Sub(at) > ring:
			return at
		case !openAt(w, location, t):
			return turn(w, location, t)
		}
	}
}

// openAt reads the local clock.
func openAt(w campaigns.Window, location *time.Location, at time.Time) bool {
	local := at.In(location)
	hours := w.Days[local.Weekday()]
	minute := local.Hour()*60 + local.Minute()
	return hours.From <= minute && minute < hours.Until
}

// turn gives the next moment at which the local clock may open or close the
// window: the next edge of the day's hours, midnight, or a shift of the clock,
// whichever comes first.
func turn(w campaigns.Window, location *time.Location, at time.Time) time.Time {
	local := at.In(location)
	hours := w.Days[local.Weekday()]
	minute := local.Hour()*60 + local.Minute()
	edge := minutesPerDay
	for _, e := range []int{hours.Until, hours.From} {
		if minute < e && e < edge {
			edge = e
		}
	}
	left := time.Duration(edge-minute)*time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond())
	next := at.Add(left)
	if _, shift := local.ZoneBounds(); !shift.IsZero() && shift.Before(next) {
		return shift
	}
	return next
}
