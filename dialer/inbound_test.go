package dialer

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

func planForTest() call.Plan { return call.Plan{} }

const caller = "+13125550100"

func TestInboundIsServedWithPop(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.store.people[caller] = []campaigns.Contact{{ID: 5, FirstName: "Ada"}}
		bob := w.agent(1, true)
		if _, refused := w.incoming(caller, 20*time.Second); refused != 0 {
			w.t.Fatalf("refused with %d", refused)
		}
		w.after(time.Second)
		s := bob.now()
		if s.State != campaigns.AgentTalking || s.Call.Direction != campaigns.Inbound || s.Call.Queue != "service" || s.Call.Pop == nil {
			w.t.Fatalf("%s %+v", s.State, s.Call)
		}
		if q := w.d.Live().Queues[0]; q.Offered != 1 || q.Answered != 1 || q.Talking != 1 || q.ServiceLevel != 1 {
			w.t.Errorf("queue %+v", q)
		}
		w.after(20 * time.Second)
		bob.result("r1")
		w.expect("call.arrived", "call.queued", "call.offered", "call.bridged", "call.ended:customer")
		if e := w.store.written()[2]; e.ContactID != 5 {
			w.t.Errorf("the call is of contact %d", e.ContactID)
		}
	})
}

func TestInboundWaitsInTurnAndMayBeAbandoned(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.incoming("+13125550101", 10*time.Second)
		w.after(time.Second)
		w.incoming("+13125550102", time.Minute)
		w.after(time.Second)
		w.incoming("+13125550103", time.Minute)
		w.after(time.Second)
		if q := w.d.Live().Queues[0]; q.Waiting != 3 || q.LongestSeconds < 2 {
			w.t.Errorf("queue %+v", q)
		}
		w.after(10 * time.Second)
		w.expect("call.arrived", "call.queued", "call.arrived", "call.queued", "call.arrived", "call.queued",
			"call.ended:customer", "call.closed:system_hung_up")
		if e := w.store.written()[6]; !e.Abandoned {
			w.t.Error("the call is not marked as abandoned")
		}
		bob := w.agent(1, true)
		if s := bob.now(); s.Call == nil || s.Call.Number != "+13125550102" {
			w.t.Fatalf("the first served is %+v", s.Call)
		}
		bob.must(campaigns.AgentCommand{Kind: "call.hangup"})
		bob.result("r1")
		w.after(100 * time.Millisecond)
		if s := bob.now(); s.Call == nil || s.Call.Number != "+13125550103" {
			w.t.Fatalf("the second served is %+v", s.Call)
		}
		bob.must(campaigns.AgentCommand{Kind: "call.hangup"})
		bob.result("r2")
	})
}

func TestInboundSupersedesTheAttempt(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(number(customer), answers(time.Hour, 0))
		w.store.add(1, customer)
		w.store.people[customer] = []campaigns.Contact{{ID: 1001}}
		bob := w.agent(1, true)
		w.after(3 * time.Second)
		w.incoming(customer, 20*time.Second)
		w.after(time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking || s.Call.Direction != campaigns.Inbound {
			w.t.Fatalf("%s %+v", s.State, s.Call)
		}
		w.after(20 * time.Second)
		bob.result("r1")
		ended := ""
		for _, k := range w.store.kinds() {
			if k == "attempt.ended:superseded" {
				ended = k
			}
		}
		if ended == "" {
			w.t.Errorf("facts %q", w.store.kinds())
		}
	})
}

func TestInboundRingsPerCallPhoneAndGoesOn(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.phones.set(phoneOf(1), answers(time.Hour, 0))
		w.phones.set(phoneOf(2), answers(2*time.Second, 0))
		away := w.attach(campaigns.User{ID: 1, Phone: phoneOf(1), PhoneMode: campaigns.PhonePerCall}, "s1", true)
		w.after(time.Second)
		eve := w.attach(campaigns.User{ID: 2, Phone: phoneOf(2), PhoneMode: campaigns.PhonePerCall}, "s1", true)
		w.incoming(caller, 2*time.Minute)
		w.after(10 * time.Second)
		if s := away.now(); s.State != campaigns.AgentReserved || s.Call.Stage != campaigns.StageRinging {
			w.t.Fatalf("%s %+v", s.State, s.Call)
		}
		w.after(20 * time.Second)
		if s := away.now(); s.State != campaigns.AgentNotReady || s.Reason != reasonPhoneNotAnswered || s.Call != nil {
			w.t.Errorf("the first agent is %s %s", s.State, s.Reason)
		}
		if s := eve.now(); s.State != campaigns.AgentTalking {
			w.t.Fatalf("the second agent is %s", s.State)
		}
		eve.must(campaigns.AgentCommand{Kind: "call.hangup"})
		eve.result("r1")
	})
}

func TestUnknownCallerIsBound(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		bob := w.agent(1, true)
		w.incoming(caller, 10*time.Second)
		w.after(time.Second)
		if s := bob.now(); s.Call == nil || s.Call.Pop != nil {
			w.t.Fatalf("%+v", s.Call)
		}
		bob.must(campaigns.AgentCommand{ID: "c", Kind: "contact.create", Draft: []byte(`{"first_name":"Grace"}`)})
		if s := bob.now(); s.Call.Pop == nil || s.Call.Pop.Contact.ID != 4711 {
			w.t.Errorf("pop %+v", s.Call.Pop)
		}
		w.after(10 * time.Second)
		bob.result("r1")
		w.expect("call.arrived", "call.queued", "call.offered", "call.bridged", "call.identified", "call.ended:customer")
	})
}

func TestACampaignIsLentToAnUnknownCaller(t *testing.T) {
	lend := func(o *Options) {
		o.Queues = []QueueConfig{{Name: "service", Numbers: []string{"+18005550100"}, Campaigns: map[string]string{"+1 800 555 0100": "Autumn"}}}
	}
	inWorld(t, lend, func(w *world) {
		bob := w.agent(1, true)
		w.incoming(caller, 5*time.Second)
		w.after(time.Second)
		if s := bob.now(); s.Call == nil || s.Call.Pop == nil || s.Call.Campaign != "Autumn" || s.Call.CampaignID != 1 {
			w.t.Fatalf("%+v", s.Call)
		}
		w.after(10 * time.Second)
		bob.result("r1")
		for _, e := range w.store.written() {
			if e.CallID != "" && e.CampaignID != 1 {
				w.t.Errorf("%s is of campaign %d", e.Kind, e.CampaignID)
			}
		}
		if live := w.d.Live().Campaigns; len(live) != 1 || live[0].Results[campaigns.DispositionSale] != 1 {
			w.t.Errorf("the result is not the campaign's: %+v", live)
		}
	})
}

func TestAMissingCampaignIsToldOnceAndNotLent(t *testing.T) {
	var said bytes.Buffer
	lend := func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&said, nil))
		o.Queues = []QueueConfig{{Name: "service", Numbers: []string{"+18005550100"}, Campaigns: map[string]string{"+18005550100": "Winter"}}}
	}
	inWorld(t, lend, func(w *world) {
		warnings := func(want int) {
			w.t.Helper()
			w.after(time.Minute)
			if got := strings.Count(said.String(), "campaign=Winter queue=service"); got != want {
				w.t.Errorf("%d warnings, want %d:\n%s", got, want, said.String())
			}
		}
		offer := func(names ...string) {
			_ = w.store.locked(func() error {
				w.store.campaigns = w.store.campaigns[:1:1]
				for _, name := range names {
					w.store.campaigns = append(w.store.campaigns, campaigns.Campaign{ID: 2, Name: name, State: campaigns.CampaignPaused})
				}
				return nil
			})
		}
		warnings(1)
		bob := w.agent(1, true)
		w.incoming(caller, 5*time.Second)
		w.after(time.Second)
		if s := bob.now(); s.State != campaigns.AgentTalking || s.Call.Pop != nil || s.Call.CampaignID != 0 {
			w.t.Errorf("%s %+v", s.State, s.Call)
		}
		w.after(10 * time.Second)
		bob.result("r1")
		warnings(1)

		offer("Winter")
		warnings(1)
		w.incoming(caller, 5*time.Second)
		w.after(time.Second)
		if s := bob.now(); s.Call == nil || s.Call.Pop == nil || s.Call.Campaign != "Winter" {
			w.t.Errorf("%+v", s.Call)
		}
		w.after(10 * time.Second)
		bob.result("r2")
		offer() // it is closed
		warnings(2)
	})
}

func TestRefusals(t *testing.T) {
	inWorld(t, func(o *Options) { o.Limits.Calls = 1 }, func(w *world) {
		if _, _, refuse := w.d.TakeCall(Incoming{Called: "+19995550000", Dialog: newFakeDialog("x")}); refuse != 404 {
			w.t.Errorf("an unknown number: %d", refuse)
		}
		w.incoming(caller, time.Second)
		if _, refused := w.incoming(caller, time.Second); refused != 503 {
			w.t.Errorf("a full node: %d", refused)
		}
		w.after(5 * time.Second)
	})
}
