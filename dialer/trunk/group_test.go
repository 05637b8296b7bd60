package trunk

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)

func group(t *testing.T, configs ...Config) *Group {
	t.Helper()
	for i := range configs {
		if configs[i].Address == "" {
			configs[i].Address = "carrier.example:5060"
		}
	}
	g, err := New(configs)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mustAcquire(t *testing.T, g *Group, now time.Time) *Lease {
	t.Helper()
	l, ok := g.Acquire(now)
	if !ok {
		t.Fatalf("no trunk at %s", now.Sub(start))
	}
	return l
}

func TestBadConfigs(t *testing.T) {
	t.Parallel()
	good := Config{Name: "a", Address: "h:5060", Channels: 1, CallsPerSecond: 1}
	for want, change := range map[string]func(*Config){
		"trunks[0].name: missing":                                 func(c *Config) { c.Name = "" },
		"trunks[0].address: missing":                              func(c *Config) { c.Address = "" },
		"trunks[0].channels: 0 is not above zero":                 func(c *Config) { c.Channels = 0 },
		"trunks[0].calls_per_second: 0 is not in (0, 10000]":      func(c *Config) { c.CallsPerSecond = 0 },
		"trunks[0].weight: -1 is negative":                        func(c *Config) { c.Weight = -1 },
		"trunks[0].username: missing, though a password is given": func(c *Config) { c.Password = "x" },
		"trunks[0].caller_ids[0]: empty":                          func(c *Config) { c.CallerIDs = []string{""} },
	} {
		c := good
		change(&c)
		if _, err := New([]Config{c}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := New([]Config{good, good}); err == nil || err.Error() != `trunks[1].name: "a" is used twice` {
		t.Errorf("error %v", err)
	}
	if _, err := New(nil); err == nil {
		t.Error("no trunks are accepted")
	}
}

func TestPriorityAndWeight(t *testing.T) {
	t.Parallel()
	g := group(t,
		Config{Name: "backup", Channels: 100, CallsPerSecond: 10_000, Priority: 2},
		Config{Name: "big", Channels: 30, CallsPerSecond: 10_000, Priority: 1, Weight: 3},
		Config{Name: "small", Channels: 10, CallsPerSecond: 10_000, Priority: 1},
	)
	var order []string
	count := map[string]int{}
	for range 8 {
		l := mustAcquire(t, g, start)
		order = append(order, l.Trunk().Name)
		count[l.Trunk().Name]++
	}
	if count["big"] != 6 || count["small"] != 2 {
		t.Errorf("by weight %v", count)
	}
	if slices.Index(order[:4], "small") < 0 {
		t.Errorf("small waits for the end: %v", order)
	}
	for range 32 {
		l := mustAcquire(t, g, start)
		count[l.Trunk().Name]++
	}
	if count["big"] != 30 || count["small"] != 10 {
		t.Errorf("channels %v", count)
	}
	if l := mustAcquire(t, g, start); l.Trunk().Name != "backup" {
		t.Errorf("full trunks spill to %s", l.Trunk().Name)
	}
	live := g.Live()
	if live[0].Name != "big" || live[0].InUse != 30 || live[0].Sent != 30 || !live[0].Healthy {
		t.Errorf("live %+v", live[0])
	}
	if _, ok := g.Acquire(start, "backup"); ok {
		t.Error("an excluded trunk was leased")
	}
}

func TestChannelsAreGivenBackOnce(t *testing.T) {
	t.Parallel()
	g := group(t, Config{Name: "a", Channels: 2, CallsPerSecond: 10_000})
	one, _ := mustAcquire(t, g, start), mustAcquire(t, g, start)
	if _, ok := g.Acquire(start); ok || g.Capacity(start) != 0 {
		t.Fatal("third call on two channels")
	}
	if w := g.Wait(start); w != time.Second {
		t.Errorf("wait %s for a channel", w)
	}
	one.Release(start, Ended{Code: 486})
	one.Release(start, Ended{Code: 486})
	if n := g.Capacity(start); n != 1 {
		t.Errorf("capacity %d after one release", n)
	}
	if g.Live()[0].InUse != 1 {
		t.Errorf("in use %d", g.Live()[0].InUse)
	}
}

// In no second are more calls started than allowed, and hardly fewer; within it
// they are spread.
func TestPaceIsEven(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{0.5, 1, 3, 10, 25, 50, 100, 400} {
		g := group(t, Config{Name: "a", Channels: 1 << 20, CallsPerSecond: perSecond})
		var starts []time.Duration
		const seconds = 20
		// A loop that looks every 7 ms, after an idle minute.
		g.Capacity(start.Add(-time.Minute))
		for at := time.Duration(0); at < seconds*time.Second; at += 7 * time.Millisecond {
			for n := g.Capacity(start.Add(at)); n > 0; n-- {
				l := mustAcquire(t, g, start.Add(at))
				l.Release(start.Add(at), Ended{Code: 486})
				starts = append(starts, at)
			}
		}
		for i, from := range starts {
			inSecond, inTenth := 0, 0
			for _, at := range starts[i:] {
				if at-from < time.Second {
					inSecond++
				}
				if at-from < 100*time.Millisecond {
					inTenth++
				}
			}
			if float64(inSecond) > max(1, perSecond) {
				t.Fatalf("%v per second: %d started within a second", perSecond, inSecond)
			}
			if float64(inTenth) > max(1, perSecond/5) {
				t.Fatalf("%v per second: %d started within 100 ms", perSecond, inTenth)
			}
		}
		if got, least := float64(len(starts)), perSecond*seconds*0.85; got < least {
			t.Errorf("%v per second: %v started in %d s", perSecond, got, seconds)
		}
	}
}

func TestWaitTellsTheNextStart(t *testing.T) {
	t.Parallel()
	g := group(t, Config{Name: "a", Channels: 100, CallsPerSecond: 4})
	now := start
	for range 20 {
		mustAcquire(t, g, now)
		if _, ok := g.Acquire(now); ok {
			t.Fatal("two at once")
		}
		w := g.Wait(now)
		if w <= 0 || w > 250*time.Millisecond {
			t.Fatalf("wait %s at 4 per second", w)
		}
		if g.Capacity(now.Add(w-time.Millisecond)) != 0 {
			t.Fatal("ready before the wait is over")
		}
		now = now.Add(w)
	}
}

// A trunk that only waits for its pace is not overtaken by a dearer one.
func TestPaceDoesNotSpill(t *testing.T) {
	t.Parallel()
	g := group(t,
		Config{Name: "cheap", Channels: 2, CallsPerSecond: 1, Priority: 1},
		Config{Name: "dear", Channels: 10, CallsPerSecond: 100, Priority: 2})
	mustAcquire(t, g, start)
	if _, ok := g.Acquire(start); ok || g.Capacity(start) != 0 {
		t.Error("the dear trunk carries a peak of the cheap one")
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	g := group(t,
		Config{Name: "a", Channels: 100, CallsPerSecond: 10_000, Priority: 1},
		Config{Name: "b", Channels: 100, CallsPerSecond: 10_000, Priority: 2})
	now := start
	for i := range faultLimit {
		l := mustAcquire(t, g, now)
		if l.Trunk().Name != "a" {
			t.Fatalf("closed after %d faults", i)
		}
		l.Release(now, Ended{Code: 503})
	}
	if l := mustAcquire(t, g, now); l.Trunk().Name != "b" || g.Live()[0].Healthy {
		t.Fatal("still used after the faults in a row")
	}
	// After its rest one probe, and only one.
	now = now.Add(firstRest)
	probe := mustAcquire(t, g, now)
	if probe.Trunk().Name != "a" {
		t.Fatal("no probe")
	}
	if l := mustAcquire(t, g, now); l.Trunk().Name != "b" {
		t.Fatal("a second probe")
	}
	// It fails: a longer rest.
	probe.Release(now, Ended{Code: 408, Local: true})
	now = now.Add(firstRest)
	if l := mustAcquire(t, g, now); l.Trunk().Name != "b" {
		t.Fatal("the rest did not double")
	}
	now = now.Add(firstRest)
	probe = mustAcquire(t, g, now)
	if probe.Trunk().Name != "a" {
		t.Fatal("no second probe")
	}
	// A probe that was never sent proves nothing.
	probe.Release(now, Ended{WeCancelled: true})
	probe = mustAcquire(t, g, now)
	if probe.Trunk().Name != "a" || g.Live()[0].Healthy {
		t.Fatal("healed by a call that was never sent, or not probed again")
	}
	// It rings: the trunk is well before the call ends.
	probe.Ringing()
	if l := mustAcquire(t, g, now); l.Trunk().Name != "a" || !g.Live()[0].Healthy {
		t.Fatal("not open after a good probe")
	}
	// Faults between good ends never close it.
	for range 4 * faultLimit {
		mustAcquire(t, g, now).Release(now, Ended{Code: 503})
		mustAcquire(t, g, now).Release(now, Ended{Code: 486})
	}
	if !g.Live()[0].Healthy {
		t.Error("closed by faults that were not in a row")
	}
}

func TestCredentialsCloseAtOnce(t *testing.T) {
	t.Parallel()
	g := group(t, Config{Name: "a", Channels: 10, CallsPerSecond: 10_000})
	mustAcquire(t, g, start).Release(start, Ended{Code: 407})
	if _, ok := g.Acquire(start.Add(longestRest - 1)); ok {
		t.Error("a trunk that refuses us is used on")
	}
	mustAcquire(t, g, start.Add(longestRest))
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	g := group(t, Config{Name: "a", Channels: 10, CallsPerSecond: 10_000})
	mustAcquire(t, g, start).Release(start, Ended{Code: 503, RetryAfter: 3 * time.Second})
	if _, ok := g.Acquire(start.Add(3*time.Second - 1)); ok {
		t.Error("used before Retry-After")
	}
	mustAcquire(t, g, start.Add(3*time.Second)).Release(start, Ended{Code: 503, RetryAfter: time.Hour})
	mustAcquire(t, g, start.Add(3*time.Second+retryAfterLimit))
}

func TestFailover(t *testing.T) {
	t.Parallel()
	var configs []Config
	for i := range 5 {
		configs = append(configs, Config{Name: fmt.Sprint(i), Channels: 10, CallsPerSecond: 10_000, Priority: i})
	}
	g := group(t, configs...)
	l := mustAcquire(t, g, start)
	var names []string
	for ok := true; ok; l, ok = l.Failover(start, Ended{Code: 503}) {
		names = append(names, l.Trunk().Name)
	}
	if !slices.Equal(names, []string{"0", "1", "2"}) {
		t.Errorf("tried %v, want three trunks", names)
	}
	for _, live := range g.Live() {
		if live.InUse != 0 {
			t.Errorf("%s holds %d channels", live.Name, live.InUse)
		}
	}
	for name, end := range map[string]Ended{
		"busy": {Code: 486}, "rang": {Code: 503, Saw18x: true}, "bad": {Code: 404}, "403": {Code: 403},
		"own cancel": {Code: 487, WeCancelled: true},
	} {
		l := mustAcquire(t, g, start)
		if _, ok := l.Failover(start, end); ok {
			t.Errorf("%s: another trunk was tried", name)
		}
	}
	l = mustAcquire(t, g, start)
	l.Ringing()
	if _, ok := l.Failover(start, Ended{Code: 503}); ok {
		t.Error("another trunk was tried after ringing")
	}
}

func TestCallerIDRotation(t *testing.T) {
	t.Parallel()
	g := group(t, Config{Name: "a", Channels: 10, CallsPerSecond: 10_000, CallerIDs: []string{"+1", "+2", "+3"}})
	l := mustAcquire(t, g, start)
	own := []string{"+3", "+9", "+2"}
	var got []string
	for range 3 {
		got = append(got, l.CallerID(7, own))
	}
	got = append(got, l.CallerID(8, own), l.CallerID(9, nil), l.CallerID(9, nil))
	if want := []string{"+3", "+2", "+3", "+3", "+1", "+2"}; !slices.Equal(got, want) {
		t.Errorf("caller ids %v, want %v", got, want)
	}
	free := group(t, Config{Name: "a", Channels: 10, CallsPerSecond: 10_000})
	l = mustAcquire(t, free, start)
	if a, b, none := l.CallerID(1, own), l.CallerID(1, own), l.CallerID(2, nil); a != "+3" || b != "+9" || none != "" {
		t.Errorf("caller ids %q %q %q", a, b, none)
	}
}

// Many goroutines; channels never exceed their bound and all come back.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	g := group(t, Config{Name: "a", Channels: 5, CallsPerSecond: 10_000, Weight: 2}, Config{Name: "b", Channels: 3, CallsPerSecond: 10_000})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 500 {
				now := start.Add(time.Duration(i) * time.Second)
				if l, ok := g.Acquire(now); ok {
					for _, live := range g.Live() {
						if live.InUse > live.Channels || live.InUse < 0 {
							t.Errorf("%s: %d of %d channels", live.Name, live.InUse, live.Channels)
						}
					}
					if i%3 == w%3 {
						l.Answered()
					}
					l.Release(now, Ended{Code: 486})
				}
			}
		})
	}
	wg.Wait()
	for _, live := range g.Live() {
		if live.InUse != 0 {
			t.Errorf("%s: %d channels leaked", live.Name, live.InUse)
		}
	}
}
