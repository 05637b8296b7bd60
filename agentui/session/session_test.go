package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ringmaster/agentui/protocol"
	"ringmaster/agentui/session"
	"ringmaster/campaigns"
)

const call = campaigns.CallID("01JD8QYW8E0000000000000001")

func TestHelloGivesTheWholeState(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, welcome := h.hello(t, "agent")
	if welcome.Snapshot == nil || welcome.Snapshot.Rev != 5 || welcome.Snapshot.Campaigns == nil || welcome.Seq != 1 {
		t.Errorf("welcome %+v", welcome)
	}
	if welcome.User.Role != campaigns.RoleAgent || welcome.HeartbeatMS != protocol.HeartbeatMS || welcome.Session == "" {
		t.Errorf("welcome %+v", welcome)
	}
	c.refused(c.send("hello", protocol.Hello{}, 0), campaigns.CodeConflict)

	_, welcome = h.hello(t, "supervisor")
	if welcome.Snapshot != nil || welcome.User.Role != campaigns.RoleSupervisor {
		t.Errorf("supervisor's welcome %+v", welcome)
	}
}

func TestNoticesComeInOrderWithoutGaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	// Two arrive while the agent is being attached: one older than the
	// snapshot, one newer.
	h.agents.early = []campaigns.AgentNotice{
		{Kind: "state.changed", Snapshot: campaigns.AgentSnapshot{Rev: 4}},
		{Kind: "phone.changed", Snapshot: campaigns.AgentSnapshot{Rev: 6}},
	}
	c := h.dial(t, "agent")
	id := c.send("hello", protocol.Hello{}, 0)
	seqs := []int64{c.event("welcome", nil).Seq}
	seqs = append(seqs, c.event("phone.changed", nil).Seq)
	c.ok(id)
	h.agents.notify(t, 12, campaigns.AgentNotice{Kind: "call.offered", Snapshot: campaigns.AgentSnapshot{
		Rev: 7, Call: &campaigns.CallView{CallID: call, Pop: &campaigns.Pop{Script: "Hello"}}}, Text: "new"})
	var offered protocol.AgentEvent
	seqs = append(seqs, c.event("call.offered", &offered).Seq)
	if offered.Snapshot.Call == nil || offered.Snapshot.Call.Pop.Script != "Hello" || offered.Text != "new" {
		t.Errorf("offered %+v", offered)
	}
	// A gap would be healed by resync: the newest snapshot.
	id = c.send("resync", protocol.Empty{}, 0)
	var whole protocol.Resync
	seqs = append(seqs, c.event("resync", &whole).Seq)
	c.ok(id)
	if whole.Snapshot == nil || !reflect.DeepEqual(*whole.Snapshot, offered.Snapshot) {
		t.Errorf("resync gave %+v, want %+v", whole.Snapshot, offered.Snapshot)
	}
	if want := []int64{1, 2, 3, 4}; !reflect.DeepEqual(seqs, want) {
		t.Errorf("seqs %v, want %v", seqs, want)
	}
}

func TestCommandsReachTheirOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, _ := h.hello(t, "agent")
	at := time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)
	for _, m := range []struct {
		name string
		d    any
		rev  int64
		want campaigns.AgentCommand
	}{
		{"state.set", protocol.StateSet{State: campaigns.AgentNotReady, Reason: "lunch", AfterCall: true}, 5,
			campaigns.AgentCommand{Rev: 5, State: campaigns.AgentNotReady, Reason: "lunch", Next: true}},
		{"call.answer", protocol.CallRef{CallID: call}, 0, campaigns.AgentCommand{CallID: call}},
		{"call.hangup", protocol.CallRef{CallID: call}, 0, campaigns.AgentCommand{CallID: call}},
		{"call.hold", protocol.CallRef{CallID: call}, 0, campaigns.AgentCommand{CallID: call}},
		{"call.resume", protocol.CallRef{CallID: call}, 0, campaigns.AgentCommand{CallID: call}},
		{"call.mute", protocol.CallMute{CallID: call, Muted: true}, 0, campaigns.AgentCommand{CallID: call, Muted: true}},
		{"call.dtmf", protocol.CallDTMF{CallID: call, Digits: "1#"}, 0, campaigns.AgentCommand{CallID: call, Digits: "1#"}},
		{"call.draft", map[string]any{"call_id": call, "body": map[string]any{"notes": "x"}}, 0,
			campaigns.AgentCommand{CallID: call, Draft: []byte(`{"notes":"x"}`)}},
		{"call.result", map[string]any{"call_id": call, "disposition": "callback", "reason": "asked", "notes": "n", "callback_at": at, "callback_personal": true, "contact_id": 7,
			"script_version": 31, "disclosures": []string{"recorded"}}, 5,
			campaigns.AgentCommand{Rev: 5, CallID: call, Result: campaigns.Result{
				AgentID: 12, CallID: call, Disposition: "callback", Reason: "asked", Notes: "n", CallbackAt: at, CallbackPersonal: true, ContactID: 7,
				ScriptVersion: 31, Disclosures: []string{"recorded"}}}},
		{"call.result", map[string]any{"call_id": call, "disposition": "sale", "offer": map[string]any{"version_id": 52, "discount": 2.5}}, 5,
			campaigns.AgentCommand{Rev: 5, CallID: call, Result: campaigns.Result{
				AgentID: 12, CallID: call, Disposition: "sale", Offer: &campaigns.OfferAccepted{VersionID: 52, Discount: 2.5}}}},
		{"contact.find", protocol.ContactFind{Text: "Rivera"}, 0, campaigns.AgentCommand{Number: "Rivera"}},
		{"contact.create", protocol.ContactCreate{CallID: call, LastName: "Rivera", Number: "+12125550142"}, 0,
			campaigns.AgentCommand{CallID: call, Draft: []byte(`{"id":0,"last_name":"Rivera","value":0,"numbers":[{"number_id":0,"e164":"+12125550142"}]}`)}},
		{"contact.bind", protocol.ContactBind{CallID: call, ContactID: 7}, 0, campaigns.AgentCommand{CallID: call, Contact: 7}},
		{"dial.manual", protocol.DialManual{CampaignID: 3, ContactID: 7}, 0, campaigns.AgentCommand{Campaign: 3, Contact: 7}},
	} {
		id := c.send(m.name, m.d, m.rev)
		if in := c.ok(id); in.Rev != 5 {
			t.Errorf("%s: reply's rev %d", m.name, in.Rev)
		}
		got := within(t, h.agents.commands)
		m.want.ID, m.want.Kind = id, m.name
		if m.name == "call.result" {
			// The hash is that of the payload's bytes as they were sent.
			d, err := json.Marshal(m.d)
			if err != nil {
				t.Fatal(err)
			}
			m.want.Result.CommandID, m.want.Result.BodyHash = id, fmt.Sprintf("%x", sha256.Sum256(d))
		}
		if !reflect.DeepEqual(got, m.want) {
			t.Errorf("%s: got %+v, want %+v", m.name, got, m.want)
		}
	}
}

// TestEveryCommandHasAnOwner sends each of the registry's commands an empty
// payload: whatever the answer, none may be internal.
func TestEveryCommandHasAnOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	agent, _ := h.hello(t, "agent")
	supervisor, _ := h.hello(t, "supervisor")
	for _, m := range protocol.Messages() {
		if m.Direction != protocol.FromClient {
			continue
		}
		for role, c := range map[campaigns.Role]*client{campaigns.RoleAgent: agent, campaigns.RoleSupervisor: supervisor} {
			id := c.send(m.Name, map[string]any{"campaign_id": 3, "call_id": call, "contact_id": 7, "state": "ready",
				"digits": "1", "body": 1, "disposition": "sale", "text": "xy", "last_name": "x"}, 0)
			in := c.must()
			for in.Re == nil {
				in = c.must()
			}
			switch {
			case *in.Re != id:
				t.Errorf("%s: reply to another command", m.Name)
			case !m.May(role) && (in.Err == nil || in.Err.Code != campaigns.CodeForbidden):
				t.Errorf("%s as %s: %+v, want forbidden", m.Name, role, in)
			case in.Err != nil && in.Err.Code == campaigns.CodeInternal:
				t.Errorf("%s as %s: %v", m.Name, role, in.Err)
			}
		}
	}
}

func TestRepliesCarryTheirPayload(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.agents.answer = func(_ context.Context, cmd campaigns.AgentCommand) (campaigns.AgentReply, error) {
		switch cmd.Kind {
		case "contact.find":
			return campaigns.AgentReply{Body: []campaigns.Contact{{ID: 7}}}, nil
		case "state.set":
			return campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeStale, "behind")
		case "call.result":
			return campaigns.AgentReply{Body: campaigns.AgentSnapshot{Rev: 9}}, campaigns.Errorf(campaigns.CodeStale, "behind")
		}
		if cmd.Kind == "call.hold" {
			panic("a bug")
		}
		return campaigns.AgentReply{}, context.DeadlineExceeded
	}
	c, _ := h.hello(t, "agent")
	if in := c.ok(c.send("contact.find", protocol.ContactFind{Text: "xy"}, 0)); string(in.D) != `{"contacts":[{"id":7,"value":0,"numbers":[]}]}` {
		t.Errorf("contacts %s", in.D)
	}
	// Without the owner's own snapshot, the newest that this session saw.
	in := c.refused(c.send("state.set", protocol.StateSet{State: campaigns.AgentReady}, 4), campaigns.CodeStale)
	if current, _ := in.Err.Current.(map[string]any); in.Rev != 5 || current["rev"] != 5.0 {
		t.Errorf("stale: rev %d, current %v", in.Rev, in.Err.Current)
	}
	in = c.refused(c.send("call.result", protocol.CallResult{CallID: call, Disposition: "sale"}, 4), campaigns.CodeStale)
	if current, _ := in.Err.Current.(map[string]any); in.Rev != 9 || current["rev"] != 9.0 {
		t.Errorf("stale: rev %d, current %v", in.Rev, in.Err.Current)
	}
	// What is internal, a bug even, fails the command and shows nothing.
	for _, name := range []string{"call.hold", "call.hangup"} {
		if in := c.refused(c.send(name, protocol.CallRef{CallID: call}, 0), campaigns.CodeInternal); strings.Contains(in.Err.Detail, "bug") {
			t.Errorf("%s shows %q", name, in.Err.Detail)
		}
	}
}

// TestHangUpWaitsForNoStore holds a result back and hangs up meanwhile.
func TestHangUpWaitsForNoStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	release := make(chan struct{})
	h.agents.answer = func(ctx context.Context, cmd campaigns.AgentCommand) (campaigns.AgentReply, error) {
		if cmd.Kind == "call.result" {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return campaigns.AgentReply{}, ctx.Err()
	}
	c, _ := h.hello(t, "agent")
	slow := c.send("call.result", protocol.CallResult{CallID: call, Disposition: "sale"}, 0)
	within(t, h.agents.commands)
	c.ok(c.send("call.hangup", protocol.CallRef{CallID: call}, 0))
	// The queue behind the slow one is bounded: 32 wait, the next is refused.
	var last string
	for range 33 {
		last = c.send("call.draft", map[string]any{"call_id": call, "body": 1}, 0)
	}
	c.refused(last, campaigns.CodeUnavailable)
	close(release)
	c.ok(slow)
}

func TestCommandUnderWayIsFinishedAfterTheSocketIsGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	release, finished := make(chan struct{}), make(chan error, 2)
	h.agents.answer = func(ctx context.Context, _ campaigns.AgentCommand) (campaigns.AgentReply, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		finished <- ctx.Err()
		return campaigns.AgentReply{}, ctx.Err()
	}
	c, _ := h.hello(t, "agent")
	c.send("call.result", protocol.CallResult{CallID: call, Disposition: "sale"}, 0)
	within(t, h.agents.commands)
	_ = c.ws.Close()
	if within(t, h.agents.alive) {
		t.Error("a session whose socket is gone is called alive")
	}
	close(release)
	if err := within(t, finished); err != nil {
		t.Errorf("the command was cut off: %v", err)
	}
	within(t, h.agents.detached)
}

func TestSecondTabTakesOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	first, w1 := h.hello(t, "agent")
	second, w2 := h.hello(t, "agent")
	first.closed(protocol.CloseTakenOver)
	if got := within(t, h.agents.detached); got != w1.Session {
		t.Errorf("detached %s, want %s (the other is %s)", got, w1.Session, w2.Session)
	}
	second.ok(second.send("ping", protocol.Empty{}, 0))
}

func TestSupervisorsMoveCampaigns(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c, _ := h.hello(t, "supervisor")
	for name, want := range map[string]campaigns.CampaignState{
		"campaign.start": campaigns.CampaignRunning, "campaign.pause": campaigns.CampaignPaused, "campaign.close": campaigns.CampaignClosed,
	} {
		in := c.ok(c.send(name, protocol.CampaignRef{CampaignID: 3}, 0))
		if got := within(t, h.control.moves); got != want || string(in.D) != `{"campaign_id":3,"name":"sue","state":"`+string(want)+`"}` {
			t.Errorf("%s moved to %s: %s", name, got, in.D)
		}
	}
	c.refused(c.send("campaign.start", protocol.CampaignRef{CampaignID: 404}, 0), campaigns.CodeNotFound)
}

func TestUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *session.Options) { o.Limit = 1 })
	for name, c := range map[string]struct {
		header       http.Header
		subprotocols []string
		status       int
	}{
		"origin":         {http.Header{"Origin": {"https://evil.example"}}, []string{protocol.Subprotocol}, http.StatusForbidden},
		"no subprotocol": {nil, nil, http.StatusUnprocessableEntity},
		"other protocol": {nil, []string{"ringmaster.v9.json"}, http.StatusUnprocessableEntity},
	} {
		dialer := websocket.Dialer{Subprotocols: c.subprotocols}
		_, resp, err := dialer.Dial(h.url+"/?as=agent", c.header)
		if resp != nil {
			_ = resp.Body.Close()
		}
		if err == nil || resp == nil || resp.StatusCode != c.status || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %v, %+v", name, err, resp)
		}
	}
	resp, err := http.Get("http" + h.url[2:] + "/?as=agent")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("plain GET: %d", resp.StatusCode)
	}
	h.dial(t, "nobody").closed(protocol.CloseBadSignIn)
	h.hello(t, "agent")
	h.dial(t, "agent2").closed(protocol.CloseUnavailable)
}

func TestSignInIsCheckedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *session.Options) { o.Timing.Recheck = 10 * time.Millisecond })
	c, _ := h.hello(t, "agent")
	c.ok(c.send("ping", protocol.Empty{}, 0))
	h.door.mu.Lock()
	h.door.valid = false
	h.door.mu.Unlock()
	c.closed(protocol.CloseSignedOut)
}

func TestSignOutClosesItsSocketsOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	agent, _ := h.hello(t, "agent")
	supervisor, _ := h.hello(t, "supervisor")
	h.hub.SignedOut("agent")
	agent.closed(protocol.CloseSignedOut)
	supervisor.ok(supervisor.send("ping", protocol.Empty{}, 0))
}

func TestRestartClosesEverySocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	a, _ := h.hello(t, "agent")
	b := h.dial(t, "supervisor")
	stopped := make(chan struct{})
	go func() { defer close(stopped); h.stop() }()
	a.closed(protocol.CloseRestart)
	b.closed(protocol.CloseRestart)
	within(t, stopped)
	within(t, h.agents.detached)
	h.dial(t, "agent").closed(protocol.CloseRestart)
}

func TestAttachFailureAsksToComeAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.agents.attachErr = campaigns.Errorf(campaigns.CodeUnavailable, "starting")
	c := h.dial(t, "agent")
	c.refused(c.send("hello", protocol.Hello{}, 0), campaigns.CodeUnavailable)
	c.closed(protocol.CloseUnavailable)
}
