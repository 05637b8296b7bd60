package simcarrier

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestRefusals checks what each refusing behaviour answers and logs.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour Behaviour
		code      int
		result    Result
		reason    string
		rings     bool
	}{
		{Busy, 486, ResultBusy, "", false},
		{BadNumber, 404, ResultBadNumber, "Q.850;cause=1;", false},
		{Reject, 603, ResultRejected, "", true},
		{Congestion, 503, ResultCongestion, "Q.850;cause=34;", false},
	} {
		t.Run(string(c.behaviour), func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(c.behaviour)})
			u := newUAC(t)
			before := time.Now()
			o := u.dial("12125550123", w.Addr(), offerOf(u.addr, "0"))
			res := o.until(200)
			if res.StatusCode != c.code {
				t.Errorf("answered %d, want %d", res.StatusCode, c.code)
			}
			reason := ""
			if h := res.GetHeader("Reason"); h != nil {
				reason = h.Value()
			}
			if !strings.HasPrefix(reason, c.reason) || (c.reason == "") != (reason == "") {
				t.Errorf("Reason %q, want %q", reason, c.reason)
			}
			r := w.record(1)
			if r.Result != c.result || r.Code != c.code || r.EndedBy != EndedByUs || r.Kind != KindCustomer ||
				r.Number != number || r.From != "+15550001000" || r.Behaviour != c.behaviour ||
				r.CallID != o.invite.CallID().Value() || r.Seq != 1 || r.Try != 1 || r.ToneHz != CustomerTone(number) {
				t.Errorf("logged %+v", r)
			}
			if r.InviteAt.Before(before.Add(-time.Second)) || r.EndedAt.Before(r.InviteAt) || !r.AnsweredAt.IsZero() || r.RingingAt.IsZero() == c.rings {
				t.Errorf("times of %+v", r)
			}
		})
	}
}

// TestAnswer has a conversation in each law and finds both tones in it.
func TestAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		law     law
		formats string
	}{
		"PCMU":           {pcmu, "0 8 101"},
		"PCMA":           {pcma, "8 101"},
		"PCMA preferred": {pcma, "18 8 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(Answer)})
			u := newUAC(t)
			h := newHandset(t, c.law, PhoneTone("agent3"))
			o := u.dial(number, w.Addr(), offerOf(h.at, c.formats, "a=rtpmap:101 telephone-event/8000"))
			if ringing := o.until(180); ringing.StatusCode > 183 {
				t.Errorf("rings with %d", ringing.StatusCode)
			}
			res := o.answered()
			if event := strings.Contains(string(res.Body()), "telephone-event"); event != strings.Contains(c.formats, "101") {
				t.Errorf("telephone-event in the answer: %v\n%s", event, res.Body())
			}
			h.call(t, res.Body())
			eventually(t, "the customer's voice", func() bool { return h.hears(CustomerTone(number)) })
			eventually(t, "a second of speech", func() bool { return h.packets() > 60 })
			o.bye()
			r := w.record(1)
			if r.Result != ResultAnswered || r.EndedBy != EndedByThem || !r.Acked || r.Code != 200 {
				t.Errorf("logged %+v", r)
			}
			if r.RingingAt.IsZero() || r.AnsweredAt.Before(r.RingingAt) || r.EndedAt.Before(r.AnsweredAt) {
				t.Errorf("times of %+v", r)
			}
			if ms := r.HeardMS(PhoneTone("agent3")); ms < 300 || len(r.Heard) != 1 {
				t.Errorf("heard %+v, want agent3", r.Heard)
			}
			if r.RTPSent < 40 || r.RTPReceived < 20 || r.RTPLost != 0 || r.RTPStray != 0 {
				t.Errorf("RTP of %+v", r)
			}
			if h.types[byte(c.law)] != h.packets() {
				t.Errorf("payload types %v, want all %d", h.types, c.law)
			}
		})
	}
}

// TestAnswerHangsUp lets the customer end the call.
func TestAnswerHangsUp(t *testing.T) {
	t.Parallel()
	for _, b := range []Behaviour{Answer, HangUpEarly, SlowRing, Machine, NoMedia} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(b), TalkMean: 200 * time.Millisecond})
			u := newUAC(t)
			h := newHandset(t, pcmu, -1)
			o := u.dial(number, w.Addr(), offerOf(h.at, "0"))
			res := o.answered()
			h.call(t, res.Body())
			bye := u.expectBye()
			if bye.CallID().Value() != o.invite.CallID().Value() {
				t.Error("BYE of another call")
			}
			r := w.record(1)
			if r.Result != ResultAnswered || r.EndedBy != EndedByUs || r.Behaviour != b {
				t.Errorf("logged %+v", r)
			}
			if silent := b == NoMedia; silent != (r.RTPSent == 0) {
				t.Errorf("sent %d packets", r.RTPSent)
			}
		})
	}
}

// TestMachine hears the greeting, the beep and the recording.
func TestMachine(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Machine), TalkMean: time.Second})
	u := newUAC(t)
	h := newHandset(t, pcmu, 0)
	h.call(t, u.ringAndAnswer(w, h))
	eventually(t, "the greeting", func() bool { return h.hears(CustomerTone(number)) })
	eventually(t, "the beep", func() bool { return h.hears(beepHz) })
	u.expectBye()
	if r := w.record(1); r.Behaviour != Machine || r.EndedBy != EndedByUs {
		t.Errorf("logged %+v", r)
	}
}

// ringAndAnswer dials the pinned number and returns the SDP of the 200.
func (u *uac) ringAndAnswer(w *witness, h *handset) []byte {
	u.t.Helper()
	return u.dial(number, w.Addr(), offerOf(h.at, "0")).answered().Body()
}

// TestNoAnswer rings until CANCEL, or until the network gives up.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for _, b := range []Behaviour{NoAnswer, TryingOnly, Answer, Machine, SlowRing, ManyProvisionals} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			w := start(t, Options{Customers: pin(b), RingScale: 100})
			u := newUAC(t)
			o := u.dial(number, w.Addr(), offerOf(u.addr, "0"))
			first := 180
			if b == TryingOnly || b == SlowRing {
				first = 100
			}
			o.until(first)
			if code := o.cancel(); code != 200 {
				t.Errorf("CANCEL answered %d", code)
			}
			if res := o.until(200); res.StatusCode != 487 {
				t.Errorf("INVITE answered %d, want 487", res.StatusCode)
			}
			r := w.record(1)
			if r.Result != ResultCancelled || r.Code != 487 || r.EndedBy != EndedByThem {
				t.Errorf("logged %+v", r)
			}
			if u.cancelUnknown(o) != 200 {
				t.Error("a second CANCEL is not answered 200 while the transaction lives")
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		t.Parallel()
		w := start(t, Options{Customers: pin(NoAnswer), GiveUp: 50 * time.Millisecond})
		u := newUAC(t)
		if res := u.dial(number, w.Addr(), offerOf(u.addr, "0")).until(200); res.StatusCode != 480 {
			t.Errorf("answered %d, want 480", res.StatusCode)
		}
		if r := w.record(1); r.Result != ResultNoAnswer || r.EndedBy != EndedByUs {
			t.Errorf("logged %+v", r)
		}
	})
}

// cancelUnknown repeats a CANCEL as a new request of the same branch.
func (u *uac) cancelUnknown(o *outgoing) int {
	return raw(u.t).exchange(u.t, o.cancelText(), o.target()).code
}

// TestEarlyMedia plays a ringback tone into some of the calls that ring.
func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Mix: Mix{Answer: 1}, RingScale: 100})
	u := newUAC(t)
	plain := false
	for i := range 40 {
		h := newHandset(t, pcmu, 0)
		o := u.dial("+1212555"+string(rune('A'+i)), w.Addr(), offerOf(h.at, "0"))
		res := o.until(180)
		if res.StatusCode == 180 {
			plain = true
			o.cancel()
			continue
		}
		h.call(t, res.Body())
		eventually(t, "a ringback tone", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			loud := 0
			for _, x := range h.samples {
				if x > 3000 {
					loud++
				}
			}
			return loud > 100
		})
		if !plain {
			continue
		}
		o.cancel()
		return
	}
	t.Error("40 calls did not show both ways of ringing")
}

// TestIncompatible refuses what is no plain G.711 audio.
func TestIncompatible(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Answer)})
	u := newUAC(t)
	for i, body := range []string{
		string(offerOf(u.addr, "18 96")),
		strings.Replace(string(offerOf(u.addr, "0")), "RTP/AVP", "RTP/SAVP", 1),
		"v=0\r\nnonsense\r\n",
	} {
		if res := u.dial(number, w.Addr(), []byte(body)).until(200); res.StatusCode != 488 {
			t.Errorf("offer %d answered %d, want 488", i, res.StatusCode)
		}
		if r := w.record(i + 1); r.Result != ResultIncompatible {
			t.Errorf("logged %+v", r)
		}
	}
}

// TestLateOffer takes the answer to the carrier's offer from the ACK.
func TestLateOffer(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Answer)})
	u := newUAC(t)
	h := newHandset(t, pcma, PhoneTone("agent1"))
	o := u.dial(number, w.Addr(), nil)
	res := o.until(200)
	h.call(t, res.Body())
	o.ok = res
	o.ack(res, offerOf(h.at, "8"))
	eventually(t, "the customer's voice", func() bool { return h.hears(CustomerTone(number)) })
	eventually(t, "enough audio", func() bool { return h.packets() > 40 })
	o.bye()
	if r := w.record(1); !r.Acked || r.HeardMS(PhoneTone("agent1")) == 0 || h.types[byte(pcma)] == 0 {
		t.Errorf("logged %+v, sent %v", r, h.types)
	}
}

// TestTries lets a pinned number behave differently at each try.
func TestTries(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Busy, Congestion)})
	u := newUAC(t)
	for i, want := range []int{486, 503, 503} {
		if res := u.dial(number, w.Addr(), offerOf(u.addr, "0")).until(200); res.StatusCode != want {
			t.Errorf("try %d: %d, want %d", i+1, res.StatusCode, want)
		}
		if r := w.record(i + 1); r.Try != i+1 {
			t.Errorf("logged %+v", r)
		}
	}
}

// TestReadLog reads good lines and names bad ones.
func TestReadLog(t *testing.T) {
	t.Parallel()
	good := `{"seq":1,"kind":"customer","number":"+1","call_id":"a","behaviour":"busy","invite_at":"2026-01-02T03:04:05Z","result":"busy","tone_hz":400,"heard_other_ms":0,"rtp_sent":0,"rtp_received":0,"rtp_lost":0}` + "\n"
	if records, err := ReadLog(strings.NewReader(good + "\n" + good)); err != nil || len(records) != 2 || records[0].Result != ResultBusy {
		t.Errorf("read %v, %v", records, err)
	}
	records, err := ReadLog(strings.NewReader(good + "{\"seq\":2,"))
	if len(records) != 1 || err == nil || !strings.Contains(err.Error(), "line 2: "+ErrTruncated.Error()) {
		t.Errorf("cut off: read %v, %v", records, err)
	}
	if _, err := ReadLog(strings.NewReader(good + "[]\n" + good)); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("bad line: %v", err)
	}
	var out bytes.Buffer
	(&journal{out: &out}).write(&records[0])
	if out.String() != good {
		t.Errorf("wrote %s, want %s", out.String(), good)
	}
}

// TestOverlaps finds what was alive at the same time, and nothing else.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	call := func(n string, from, to int) Record {
		r := Record{Kind: KindCustomer, Number: n, InviteAt: at(from)}
		if to > 0 {
			r.EndedAt = at(to)
		}
		return r
	}
	inbound := call("+1", 0, 100)
	inbound.Kind = KindInbound
	for name, c := range map[string]struct {
		records []Record
		want    []time.Duration
	}{
		"one after the other": {[]Record{call("+1", 0, 5), call("+1", 5, 9)}, nil},
		"two numbers":         {[]Record{call("+1", 0, 5), call("+2", 0, 5)}, nil},
		"inbound":             {[]Record{inbound, call("+1", 5, 9)}, nil},
		"at once":             {[]Record{call("+1", 3, 8), call("+1", 0, 5)}, []time.Duration{2 * time.Second}},
		"within":              {[]Record{call("+1", 0, 9), call("+1", 3, 5)}, []time.Duration{2 * time.Second}},
		"open":                {[]Record{call("+1", 0, 0), call("+1", 3, 5)}, []time.Duration{2 * time.Second}},
		"both open":           {[]Record{call("+1", 0, 0), call("+1", 3, 0)}, []time.Duration{0}},
		"a long one and two":  {[]Record{call("+1", 0, 9), call("+1", 1, 2), call("+1", 3, 4)}, []time.Duration{time.Second, time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pairs := Overlaps(c.records)
			if len(pairs) != len(c.want) {
				t.Fatalf("found %v, want %v", pairs, c.want)
			}
			for i, p := range pairs {
				if p.Overlap != c.want[i] || p.First.InviteAt.After(p.Second.InviteAt) {
					t.Errorf("pair %d: %v, want an overlap of %v", i, p, c.want[i])
				}
			}
		})
	}
}
