package sipua

import (
	"strings"
	"testing"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

func TestPlaceAnswerAndHangUp(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, func(r *dialer.Invite) { r.Asserted = "+12125550199"; r.CallID = "attempt-1" })

	if invite.uri() != "sip:+12125550100@"+carrier.addr()+";user=phone" {
		t.Errorf("Request-URI %q", invite.uri())
	}
	if got := invite.h("P-Asserted-Identity"); !strings.HasPrefix(got, "<sip:+12125550199@127.0.0.1") {
		t.Errorf("P-Asserted-Identity %q", got)
	}
	if invite.h("Call-ID") != "attempt-1" || d.CallID() != "attempt-1" {
		t.Errorf("Call-ID %q, %q", invite.h("Call-ID"), d.CallID())
	}
	if invite.body != offerSDP {
		t.Errorf("body %q", invite.body)
	}
	carrier.answer(invite, 100, "")
	carrier.answer(invite, 180, "a")
	if ev := events.expect(leg.Provisional); ev.Code != 180 {
		t.Errorf("provisional %+v", ev)
	}
	// The nearest proxy inserted its Record-Route first: it stands last.
	near := "<sip:" + carrier.addr() + ";lr;n=1>"
	carrier.answerBody(invite, 200, "a", reply1, "Record-Route: <sip:10.9.9.9;lr;n=2>, "+near, "Contact: <sip:gw@10.8.8.8:5099;x=y>")
	if ev := events.expect(leg.Answered); string(ev.SDP) != reply1 {
		t.Errorf("answer %+v", ev)
	}
	ack := carrier.expect("ACK")
	if ack.cseq() != "1 ACK" || ack.toTag() != "a" || ack.branch() == invite.branch() {
		t.Errorf("ACK %q %q", ack.start, ack.head)
	}
	d.HangUp(0, "")
	bye := carrier.expect("BYE")
	for _, m := range []message{ack, bye} {
		if m.uri() != "sip:gw@10.8.8.8:5099;x=y" {
			t.Errorf("%s to %q, want the remote target", m.method(), m.uri())
		}
		if got := strings.Join(m.all("Route"), ", "); got != near+", <sip:10.9.9.9;lr;n=2>" {
			t.Errorf("%s route %q", m.method(), got)
		}
	}
	if bye.cseq() != "2 BYE" || bye.toTag() != "a" || param(bye.h("From"), "tag") != param(invite.h("From"), "tag") {
		t.Errorf("BYE %q", bye.head)
	}
	events.none()
	// A 100 to a BYE is no end.
	carrier.answer(bye, 100, "")
	carrier.answer(bye, 200, "")
	if ev := events.expect(leg.LocalBye); ev.Code != 200 {
		t.Errorf("end %+v", ev)
	}
	d.HangUp(0, "")
	d.Answer(nil)
	events.none()
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	in := newInbound(t)
	u := startUA(t, func(o *Options) {
		o.Listen, o.TakeCall = "[::1]:0", in.take
		o.Trunks[0].Allow = prefixes("::1/128")
	})
	carrier := newPeer(t, "::1", u.Addr())
	d, events, invite := answered(t, u, carrier, nil)
	if !strings.Contains(invite.h("Via"), "[::1]:") || !strings.Contains(invite.h("Contact"), "@[::1]:") {
		t.Errorf("INVITE %q", invite.head)
	}
	d.HangUp(0, "")
	carrier.answer(carrier.expect("BYE"), 200, "")
	events.expect(leg.LocalBye)
	carrier.raw(carrier.outside("INVITE", "in6", offerSDP))
	(<-in.calls).Dialog.HangUp(486, "")
	carrier.expect("486")
}
