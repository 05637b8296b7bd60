package calling

import (
	"sync"
	"time"

	"ringmaster/campaigns"
)

// horizon bounds the search for the next opening of a window; a window that is
// closed on every weekday never opens.
const horizon = 15 * 24 * time.Hour

// WindowOpen tells whether the window is open now in every one of the zones,
// and when it next is: now itself while it is open, the zero time when it never
// opens within two weeks or a zone is unknown.
func WindowOpen(w campaigns.Window, zones []string, now time.Time) (open bool, next time.Time) {
	return windowOpen(w, zones, now, 0)
}

// WindowOpenFor is WindowOpen for a phone that may ring for the whole of ring:
// the window must not close meanwhile.
func WindowOpenFor(w campaigns.Window, zones []string, now time.Time, ring time.Duration) (open bool, next time.Time) {
	return windowOpen(w, zones, now, ring)
}

func windowOpen(w campaigns.Window, zones []string, now time.Time, ring time.Duration) (bool, time.Time) {
	locations := make([]*time.Location, 0, len(zones))
	for _, zone := range zones {
		location, ok := zoneOf(zone)
		if !ok {
			return false, time.Time{}
		}
		locations = append(locations, location)
	}
	if len(locations) == 0 {
		return false, time.Time{}
	}
	at := now
	for at.Sub(now) < horizon {
		moved := false
		for _, location := range locations {
			open, next := zoneOpen(w, location, at, ring)
			if open {
				continue
			}
			if next.IsZero() {
				return false, time.Time{}
			}
			at, moved = next, true
		}
		if !moved {
			return at.Equal(now), at
		}
	}
	return false, time.Time{}
}

// zoneOpen decides one zone; next is the start of the zone's next interval
// that is long enough.
func zoneOpen(w campaigns.Window, location *time.Location, at time.Time, ring time.Duration) (open bool, next time.Time) {
	local := at.In(location)
	for day := range 16 {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, location)
		from, until := interval(w, date)
		if !from.Before(until) || until.Sub(from) <= ring {
			continue
		}
		if !at.Before(from) && at.Add(ring).Before(until) {
			return true, at
		}
		if at.Before(from) {
			return false, from
		}
	}
	return false, time.Time{}
}

// interval gives the window's instants on the date's day.
func interval(w campaigns.Window, date time.Time) (from, until time.Time) {
	h := w.Days[date.Weekday()]
	at := func(minutes int) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), 0, minutes, 0, 0, date.Location())
	}
	return at(h.From), at(h.Until)
}

// AllowedUntil gives the end of the window that is open now in every zone; the
// zero time when it is not open.
func AllowedUntil(w campaigns.Window, zones []string, now time.Time) time.Time {
	if open, _ := WindowOpen(w, zones, now); !open {
		return time.Time{}
	}
	var first time.Time
	for _, zone := range zones {
		location, ok := zoneOf(zone)
		if !ok {
			return time.Time{}
		}
		if _, until := interval(w, now.In(location)); first.IsZero() || until.Before(first) {
			first = until
		}
	}
	return first
}

// zones remembers loaded time zones; the database of zones does not change
// while a process runs.
var zones sync.Map

func zoneOf(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	if known, ok := zones.Load(name); ok {
		location, isZone := known.(*time.Location)
		return location, isZone && location != nil
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		// Unknown names are not remembered: they come from files.
		return nil, false
	}
	zones.Store(name, location)
	return location, true
}
