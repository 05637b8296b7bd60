package simcarrier

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// missCall has the pinned customer's call cancelled, so that they call back,
// and returns the INVITE of that and its transaction.
func missCall(t *testing.T, o Options) (*witness, *uac, *sip.Request, sip.ServerTransaction, func()) {
	t.Helper()
	u := newUAC(t)
	o.Customers, o.DialerAddr = pin(CallBack), u.addr.String()
	o.Seed = 1
	w := start(t, o)
	type incoming struct {
		req *sip.Request
		tx  sip.ServerTransaction
	}
	came, done := make(chan incoming, 1), make(chan struct{})
	u.mu.Lock()
	u.invited = func(req *sip.Request, tx sip.ServerTransaction) {
		came <- incoming{req, tx}
		<-done // sipgo ends the transaction when the handler returns
	}
	u.mu.Unlock()
	call := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
	call.until(180)
	call.cancel()
	if r := w.record(1); r.Result != ResultCancelled {
		t.Errorf("logged %+v", r)
	}
	in := receive(t, "a call back", came)
	return w, u, in.req, in.tx, func() { close(done) }
}

// TestCallBack serves a customer who calls back.
func TestCallBack(t *testing.T) {
	t.Parallel()
	w, u, req, tx, done := missCall(t, Options{WaitScale: 0.05, InboundNumber: "+12125559999", TalkMean: 300 * time.Millisecond})
	if req.Recipient.User != "+12125559999" || req.From().Address.User != number {
		t.Errorf("called %s from %s", req.Recipient.User, req.From().Address.User)
	}
	if pai := req.GetHeader("P-Asserted-Identity"); pai == nil || !strings.Contains(pai.Value(), number) {
		t.Errorf("P-Asserted-Identity %v", pai)
	}
	if req.Source() != w.Addr() {
		t.Errorf("came from %s, want the carrier's address %s", req.Source(), w.Addr())
	}
	h := newHandset(t, pcma, 440) // a comfort tone
	tx.Respond(sip.NewResponseFromRequest(req, 180, "Ringing", nil))
	ok := sip.NewSDPResponseFromRequest(req, offerOf(h.at, "8"))
	ok.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<sip:d@%s>", u.addr)))
	tx.Respond(ok)
	done()
	h.call(t, req.Body())
	eventually(t, "the open line", func() bool { return h.packets() > 15 })
	if h.hears(CustomerTone(number)) {
		t.Error("the caller speaks to the queue")
	}
	h.tune(PhoneTone("agent9"))
	eventually(t, "the caller's voice", func() bool { return h.hears(CustomerTone(number)) })
	u.expectBye()
	r := w.record(2)
	if r.Kind != KindInbound || r.Number != number || r.To != "+12125559999" || r.Result != ResultAnswered || r.EndedBy != EndedByUs || r.Code != 200 || !r.Acked {
		t.Errorf("logged %+v", r)
	}
	if r.HeardMS(PhoneTone("agent9")) < 200 || r.HeardOther < 100 || r.RingingAt.IsZero() || r.AnsweredAt.IsZero() {
		t.Errorf("logged %+v", r)
	}
}

// TestCallBackEnds covers every way in which no agent is reached.
func TestCallBackEnds(t *testing.T) {
	t.Parallel()
	accept := func(u *uac, req *sip.Request, tx sip.ServerTransaction) *sip.Response {
		ok := sip.NewSDPResponseFromRequest(req, offerOf(u.addr, "0"))
		ok.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<sip:d@%s>", u.addr)))
		tx.Respond(ok)
		return ok
	}
	for name, c := range map[string]struct {
		answer func(*uac, *sip.Request, sip.ServerTransaction)
		result Result
		code   int
		by     Ender
	}{
		"abandoned": {func(u *uac, req *sip.Request, tx sip.ServerTransaction) {
			accept(u, req, tx)
			u.expectBye()
		}, ResultAbandoned, 200, EndedByUs},
		"abandoned while ringing": {func(u *uac, req *sip.Request, tx sip.ServerTransaction) {
			canceled := make(chan struct{})
			tx.OnCancel(func(*sip.Request) { close(canceled) })
			tx.Respond(sip.NewResponseFromRequest(req, 180, "Ringing", nil))
			receive(u.t, "a CANCEL", canceled)
		}, ResultAbandoned, 487, EndedByUs},
		"refused": {func(u *uac, req *sip.Request, tx sip.ServerTransaction) {
			tx.Respond(sip.NewResponseFromRequest(req, 403, "Forbidden", nil))
		}, ResultRefused, 403, EndedByThem},
		"cleared by the dialer": {func(u *uac, req *sip.Request, tx sip.ServerTransaction) {
			ok := accept(u, req, tx)
			receive(u.t, "an ACK", u.acks)
			bye := sip.NewRequest(sip.BYE, *req.Contact().Address.Clone())
			from, to := ok.To().AsFrom(), req.From().AsTo()
			bye.AppendHeader(&from)
			bye.AppendHeader(&to)
			bye.AppendHeader(sip.HeaderClone(req.CallID()))
			bye.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.BYE})
			bye.SetBody(nil)
			res, err := u.client.Do(u.t.Context(), bye)
			if err != nil || res.StatusCode != 200 {
				u.t.Errorf("BYE answered %v, %v", res, err)
			}
		}, ResultRefused, 200, EndedByThem},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, u, req, tx, done := missCall(t, Options{WaitScale: 0.02})
			defer done()
			if req.Recipient.User != "+15550001000" {
				t.Errorf("called %s, want the caller id seen", req.Recipient.User)
			}
			c.answer(u, req, tx)
			if r := w.record(2); r.Result != c.result || r.Code != c.code || r.EndedBy != c.by || r.EndedAt.IsZero() {
				t.Errorf("logged %+v", r)
			}
		})
	}
}

// TestCallBackNobodyThere ends after timer B when the dialer is dead.
func TestCallBackNobodyThere(t *testing.T) {
	t.Parallel()
	deaf := raw(t)
	w := start(t, Options{Customers: pin(CallBack), DialerAddr: deaf.addr.String(), WaitScale: 0.001, GiveUp: time.Millisecond, T1: 5 * time.Millisecond},
		func(c *Carrier) { c.options.WaitScale = 0.05 })
	newUAC(t).dial(number, w.Addr(), nil).until(200)
	if r := w.record(2); r.Result != ResultNoResponse || r.Kind != KindInbound || r.Code != 408 {
		t.Errorf("logged %+v", r)
	}
	first, _ := deaf.read(t, time.Second)
	second, ok := deaf.read(t, time.Second)
	if !ok || first.text != second.text {
		t.Error("the INVITE was not retransmitted")
	}
}

// TestAuth challenges, refuses what is wrong and takes what is right. The
// right response is computed here, by RFC 2617 section 3.2.2.
func TestAuth(t *testing.T) {
	t.Parallel()
	sum := func(parts ...string) string {
		h := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h[:])
	}
	for _, proxy := range []bool{false, true} {
		t.Run(fmt.Sprintf("proxy %v", proxy), func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(Busy), Auth: &Auth{User: "bob", Password: "secret", Proxy: proxy}})
			u := newUAC(t)
			code, ask, give := 401, "WWW-Authenticate", "Authorization"
			if proxy {
				code, ask, give = 407, "Proxy-Authenticate", "Proxy-Authorization"
			}
			try := func(credentials string) *sip.Response {
				invite := u.request(sip.INVITE, number, w.Addr(), offerOf(u.addr, "0"))
				if credentials != "" {
					invite.AppendHeader(sip.NewHeader(give, credentials))
				}
				return u.send(invite).until(200)
			}
			challenge := func(res *sip.Response) *digest.Challenge {
				if res.StatusCode != code {
					t.Fatalf("answered %d, want %d", res.StatusCode, code)
				}
				c, err := digest.ParseChallenge(res.GetHeader(ask).Value())
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			respond := func(nonce, user, password string) string {
				const uri = "sip:somebody@127.0.0.1"
				response := sum(sum(user, "simcarrier", password), nonce, "00000001", "abc", "auth", sum("INVITE", uri))
				return fmt.Sprintf(`Digest username="%s", realm="simcarrier", nonce="%s", uri="%s", response="%s", algorithm=MD5, cnonce="abc", qop=auth, nc=00000001`,
					user, nonce, uri, response)
			}
			first := challenge(try(""))
			if first.Stale || first.Realm != "simcarrier" {
				t.Errorf("challenge %+v", first)
			}
			challenge(try(respond(first.Nonce, "bob", "wrong")))
			challenge(try(respond(first.Nonce, "eve", "secret")))
			challenge(try("Digest nonsense"))
			if c := challenge(try(respond("0-made-up", "bob", "secret"))); c.Stale {
				t.Error("a made-up nonce is called stale")
			}
			old := w.guard.nonce(time.Now().Add(-2 * nonceLife))
			if c := challenge(try(respond(old, "bob", "secret"))); !c.Stale {
				t.Error("an old nonce is not called stale")
			}
			if n := len(w.records()); n != 0 {
				t.Errorf("challenges made %d lines", n)
			}
			if res := try(respond(first.Nonce, "bob", "secret")); res.StatusCode != 486 {
				t.Errorf("right credentials: %d", res.StatusCode)
			}
			w.record(1)
		})
	}
}
