package sipua

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestUnlistedSourcesGetNothing(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	u, in, caller := serve(t, func(o *Options) { o.Registerer = reg })
	stranger := newPeer(t, "127.0.0.9", u.Addr())
	for _, m := range []string{"INVITE", "OPTIONS", "REGISTER", "BYE"} {
		stranger.raw(stranger.outside(m, "s", ""))
	}
	caller.health()
	if n := len(stranger.seen("SIP/2.0")); n != 0 {
		t.Errorf("%d responses to a stranger", n)
	}
	if n := counter(t, reg, "ringmaster_sip_dropped_total"); n != 4 {
		t.Errorf("%v drops counted", n)
	}
	if len(in.calls) != 0 {
		t.Error("a stranger's call was taken")
	}
}

func TestPhonesEndpoint(t *testing.T) {
	t.Parallel()
	in := newInbound(t)
	u := startUA(t, func(o *Options) { o.TakeCall = in.take })
	phone := newPeer(t, "127.0.0.1", u.PhonesAddr())
	// No calls and no registrations from phones.
	phone.raw(phone.outside("INVITE", "p", offerSDP))
	phone.expect("403")
	phone.raw(phone.outside("REGISTER", "p", ""))
	phone.expect("403")
	// A phone that is not on this machine is heard only after it was called.
	elsewhere := netip.MustParseAddr("192.0.2.7")
	if u.phone.listed(elsewhere) {
		t.Error("a phone that was not called is heard")
	}
	u.phone.called.add(elsewhere, time.Now())
	if !u.phone.listed(elsewhere) || u.trunks.listed(elsewhere) {
		t.Error("a called phone is not heard, or by the trunks' endpoint")
	}
	far := newPeer(t, "127.0.0.77", u.PhonesAddr())
	d, events, invite := place(t, u.Phones(), far, func(r *dialer.Invite) { r.Target = "sip:agent7@" + far.addr() })
	if via := invite.h("Via"); !strings.Contains(via, u.PhonesAddr().String()) {
		t.Errorf("Via %q, want the phone endpoint", via)
	}
	// Behind a NAT its Contact leads nowhere: requests go where it spoke from.
	far.answerBody(invite, 200, "a", reply1, "Contact: <sip:agent7@10.255.0.7:5060>")
	events.expect(leg.Answered)
	far.expect("ACK")
	far.health()
	d.HangUp(0, "")
	bye := far.expect("BYE")
	if bye.uri() != "sip:agent7@10.255.0.7:5060" {
		t.Errorf("BYE to %q", bye.uri())
	}
	far.answer(bye, 200, "")
	events.expect(leg.LocalBye)
	if len(in.calls) != 0 {
		t.Error("a phone's call was taken")
	}
}

func TestJunk(t *testing.T) {
	t.Parallel()
	u, in, caller := serve(t, nil)
	phone := newPeer(t, "127.0.0.1", u.PhonesAddr())
	rng := rand.New(rand.NewPCG(7, 7))
	good := caller.outside("INVITE", "junk", offerSDP)
	for i := range 3000 {
		var b []byte
		switch i % 6 {
		case 0: // noise
			b = make([]byte, 1+rng.IntN(1500))
			fill(rng, b)
		case 1: // a message cut somewhere
			b = []byte(good[:1+rng.IntN(len(good)-1)])
		case 2: // a message with noise in it
			b = []byte(caller.outside("OPTIONS", "junk", ""))
			for range 1 + rng.IntN(8) {
				b[rng.IntN(len(b))] = byte(rng.IntN(256))
			}
		case 3: // keep-alives
			b = []byte("\r\n\r\n")[:2+2*(i%2)]
		case 4: // too large
			if i%60 == 4 {
				b = []byte(caller.outside("OPTIONS", "big", strings.Repeat("x", 20_000)))
			} else {
				b = []byte("SIP/2.0 200 OK\r\nVia: x\r\n\r\n")
			}
		case 5: // broken responses
			b = []byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\nCall-ID: c\r\n\r\n")
		}
		for _, p := range []*peer{caller, phone} {
			if _, err := p.conn.WriteToUDPAddrPort(b, p.to); err != nil {
				t.Fatal(err)
			}
		}
		if i%200 == 199 {
			caller.healthy()
			phone.healthy()
		}
	}
	caller.healthy()
	phone.healthy()
	for len(in.calls) > 0 {
		<-in.calls
	}
	// And a call goes through.
	caller.raw(caller.outside("INVITE", "after-junk", offerSDP))
	for {
		if call := <-in.calls; call.Dialog.CallID() == "after-junk" {
			break
		}
	}
}

// healthy is health among the answers to junk.
func (p *peer) healthy() {
	p.t.Helper()
	id := time.Now().Format(time.RFC3339Nano)
	p.raw(p.outside("OPTIONS", id, ""))
	for {
		if m := p.expect("200"); m.h("Call-ID") == id {
			return
		}
	}
}

func TestCalledIsBounded(t *testing.T) {
	t.Parallel()
	c := newCalled()
	base := netip.MustParseAddr("10.0.0.0")
	ip, now := base, time.Now()
	for i := range calledLimit + 100 {
		ip = ip.Next()
		c.add(ip, now.Add(time.Duration(i)))
	}
	if len(c.since) != calledLimit || c.has(base.Next()) || !c.has(ip) {
		t.Errorf("%d addresses, first %v, last %v", len(c.since), c.has(base.Next()), c.has(ip))
	}
}

// sipgo's memory of sources is bounded, and calls go on meanwhile.
func TestManySources(t *testing.T) {
	t.Parallel()
	const limit = 8
	u, err := New(Options{
		Listen: "127.0.0.1:0", PhonesListen: "127.0.0.1:0",
		Trunks: []TrunkPeer{{Name: "main", Allow: prefixes("127.0.0.1/32")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	u.trunks.sources.limit = limit
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	defer func() {
		stop()
		<-done
	}()
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	for range 5 {
		d, events, _ := answered(t, u, carrier, nil)
		for range 2 * limit {
			newPeer(t, "127.0.0.1", u.Addr()).health()
		}
		d.HangUp(0, "")
		carrier.answer(carrier.expect("BYE"), 200, "")
		events.expect(leg.LocalBye)
		if n := u.trunks.tpl.Pool("udp").Size(); n > 2*limit+2 {
			t.Fatalf("%d sources remembered, limit 2×%d", n, limit)
		}
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dropReason{
		"OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n":  "",
		"OPTIONS sip:a@b SIP/7.0\r\nVia: x\r\n\r\n":  "",
		"SIP/2.0 200 OK\r\nVia: x\r\n\r\n":           "",
		"\r\n\r\n":                                   dropKeepalive,
		"\x00\x00":                                   dropKeepalive,
		"":                                           dropKeepalive,
		"OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n":      dropJunk,
		"OPTIONS sip:a@b SIP/2.0\r\n\r\n":            dropJunk,
		"OPTIONS sip:a@b HTTP/1.1\r\nA: x\r\n\r\n":   dropJunk,
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":          dropJunk,
		"OPTIONS  SIP/2.0\r\nVia: x\r\n\r\n":         dropJunk,
		"OPT\x00 sip:a@b SIP/2.0\r\nV: x\r\n\r\n":    dropJunk,
		"A{} sip:a@b SIP/2.0\r\nV: x\r\n\r\n":        dropJunk,
		"OPTIONS sip:a@b SIP/2.0\r\nV: x\ny\r\n\r\n": dropJunk,
		"OPTIONS sip:a@b SIP/2.0\r\nV: x\ry\r\n\r\n": dropJunk,
		"SIP/3.0 200 OK\r\nVia: x\r\n\r\n":           dropJunk,
		strings.Repeat("x", maxDatagram+1):           dropOversize,
	} {
		if got, ok := screen([]byte(text)); got != want || ok != (want == "") {
			t.Errorf("%.40q: %q %v, want %q", text, got, ok, want)
		}
	}
}

// fill fills b with random bytes.
func fill(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}
