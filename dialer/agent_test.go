package dialer

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringmaster/campaigns"
)

func TestSecondTabTakesOver(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		first := w.agent(1, true)
		w.after(5 * time.Second)
		second := w.attach(campaigns.User{ID: 1, Name: "bob", Phone: phoneOf(1), PhoneMode: campaigns.PhoneNailed}, "s2", false)
		if !first.taken {
			w.t.Error("the first tab was not told")
		}
		if s := second.now(); s.State != campaigns.AgentTalking || s.Call == nil || s.Call.Pop == nil {
			w.t.Errorf("the second tab sees %+v", s)
		}
		if _, err := first.do(campaigns.AgentCommand{Kind: "call.hangup"}); campaigns.CodeOf(err) != campaigns.CodeConflict {
			w.t.Errorf("a command of the first tab: %v", err)
		}
		w.d.Detach(1, "s1") // of no effect any more
		w.after(time.Minute)
		if n := w.phones.count(phoneOf(1)); n != 1 {
			w.t.Errorf("the phone was dialed %d times", n)
		}
		second.must(campaigns.AgentCommand{Kind: "call.hangup"})
		second.result("r1")
		if s := second.now(); s.State != campaigns.AgentReady {
			w.t.Errorf("the agent is %s", s.State)
		}
	})
}

func TestScreenAwayWhileReadyAndWhileTalking(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		ready, talking := w.agent(1, true), w.agent(2, false)
		w.d.Detach(ready.id, "s1")
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		w.after(5 * time.Second)
		if n := w.phones.count(number(customer)); n != 0 {
			w.t.Fatalf("%d dials for an agent whose screen is away", n)
		}
		w.after(30 * time.Second)
		if states := w.store.agentStates(1); states[len(states)-1] != "not_ready:connection_lost" {
			w.t.Errorf("states %q", states)
		}
		talking.must(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentReady})
		w.after(5 * time.Second)
		w.d.Detach(talking.id, "s1")
		w.after(time.Minute)
		if live := w.d.Live(); live.Campaigns[0].Talking != 1 {
			w.t.Fatal("the call did not go on without the screen")
		}
		again := w.attach(campaigns.User{ID: 2, Name: "eve", Phone: phoneOf(2), PhoneMode: campaigns.PhoneNailed}, "s2", false)
		again.must(campaigns.AgentCommand{Kind: "call.hangup"})
		again.result("r1")
		if s := again.now(); s.State != campaigns.AgentReady {
			w.t.Errorf("the agent is %s %s", s.State, s.Reason)
		}
	})
}

func TestOverdueScreenIsNotReserved(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		bob := w.agent(1, true)
		w.d.Alive(1, "s1", false)
		w.phones.set(number(customer), answers(time.Second, time.Second))
		w.store.add(1, customer)
		w.after(5 * time.Second)
		if n := w.phones.count(number(customer)); n != 0 {
			w.t.Fatalf("%d dials", n)
		}
		w.d.Alive(1, "s1", true)
		w.after(5 * time.Second)
		bob.result("r1")
	})
}

func TestLostPhoneIsRedialedAndAgentComesBack(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(phoneOf(1), answers(0, 10*time.Second))
		u := campaigns.User{ID: 1, Name: "bob", Phone: phoneOf(1), PhoneMode: campaigns.PhoneNailed}
		bob := w.attach(u, "s1", true)
		w.after(10500 * time.Millisecond)
		if s := bob.now(); s.State != campaigns.AgentNotReady || s.Reason != reasonPhoneDown || s.Phone != campaigns.PhoneDown {
			w.t.Errorf("with a lost phone: %+v", s)
		}
		w.after(time.Second)
		if s := bob.now(); s.State != campaigns.AgentReady || s.Phone != campaigns.PhoneUp {
			w.t.Errorf("with the phone back: %s %s, phone %s", s.State, s.Reason, s.Phone)
		}
		w.phones.set(phoneOf(1), refuses(486))
		w.after(2 * time.Minute)
		// 1, 2, 4, 8, 16, 30, 30 s after the second loss.
		if n := w.phones.count(phoneOf(1)); n < 7 || n > 10 {
			w.t.Errorf("the phone was dialed %d times", n)
		}
	})
}

func TestPhoneLostWhileTalking(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		w.phones.set(phoneOf(1), answers(0, 10*time.Second))
		bob := w.attach(campaigns.User{ID: 1, Name: "bob", Phone: phoneOf(1), PhoneMode: campaigns.PhoneNailed}, "s1", true)
		w.after(12 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentWrapUp || s.Call.EndedBy != campaigns.EndedBySystem {
			w.t.Fatalf("%s %+v", s.State, s.Call)
		}
		bob.result("r1")
	})
}

func TestCommandsAreIdempotentAndGuarded(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 0))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		rev := bob.now().Rev
		w.after(5 * time.Second)
		stale := campaigns.AgentCommand{ID: "x", Kind: "state.set", Rev: rev, State: campaigns.AgentNotReady}
		reply, err := bob.do(stale)
		if campaigns.CodeOf(err) != campaigns.CodeStale {
			w.t.Fatalf("an old revision: %v", err)
		}
		if s, ok := reply.Body.(campaigns.AgentSnapshot); !ok || s.State != campaigns.AgentTalking {
			w.t.Errorf("the stale reply carries %+v", reply.Body)
		}
		// The same id may be sent again with the present revision.
		next := campaigns.AgentCommand{ID: "x", Kind: "state.set", Rev: bob.now().Rev, Next: true, State: campaigns.AgentNotReady, Reason: "lunch"}
		bob.must(next)
		bob.must(campaigns.AgentCommand{ID: "h", Kind: "call.hold"})
		bob.must(campaigns.AgentCommand{ID: "h", Kind: "call.hold"})
		if s := bob.now(); s.Call.Stage != campaigns.StageHold {
			w.t.Fatalf("stage %s", s.Call.Stage)
		}
		if _, err := bob.do(campaigns.AgentCommand{ID: "h2", Kind: "call.hold"}); campaigns.CodeOf(err) != campaigns.CodeConflict {
			w.t.Errorf("holding twice: %v", err)
		}
		w.after(3 * time.Second)
		bob.must(campaigns.AgentCommand{ID: "u", Kind: "call.resume"})
		bob.must(campaigns.AgentCommand{ID: "m", Kind: "call.mute", Muted: true})
		bob.must(campaigns.AgentCommand{ID: "d", Kind: "call.dtmf", Digits: "12#"})
		bob.must(campaigns.AgentCommand{ID: "f", Kind: "call.draft", Draft: json.RawMessage(`{"notes":"a"}`)})
		w.after(2 * time.Second)
		bob.must(campaigns.AgentCommand{ID: "e", Kind: "call.hangup"})
		bob.result("r1")
		bob.result("r1")
		if s := bob.now(); s.State != campaigns.AgentNotReady || s.Reason != "lunch" || s.Next != campaigns.AgentReady {
			w.t.Errorf("after the call: %s %s, next %s", s.State, s.Reason, s.Next)
		}
		if n := w.store.committed(); n != 1 {
			w.t.Errorf("%d results", n)
		}
		if r := w.store.results[0]; r.HoldTime != 3*time.Second || r.TalkTime < 5*time.Second {
			w.t.Errorf("talk %s, hold %s", r.TalkTime, r.HoldTime)
		}
		if n := len(w.store.drafts); n != 1 {
			w.t.Errorf("%d drafts", n)
		}
	})
}

func TestResultWhileTalkingSkipsWrapUp(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Second, 10*time.Second))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(5 * time.Second)
		bob.result("r1")
		if s := bob.now(); s.State != campaigns.AgentTalking {
			w.t.Fatalf("the agent is %s", s.State)
		}
		w.after(10 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentReady {
			w.t.Errorf("the agent is %s", s.State)
		}
		want := []string{"not_ready:signed_in", "ready", "reserved", "talking", "wrap_up", "ready"}
		if got := w.store.agentStates(1); !slices.Equal(got, want) {
			w.t.Errorf("states %q", got)
		}
	})
}

func TestTwoAnswersRaceForOneAgent(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.store.campaigns[0].Settings.Mode, w.store.campaigns[0].Settings.Ratio = campaigns.PacingRatio, 3
		w.d.CampaignMoved(1)
		w.allow(1000)
		// All answer in the same instant.
		w.phones.set(number(customer), answers(time.Second, 0))
		for range 3 {
			w.store.add(1, customer)
		}
		bob := w.agent(1, true)
		w.after(2 * time.Second)
		if _, bridges := w.media.counts(); bridges != 1 {
			w.t.Errorf("%d bridges", bridges)
		}
		w.after(10 * time.Second)
		bob.must(campaigns.AgentCommand{Kind: "call.hangup"})
		bob.result("r1")
		dropped := 0
		for _, k := range w.store.kinds() {
			if k == "call.closed:system_dropped" {
				dropped++
			}
		}
		if dropped != 2 {
			w.t.Errorf("%d dropped", dropped)
		}
	})
}

func TestUnusedReservationReturns(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		bob := w.agent(1, true)
		a, _ := w.d.agents.get(1)
		// A call whose actor does not run never uses its reservation.
		stuck := w.d.newCall("outbound", planForTest())
		a.mail.post(func() { a.proposal(stuck) })
		synctest.Wait()
		if n := w.d.agents.inState(campaigns.AgentReserved); n != 1 {
			w.t.Fatal("the agent is not reserved")
		}
		w.after(6 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentReady {
			w.t.Errorf("the agent is %s", s.State)
		}
		stuck.alarms.end()
	})
}

func TestManualDial(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(2*time.Second, 10*time.Second))
		bob := w.agent(1, false)
		if _, err := bob.do(campaigns.AgentCommand{ID: "m0", Kind: "dial.manual", Campaign: 1, Number: "+10000000000"}); campaigns.CodeOf(err) != campaigns.CodeRefused {
			w.t.Fatalf("a refused dial: %v", err)
		}
		if s := bob.now(); s.State != campaigns.AgentNotReady || s.Reason != reasonSignedIn || s.Call != nil {
			w.t.Fatalf("after a refusal: %s %s", s.State, s.Reason)
		}
		bob.must(campaigns.AgentCommand{ID: "m1", Kind: "dial.manual", Campaign: 1, Number: customer})
		w.after(5 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking || s.Call.Number != customer {
			w.t.Fatalf("%s %+v", s.State, s.Call)
		}
		w.after(10 * time.Second)
		bob.result("r1")
		w.phones.set(number(customer), refuses(486))
		bob.must(campaigns.AgentCommand{ID: "m2", Kind: "dial.manual", Campaign: 1, Number: customer})
		w.after(time.Second)
		if s := bob.now(); s.State != campaigns.AgentReady || s.Call != nil {
			w.t.Errorf("after a busy number: %s", s.State)
		}
		w.expect("attempt.sent", "attempt.ringing", "attempt.answered", "call.offered", "call.bridged",
			"call.ended:customer", "attempt.ended:answered", "attempt.sent", "attempt.ended:busy")
	})
}

func TestManualDialRingsThePhoneFirst(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(2*time.Second, 0))
		w.phones.set(phoneOf(1), answers(4*time.Second, 20*time.Second))
		bob := w.attach(campaigns.User{ID: 1, Name: "bob", Phone: phoneOf(1), PhoneMode: campaigns.PhonePerCall}, "s1", true)
		bob.must(campaigns.AgentCommand{ID: "m1", Kind: "dial.manual", Campaign: 1, Number: customer})
		w.after(3 * time.Second)
		if n := w.phones.count(number(customer)); n != 0 || w.store.reserved() != 0 {
			w.t.Fatal("the customer was called before the agent picked up")
		}
		w.after(5 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking {
			w.t.Fatalf("the agent is %s", s.State)
		}
		w.after(20 * time.Second) // the agent puts the phone down
		if s := bob.now(); s.State != campaigns.AgentWrapUp || s.Call.EndedBy != campaigns.EndedByAgent {
			w.t.Fatalf("%s %+v", s.State, s.Call)
		}
		bob.result("r1")
	})
}

func TestLatePopFollows(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.store.popDelay = 1500 * time.Millisecond
		w.phones.set(number(customer), answers(time.Second, 10*time.Second))
		w.store.add(1, customer)
		bob := w.agent(1, true)
		w.after(1200 * time.Millisecond)
		if s := bob.now(); s.State != campaigns.AgentTalking || s.Call.Pop != nil {
			w.t.Fatalf("%s, pop %+v", s.State, s.Call.Pop)
		}
		w.after(time.Second)
		if s := bob.now(); s.Call.Pop == nil {
			w.t.Error("the pop did not follow")
		}
		w.after(10 * time.Second)
		bob.result("r1")
	})
}

func TestSignOutAndInAgain(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		bob := w.agent(1, true)
		bob.must(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentOffline})
		w.after(time.Second)
		if n := len(w.d.Live().Agents); n != 0 {
			w.t.Fatalf("%d agents", n)
		}
		if _, err := w.d.Command(w.t.Context(), 1, "s1", campaigns.AgentCommand{Kind: "call.hangup"}); campaigns.CodeOf(err) != campaigns.CodeConflict {
			w.t.Errorf("a command after sign-out: %v", err)
		}
		w.agent(1, true)
		if n := w.phones.count(phoneOf(1)); n != 2 {
			w.t.Errorf("the phone was dialed %d times", n)
		}
	})
}

func TestChangeToAPhoneRungPerCall(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.agent(1, true)
		w.phones.set("sip:desk@phones", answers(time.Second, 0))
		bob := w.attach(campaigns.User{ID: 1, Name: "bob", Phone: "sip:desk@phones", PhoneMode: campaigns.PhonePerCall}, "s2", false)
		w.after(time.Second)
		if s := bob.now(); s.Phone != campaigns.PhoneOnDemand || s.State != campaigns.AgentReady {
			w.t.Fatalf("%s %s, phone %s", s.State, s.Reason, s.Phone)
		}
		w.incoming(caller, 10*time.Second)
		w.after(5 * time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking {
			w.t.Errorf("the agent is %s", s.State)
		}
		w.after(10 * time.Second)
		bob.result("r1")
	})
}
