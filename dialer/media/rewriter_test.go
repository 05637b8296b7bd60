package media

import (
	"testing"
	"time"
)

func newTestRewriter() (*rewriter, *fakeClock) {
	return &rewriter{ssrc: 1, seq: 65534, ts: 1<<32 - 100}, newFakeClock()
}

func TestRewriterKeepsLossAndOrderOfASource(t *testing.T) {
	t.Parallel()
	r, clock := newTestRewriter()
	key := sourceKey{id: 1, ssrc: 7}
	first, ok := r.forward(key, 65000, 1000, 160, true, clock.now())
	if !ok || !first.fresh || first.seq != 65535 || first.ts != 1<<32-100 {
		t.Fatalf("first %+v, %v", first, ok)
	}
	for _, c := range []struct {
		seq    uint16
		behind bool
	}{{65001, false}, {65003, false}, {65002, false}, {65002, false}, {65006, false}, {64999, true}} {
		clock.add(frameTime)
		n := c.seq - 65000
		st, ok := r.forward(key, c.seq, 1000+160*uint32(n), 160, true, clock.now())
		if ok == c.behind {
			t.Fatalf("packet %d: sent %v", c.seq, ok)
		}
		if ok && (st.fresh || st.seq != first.seq+n || st.ts != first.ts+160*uint32(n)) {
			t.Fatalf("packet %d: %+v", c.seq, st)
		}
	}
}

func TestRewriterOverLongStreams(t *testing.T) {
	t.Parallel()
	// 100,000 packets wrap the sequence number, with every tenth pair swapped.
	r, clock := newTestRewriter()
	key := sourceKey{id: 1}
	base, _ := r.forward(key, 0, 0, 160, true, clock.now())
	for i := 1; i < 100_000; i++ {
		clock.add(frameTime)
		n := i
		switch i % 10 {
		case 5:
			n = i + 1
		case 6:
			n = i - 1
		}
		st, ok := r.forward(key, uint16(n), uint32(n)*160, 160, true, clock.now())
		if !ok || st.fresh || st.seq != base.seq+uint16(n) || st.ts != base.ts+uint32(n)*160 {
			t.Fatalf("packet %d: %+v, %v", n, st, ok)
		}
	}
}

func TestRewriterBridgesJumpsOfASource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		seq  uint16
		ts   uint32
	}{
		{"sequence ahead", 5000, 1160}, {"sequence back", 60000, 1160},
		{"timestamp ahead", 101, 500_000}, {"timestamp back", 101, 1<<32 - 90_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, clock := newTestRewriter()
			key := sourceKey{id: 1}
			first, _ := r.forward(key, 100, 1000, 160, true, clock.now())
			st, ok := r.forward(key, c.seq, c.ts, 160, true, clock.add(3*frameTime))
			if !ok || !st.fresh || st.seq != first.seq+1 || st.ts != first.ts+480 {
				t.Errorf("%+v after %+v", st, first)
			}
		})
	}
}

func TestRewriterSilenceSuppressionOfASource(t *testing.T) {
	t.Parallel()
	// A minute without packets, and timestamps that tell so: no jump.
	r, clock := newTestRewriter()
	key := sourceKey{id: 1}
	first, _ := r.forward(key, 100, 1000, 160, true, clock.now())
	st, _ := r.forward(key, 101, 1000+60*sampleRate, 160, true, clock.add(time.Minute))
	if st.fresh || st.seq != first.seq+1 || st.ts != first.ts+60*sampleRate {
		t.Errorf("%+v after %+v", st, first)
	}
}

func TestRewriterLongDigit(t *testing.T) {
	t.Parallel()
	// Five seconds of one event do not look like a stopped clock.
	r, clock := newTestRewriter()
	key := sourceKey{id: 1}
	first, _ := r.forward(key, 0, 0, 160, true, clock.now())
	for i := uint16(1); i <= 250; i++ {
		st, ok := r.forward(key, i, 160, uint32(i)*160, false, clock.add(frameTime))
		if !ok || st.fresh || st.ts != first.ts+160 || st.seq != first.seq+i {
			t.Fatalf("event packet %d: %+v", i, st)
		}
	}
	st, _ := r.forward(key, 251, 251*160, 160, true, clock.add(frameTime))
	if st.fresh || st.ts != first.ts+251*160 {
		t.Errorf("voice after it: %+v", st)
	}
}

func TestRewriterNeverOverlaps(t *testing.T) {
	t.Parallel()
	// Sources that alternate faster than the clock moves.
	r, clock := newTestRewriter()
	last, lasts := r.local(sourceKey{id: 1}, 0, clock.now()), int32(160)
	for i := range 20 {
		key := sourceKey{id: uint64(i + 2)}
		var st stamp
		dur := int32(160)
		switch i % 3 {
		case 0:
			dur = 240
			st, _ = r.forward(key, 9, 9, 240, true, clock.now())
		case 1:
			st = r.local(key, 0, clock.now())
		default:
			st = r.event(key, 160, clock.now())
		}
		if ahead := int32(st.ts - last.ts); st.seq != last.seq+1 || ahead != lasts || !st.fresh {
			t.Fatalf("%+v after %+v", st, last)
		}
		last, lasts = st, dur
	}
}

func TestRewriterLeavesOutFrames(t *testing.T) {
	t.Parallel()
	r, clock := newTestRewriter()
	key := sourceKey{id: 1}
	a := r.local(key, 0, clock.now())
	b := r.local(key, 3, clock.add(4*frameTime))
	if b.fresh || b.seq != a.seq+1 || b.ts != a.ts+4*160 {
		t.Errorf("%+v after %+v", b, a)
	}
}
