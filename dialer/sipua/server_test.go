package sipua

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/dialer/leg"
)

func serve(t *testing.T, change func(*Options)) (*UA, *inbound, *peer) {
	t.Helper()
	in := newInbound(t)
	u := startUA(t, func(o *Options) {
		o.TakeCall = in.take
		if change != nil {
			change(o)
		}
	})
	return u, in, newPeer(t, "127.0.0.1", u.Addr())
}

func TestInboundCall(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, nil)
	text := caller.outside("INVITE", "in-1", offerSDP, "P-Asserted-Identity: \"C\" <sip:+12125550777;npdi@x.example>, <tel:+1>",
		"Record-Route: <sip:"+caller.addr()+";lr>")
	caller.raw(text)
	caller.expect("100")
	call := <-in.calls
	if call.Trunk != "main" || call.Caller != "+12125550777" || call.Called != "+18005550100" ||
		string(call.SDP) != offerSDP || call.Dialog.CallID() != "in-1" {
		t.Errorf("incoming %+v", call)
	}
	call.Dialog.Ring()
	ringing := caller.expect("180")
	// The same INVITE again is the same call: 180 is repeated.
	caller.raw(text)
	caller.expect("180")
	call.Dialog.Answer([]byte(reply1))
	ok := caller.expect("200")
	if ok.toTag() != ringing.toTag() || len(ok.toTag()) < 20 || ok.body != reply1 {
		t.Errorf("200 %q", ok.head)
	}
	if ok.h("Record-Route") == "" {
		t.Error("200 without Record-Route")
	}
	in.events.none()
	// Without an ACK the 200 is sent again.
	caller.expect("200")
	caller.raw(caller.inside(ok, "ACK", 7, ""))
	in.events.expect(leg.Answered)
	if len(in.calls) != 0 {
		t.Error("the repeated INVITE became a call")
	}
	call.Dialog.HangUp(0, "")
	bye := caller.expect("BYE")
	if bye.uri() != "sip:caller@"+caller.addr() || bye.toTag() != "caller" || bye.h("Route") == "" ||
		param(bye.h("From"), "tag") != ok.toTag() {
		t.Errorf("BYE %q %q", bye.start, bye.head)
	}
	caller.answer(bye, 200, "")
	in.events.expect(leg.LocalBye)
}

func TestInboundLateOffer(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, nil)
	caller.raw(caller.outside("INVITE", "late", ""))
	call := <-in.calls
	if call.SDP != nil || call.Caller != "+12125550123" {
		t.Errorf("incoming %+v", call)
	}
	call.Dialog.Answer([]byte(offerSDP))
	ok := caller.expect("200")
	caller.raw(caller.inside(ok, "ACK", 7, reply1))
	if ev := in.events.expect(leg.Answered); string(ev.SDP) != reply1 {
		t.Errorf("answered %+v", ev)
	}
	// BYE by the caller, with its cause.
	caller.raw(caller.inside(ok, "BYE", 8, "", `Reason: SIP;cause=200, Q.850;cause=16;text="a, b"`))
	caller.expect("200")
	if ev := in.events.expect(leg.RemoteBye); ev.Q850 != 16 {
		t.Errorf("end %+v", ev)
	}
	caller.raw(caller.inside(ok, "BYE", 9, ""))
	caller.expect("481")
}

func TestInboundCancel(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, nil)
	text := caller.outside("INVITE", "cancelled", offerSDP)
	caller.raw(text)
	call := <-in.calls
	call.Dialog.Ring()
	ringing := caller.expect("180")
	cancel := strings.ReplaceAll(strings.Replace(text, "INVITE ", "CANCEL ", 1), "7 INVITE", "7 CANCEL")
	cancel, _, _ = strings.Cut(cancel, "Content-Type")
	caller.raw(cancel + "Content-Length: 0\r\n\r\n")
	if ok := caller.expect("200"); ok.cseq() != "7 CANCEL" {
		t.Errorf("200 to %q", ok.cseq())
	}
	end := caller.expect("487")
	if end.toTag() != ringing.toTag() {
		t.Errorf("487 tag %q, 180 tag %q", end.toTag(), ringing.toTag())
	}
	in.events.expect(leg.Cancelled)
	// What comes too late does nothing; the 487 is repeated until its ACK.
	call.Dialog.Answer([]byte(reply1))
	call.Dialog.HangUp(486, "")
	caller.expect("487")
	if got := caller.seen("SIP/2.0"); len(got) == 0 {
		t.Error("no responses noted")
	}
	in.events.none()
}

// A CANCEL right behind its INVITE, whatever sipgo makes of their order.
func TestInboundCancelAtOnce(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, nil)
	for i := range 50 {
		text := caller.outside("INVITE", fmt.Sprintf("quick-%d", i), "")
		caller.raw(text)
		caller.raw(strings.ReplaceAll(strings.Replace(text, "INVITE ", "CANCEL ", 1), "7 INVITE", "7 CANCEL"))
		end := caller.expect("487")
		caller.raw(strings.ReplaceAll(strings.Replace(strings.Replace(text, "INVITE ", "ACK ", 1), "To: "+strings.Split(end.h("To"), ";")[0], "To: "+end.h("To"), 1), "7 INVITE", "7 ACK"))
	}
	for len(in.calls) > 0 {
		<-in.calls
		in.events.expect(leg.Cancelled)
	}
	in.events.none()
}

// A CANCEL from another trunk, though it knows the branch, cancels nothing.
func TestInboundCancelSpoofed(t *testing.T) {
	t.Parallel()
	u, in, caller := serve(t, func(o *Options) {
		o.Trunks = append(o.Trunks, TrunkPeer{Name: "other", Allow: prefixes("127.0.0.3/32")})
	})
	text := caller.outside("INVITE", "spoofed", "")
	caller.raw(text)
	call := <-in.calls
	other := newPeer(t, "127.0.0.3", u.Addr())
	other.raw(strings.ReplaceAll(strings.Replace(text, "INVITE ", "CANCEL ", 1), "7 INVITE", "7 CANCEL"))
	other.health()
	call.Dialog.Answer([]byte(offerSDP))
	ok := caller.expect("200")
	// Nor does another trunk's ACK confirm it.
	other.raw(caller.inside(ok, "ACK", 7, ""))
	other.healthy()
	in.events.none()
	caller.raw(caller.inside(ok, "ACK", 7, ""))
	in.events.expect(leg.Answered)
}

func TestInboundRefusals(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, nil)
	whole := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(caller.outside("INVITE", "r", offerSDP))
	}
	for name, c := range map[string]struct{ text, want, header string }{
		"version":        {whole("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), "505", ""},
		"no From":        {whole("From:", "X-From:"), "400", ""},
		"no To":          {whole("To:", "X-To:"), "400", ""},
		"no Call-ID":     {whole("Call-ID:", "X-Call-ID:"), "400", ""},
		"no Contact":     {whole("Contact:", "X-Contact:"), "400", ""},
		"CSeq":           {whole("7 INVITE", "7 OPTIONS"), "400", ""},
		"Require":        {whole("Max-Forwards", "Require: 100rel\r\nMax-Forwards"), "420", "Unsupported"},
		"content":        {whole("application/sdp", "text/plain"), "415", "Accept"},
		"scheme":         {whole("INVITE sip:+18005550100@", "INVITE mailto:x@"), "416", ""},
		"unknown method": {caller.outside("FLY", "r", ""), "501", "Allow"},
		"REFER":          {caller.outside("REFER", "r", ""), "405", "Allow"},
		"REGISTER":       {caller.outside("REGISTER", "r", ""), "403", ""},
		"stray BYE":      {caller.outside("BYE", "r", ""), "481", ""},
		"stray INFO":     {strings.Replace(caller.outside("INFO", "r", ""), ">\r\nCall-ID", ">;tag=guess\r\nCall-ID", 1), "481", ""},
	} {
		caller.raw(c.text)
		res := caller.expect(c.want)
		if c.header != "" && res.h(c.header) == "" {
			t.Errorf("%s: no %s in %q", name, c.header, res.head)
		}
		if !strings.HasPrefix(res.start, "SIP/2.0 ") {
			t.Errorf("%s: %q", name, res.start)
		}
	}
	in.refuse.Store(488)
	caller.raw(caller.outside("INVITE", "r2", offerSDP))
	caller.expect("488")
	in.refuse.Store(0)
	// Refused by the owner while ringing.
	caller.raw(caller.outside("INVITE", "r3", offerSDP))
	call := <-in.calls
	call.Dialog.Ring()
	caller.expect("180")
	call.Dialog.HangUp(486, "")
	caller.expect("486")
	if ev := in.events.expect(leg.Failed); ev.Code != 486 || !ev.Local {
		t.Errorf("end %+v", ev)
	}
	if len(in.calls) != 0 {
		t.Errorf("%d bad INVITEs became calls", len(in.calls))
	}
}

func TestInboundWithoutAck(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, nil)
	caller.raw(caller.outside("INVITE", "noack", offerSDP))
	call := <-in.calls
	call.Dialog.Answer([]byte(reply1))
	call.Dialog.HangUp(0, "")
	caller.expect("200")
	// Hung up, yet no BYE before the ACK or its time.
	caller.expect("200")
	if n := len(caller.seen("BYE")); n != 0 {
		t.Errorf("%d BYEs before the ACK", n)
	}
	if ev := in.events.expect(leg.Failed); ev.Code != 408 || !ev.Local {
		t.Errorf("end %+v", ev)
	}
	caller.answer(caller.expect("BYE"), 200, "")
}

func TestInboundFull(t *testing.T) {
	t.Parallel()
	_, in, caller := serve(t, func(o *Options) { o.MaxCalls = 1 })
	caller.raw(caller.outside("INVITE", "one", offerSDP))
	call := <-in.calls
	caller.raw(caller.outside("INVITE", "two", offerSDP))
	if res := caller.expect("503"); res.h("Retry-After") == "" || !strings.Contains(res.h("Call-ID"), "two") {
		t.Errorf("503 %q", res.head)
	}
	call.Dialog.HangUp(480, "")
	caller.expect("480")
	in.events.expect(leg.Failed)
}

func TestPanicEndsOneCall(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	_, in, caller := serve(t, func(o *Options) { o.Registerer = reg })
	caller.raw(caller.outside("INVITE", "good", offerSDP))
	good := <-in.calls
	in.panics.Store(true)
	caller.raw(caller.outside("INVITE", "bad", offerSDP))
	if res := caller.expect("500"); res.h("Call-ID") != "bad" {
		t.Errorf("500 to %q", res.h("Call-ID"))
	}
	if n := counter(t, reg, "ringmaster_sip_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
	good.Dialog.Ring()
	if res := caller.expect("180"); res.h("Call-ID") != "good" {
		t.Errorf("180 to %q", res.h("Call-ID"))
	}
}

// counter sums a metric over its labels.
func counter(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
