package trunk_test

import (
	"testing"
	"time"

	"ringmaster/dialer/trunk"
)

func TestTheLimitHoldsOverAllTrunks(t *testing.T) {
	t.Parallel()
	g, err := trunk.New([]trunk.Config{
		{Name: "a", Address: "a:5060", Channels: 100, CallsPerSecond: 50},
		{Name: "b", Address: "b:5060", Channels: 100, CallsPerSecond: 50},
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Limit(4)
	start := time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	started := 0
	for ms := range 1000 {
		now := start.Add(time.Duration(ms) * time.Millisecond)
		if n := g.Capacity(now); n > 1 {
			t.Fatalf("capacity %d after %d ms", n, ms)
		}
		if _, ok := g.Acquire(now); ok {
			started++
			if _, more := g.Acquire(now); more {
				t.Fatal("two calls at once under a limit of four a second")
			}
			if g.Wait(now) < 200*time.Millisecond {
				t.Fatalf("the next start is told after %v", g.Wait(now))
			}
		}
	}
	if started != 4 {
		t.Fatalf("%d calls started in a second, want 4", started)
	}
}
