package dialer

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"ringmaster/campaigns"
)

// bot plays an agent: works off every call, now and then puts customers on
// hold, loses its screen, or takes a break.
func (w *world) bot(s *screen, r *rand.Rand, stop <-chan struct{}) {
	results := 0
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(200+r.IntN(800)) * time.Millisecond):
		}
		s.mu.Lock()
		now := s.last
		s.mu.Unlock()
		switch now.State {
		case campaigns.AgentWrapUp:
			results++
			_, err := s.do(campaigns.AgentCommand{
				ID: fmt.Sprintf("%d-%d", s.id, results), Kind: "call.result",
				Result: campaigns.Result{Disposition: campaigns.DispositionNotInterested},
			})
			if err != nil && campaigns.CodeOf(err) != campaigns.CodeUnavailable {
				w.t.Errorf("result: %v", err)
			}
		case campaigns.AgentTalking:
			switch r.IntN(12) {
			case 0:
				_, _ = s.do(campaigns.AgentCommand{Kind: "call.hold"})
			case 1:
				_, _ = s.do(campaigns.AgentCommand{Kind: "call.resume"})
			case 2:
				_, _ = s.do(campaigns.AgentCommand{Kind: "call.hangup"})
			}
		case campaigns.AgentNotReady:
			_, _ = s.do(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentReady})
		case campaigns.AgentReady:
			if r.IntN(40) == 0 {
				_, _ = s.do(campaigns.AgentCommand{ID: fmt.Sprintf("m%d-%d", s.id, now.Rev), Kind: "dial.manual", Campaign: 1, Number: customer})
			}
		}
	}
}

func anyCustomer(r *rand.Rand) script {
	ring := time.Duration(r.IntN(30000)) * time.Millisecond
	switch r.IntN(10) {
	case 0:
		return refuses(486)
	case 1:
		return refuses(503)
	case 2:
		return refuses(404)
	case 3:
		return crosses(time.Second)
	case 4:
		return answers(ring, time.Duration(1+r.IntN(1500))*time.Millisecond)
	default:
		return answers(ring/4, time.Duration(5+r.IntN(60))*time.Second)
	}
}

// A shift of everything at once: customers who do what they like, callers,
// agents whose phones fail, do-not-call entries, a store that comes and goes.
// What must hold is checked by finish: one outcome for each attempt, one end
// and one disposition for each call, no channel, leg or bridge left.
func TestAnythingGoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inWorld(t, nil, func(w *world) { w.shift(rand.New(rand.NewPCG(seed, 7))) })
		})
	}
}

func (w *world) shift(r *rand.Rand) {
	w.store.campaigns[0].Settings.Mode, w.store.campaigns[0].Settings.Ratio = campaigns.PacingRatio, 2.5
	w.d.CampaignMoved(1)
	for i := range 300 {
		n := fmt.Sprintf("+1212555%04d", i)
		w.phones.set(number(n), anyCustomer(r))
		w.store.add(1, n)
	}
	w.phones.set(number(customer), answers(time.Second, 5*time.Second))
	stop := make(chan struct{})
	for id := int64(1); id <= 5; id++ {
		s := w.agent(id, true)
		if id == 5 { // whose phone fails every now and then
			w.phones.set(phoneOf(id), answers(time.Millisecond, 40*time.Second))
		}
		own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		w.phones.wg.Go(func() { w.bot(s, own, stop) })
	}
	for range 100 {
		w.after(time.Duration(r.IntN(4000)) * time.Millisecond)
		switch r.IntN(8) {
		case 0, 1:
			w.incoming(fmt.Sprintf("+1212555%04d", r.IntN(300)), time.Duration(r.IntN(40))*time.Second)
		case 2:
			w.store.blocks <- Block{NumberID: int64(2001 + r.IntN(300))}
		case 3:
			w.store.setAway(true)
			w.after(time.Duration(r.IntN(5000)) * time.Millisecond)
			w.store.setAway(false)
		case 4:
			if r.IntN(6) == 0 {
				w.store.blocks <- Block{Resync: true}
			}
		}
		if live := w.d.Live(); live.Campaigns[0].Talking > 5 {
			w.t.Errorf("%d calls talk with 5 agents", live.Campaigns[0].Talking)
		}
	}
	w.end()
	w.after(50 * time.Second)
	close(stop)
	synctest.Wait()
	bridged := 0
	for _, k := range w.store.kinds() {
		if k == "call.bridged" {
			bridged++
		}
	}
	if bridged < 10 {
		w.t.Errorf("only %d calls were bridged", bridged)
	}
}
