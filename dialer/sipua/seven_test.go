package sipua

import (
	"testing"
	"time"

	"ringmaster/dialer/leg"
)

// The seven carrier cases in which a dialog layer is known to leak a live or
// ringing leg.

func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	for name, cancelStatus := range map[string]int{"cancel accepted": 200, "cancel gets 481": 481} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := startUA(t, nil)
			carrier := newPeer(t, "127.0.0.1", u.Addr())
			d, events, invite := place(t, u, carrier, nil)
			carrier.answer(invite, 180, "a")
			events.expect(leg.Provisional)
			d.HangUp(0, "")
			cancel := carrier.expect("CANCEL")
			// The customer answered before the CANCEL arrived.
			carrier.answerBody(invite, 200, "a", reply1)
			carrier.answer(cancel, cancelStatus, "a")
			carrier.expect("ACK")
			events.expect(leg.Answered)
			bye := carrier.expect("BYE")
			if bye.toTag() != "a" {
				t.Errorf("BYE to %q", bye.h("To"))
			}
			carrier.answer(bye, 200, "")
			events.expect(leg.LocalBye)
		})
	}
}

func TestAnswerAfterGivingUp(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	carrier.answer(invite, 180, "a")
	events.expect(leg.Provisional)
	d.HangUp(0, "")
	cancel := carrier.expect("CANCEL")
	carrier.answer(cancel, 200, "a")
	carrier.answer(invite, 487, "a")
	if ev := events.expect(leg.Cancelled); ev.Code != 487 {
		t.Errorf("end %+v", ev)
	}
	carrier.expect("ACK")
	// A fork answers although the dialog is over.
	carrier.answerBody(invite, 200, "late", reply1)
	if ack := carrier.expect("ACK"); ack.toTag() != "late" || ack.branch() == invite.branch() {
		t.Errorf("ACK %q", ack.head)
	}
	bye := carrier.expect("BYE")
	if bye.toTag() != "late" {
		t.Errorf("BYE to %q", bye.h("To"))
	}
	carrier.answer(bye, 200, "")
	// The refusal again: acknowledged again, with the INVITE's branch.
	carrier.answer(invite, 487, "a")
	if ack := carrier.expect("ACK"); ack.toTag() != "a" || ack.branch() != invite.branch() {
		t.Errorf("ACK of the repeated refusal %q", ack.head)
	}
	events.none()
}

func TestTwelveProvisionals(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	for range 6 {
		carrier.answer(invite, 180, "a")
		events.expect(leg.Provisional)
		carrier.answer(invite, 183, "a")
		events.expect(leg.Provisional)
	}
	carrier.answerBody(invite, 200, "a", reply1)
	events.expect(leg.Answered)
	carrier.expect("ACK")
	d.HangUp(0, "")
	carrier.answer(carrier.expect("BYE"), 200, "")
	events.expect(leg.LocalBye)
}

func TestCancelIgnoresRecordRoute(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	elsewhere := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	carrier.answerBody(invite, 183, "a", early1, "Record-Route: <sip:"+elsewhere.addr()+";lr>", "Contact: <sip:gw@"+elsewhere.addr()+">")
	if ev := events.expect(leg.Provisional); string(ev.SDP) != early1 {
		t.Errorf("early media %+v", ev)
	}
	d.HangUp(0, "")
	cancel := carrier.expect("CANCEL")
	if cancel.branch() != invite.branch() || cancel.uri() != invite.uri() || cancel.cseq() != "1 CANCEL" ||
		cancel.toTag() != "" || len(cancel.all("Route")) != 0 || len(cancel.all("Via")) != 1 {
		t.Errorf("CANCEL %q %q", cancel.start, cancel.head)
	}
	carrier.answer(cancel, 200, "a")
	carrier.answer(invite, 487, "a")
	events.expect(leg.Cancelled)
	carrier.expect("ACK")
	if got := elsewhere.seen("CANCEL"); len(got) != 0 {
		t.Errorf("diverted: %v", got)
	}
}

func TestForkedAnswer(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	carrier.answer(invite, 180, "a")
	events.expect(leg.Provisional)
	carrier.answerBody(invite, 200, "a", reply1)
	events.expect(leg.Answered)
	if ack := carrier.expect("ACK"); ack.toTag() != "a" {
		t.Errorf("ACK to %q", ack.h("To"))
	}
	carrier.answerBody(invite, 200, "b", reply1)
	if ack := carrier.expect("ACK"); ack.toTag() != "b" {
		t.Errorf("ACK to %q", ack.h("To"))
	}
	bye := carrier.expect("BYE")
	if bye.toTag() != "b" {
		t.Errorf("BYE to %q", bye.h("To"))
	}
	carrier.answer(bye, 200, "")
	// Both again: each acknowledged again, no second BYE.
	carrier.answerBody(invite, 200, "b", reply1)
	if ack := carrier.expect("ACK"); ack.toTag() != "b" {
		t.Errorf("ACK to %q", ack.h("To"))
	}
	carrier.answerBody(invite, 200, "a", reply1)
	if ack := carrier.expect("ACK"); ack.toTag() != "a" {
		t.Errorf("ACK to %q", ack.h("To"))
	}
	events.none()
	d.HangUp(0, "")
	bye = carrier.expect("BYE")
	if bye.toTag() != "a" {
		t.Errorf("BYE to %q", bye.h("To"))
	}
	carrier.answer(bye, 200, "")
	events.expect(leg.LocalBye)
	// The answer repeated after the end of the dialog is acknowledged still.
	carrier.answerBody(invite, 200, "a", reply1)
	if ack := carrier.expect("ACK"); ack.toTag() != "a" {
		t.Errorf("ACK to %q", ack.h("To"))
	}
	for _, b := range carrier.seen("BYE") {
		if b.toTag() != "a" && b.toTag() != "b" {
			t.Errorf("BYE to %q", b.h("To"))
		}
	}
}

func TestSilenceEndsByTimerB(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	begun := time.Now()
	_, events, _ := place(t, u, carrier, nil)
	if ev := events.expect(leg.Failed); ev.Code != 408 || !ev.Local {
		t.Errorf("end %+v", ev)
	}
	if took := time.Since(begun); took < 3*time.Second {
		t.Errorf("ended after %s, before 64×T1", took)
	}
	if n := len(carrier.seen("INVITE")); n < 6 {
		t.Errorf("%d INVITEs, want retransmissions", n)
	}
	if n := len(carrier.seen("CANCEL")); n != 0 {
		t.Errorf("%d CANCELs without a 1xx", n)
	}
}

func TestHangUpWaitsForProvisional(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	d.HangUp(0, "")
	// Retransmissions of the INVITE prove that time passed without a CANCEL.
	carrier.expect("INVITE")
	carrier.expect("INVITE")
	if n := len(carrier.seen("CANCEL")); n != 0 {
		t.Fatalf("%d CANCELs before a 1xx", n)
	}
	carrier.answer(invite, 100, "")
	cancel := carrier.expect("CANCEL")
	if cancel.branch() != invite.branch() {
		t.Errorf("CANCEL branch %q, INVITE %q", cancel.branch(), invite.branch())
	}
	carrier.answer(cancel, 200, "")
	carrier.answer(invite, 487, "a")
	events.expect(leg.Cancelled)
}

func TestCancelWithoutFinalEnds(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	carrier.answer(invite, 180, "a")
	events.expect(leg.Provisional)
	d.HangUp(0, "")
	if ev := events.expect(leg.Cancelled); !ev.Local {
		t.Errorf("end %+v", ev)
	}
}

func TestUnansweredByeEnds(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	d, events, invite := place(t, u, carrier, nil)
	carrier.answerBody(invite, 200, "a", reply1)
	events.expect(leg.Answered)
	d.HangUp(0, "")
	if ev := events.expect(leg.LocalBye); !ev.Local || ev.Code != 408 {
		t.Errorf("end %+v", ev)
	}
	if n := len(carrier.seen("BYE")); n < 4 {
		t.Errorf("%d BYEs, want retransmissions", n)
	}
}

// A 200 without SDP that overtakes the 183 with it.
func TestAnswerOvertakesEarlyMedia(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	_, events, invite := place(t, u, carrier, nil)
	carrier.answer(invite, 200, "a")
	carrier.answerBody(invite, 183, "a", early1)
	if ev := events.expect(leg.Answered); string(ev.SDP) != early1 {
		t.Errorf("answer %+v", ev)
	}
	// And in order, where only the 183 has the SDP.
	_, events, invite = place(t, u, carrier, nil)
	carrier.answerBody(invite, 183, "a", early1)
	carrier.answer(invite, 200, "a")
	events.expect(leg.Provisional)
	if ev := events.expect(leg.Answered); string(ev.SDP) != early1 {
		t.Errorf("answer %+v", ev)
	}
}
