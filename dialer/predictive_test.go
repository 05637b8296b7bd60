package dialer

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// floorWork is a floor whose agents and customers take their time by chance.
type floorWork struct {
	w      *world
	mu     sync.Mutex
	random *rand.Rand
	// answer is the part of the customers who answer.
	answer float64
}

func (f *floorWork) draw(g func(*rand.Rand) float64) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(g(f.random) * float64(time.Second))
}

// talk is lognormal with a mean of 120 s, ring one of 12 s under 25 s, wrap about
// 20 s.
func talk(r *rand.Rand) float64 { return 120 * math.Exp(0.8326*r.NormFloat64()-0.3466) }
func ring(r *rand.Rand) float64 { return min(24, 12*math.Exp(0.4724*r.NormFloat64()-0.1116)) }
func wrap(r *rand.Rand) float64 { return 10 + 10*r.ExpFloat64() }

func (f *floorWork) customer(d *fakeDialog) {
	f.mu.Lock()
	u := f.random.Float64()
	f.mu.Unlock()
	switch {
	case u < f.answer:
		answers(f.draw(ring), f.draw(talk))(d)
	case u < f.answer+0.85*(1-f.answer):
		answers(time.Hour, 0)(d)
	default:
		refuses(486)(d)
	}
}

// agents sign in and wrap every call up.
func (f *floorWork) agents(n int) {
	for id := int64(1); id <= int64(n); id++ {
		u := campaigns.User{ID: id, Name: fmt.Sprintf("agent%d", id), Role: campaigns.RoleAgent, Phone: fmt.Sprintf("sip:a%d@phones", id), PhoneMode: campaigns.PhoneNailed}
		f.w.phones.set(u.Phone, answers(time.Millisecond, 0))
		var given string
		_, err := f.w.d.Attach(f.w.t.Context(), u, "s", func(n campaigns.AgentNotice) {
			if n.Snapshot.State != campaigns.AgentWrapUp || string(n.Snapshot.Call.CallID) == given {
				return
			}
			given = string(n.Snapshot.Call.CallID)
			f.w.phones.wg.Go(func() {
				time.Sleep(f.draw(wrap))
				_, _ = f.w.d.Command(context.Background(), id, "s", campaigns.AgentCommand{
					ID: string(n.Snapshot.Call.CallID), Kind: "call.result",
					Result: campaigns.Result{CallID: n.Snapshot.Call.CallID, Disposition: campaigns.DispositionSale},
				})
			})
		}, func() {})
		if err != nil {
			f.w.t.Fatal(err)
		}
	}
	f.w.after(time.Second)
	f.every(n, campaigns.AgentReady)
}

// every agent asks for a state, now or after the call.
func (f *floorWork) every(n int, state campaigns.AgentState) {
	for id := int64(1); id <= int64(n); id++ {
		cmd := campaigns.AgentCommand{Kind: "state.set", State: state}
		_, err := f.w.d.Command(f.w.t.Context(), id, "s", cmd)
		if campaigns.CodeOf(err) == campaigns.CodeConflict {
			cmd.Next = true
			_, err = f.w.d.Command(f.w.t.Context(), id, "s", cmd)
		}
		if err != nil {
			f.w.t.Error(err)
		}
	}
}

// busy lets the floor work for a time and gives the part of it that agents talked
// or wrapped up.
func (f *floorWork) busy(d time.Duration) float64 {
	busy, samples := 0, 0
	for range int(d / (5 * time.Second)) {
		f.w.after(5 * time.Second)
		for _, a := range f.w.d.Live().Agents {
			samples++
			if a.State == campaigns.AgentTalking || a.State == campaigns.AgentWrapUp {
				busy++
			}
		}
	}
	return float64(busy) / float64(samples)
}

// slowly lets pacing decide at every event and once a second.
func slowly(o *Options) { o.Timings.Tick = time.Second }

// onFloor runs f on a floor with a first campaign in a mode, which has so many
// candidates.
func onFloor(mode campaigns.PacingMode, candidates int, run func(*world, *floorWork)) func(*world) {
	return func(w *world) {
		w.store.campaigns[0].Settings.Mode = mode
		w.d.CampaignMoved(1)
		f := &floorWork{w: w, random: rand.New(rand.NewPCG(7, 7)), answer: 0.3}
		w.phones.set(number(customer), f.customer)
		for range candidates {
			w.store.add(1, customer)
		}
		run(w, f)
	}
}

// drops gives the live answers of a campaign and those of them that were dropped.
func (w *world) drops(i int) (answers, dropped int) {
	live := w.d.Live().Campaigns[i]
	return live.Answered + live.Dropped, live.Dropped
}

// within holds a campaign to the limit on drops.
func (w *world) within(i, least int) {
	w.t.Helper()
	if answers, dropped := w.drops(i); answers < least || float64(dropped) > dropLimit*float64(answers) {
		w.t.Errorf("campaign %d: %d of %d answers are dropped", i+1, dropped, answers)
	}
}

// One call for each agent leaves ten agents idle for nearly a third of the time.
func TestPredictiveKeepsAgentsBusierWithinTheLimit(t *testing.T) {
	t.Parallel()
	for mode, want := range map[campaigns.PacingMode]struct{ least, most float64 }{
		campaigns.PacingProgressive: {0.65, 0.73}, campaigns.PacingPredictive: {0.79, 0.88},
	} {
		t.Run(string(mode), func(t *testing.T) {
			inWorld(t, slowly, onFloor(mode, 5000, func(w *world, f *floorWork) {
				f.agents(10)
				if busy := f.busy(2 * time.Hour); busy < want.least || busy > want.most {
					w.t.Errorf("agents are busy %.3f of the time", busy)
				}
				w.within(0, 300)
				if why := w.d.Live().Campaigns[0].Why; mode == campaigns.PacingPredictive && !strings.HasPrefix(why, "10 agents, ") {
					w.t.Errorf("why %q", why)
				}
			}))
		})
	}
}
