package dialer

import (
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

func TestPredictiveDialsNobodyWithoutAgents(t *testing.T) {
	inWorld(t, slowly, onFloor(campaigns.PacingPredictive, 10, func(w *world, _ *floorWork) {
		w.allow(1000)
		w.after(time.Minute)
		if n := w.phones.count(number(customer)); n != 0 {
			w.t.Errorf("%d dials", n)
		}
		if why := w.d.Live().Campaigns[0].Why; why != "no agent is signed in" {
			w.t.Errorf("why %q", why)
		}
	}))
}

// A mode that is changed while calls ring keeps what was learned, and the limit.
func TestTheModeChangesWhileCallsRing(t *testing.T) {
	inWorld(t, slowly, onFloor(campaigns.PacingProgressive, 5000, func(w *world, f *floorWork) {
		f.agents(8)
		f.busy(30 * time.Minute)
		for _, mode := range []campaigns.PacingMode{
			campaigns.PacingPredictive, campaigns.PacingRatio, campaigns.PacingPreview, campaigns.PacingPredictive, campaigns.PacingManual, campaigns.PacingPredictive,
		} {
			w.store.mu.Lock()
			w.store.campaigns[0].Settings.Mode, w.store.campaigns[0].Settings.Ratio = mode, 2
			w.store.mu.Unlock()
			w.d.CampaignMoved(1)
			w.after(100 * time.Millisecond)
			if live := w.d.Live().Campaigns[0]; mode == campaigns.PacingPredictive && (live.Pacing == nil || live.Pacing.Fallback) {
				w.t.Errorf("what was learned is lost: %s", live.Why)
			}
			f.busy(10 * time.Minute)
		}
		w.within(0, 100)
	}))
}

// Without a word from the ledger there is no credit: one call for each agent.
func TestASilentLedgerLeavesNoCredit(t *testing.T) {
	inWorld(t, slowly, onFloor(campaigns.PacingRatio, 50, func(w *world, _ *floorWork) {
		w.store.mu.Lock()
		w.store.campaigns[0].Settings.Ratio = 3
		w.store.mu.Unlock()
		w.d.CampaignMoved(1)
		w.allow(1000)
		if credit := w.d.Live().Campaigns[0].Pacing.Credit; credit != 30 {
			w.t.Errorf("credit %v", credit)
		}
		w.store.mu.Lock()
		w.store.silent = true
		w.store.mu.Unlock()
		w.after(creditSilence + time.Second)
		w.phones.set(number(customer), answers(time.Hour, 0))
		w.agent(1, true)
		w.agent(2, true)
		w.after(10 * time.Second)
		live := w.d.Live().Campaigns[0]
		if live.Dialing+live.Ringing != 2 || live.Pacing.Credit != 0 || !strings.Contains(live.Why, "the limit on dropped calls") {
			w.t.Errorf("%d lines for two agents, credit %v, why %q", live.Dialing+live.Ringing, live.Pacing.Credit, live.Why)
		}
	}))
}

func TestCapsOnLinesBindEveryMode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode campaigns.PacingMode
		set  func(*campaigns.Settings)
		most int
	}{
		"progressive, of the campaign": {campaigns.PacingProgressive, func(s *campaigns.Settings) { s.MaxLines = 3 }, 3},
		"ratio, per agent":             {campaigns.PacingRatio, func(s *campaigns.Settings) { s.Ratio, s.MaxLinesPerAgent = 5, 1.5 }, 6},
		"predictive, of the campaign":  {campaigns.PacingPredictive, func(s *campaigns.Settings) { s.MaxLines = 5 }, 5},
		"predictive, per agent":        {campaigns.PacingPredictive, func(s *campaigns.Settings) { s.MaxLinesPerAgent = 1.75 }, 7},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slowly, onFloor(c.mode, 3000, func(w *world, f *floorWork) {
				w.store.mu.Lock()
				c.set(&w.store.campaigns[0].Settings)
				w.store.mu.Unlock()
				w.d.CampaignMoved(1)
				w.allow(1000)
				f.agents(4)
				most := 0
				for range 1200 {
					w.after(time.Second)
					live := w.d.Live().Campaigns[0]
					most = max(most, live.Dialing+live.Ringing+live.Waiting+live.Talking)
				}
				if most != c.most {
					w.t.Errorf("%d lines at once, want %d", most, c.most)
				}
			}))
		})
	}
}

// When agents leave, calls that rang for their lawful time are given up.
func TestCallsAreGivenUpWhenAgentsLeave(t *testing.T) {
	t.Parallel()
	for name, forbidden := range map[string]bool{"given up": false, "unless forbidden": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, slowly, onFloor(campaigns.PacingPredictive, 5000, func(w *world, f *floorWork) {
				allowed := !forbidden
				w.store.mu.Lock()
				w.store.campaigns[0].Settings.CancelRinging = &allowed
				w.store.mu.Unlock()
				w.d.CampaignMoved(1)
				w.allow(2000)
				f.agents(9)
				f.busy(20 * time.Minute)
				for range 5 {
					f.every(9, campaigns.AgentNotReady)
					f.busy(2 * time.Minute)
					f.every(9, campaigns.AgentReady)
					f.busy(5 * time.Minute)
				}
				given := 0
				began := make(map[int64]time.Time)
				for _, e := range w.store.written() {
					switch {
					case e.Kind == campaigns.AttemptRinging:
						began[e.AttemptID] = e.At
					case e.End != nil && strings.HasPrefix(e.End.Detail, "given up"):
						given++
						if rang := e.At.Sub(began[e.AttemptID]); rang < campaigns.LeastRing || e.End.Outcome != campaigns.OutcomeNoAnswer {
							w.t.Errorf("given up after %s of ringing as %s", rang, e.End.Outcome)
						}
					}
				}
				if given > 0 == forbidden {
					w.t.Errorf("%d calls given up", given)
				}
			}))
		})
	}
}

// Two campaigns share agents who take callers, too: each stays within its limit.
func TestPredictiveCampaignsShareBlendedAgents(t *testing.T) {
	inWorld(t, slowly, onFloor(campaigns.PacingPredictive, 5000, func(w *world, f *floorWork) {
		w.store.mu.Lock()
		second := w.store.campaigns[0]
		second.ID, second.Name = 2, "Winter"
		w.store.campaigns = append(w.store.campaigns, second)
		w.store.mu.Unlock()
		w.d.CampaignMoved(2)
		for range 5000 {
			w.store.add(2, customer)
		}
		f.agents(10)
		busy := 0.0
		const calls = 80
		for range calls {
			busy += f.busy(time.Minute + 30*time.Second)
			if _, refused := w.incoming("+13125550199", 2*time.Minute); refused != 0 {
				w.t.Fatalf("refused: %d", refused)
			}
		}
		busy /= calls
		w.within(0, 100)
		w.within(1, 80)
		if busy < 0.7 {
			w.t.Errorf("agents are busy %.3f of the time", busy)
		}
		if q := w.d.Live().Queues[0]; q.Answered < calls*9/10 {
			w.t.Errorf("callers: %+v", q)
		}
	}))
}
