package sipua

import (
	"errors"
	"strings"
	"testing"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// answered places a call that the carrier answers.
func answered(t *testing.T, s dialer.Signalling, p *peer, change func(*dialer.Invite)) (dialer.Dialog, *sink, message) {
	t.Helper()
	d, events, invite := place(t, s, p, change)
	p.answerBody(invite, 200, "a", reply1)
	events.expect(leg.Answered)
	p.expect("ACK")
	return d, events, invite
}

func TestReinvite(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	offers := make(chan string, 8)
	hold := strings.Replace(reply1, "m=audio 50000", "a=sendonly\r\nm=audio 50002", 1)
	d, events, invite := answered(t, u, carrier, func(r *dialer.Invite) {
		r.Reoffer = func(sdp []byte) ([]byte, error) {
			offers <- string(sdp)
			if strings.Contains(string(sdp), "video") {
				return nil, errors.New("no")
			}
			return []byte(early1), nil
		}
	})
	sdpType := "Content-Type: application/sdp"
	carrier.raw(carrier.inDialog(invite, "a", "INVITE", 10, hold, sdpType))
	ok := carrier.expect("200")
	if got := <-offers; got != hold || ok.body != early1 || ok.h("Contact") == "" {
		t.Errorf("offer %q, answer %q", got, ok.body)
	}
	// Repeated until its ACK; a second offer meanwhile is glare.
	carrier.expect("200")
	carrier.raw(carrier.inDialog(invite, "a", "UPDATE", 11, hold, sdpType))
	carrier.expect("491")
	carrier.raw(carrier.inDialog(invite, "a", "ACK", 10, ""))
	// A late offer: ours goes out in the 200, the answer comes in the ACK.
	carrier.raw(carrier.inDialog(invite, "a", "INVITE", 12, ""))
	ok = carrier.expect("200")
	for ok.cseq() != "12 INVITE" {
		ok = carrier.expect("200")
	}
	if got := <-offers; got != "" || ok.body != early1 {
		t.Errorf("late offer %q, ours %q", got, ok.body)
	}
	carrier.raw(carrier.inDialog(invite, "a", "ACK", 12, reply1, sdpType))
	if got := <-offers; got != reply1 {
		t.Errorf("answer in the ACK %q", got)
	}
	// An offer that cannot be answered changes nothing.
	carrier.raw(carrier.inDialog(invite, "a", "INVITE", 13, strings.Replace(reply1, "audio", "video", 1), sdpType))
	<-offers
	carrier.expect("488")
	carrier.raw(carrier.inDialog(invite, "a", "INVITE", 14, "x", "Content-Type: text/plain"))
	carrier.expect("415")
	// UPDATE, with and without SDP.
	carrier.raw(carrier.inDialog(invite, "a", "UPDATE", 15, hold, sdpType))
	if ok := carrier.expect("200"); ok.body != early1 || <-offers != hold {
		t.Errorf("UPDATE answered %q", ok.body)
	}
	carrier.raw(carrier.inDialog(invite, "a", "UPDATE", 16, ""))
	carrier.expect("200")
	// Out of order.
	carrier.raw(carrier.inDialog(invite, "a", "INVITE", 9, hold, sdpType))
	carrier.expect("500")
	events.none()
	d.HangUp(0, "")
	carrier.answer(carrier.expect("BYE"), 200, "")
	events.expect(leg.LocalBye)
}

func TestReinviteWithoutAckHangsUp(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	_, events, invite := answered(t, u, carrier, func(r *dialer.Invite) {
		r.Reoffer = func([]byte) ([]byte, error) { return []byte(early1), nil }
	})
	carrier.raw(carrier.inDialog(invite, "a", "INVITE", 10, reply1, "Content-Type: application/sdp"))
	carrier.expect("200")
	carrier.answer(carrier.expect("BYE"), 200, "")
	events.expect(leg.LocalBye)
}

func TestRequestsInsideTheDialog(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	_, events, invite := answered(t, u, carrier, nil)
	carrier.raw(carrier.inDialog(invite, "a", "OPTIONS", 10, ""))
	carrier.expect("200")
	for i, c := range []struct {
		ct, body string
		digit    byte
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5'},
		{"application/dtmf-relay", "Signal= *\r\nDuration= 100", '*'},
		{"application/dtmf-relay; x=y", "Signal=11", '#'},
		{"application/dtmf", "d", 'D'},
	} {
		carrier.raw(carrier.inDialog(invite, "a", "INFO", 11+i, c.body, "Content-Type: "+c.ct))
		carrier.expect("200")
		if ev := events.expect(leg.Digit); ev.Digit != c.digit {
			t.Errorf("%q: digit %q", c.body, ev.Digit)
		}
	}
	carrier.raw(carrier.inDialog(invite, "a", "INFO", 20, "Signal=99", "Content-Type: application/dtmf-relay"))
	carrier.expect("200")
	for method, want := range map[string]string{"REFER": "405", "FLY": "501", "SUBSCRIBE": "405"} {
		carrier.raw(carrier.inDialog(invite, "a", method, 21, ""))
		if res := carrier.expect(want); res.h("Allow") != allowed {
			t.Errorf("%s: Allow %q", method, res.h("Allow"))
		}
	}
	// A wrong remote tag, a wrong local tag.
	carrier.raw(carrier.inDialog(invite, "b", "BYE", 30, ""))
	carrier.expect("481")
	carrier.raw(strings.Replace(carrier.inDialog(invite, "a", "BYE", 30, ""), param(invite.h("From"), "tag"), "guess", 1))
	carrier.expect("481")
	events.none()
	carrier.raw(carrier.inDialog(invite, "a", "BYE", 31, "", "Reason: Q.850;cause=16"))
	carrier.expect("200")
	if ev := events.expect(leg.RemoteBye); ev.Q850 != 16 {
		t.Errorf("end %+v", ev)
	}
}

// Who is not the dialog's party cannot speak in it, even with the right tags.
func TestSpoofedRequests(t *testing.T) {
	t.Parallel()
	u := startUA(t, func(o *Options) {
		o.Trunks = []TrunkPeer{
			{Name: "main", Allow: prefixes("127.0.0.1/32", "127.0.0.2/32")},
			{Name: "other", Allow: prefixes("127.0.0.3/32")},
		}
	})
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	second := newPeer(t, "127.0.0.2", u.Addr())
	other := newPeer(t, "127.0.0.3", u.Addr())
	_, events, invite := answered(t, u, carrier, nil)
	bye := carrier.inDialog(invite, "a", "BYE", 10, "")
	other.raw(bye)
	// The other trunk's health shows that its BYE was looked at and dropped.
	other.health()
	events.none()
	if n := len(other.seen("SIP/2.0")); n != 1 {
		t.Errorf("%d responses, want only the one to OPTIONS", n)
	}
	// Another address of the same trunk may.
	second.raw(strings.ReplaceAll(bye, "z9hG4bKBYE", "z9hG4bKBYE2"))
	events.expect(leg.RemoteBye)
}

// Both sides hang up at once.
func TestByesCross(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := answered(t, u, carrier, nil)
	d.HangUp(0, "")
	carrier.expect("BYE")
	carrier.raw(carrier.inDialog(invite, "a", "BYE", 10, ""))
	carrier.expect("200")
	events.expect(leg.LocalBye)
	events.none()
}
