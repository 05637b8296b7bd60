package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"ringmaster/campaigns"
	"ringmaster/campaigns/engine"
	"ringmaster/configs/stores/storestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(storestest.With(m, storestest.PostgresOnly)) }

// rig is an engine between a ledger and a hopper, in a bubble of its own time.
type rig struct {
	*ledger
	*hopper
	engine   *engine.Engine
	registry *prometheus.Registry
}

func start(t *testing.T, l *ledger, change ...func(*engine.Options)) *rig {
	t.Helper()
	r := &rig{ledger: l, hopper: newHopper(), registry: prometheus.NewRegistry()}
	o := engine.Options{Store: l, Ledger: l, Hopper: r.hopper, Membership: r.hopper, Registerer: r.registry}
	for _, c := range change {
		c(&o)
	}
	e, err := engine.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.engine = e
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
	return r
}

// after lets the engine work for a while of its time.
func after(d time.Duration) { time.Sleep(d); synctest.Wait() }

func (r *rig) want(t *testing.T, campaign int64, ready, leased int) {
	t.Helper()
	if a, b := r.depth(campaign); a != ready || b != leased {
		t.Errorf("campaign %d: %d ready and %d leased, want %d and %d", campaign, a, b, ready, leased)
	}
}

func (r *rig) metric(t *testing.T, name string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum, found := 0.0, false
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum, found = sum+m.GetCounter().GetValue(), true
			}
		}
	}
	if !found {
		t.Fatalf("no metric %s", name)
	}
	return sum
}

func TestTheHopperIsKeptAtItsTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1, 2)
		l.candidates(1, 1000)
		l.candidates(2, 20)
		r := start(t, l)
		synctest.Wait()
		r.want(t, 1, 50, 0) // the floor
		r.want(t, 2, 20, 0) // all there are

		// Ten dials a second for thirty seconds each.
		r.hopper.set(func(h *hopper) { h.demand = 10 })
		after(250 * time.Millisecond)
		r.want(t, 1, 300, 0)

		// Above the low-water mark it is filled by period only.
		r.dialed(1, r.claim(1, 30))
		before := r.refills
		after(250 * time.Millisecond)
		r.want(t, 1, 270, 30)
		after(2 * time.Second)
		r.want(t, 1, 300, 30)
		if r.refills-before > 5 {
			t.Errorf("%d refills in two seconds", r.refills-before)
		}
		// Below it at the next look.
		r.dialed(1, r.claim(1, 200))
		after(250 * time.Millisecond)
		r.want(t, 1, 300, 230)
		if got := r.metric(t, "ringmaster_engine_refilled_total"); got != 550 {
			t.Errorf("refilled %v", got)
		}
	})
}

func TestTheTargetIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1)
		l.candidates(1, 5000)
		r := start(t, l, func(o *engine.Options) { o.Floor, o.Cap = 7, 900 })
		synctest.Wait()
		r.want(t, 1, 7, 0)
		r.hopper.set(func(h *hopper) { h.demand = 1e9 })
		after(2 * time.Second)
		r.want(t, 1, 900, 0)
	})
}

func TestACampaignWithNobodyToCallIsAskedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newLedger(1))
		after(20 * time.Second)
		if r.refills > 12 {
			t.Errorf("%d refills in 20 s", r.refills)
		}
		// An import tells of new candidates.
		r.ledger.set(func(l *ledger) { l.candidates(1, 5) })
		r.engine.Wake(1)
		synctest.Wait()
		r.want(t, 1, 5, 0)
	})
}

func TestDueCandidatesReachTheHopper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, newLedger(1))
		after(time.Second)
		r.ledger.set(func(l *ledger) {
			for k := range 2500 {
				l.due = append(l.due, campaigns.HopperItem{CampaignID: 1, CandidateID: int64(k + 1)})
			}
		})
		after(250 * time.Millisecond)
		r.want(t, 1, 50, 0)
		if got := r.metric(t, "ringmaster_engine_promoted_total"); got != 2500 {
			t.Errorf("promoted %v", got)
		}
	})
}

func TestLapsedLeasesComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1)
		l.candidates(1, 50)
		r := start(t, l)
		synctest.Wait()
		r.claim(1, 10)
		after(5 * time.Second)
		r.want(t, 1, 40, 10)
		r.hopper.set(func(h *hopper) { h.lapsed[1] = 10 })
		after(time.Second)
		r.want(t, 1, 50, 0)
	})
}

func TestAWipedHopperIsFilledAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1, 2)
		l.candidates(1, 50)
		l.candidates(2, 30)
		r := start(t, l)
		after(10 * time.Second)
		r.dialed(1, r.claim(1, 5))
		r.wipe()
		after(500 * time.Millisecond)
		r.want(t, 1, 45, 0) // those dialed are not queued any more
		r.want(t, 2, 30, 0)
		if got := r.metric(t, "ringmaster_engine_hopper_wiped_total"); got != 1 {
			t.Errorf("wiped %v times", got)
		}
	})
}

// A crash between the mark in the store and the push leaves candidates queued.
func TestAStartPushesWhatIsQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1)
		l.candidates(1, 40)
		if _, err := l.Refill(t.Context(), 1, 40); err != nil {
			t.Fatal(err)
		}
		r := start(t, l)
		synctest.Wait()
		r.want(t, 1, 40, 0)
	})
}

func TestOrphansArePushedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1)
		l.candidates(1, 50)
		r := start(t, l)
		synctest.Wait()
		pushes := r.pushes
		after(10 * time.Second)
		if r.pushes != pushes {
			t.Errorf("%d pushes with nothing missing", r.pushes-pushes)
		}
		r.claim(1, 5) // leased ones are no orphans
		r.hopper.set(func(h *hopper) {
			for candidate := range h.ready[1] {
				if candidate%3 == 0 {
					delete(h.ready[1], candidate)
				}
			}
		})
		after(500 * time.Millisecond)
		r.want(t, 1, 45, 5)
		if got := r.metric(t, "ringmaster_engine_orphans_total"); got < 10 {
			t.Errorf("%v orphans", got)
		}
	})
}

func TestACampaignThatDoesNotRunHasNoHopper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1)
		l.candidates(1, 80)
		r := start(t, l)
		after(3 * time.Second)
		r.claim(1, 10)
		after(3 * time.Second)
		for _, state := range []campaigns.CampaignState{campaigns.CampaignPaused, campaigns.CampaignClosed} {
			r.move(1, state)
			after(500 * time.Millisecond)
			if ready, _ := r.depth(1); ready != 0 || len(r.queued[1]) != 0 || len(r.ledger.ready[1]) != 80 {
				t.Errorf("%s: %d in the hopper, %d queued, %d ready", state, ready, len(r.queued[1]), len(r.ledger.ready[1]))
			}
			// The gate refuses what is leased, and the dialer lets go of it.
			r.hopper.set(func(h *hopper) { clear(h.leased[1]) })
			r.move(1, campaigns.CampaignRunning)
			r.engine.Wake(1)
			synctest.Wait()
			if ready, _ := r.depth(1); ready != 50 {
				t.Errorf("%d in the hopper after the start", ready)
			}
		}
	})
}

func TestOutagesHeal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(1)
		l.candidates(1, 500)
		r := start(t, l)
		synctest.Wait()
		r.dialed(1, r.claim(1, 50))

		// The hopper away: nothing is taken from the store.
		before := len(r.ledger.ready[1])
		r.hopper.set(func(h *hopper) { h.down = true })
		after(10 * time.Second)
		if len(r.ledger.ready[1]) != before {
			t.Errorf("%d candidates were taken without a hopper", before-len(r.ledger.ready[1]))
		}
		failed := r.metric(t, "ringmaster_engine_failed_total")
		if failed == 0 {
			t.Error("the outage was not counted")
		}
		r.hopper.set(func(h *hopper) { h.down = false })
		after(2 * time.Second)
		r.want(t, 1, 50, 50)

		// The store away; a wake is not forgotten.
		r.dialed(1, r.claim(1, 50))
		r.ledger.set(func(l *ledger) { l.down = true })
		r.engine.Wake(1)
		after(10 * time.Second)
		r.want(t, 1, 0, 100)
		r.ledger.set(func(l *ledger) { l.down = false })
		after(250 * time.Millisecond)
		r.want(t, 1, 50, 100)
	})
}

func TestOptionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := func() engine.Options {
		return engine.Options{Store: newLedger(), Ledger: newLedger(), Hopper: newHopper(), Membership: newHopper()}
	}
	for field, spoil := range map[string]func(*engine.Options){
		"engine.store": func(o *engine.Options) { o.Store = nil }, "engine.ledger": func(o *engine.Options) { o.Ledger = nil },
		"engine.hopper": func(o *engine.Options) { o.Hopper = nil }, "engine.membership": func(o *engine.Options) { o.Membership = nil },
		"engine": func(o *engine.Options) { o.Poll = -1 }, "engine.cap": func(o *engine.Options) { o.Floor, o.Cap = 10, 5 },
	} {
		o := good()
		spoil(&o)
		_, err := engine.New(o)
		var e *campaigns.Error
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := engine.New(good()); err != nil {
		t.Error(err)
	}
}
