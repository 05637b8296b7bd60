package simcarrier

import (
	"strings"
	"testing"
	"time"
)

// TestPhone hears two customers one after the other in one long call.
func TestPhone(t *testing.T) {
	t.Parallel()
	w := start(t, Options{})
	u := newUAC(t)
	h := newHandset(t, pcmu, CustomerTone("+12125550001"))
	o := u.dial("agent5", w.PhonesAddr(), offerOf(h.at, "0"))
	if res := o.until(180); res.StatusCode != 200 {
		t.Errorf("a phone that answers at once sent %d", res.StatusCode)
	} else {
		o.ok = res
		o.ack(res, nil)
		h.call(t, res.Body())
	}
	eventually(t, "the phone's voice", func() bool { return h.hears(PhoneTone("agent5")) })
	eventually(t, "half a second", func() bool { return h.packets() > 25 })
	h.tune(CustomerTone("+12125550002"))
	at := h.packets()
	eventually(t, "half a second", func() bool { return h.packets() > at+25 })
	o.bye()
	r := w.record(1)
	if r.Kind != KindPhone || r.Number != "agent5" || r.EndedBy != EndedByThem || r.ToneHz != PhoneTone("agent5") {
		t.Errorf("logged %+v", r)
	}
	if len(r.Heard) != 2 || r.Heard[0].Hz != CustomerTone("+12125550001") || r.Heard[1].Hz != CustomerTone("+12125550002") || r.Heard[1].FirstAt.Before(r.Heard[0].FirstAt) {
		t.Errorf("heard %+v", r.Heard)
	}
	u.phone(w, "agent5").bye() // may be dialed again
	if r := w.record(2); r.Try != 2 {
		t.Errorf("logged %+v", r)
	}
}

// phone dials a phone without audio.
func (u *uac) phone(w *witness, user string) *outgoing {
	u.t.Helper()
	o := u.dial(user, w.PhonesAddr(), offerOf(u.addr, "0"))
	o.answered()
	return o
}

// TestPhoneBehaviours checks the suffixes and the delay.
func TestPhoneBehaviours(t *testing.T) {
	t.Parallel()
	w := start(t, Options{PhoneAnswerDelay: 50 * time.Millisecond})
	u := newUAC(t)
	if res := u.dial("agent7-busy", w.PhonesAddr(), offerOf(u.addr, "0")).until(180); res.StatusCode != 486 {
		t.Errorf("busy phone: %d", res.StatusCode)
	}
	o := u.dial("agent7-noanswer", w.PhonesAddr(), offerOf(u.addr, "0"))
	o.until(180)
	o.cancel()
	if res := o.until(200); res.StatusCode != 487 {
		t.Errorf("cancelled phone: %d", res.StatusCode)
	}
	o = u.dial("agent7", w.PhonesAddr(), offerOf(u.addr, "0"))
	if res := o.until(180); res.StatusCode != 180 {
		t.Errorf("phone with a delay: %d", res.StatusCode)
	}
	o.answered()
	if res := u.dial("agent7", w.PhonesAddr(), offerOf(u.addr, "0")).until(180); res.StatusCode != 486 {
		t.Errorf("a phone in a call: %d", res.StatusCode)
	}
	o.bye()
	if r := w.record(4); r.Result != ResultAnswered {
		t.Errorf("logged %+v", r)
	}
}

// TestPhoneReplaced lets a dialer that came back dial a phone whose old call
// it has forgotten.
func TestPhoneReplaced(t *testing.T) {
	t.Parallel()
	w := start(t, Options{}, func(c *Carrier) { c.stalePhone = 100 * time.Millisecond })
	u := newUAC(t)
	old := u.phone(w, "agent7")
	time.Sleep(150 * time.Millisecond) // the silence that makes it stale
	o := u.phone(w, "agent7")
	if bye := u.expectBye(); bye.CallID().Value() != old.invite.CallID().Value() {
		t.Error("BYE of the wrong call")
	}
	if r := w.record(1); r.EndedBy != EndedByMediaLost || r.CallID != old.invite.CallID().Value() {
		t.Errorf("logged %+v", r)
	}
	o.bye()
}

// TestPhoneProbe keeps a phone in a silent call as long as OPTIONS is answered.
func TestPhoneProbe(t *testing.T) {
	t.Parallel()
	w := start(t, Options{T1: 20 * time.Millisecond}, func(c *Carrier) { c.mediaLost = 100 * time.Millisecond })
	u := newUAC(t)
	h := newHandset(t, pcmu, CustomerTone(number))
	o := u.dial("agent7", w.PhonesAddr(), offerOf(h.at, "0"))
	h.call(t, o.answered().Body())
	eventually(t, "the phone's voice", func() bool { return h.hears(PhoneTone("agent7")) })
	h.tune(-1)
	eventually(t, "two probes", func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.options >= 2
	})
	if w.Live() != 1 {
		t.Error("the phone hung up though the dialer answered")
	}
	o.bye()

	// Another phone's dialer answers 481: it knows of no such call.
	r := raw(t)
	r.write(t, r.message("INVITE", "agent8", w.PhonesAddr(), "dead", "z9hG4bK-1", "", 1, string(offerOf(h.at, "0"))), w.PhonesAddr())
	ok := r.await(t, "200", func(m reply) bool { return m.code == 200 })
	_, body, _ := strings.Cut(ok.text, "\r\n\r\n")
	h.call(t, []byte(body))
	r.write(t, r.message("ACK", "agent8", w.PhonesAddr(), "dead", "z9hG4bK-2", tagOf(ok), 1, ""), w.PhonesAddr())
	h.tune(CustomerTone(number))
	at := h.packets()
	eventually(t, "audio", func() bool { return h.packets() > at+10 })
	h.tune(-1)
	if rec := w.record(2); rec.EndedBy != EndedByMediaLost || rec.CallID != "dead" {
		t.Errorf("logged %+v", rec)
	}
}

// TestStop hangs up and logs what is open when the context ends.
func TestStop(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: Customers{number: {Answer}, "+12125550001": {NoAnswer}}})
	u := newUAC(t)
	h := newHandset(t, pcmu, CustomerTone(number))
	phone := u.dial("agent5", w.PhonesAddr(), offerOf(h.at, "0"))
	h.call(t, phone.answered().Body())
	ringing := u.dial("+12125550001", w.Addr(), offerOf(u.addr, "0"))
	ringing.until(180)
	u.dial(number, w.Addr(), offerOf(u.addr, "0")).answered()
	eventually(t, "the phone's voice", func() bool { return h.hears(PhoneTone("agent5")) && h.packets() > 30 })
	final := make(chan int, 1)
	go func() { final <- ringing.until(200).StatusCode }()
	begun := time.Now()
	w.stop()
	if took := time.Since(begun); took > time.Second {
		t.Errorf("stopping took %v", took)
	}
	for range 2 {
		u.expectBye()
	}
	if code := <-final; code != 503 {
		t.Errorf("the ringing call ended with %d", code)
	}
	open := map[Kind]int{}
	for _, r := range w.records() {
		if r.Result != ResultOpen || !r.EndedAt.IsZero() || r.EndedBy != "" {
			t.Errorf("logged %+v", r)
		}
		open[r.Kind]++
		if r.Kind == KindPhone && r.HeardMS(CustomerTone(number)) < 200 {
			t.Errorf("the phone's log lacks what it heard: %+v", r)
		}
	}
	if open[KindPhone] != 1 || open[KindCustomer] != 2 {
		t.Errorf("open: %v", open)
	}
}

// TestMaxCalls refuses what is too much, and takes calls again after it.
func TestMaxCalls(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(NoAnswer), MaxCalls: 1})
	u := newUAC(t)
	o := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
	o.until(180)
	if res := u.dial("+12125550001", w.Addr(), offerOf(u.addr, "0")).until(200); res.StatusCode != 503 {
		t.Errorf("beyond the limit: %d", res.StatusCode)
	}
	if r := w.record(1); r.Result != ResultCongestion {
		t.Errorf("logged %+v", r)
	}
	o.cancel()
	w.record(2)
	eventually(t, "no call left", func() bool { return w.Live() == 0 })
	o = u.dial(number, w.Addr(), offerOf(u.addr, "0"))
	o.until(180)
	o.cancel()
}

// TestPortInUse is an error of Run that names the listener.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	w := start(t, Options{})
	for _, o := range []Options{{Listen: w.Addr(), PhonesListen: PhonesOff}, {Listen: "127.0.0.1:0", PhonesListen: w.Addr()}} {
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Run(t.Context()); err == nil {
			t.Error("two carriers on one address")
		}
		if c.Addr() != "" {
			t.Error("an address without Ready")
		}
	}
}
