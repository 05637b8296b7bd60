package simcarrier

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

// TestSilent sees no response at all, not even a 100.
func TestSilent(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Silent), T1: 10 * time.Millisecond})
	r := raw(t)
	r.write(t, r.message("INVITE", number, w.Addr(), "silent", "z9hG4bK-1", "", 1, string(offerOf(r.addr, "0"))), w.Addr())
	r.write(t, r.message("CANCEL", number, w.Addr(), "silent", "z9hG4bK-1", "", 1, ""), w.Addr())
	rec := w.record(1)
	if rec.Result != ResultNoResponse || rec.Code != 0 || !rec.RingingAt.IsZero() || rec.EndedAt.Sub(rec.InviteAt) < 600*time.Millisecond {
		t.Errorf("logged %+v", rec)
	}
	if m, ok := r.read(t, 50*time.Millisecond); ok {
		t.Errorf("said %s", m.text)
	}
}

// TestCrossing answers the INVITE when CANCEL arrives, in both ways.
func TestCrossing(t *testing.T) {
	t.Parallel()
	for b, want := range map[Behaviour]int{Cross200: 200, Cancel481: 481} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(b)})
			u := newUAC(t)
			o := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
			o.until(180)
			canceled := make(chan int, 1)
			go func() { canceled <- o.cancel() }()
			o.answered()
			if code := <-canceled; code != want {
				t.Errorf("CANCEL answered %d, want %d", code, want)
			}
			o.bye()
			if r := w.record(1); r.Result != ResultAnswered || r.EndedBy != EndedByThem || !r.Acked || r.Code != 200 {
				t.Errorf("logged %+v", r)
			}
		})
		t.Run(string(b)+" leaked", func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(b), T1: 10 * time.Millisecond})
			u := newUAC(t)
			o := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
			o.until(180)
			o.cancel()
			o.until(200)
			if r := w.record(1); r.Acked || r.EndedBy != EndedByUs || r.Result != ResultAnswered {
				t.Errorf("a call that the dialer forgot: logged %+v", r)
			}
		})
	}
}

func TestManyProvisionals(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(ManyProvisionals)})
	u := newUAC(t)
	o := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
	provisional := 0
	for {
		res := o.next()
		if res.StatusCode >= 200 {
			o.ok = res
			break
		}
		if res.StatusCode >= 180 {
			provisional++
		}
	}
	if provisional < 12 {
		t.Errorf("%d provisional responses, want 12 and more", provisional)
	}
	o.ack(o.ok, nil)
	o.bye()
	if r := w.record(1); r.Result != ResultAnswered {
		t.Errorf("logged %+v", r)
	}
}

func TestBye100(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Bye100)})
	u := newUAC(t)
	o := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
	o.answered()
	begun := time.Now()
	all := o.bye()
	if len(all) < 2 || all[0].StatusCode != 100 || all[len(all)-1].StatusCode != 200 || time.Since(begun) < crossDelay {
		t.Errorf("BYE had %d responses within %v", len(all), time.Since(begun))
	}
	if r := w.record(1); r.EndedBy != EndedByThem {
		t.Errorf("logged %+v", r)
	}
}

// TestFork answers twice; the log tells what became of the second.
func TestFork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ack, bye bool
		want     string
	}{
		"released": {true, true, "released"},
		"acked":    {true, false, "acked"},
		"leaked":   {false, false, "leaked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(Fork200), T1: 200 * time.Millisecond, TalkMean: 2 * time.Second})
			r := raw(t)
			r.write(t, r.message("INVITE", number, w.Addr(), "fork", "z9hG4bK-1", "", 1, string(offerOf(r.addr, "0"))), w.Addr())
			ok := func(m reply) bool { return m.code == 200 }
			first := r.await(t, "200", ok)
			second := r.await(t, "another 200", func(m reply) bool { return ok(m) && tagOf(m) != tagOf(first) })
			r.write(t, r.message("ACK", number, w.Addr(), "fork", "z9hG4bK-2", tagOf(first), 1, ""), w.Addr())
			if c.ack {
				r.write(t, r.message("ACK", number, w.Addr(), "fork", "z9hG4bK-3", tagOf(second), 1, ""), w.Addr())
			}
			if c.bye {
				r.exchange(t, r.message("BYE", number, w.Addr(), "fork", "z9hG4bK-4", tagOf(second), 2, ""), w.Addr())
			}
			r.await(t, "BYE", func(m reply) bool { return strings.HasPrefix(m.text, "BYE ") })
			if rec := w.record(1); rec.Fork != c.want || !rec.Acked || rec.EndedBy != EndedByUs {
				t.Errorf("logged %+v, want fork %q", rec, c.want)
			}
		})
	}
}

// TestLate200 has SDP in the 183 and none in the 200.
func TestLate200(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Late200)})
	u := newUAC(t)
	h := newHandset(t, pcmu, PhoneTone("agent2"))
	o := u.dial(number, w.Addr(), offerOf(h.at, "0"))
	progress := o.until(183)
	if progress.StatusCode != 183 || len(progress.Body()) == 0 {
		t.Fatalf("%d with %d bytes", progress.StatusCode, len(progress.Body()))
	}
	h.call(t, progress.Body())
	if res := o.answered(); len(res.Body()) != 0 {
		t.Errorf("the 200 has a body: %s", res.Body())
	}
	eventually(t, "the customer's voice", func() bool { return h.hears(CustomerTone(number)) })
	o.bye()
	if r := w.record(1); r.HeardMS(PhoneTone("agent2")) == 0 {
		t.Errorf("logged %+v", r)
	}
}

// TestHold stops the audio and does not take the silence for a loss.
func TestHold(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Answer)}, func(c *Carrier) { c.mediaLost = 300 * time.Millisecond })
	u := newUAC(t)
	h := newHandset(t, pcmu, PhoneTone("agent2"))
	o := u.dial(number, w.Addr(), offerOf(h.at, "0"))
	res := o.answered()
	h.call(t, res.Body())
	eventually(t, "the customer's voice", func() bool { return h.hears(CustomerTone(number)) })
	seq := res.CSeq().SeqNo
	held := o.ask(sip.INVITE, res, seq+1, offerOf(h.at, "0", "a=inactive"))
	if s, err := parseSDP(held[len(held)-1].Body()); err != nil || s.direction != "inactive" {
		t.Errorf("hold answered %+v, %v", s, err)
	}
	o.ack(held[len(held)-1], nil)
	h.tune(-1)
	before := h.packets()
	time.Sleep(600 * time.Millisecond) // nothing must happen meanwhile
	if got := h.packets() - before; got > 3 {
		t.Errorf("%d packets while on hold", got)
	}
	if w.Live() != 1 {
		t.Fatal("the call on hold ended")
	}
	h.tune(PhoneTone("agent2"))
	back := o.ask(sip.INVITE, res, seq+2, offerOf(h.at, "8", "a=sendrecv"))
	o.ack(back[len(back)-1], nil)
	eventually(t, "audio in the other law", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.types[byte(pcma)] > 5
	})
	if all := o.ask(sip.OPTIONS, res, seq+3, nil); all[0].StatusCode != 200 {
		t.Errorf("OPTIONS answered %d", all[0].StatusCode)
	}
	if all := o.ask(sip.INVITE, res, seq+4, offerOf(h.at, "18")); all[len(all)-1].StatusCode != 488 {
		t.Errorf("an offer without G.711 answered %d", all[0].StatusCode)
	}
	o.ok = res
	if all := o.ask(sip.BYE, res, seq+5, nil); all[0].StatusCode != 200 {
		t.Errorf("BYE answered %d", all[0].StatusCode)
	}
	w.record(1)
}

// TestMediaLost ends a call whose audio stopped without a BYE.
func TestMediaLost(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Answer)}, func(c *Carrier) { c.mediaLost = 200 * time.Millisecond })
	u := newUAC(t)
	h := newHandset(t, pcmu, PhoneTone("agent2"))
	h.call(t, u.ringAndAnswer(w, h))
	eventually(t, "the customer's voice", func() bool { return h.hears(CustomerTone(number)) })
	h.tune(-1)
	r := w.record(1)
	if r.Result != ResultAnswered || r.EndedBy != EndedByMediaLost || r.EndedAt.IsZero() {
		t.Errorf("logged %+v", r)
	}
	u.expectBye()
}
