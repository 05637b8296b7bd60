package calling

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
)

// zoneNames hold a zone without shifts, one with shifts of half an hour, one of
// the south, and one with an offset of three quarters of an hour.
var zoneNames = []string{
	"America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe",
	"America/Santiago", "Pacific/Chatham", "Pacific/Kiritimati", "Etc/UTC",
}

func at(t testing.TB, zone, text string) time.Time {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04:05", text, location)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func hours(from, until int) campaigns.Window {
	var w campaigns.Window
	for day := range w.Days {
		w.Days[day] = campaigns.Hours{From: from, Until: until}
	}
	return w
}

// clockAllows is the rule as a person reads it from the wall clock.
func clockAllows(w campaigns.Window, zones []string, moment time.Time) bool {
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			return false
		}
		local := moment.In(location)
		minute, h := local.Hour()*60+local.Minute(), w.Days[local.Weekday()]
		if minute < h.From || minute >= h.Until {
			return false
		}
	}
	return len(zones) > 0
}

// clockAllowsWhile asks the wall clock for every second of the ringing.
func clockAllowsWhile(w campaigns.Window, zones []string, moment time.Time, ring time.Duration) bool {
	for passed := time.Duration(0); passed <= ring; passed += time.Second {
		if !clockAllows(w, zones, moment.Add(passed)) {
			return false
		}
	}
	return true
}

func drawWindow(t *rapid.T) campaigns.Window {
	var w campaigns.Window
	for day := range w.Days {
		switch rapid.IntRange(0, 5).Draw(t, "hours of the day") {
		case 0: // closed
		case 1:
			w.Days[day] = campaigns.Hours{From: 0, Until: minutesPerDay}
		case 2:
			w.Days[day] = campaigns.Hours{From: 8 * 60, Until: 21 * 60}
		default:
			from := rapid.IntRange(0, minutesPerDay).Draw(t, "from")
			w.Days[day] = campaigns.Hours{From: from, Until: rapid.IntRange(from, minutesPerDay).Draw(t, "until")}
		}
	}
	return w
}

// drawMoment likes the nights in which clocks are shifted.
func drawMoment(t *rapid.T) time.Time {
	day := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), // New York
		time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), // Berlin
		time.Date(2026, 4, 4, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC), // Lord Howe
		time.Date(2026, 9, 6, 0, 0, 0, 0, time.UTC), // Santiago skips midnight
		time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	}).Draw(t, "day")
	return day.Add(time.Duration(rapid.IntRange(-24*3600, 48*3600).Draw(t, "seconds")) * time.Second)
}

func TestWindowAgreesWithTheClocksOnTheWall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, moment := drawWindow(t), drawMoment(t)
		zones := rapid.SliceOfN(rapid.SampledFrom(zoneNames), 1, 3).Draw(t, "zones")
		ring := time.Duration(rapid.IntRange(0, 120).Draw(t, "ring")) * time.Second
		open, next := WindowOpenFor(w, zones, moment, ring)
		if want := clockAllowsWhile(w, zones, moment, ring); open != want {
			t.Fatalf("open %v at %s in %v, the clocks say %v", open, moment, zones, want)
		}
		if open && !next.Equal(moment) {
			t.Fatalf("open at %s, next %s", moment, next)
		}
		// No minute before next fits, and next does.
		for probe := moment.Truncate(time.Minute).Add(time.Minute); !open && probe.Sub(moment) < 26*time.Hour; probe = probe.Add(time.Minute) {
			if !next.IsZero() && !probe.Before(next) {
				break
			}
			if clockAllowsWhile(w, zones, probe, ring) {
				t.Fatalf("next is %s, but %s fits (asked at %s)", next, probe, moment)
			}
		}
		if !next.IsZero() && !clockAllowsWhile(w, zones, next, ring) {
			t.Fatalf("next %s does not fit", next)
		}
	})
}

func TestAllowedUntilIsTheFirstClosingOfAnyZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, moment := drawWindow(t), drawMoment(t)
		zones := rapid.SliceOfN(rapid.SampledFrom(zoneNames), 1, 3).Draw(t, "zones")
		until := AllowedUntil(w, zones, moment)
		if open := clockAllows(w, zones, moment); open == until.IsZero() {
			t.Fatalf("open %v, until %s", open, until)
		}
		if until.IsZero() || until.Sub(moment) >= horizon {
			return
		}
		if clockAllows(w, zones, until) {
			t.Fatalf("still open at its end %s", until)
		}
		for probe := moment; probe.Before(until); probe = probe.Add(time.Minute) {
			if !clockAllows(w, zones, probe) {
				t.Fatalf("said open from %s until %s, closed at %s", moment, until, probe)
			}
		}
	})
}

func TestWindowCases(t *testing.T) {
	t.Parallel()
	const newYork, ring = "America/New_York", 25 * time.Second
	weekdays := campaigns.DailyWindow(9, 17)
	weekdays.Days[time.Sunday], weekdays.Days[time.Saturday] = campaigns.Hours{}, campaigns.Hours{}
	nightShift := campaigns.DailyWindow(0, 24)
	nightShift.Days[time.Wednesday] = campaigns.Hours{From: 60, Until: minutesPerDay}
	for _, c := range []struct {
		name   string
		window campaigns.Window
		zones  []string
		at     string // in New York
		ring   time.Duration
		open   bool
		next   string // in New York; empty: never
	}{
		{"first moment", campaigns.DailyWindow(8, 21), []string{newYork}, "2026-03-03 08:00:00", ring, true, "2026-03-03 08:00:00"},
		{"a second early", campaigns.DailyWindow(8, 21), []string{newYork}, "2026-03-03 07:59:59", ring, false, "2026-03-03 08:00:00"},
		{"ringing just fits", campaigns.DailyWindow(8, 21), []string{newYork}, "2026-03-03 20:59:34", ring, true, "2026-03-03 20:59:34"},
		{"ringing would last too long", campaigns.DailyWindow(8, 21), []string{newYork}, "2026-03-03 20:59:35", ring, false, "2026-03-04 08:00:00"},
		{"all zones must be open", campaigns.DailyWindow(8, 21), []string{newYork, "America/Los_Angeles"}, "2026-03-03 10:00:00", ring, false, "2026-03-03 11:00:00"},
		{"the later zone has closed", campaigns.DailyWindow(8, 21), []string{newYork, "America/Los_Angeles"}, "2026-03-03 22:00:00", ring, false, "2026-03-04 11:00:00"},
		{"zones never open at once", campaigns.DailyWindow(9, 12), []string{newYork, "Asia/Tokyo"}, "2026-03-03 10:00:00", ring, false, ""},
		{"weekend", weekdays, []string{newYork}, "2026-03-07 10:00:00", ring, false, "2026-03-09 09:00:00"},
		{"closed on each day", campaigns.Window{}, []string{newYork}, "2026-03-03 10:00:00", ring, false, ""},
		{"midnight does not close an open night", nightShift, []string{newYork}, "2026-03-02 23:59:50", ring, true, "2026-03-02 23:59:50"},
		{"midnight closes before a late start", nightShift, []string{newYork}, "2026-03-03 23:59:50", ring, false, "2026-03-04 01:00:00"},
		{"the opening is skipped by the clock", hours(150, 600), []string{newYork}, "2026-03-08 01:59:00", ring, false, "2026-03-08 03:00:00"},
		{"the whole window is skipped", hours(130, 170), []string{newYork}, "2026-03-08 01:59:00", ring, false, "2026-03-09 02:10:00"},
		{"a window shorter than the ringing", hours(600, 601), []string{newYork}, "2026-03-03 09:00:00", 2 * time.Minute, false, ""},
		{"no zone", campaigns.DailyWindow(0, 24), nil, "2026-03-03 10:00:00", 0, false, ""},
		{"unknown zone", campaigns.DailyWindow(0, 24), []string{newYork, "Mars/Olympus"}, "2026-03-03 10:00:00", 0, false, ""},
		{"the machine's zone is nobody's", campaigns.DailyWindow(0, 24), []string{"Local"}, "2026-03-03 10:00:00", 0, false, ""},
		{"no name is no zone", campaigns.DailyWindow(0, 24), []string{""}, "2026-03-03 10:00:00", 0, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			open, next := WindowOpenFor(c.window, c.zones, at(t, newYork, c.at), c.ring)
			var want time.Time
			if c.next != "" {
				want = at(t, newYork, c.next)
			}
			if open != c.open || !next.Equal(want) {
				t.Errorf("open %v, next %s; want %v, %s", open, next, c.open, want)
			}
		})
	}
}

// The hour from one to two comes twice on this day; a window that ends at half
// past one is open in the first half of both.
func TestAnHourThatComesTwiceIsJudgedTwice(t *testing.T) {
	t.Parallel()
	w, zones := hours(60, 90), []string{"America/New_York"}
	first := time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC) // 01:00 EDT
	var opened []string
	for minute := range 150 {
		moment := first.Add(time.Duration(minute) * time.Minute)
		was, _ := WindowOpen(w, zones, moment.Add(-time.Minute))
		is, _ := WindowOpen(w, zones, moment)
		if was != is {
			opened = append(opened, fmt.Sprintf("%s %v", moment.Format("15:04"), is))
		}
	}
	if got := fmt.Sprint(opened); got != "[05:00 true 05:30 false 06:00 true 06:30 false]" {
		t.Errorf("turns in UTC: %s", got)
	}
}

func BenchmarkDecide(b *testing.B) {
	settings := campaigns.DefaultSettings(campaigns.KindWinBack)
	facts := allowed(&settings)
	noon := time.Date(2026, 3, 3, 17, 0, 0, 0, time.UTC)
	for name, moment := range map[string]time.Time{"open": noon, "closed": noon.Add(12 * time.Hour)} {
		for _, loaded := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/loaded=%v", name, loaded), func(b *testing.B) {
				f := facts
				if loaded {
					f.Locations = Locations(f.Zones)
				}
				for b.Loop() {
					Decide(f, moment)
				}
			})
		}
	}
}

func TestAClockReadsAsTheCalendarDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		location := Locations([]string{rapid.SampledFrom(zoneNames).Draw(t, "zone")})[0]
		moment := time.Unix(rapid.Int64Range(-2e9, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		l, local := readClock(location, moment), moment.In(location)
		past := time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
		midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		if l.weekday != local.Weekday() || l.minute != local.Hour()*60+local.Minute() || l.past != past || l.date*secondsPerDay != midnight.Unix() {
			t.Fatalf("%s is read as %+v", local, l)
		}
	})
}
