package dialer

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
	"ringmaster/dialer/trunk"
)

const customer = "+12125550101"

func TestOutboundCallGoesThrough(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(3*time.Second, time.Minute))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(4 * time.Second)
		s := bob.now()
		if s.State != campaigns.AgentTalking || s.Call == nil || s.Call.Stage != campaigns.StageTalking {
			w.t.Fatalf("the agent is %s with %+v", s.State, s.Call)
		}
		if s.Call.Pop == nil || s.Call.Pop.Script != "Hello, Bob here." {
			w.t.Errorf("pop %+v", s.Call.Pop)
		}
		if _, bridges := w.media.counts(); bridges != 1 {
			w.t.Errorf("%d bridges", bridges)
		}
		w.after(time.Minute)
		if s := bob.now(); s.State != campaigns.AgentWrapUp || s.Call.EndedBy != campaigns.EndedByCustomer {
			w.t.Fatalf("the agent is %s", s.State)
		}
		bob.result("r1")
		if s := bob.now(); s.State != campaigns.AgentReady || s.Call != nil || s.Today.Results != 1 {
			w.t.Errorf("after the result: %+v", s)
		}
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "call.offered", "call.bridged",
			"call.ended:customer", "attempt.ended:answered")
	})
}

func TestAnAgentOfTheCustomersLanguageIsChosen(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.store.language = "es"
		w.phones.set(number(customer), answers(time.Second, 0))
		var screens []*screen
		for id, languages := range [][]string{{"en"}, nil, {"en", "es"}} {
			u := campaigns.User{ID: int64(id + 1), Phone: phoneOf(int64(id + 1)), PhoneMode: campaigns.PhoneNailed, Languages: languages}
			w.phones.set(u.Phone, answers(time.Millisecond, 0))
			screens = append(screens, w.attach(u, "s1", true))
		}
		w.store.add(1, customer)
		w.after(4 * time.Second)
		for i, want := range []campaigns.AgentState{campaigns.AgentReady, campaigns.AgentReady, campaigns.AgentTalking} {
			if got := screens[i].now().State; got != want {
				w.t.Errorf("agent %d is %s, want %s", i+1, got, want)
			}
		}
	})
}

func TestNobodyFreeInTimeIsDropped(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.store.campaigns[0].Settings.Mode, w.store.campaigns[0].Settings.Ratio = campaigns.PacingRatio, 2
		w.d.CampaignMoved(1)
		w.allow(1000)
		const other = "+12125550102"
		w.phones.set(number(customer), answers(time.Second, 0))
		w.phones.set(number(other), answers(time.Second+time.Millisecond, 0))
		w.store.add(1, customer)
		w.store.add(1, other)
		bob := w.agent(1, true)
		began := time.Now()
		w.after(2900 * time.Millisecond)
		if w.media.played() != 0 {
			w.t.Errorf("message before the connect limit, %s after the dial", time.Since(began))
		}
		w.after(200 * time.Millisecond)
		if n := w.media.played(); n != 1 {
			w.t.Errorf("%d messages after the connect limit", n)
		}
		w.after(10 * time.Second)
		bob.must(campaigns.AgentCommand{Kind: "call.hangup"})
		bob.result("r1")
		w.expect("attempt.sent", "attempt.ringing", "attempt.sent", "attempt.ringing",
			"attempt.answered", "call.offered", "call.bridged", "attempt.answered",
			"attempt.ended:dropped", "call.ended:system", "call.closed:system_dropped",
			"call.ended:agent", "attempt.ended:answered")
	})
}

func TestEndsOfUnansweredAttempts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script script
		want   campaigns.Outcome
	}{
		"busy":         {refuses(486), campaigns.OutcomeBusy},
		"bad number":   {refuses(404), campaigns.OutcomeBadNumber},
		"rejected":     {refuses(603), campaigns.OutcomeRejected},
		"ring timeout": {answers(time.Hour, 0), campaigns.OutcomeNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.phones.set(number(customer), c.script)
				w.store.add(1, customer)
				w.agent(1, true)
				w.after(time.Minute)
				facts := w.store.kinds()
				if last := facts[len(facts)-1]; last != "attempt.ended:"+string(c.want) {
					w.t.Errorf("facts %q", facts)
				}
			})
		})
	}
}

func TestAnswerCrossingTheCancelIsDropped(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), crosses(time.Second))
		w.store.add(1, customer)
		w.agent(1, true)
		w.after(40 * time.Second)
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "attempt.ended:dropped", "call.ended:system",
			"call.closed:system_dropped")
	})
}

func TestProgressiveNeverDialsMoreThanReadyAgents(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Hour, 0))
		for range 10 {
			w.store.add(1, customer)
		}
		w.agent(1, true)
		w.agent(2, true)
		w.agent(3, false)
		w.after(10 * time.Second)
		if n := w.phones.count(number(customer)); n != 2 {
			w.t.Errorf("%d dials for 2 ready agents", n)
		}
		if live := w.d.Live(); live.Campaigns[0].Ringing != 2 || len(live.Agents) != 3 {
			w.t.Errorf("live %+v", live)
		}
	})
}

func TestTwoCampaignsShareOneAgent(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		second := w.store.campaigns[0]
		second.ID, second.Name = 2, "Winter"
		w.store.mu.Lock()
		w.store.campaigns = append(w.store.campaigns, second)
		w.store.mu.Unlock()
		w.d.CampaignMoved(2)
		w.phones.set(number(customer), answers(time.Hour, 0))
		for range 5 {
			w.store.add(1, customer)
			w.store.add(2, customer)
		}
		w.agent(1, true)
		w.after(10 * time.Second)
		if n := w.phones.count(number(customer)); n != 1 {
			w.t.Errorf("%d dials for one agent of two campaigns", n)
		}
	})
}

func TestDoNotCallWhileRinging(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Hour, 0))
		w.store.add(1, customer)
		w.agent(1, true)
		w.after(5 * time.Second)
		w.store.blocks <- Block{NumberID: 2001}
		w.after(10 * time.Millisecond)
		w.expect("attempt.sent", "attempt.ringing", "attempt.ended:cancelled")
	})
}

func TestStaleLeaseSendsNoInvite(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.store.mu.Lock()
		w.store.renewable = false
		w.store.mu.Unlock()
		w.after(20 * time.Second)
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		w.agent(1, true)
		w.after(5 * time.Second)
		if n := w.phones.count(number(customer)); n != 0 {
			w.t.Errorf("%d INVITEs without a fresh lease", n)
		}
		if why := w.d.Live().Campaigns[0].Why; why != "the node's lease is not fresh" {
			w.t.Errorf("why %q", why)
		}
		w.store.mu.Lock()
		w.store.renewable = true
		w.store.mu.Unlock()
		w.after(10 * time.Second)
		if n := w.phones.count(number(customer)); n != 1 {
			w.t.Errorf("%d INVITEs after the lease was renewed", n)
		}
	})
}

func TestStoreOutageKeepsFactsAndCalls(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(2*time.Second, 20*time.Second))
		w.store.add(1, customer)
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(time.Second)
		w.store.setAway(true)
		w.after(3 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking {
			w.t.Fatalf("the agent is %s while the store is away", s.State)
		}
		w.expect("attempt.sent", "attempt.ringing")
		w.after(20 * time.Second)
		if _, err := bob.do(campaigns.AgentCommand{ID: "r1", Kind: "call.result", Result: campaigns.Result{Disposition: campaigns.DispositionSale}}); campaigns.CodeOf(err) != campaigns.CodeUnavailable {
			w.t.Errorf("a result while the store is away: %v", err)
		}
		if n := w.phones.count(number(customer)); n != 1 {
			w.t.Errorf("%d dials while the store is away", n)
		}
		w.store.setAway(false)
		w.after(5 * time.Second)
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "call.offered", "call.bridged",
			"call.ended:customer", "attempt.ended:answered")
		bob.must(campaigns.AgentCommand{Kind: "state.set", Next: true, State: campaigns.AgentNotReady})
		bob.result("r1")
	})
}

func TestDrainFinishesLiveCalls(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 30*time.Second))
		for range 3 {
			w.store.add(1, customer)
		}
		bob := w.agent(1, true)
		w.after(5 * time.Second)
		w.end()
		w.after(10 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking {
			w.t.Fatalf("the agent is %s while draining", s.State)
		}
		if _, refused := w.incoming("+13125550100", time.Minute); refused != 503 {
			w.t.Errorf("an inbound call while draining: %d", refused)
		}
		w.after(20 * time.Second)
		bob.result("r1")
		w.after(time.Second)
		select {
		case err := <-w.done:
			w.done <- err
		default:
			w.t.Error("still draining though nothing is left")
		}
		if n := w.phones.count(number(customer)); n != 1 {
			w.t.Errorf("%d dials", n)
		}
	})
}

func TestDrainLimitHangsUp(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		w.agent(1, true)
		w.after(5 * time.Second)
		began := time.Now()
		w.end()
		err := <-w.done
		if err != nil || time.Since(began) > 65*time.Second {
			w.t.Errorf("drained after %s: %v", time.Since(began), err)
		}
		w.done <- nil
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "call.offered", "call.bridged",
			"call.ended:system", "attempt.ended:answered", "call.closed:system_agent_lost")
	})
}

func TestFaultyTrunkIsPassedOverOnce(t *testing.T) {
	second := func(o *Options) {
		trunks, err := trunk.New([]trunk.Config{
			{Name: "alpha", Address: "carrier:5060", Channels: 5, CallsPerSecond: 50},
			{Name: "beta", Address: "other:5060", Channels: 5, CallsPerSecond: 50, Priority: 1},
		})
		if err != nil {
			panic(err)
		}
		o.Trunks = trunks
	}
	inWorld(t, second, func(w *world) {
		w.phones.set(number(customer), refuses(503))
		w.phones.set("sip:"+customer+"@other:5060;user=phone", answers(time.Second, 5*time.Second))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(10 * time.Second)
		bob.result("r1")
		w.expect("attempt.sent", "attempt.sent", "attempt.ringing", "attempt.answered", "call.offered", "call.bridged",
			"call.ended:customer", "attempt.ended:answered")
		if facts := w.store.written(); !slices.ContainsFunc(facts, func(e campaigns.Event) bool { return e.Trunk == "beta" }) {
			w.t.Error("the second trunk is not told")
		}
	})
}

func TestSlowTrunkIsWaitedFor(t *testing.T) {
	slow := func(o *Options) {
		trunks, err := trunk.New([]trunk.Config{{Name: "alpha", Address: "carrier:5060", Channels: 50, CallsPerSecond: 4}})
		if err != nil {
			panic(err)
		}
		o.Trunks = trunks
	}
	inWorld(t, slow, func(w *world) {
		w.phones.set(number(customer), refuses(486))
		for range 20 {
			w.store.add(1, customer)
		}
		for id := int64(1); id <= 5; id++ {
			w.agent(id, true)
		}
		w.after(10 * time.Second)
		for _, k := range w.store.kinds() {
			if k == "attempt.ended:congestion" {
				w.t.Fatal("an attempt failed for want of pace")
			}
		}
		if n := w.phones.count(number(customer)); n != 20 {
			w.t.Errorf("%d dials", n)
		}
	})
}

func TestMetricsTellTheStory(t *testing.T) {
	registry := prometheus.NewRegistry()
	inWorld(t, func(o *Options) { o.Registerer = registry }, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 5*time.Second))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(10 * time.Second)
		bob.result("r1")
		families, err := registry.Gather()
		if err != nil {
			w.t.Fatal(err)
		}
		got := make(map[string]float64)
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := f.GetName()
				for _, l := range m.GetLabel() {
					name += "/" + l.GetValue()
				}
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		for name, want := range map[string]float64{
			"ringmaster_attempts_total/answered": 1, "ringmaster_attempts_total/busy": 0, "ringmaster_calls_total/outbound": 1,
			"ringmaster_agents/ready": 1, "ringmaster_talking": 0, "ringmaster_claim_to_invite_seconds": 1,
			"ringmaster_answer_to_bridge_seconds": 1, "ringmaster_answer_to_pop_seconds": 1, "ringmaster_result_commit_seconds": 1,
		} {
			if value, ok := got[name]; !ok || value != want {
				w.t.Errorf("%s is %v, want %v", name, value, want)
			}
		}
	})
}

func TestDefectInOneCallEndsThatCallOnly(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.media.mu.Lock()
		w.media.defect = true // the beep into the bridge fails
		w.media.mu.Unlock()
		w.after(2 * time.Second)
		w.media.mu.Lock()
		w.media.defect = false
		w.media.mu.Unlock()
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "call.ended:system", "attempt.ended:unknown",
			"call.closed:system_hung_up")
		if s := bob.now(); s.State != campaigns.AgentReady || s.Call != nil {
			w.t.Fatalf("the agent is %s", s.State)
		}
		w.store.add(1, customer)
		w.after(5 * time.Second)
		bob.must(campaigns.AgentCommand{Kind: "call.hangup"})
		bob.result("r1")
	})
}

func TestWhyNothingIsDialed(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		why := func() string { return w.d.Live().Campaigns[0].Why }
		w.after(time.Second)
		if got := why(); got != "no agent is ready" {
			w.t.Errorf("without agents: %q", got)
		}
		w.agent(1, true)
		w.after(1100 * time.Millisecond)
		if got := why(); got != "the hopper is empty" {
			w.t.Errorf("without candidates: %q", got)
		}
		w.store.mu.Lock()
		w.store.campaigns[0].State = campaigns.CampaignPaused
		w.store.mu.Unlock()
		w.d.CampaignMoved(1)
		w.after(time.Second)
		if got := why(); got != "the campaign is paused" {
			w.t.Errorf("paused: %q", got)
		}
	})
}
