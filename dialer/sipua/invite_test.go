package sipua

import (
	"context"
	"strings"
	"testing"
	"time"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// Values that would break out of their header never reach the wire.
func TestHeaderInjection(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	good := dialer.Invite{Target: "sip:+1@" + carrier.addr(), From: "+12125550199"}
	for name, change := range map[string]func(*dialer.Invite){
		"target":       func(r *dialer.Invite) { r.Target += "\r\nX-Evil: 1" },
		"target NUL":   func(r *dialer.Invite) { r.Target = "sip:a\x00@" + carrier.addr() },
		"target <":     func(r *dialer.Invite) { r.Target = "sip:a>@" + carrier.addr() },
		"scheme":       func(r *dialer.Invite) { r.Target = "tel:+12125550100" },
		"from":         func(r *dialer.Invite) { r.From = "1\r\nX-Evil: 1" },
		"from @":       func(r *dialer.Invite) { r.From = "1@evil>" },
		"display name": func(r *dialer.Invite) { r.DisplayName = "a\nb" },
		"asserted":     func(r *dialer.Invite) { r.Asserted = "1>\r\nX: y" },
		"call id":      func(r *dialer.Invite) { r.CallID = "a\r\nb" },
		"destination":  func(r *dialer.Invite) { r.Destination = "127.0.0.1:5\r\n" },
	} {
		req := good
		change(&req)
		events := newSink(t)
		u.Invite(req, events.post)
		if ev := events.expect(leg.Failed); ev.Code != 400 || !ev.Local {
			t.Errorf("%s: %+v", name, ev)
		}
	}
	// A quote in a name is escaped.
	_, _, invite := place(t, u, carrier, func(r *dialer.Invite) { r.DisplayName = `A "B" \ C` })
	if got := invite.h("From"); !strings.HasPrefix(got, `"A \"B\" \\ C" <sip:`) {
		t.Errorf("From %q", got)
	}
	if n := len(branchesOf(carrier.seen("INVITE"))); n != 1 {
		t.Errorf("%d INVITEs on the wire", n)
	}
}

func TestDialByPassed(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	events := newSink(t)
	u.Invite(dialer.Invite{Target: "sip:+1@" + carrier.addr(), From: "+1", DialBy: time.Now().Add(-time.Millisecond)}, events.post)
	if ev := events.expect(leg.Failed); ev.Code != 0 || !ev.Local {
		t.Errorf("end %+v", ev)
	}
	_, _, _ = place(t, u, carrier, func(r *dialer.Invite) { r.DialBy = time.Now().Add(time.Minute) })
	if n := len(branchesOf(carrier.seen("INVITE"))); n != 1 {
		t.Errorf("%d INVITEs on the wire", n)
	}
}

func TestRefusalDetails(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	_, events, invite := place(t, u, carrier, nil)
	carrier.answer(invite, 503, "a", `Reason: SIP;cause=503;text="x, Q.850;cause=1", Q.850 ;cause=34;text="no circuit"`, "Retry-After: 7 (busy)")
	if ev := events.expect(leg.Failed); ev.Code != 503 || ev.Q850 != 34 || ev.Local || ev.RetryAfter != 7*time.Second || ev.Text != "Whatever" {
		t.Errorf("end %+v", ev)
	}
	// A redirection is not followed.
	_, events, invite = place(t, u, carrier, nil)
	carrier.answer(invite, 302, "a", "Contact: <sip:+19005550100@"+carrier.addr()+">")
	if ev := events.expect(leg.Failed); ev.Code != 302 {
		t.Errorf("end %+v", ev)
	}
	carrier.expect("ACK")
	if n := len(branchesOf(carrier.seen("INVITE"))); n != 2 {
		t.Errorf("%d INVITEs on the wire", n)
	}
}

// The end of Run hangs up what lives, rings or waits.
func TestRunHangsUp(t *testing.T) {
	t.Parallel()
	in := newInbound(t)
	u, err := New(Options{
		Listen: "127.0.0.1:0", PhonesListen: "127.0.0.1:0", TakeCall: in.take, HangUpLimit: 2 * time.Second,
		Trunks: []TrunkPeer{{Name: "main", Allow: prefixes("127.0.0.1/32")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	_, up, _ := answered(t, u, carrier, nil)
	_, ringing, invite := place(t, u, carrier, nil)
	carrier.answer(invite, 180, "r")
	ringing.expect(leg.Provisional)
	_, silent, _ := place(t, u, carrier, nil)
	carrier.raw(carrier.outside("INVITE", "in", offerSDP))
	<-in.calls
	stop()
	carrier.answer(carrier.expect("BYE"), 200, "")
	up.expect(leg.LocalBye)
	cancel := carrier.expect("CANCEL")
	carrier.answer(cancel, 200, "r")
	carrier.answer(invite, 487, "r")
	ringing.expect(leg.Cancelled)
	in.events.expect(leg.Failed)
	// The silent one ends at the limit.
	silent.expect(leg.Cancelled)
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Run did not return")
	}
	after := newSink(t)
	u.Invite(dialer.Invite{Target: "sip:+1@" + carrier.addr(), From: "+1"}, after.post)
	if ev := after.expect(leg.Failed); ev.Code != 503 || !ev.Local {
		t.Errorf("after Run: %+v", ev)
	}
}
