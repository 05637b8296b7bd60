package dialer

import (
	"slices"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// inPreview runs f in a world whose campaign is in mode preview.
func inPreview(t *testing.T, rules campaigns.PreviewRules, f func(*world)) {
	t.Helper()
	inWorld(t, nil, func(w *world) {
		w.preview(rules)
		w.phones.set(number(customer), answers(2*time.Second, 10*time.Second))
		f(w)
	})
}

// preview changes the campaign's mode, and lets the dialer see it.
func (w *world) preview(rules campaigns.PreviewRules) {
	w.store.mu.Lock()
	c := w.store.campaigns[0]
	c.Settings.Mode, c.Settings.Preview = campaigns.PacingPreview, rules
	w.store.campaigns = []campaigns.Campaign{c}
	w.store.mu.Unlock()
	w.d.CampaignMoved(1)
	w.after(time.Second)
}

func (w *world) waiting() int {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return len(w.store.hopper[1])
}

func TestACandidateIsShownBeforeItIsDialed(t *testing.T) {
	inPreview(t, campaigns.PreviewRules{}, func(w *world) {
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(2 * time.Second)
		s := bob.now()
		if s.State != campaigns.AgentPreview || s.Preview == nil || s.Preview.CandidateID != 1 || s.Preview.Pop == nil || s.Call != nil {
			w.t.Fatalf("%s %+v", s.State, s.Preview)
		}
		if w.phones.count(number(customer)) != 0 || w.store.reserved() != 0 || !slices.Contains(bob.kinds, "preview.offered") {
			w.t.Fatalf("dialed before the agent said so; notices %q", bob.kinds)
		}
		if _, err := bob.do(campaigns.AgentCommand{ID: "p0", Kind: "preview.dial", Candidate: 9}); campaigns.CodeOf(err) != campaigns.CodeConflict {
			w.t.Errorf("another candidate: %v", err)
		}
		bob.must(campaigns.AgentCommand{ID: "p1", Kind: "preview.dial", Candidate: 1})
		w.after(5 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking || s.Call == nil || s.Preview != nil {
			w.t.Fatalf("%s %+v", s.State, s.Preview)
		}
		w.after(10 * time.Second)
		bob.result("r1")
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "call.offered", "call.bridged",
			"call.ended:customer", "attempt.ended:answered")
		if !slices.Contains(w.store.settled, 1) {
			w.t.Errorf("settled %v", w.store.settled)
		}
	})
}

func TestASkippedCandidateRestsAndTheNextOneComes(t *testing.T) {
	inPreview(t, campaigns.PreviewRules{SkipDelay: campaigns.Seconds(600)}, func(w *world) {
		w.store.add(1, customer)
		w.store.add(1, "+12125550199")
		bob := w.agent(1, true)
		w.after(2 * time.Second)
		bob.must(campaigns.AgentCommand{ID: "p1", Kind: "preview.skip", Candidate: 1, Reason: "knows him"})
		w.after(2 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentPreview || s.Preview.CandidateID != 2 {
			w.t.Fatalf("%s %+v", s.State, s.Preview)
		}
		want := campaigns.Skip{CampaignID: 1, CandidateID: 1, AgentID: 1, Reason: "knows him", Delay: 10 * time.Minute}
		if !slices.Equal(w.store.skips, []campaigns.Skip{want}) || !slices.Contains(w.store.settled, 1) {
			w.t.Errorf("skips %+v, settled %v", w.store.skips, w.store.settled)
		}
	})
}

func TestAPreviewTimesOut(t *testing.T) {
	for action, check := range map[campaigns.PreviewAction]func(*world, *screen){
		campaigns.PreviewDial: func(w *world, bob *screen) {
			w.after(3 * time.Second)
			if s := bob.now(); s.State != campaigns.AgentTalking {
				w.t.Errorf("the agent is %s", s.State)
			}
			w.after(10 * time.Second)
			bob.result("r1")
		},
		campaigns.PreviewSkip: func(w *world, bob *screen) {
			if len(w.store.skips) != 1 || w.store.skips[0].Reason != skippedTimedOut || bob.now().State != campaigns.AgentReady {
				w.t.Errorf("skips %+v, the agent is %s", w.store.skips, bob.now().State)
			}
		},
		campaigns.PreviewPause: func(w *world, bob *screen) {
			if s := bob.now(); s.State != campaigns.AgentNotReady || s.Reason != reasonPreviewTimedOut || w.waiting() != 1 {
				w.t.Errorf("the agent is %s %s, %d wait", s.State, s.Reason, w.waiting())
			}
		},
	} {
		t.Run(string(action), func(t *testing.T) {
			inPreview(t, campaigns.PreviewRules{TimeOut: campaigns.Seconds(20), OnTimeOut: action}, func(w *world) {
				w.store.add(1, customer)
				bob := w.agent(1, true)
				w.after(19 * time.Second)
				if s := bob.now(); s.State != campaigns.AgentPreview {
					w.t.Fatalf("the agent is %s before the time-out", s.State)
				}
				w.after(3 * time.Second)
				check(w, bob)
			})
		})
	}
}

// The candidate goes back to the hopper whatever takes the agent from it.
func TestAPreviewedCandidateIsNeverLost(t *testing.T) {
	for name, leave := range map[string]func(*world, *screen){
		"a break": func(_ *world, bob *screen) {
			bob.must(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentNotReady})
		},
		"sign-out": func(_ *world, bob *screen) {
			bob.must(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentOffline})
		},
		"a lost tab": func(w *world, bob *screen) { w.d.Detach(bob.id, "s1"); w.after(40 * time.Second) },
		"a pause": func(w *world, _ *screen) {
			w.store.mu.Lock()
			c := w.store.campaigns[0]
			c.State = campaigns.CampaignPaused
			w.store.campaigns = []campaigns.Campaign{c}
			w.store.mu.Unlock()
			w.d.CampaignMoved(1)
			w.after(3 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inPreview(t, campaigns.PreviewRules{TimeOut: campaigns.Seconds(300)}, func(w *world) {
				w.store.add(1, customer)
				bob := w.agent(1, true)
				w.after(2 * time.Second)
				if w.waiting() != 0 || bob.now().State != campaigns.AgentPreview {
					w.t.Fatalf("%d wait, the agent is %s", w.waiting(), bob.now().State)
				}
				leave(w, bob)
				w.after(time.Second)
				states := w.store.agentStates(1)
				if last := states[len(states)-1]; w.waiting() != 1 || last == string(campaigns.AgentPreview) {
					w.t.Errorf("%d wait, the agent is %s", w.waiting(), last)
				}
			})
		})
	}
}

// A refusal by the gates brings the agent back, and the next candidate.
func TestARefusedPreviewIsTold(t *testing.T) {
	inPreview(t, campaigns.PreviewRules{}, func(w *world) {
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(2 * time.Second)
		w.store.setAway(true)
		if _, err := bob.do(campaigns.AgentCommand{ID: "p1", Kind: "preview.dial", Candidate: 1}); campaigns.CodeOf(err) != campaigns.CodeUnavailable {
			w.t.Fatalf("dialed without a store: %v", err)
		}
		w.store.setAway(false)
		w.after(2 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentPreview || s.Preview.CandidateID != 1 {
			w.t.Errorf("%s %+v", s.State, s.Preview)
		}
	})
}
