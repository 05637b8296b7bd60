package simcarrier

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestValidateNamesTheKey(t *testing.T) {
	t.Parallel()
	for key, o := range map[string]Options{
		"listen":             {Listen: "nowhere"},
		"phones_listen":      {PhonesListen: "5072"},
		"dialer_addr":        {DialerAddr: "127.0.0.1:0"},
		"inbound_number":     {InboundNumber: "2125550123"},
		"rtp_host":           {RTPHost: "0.0.0.0"},
		"rtp_port_min":       {RTPPortMin: 1, RTPPortMax: 5},
		"mix":                {Mix: Mix{Silent: 1}},
		"customers":          {Customers: Customers{"+12125550123": {"sings"}}},
		"auth":               {Auth: &Auth{User: "x"}},
		"ring_scale":         {RingScale: -1},
		"wait_scale":         {WaitScale: -1},
		"talk_mean":          {TalkMean: -1},
		"give_up":            {GiveUp: -1},
		"phone_answer_delay": {PhoneAnswerDelay: -1},
		"max_calls":          {MaxCalls: -1},
		"t1":                 {T1: -1},
	} {
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), "simcarrier: "+key) {
			t.Errorf("%s: error %v", key, err)
		}
	}
	if err := (Options{}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestReadCustomers(t *testing.T) {
	t.Parallel()
	pins, err := ReadCustomers(strings.NewReader("number,behaviour\n# a comment\n+12125550123, busy, answer\n\n+12125550124,silent\n"))
	if err != nil || len(pins) != 2 || len(pins["+12125550123"]) != 2 || pins["+12125550124"][0] != Silent {
		t.Errorf("read %v, %v", pins, err)
	}
	for text, want := range map[string]string{
		"+12125550123,sings":                     "line 1",
		"+12125550123,busy\n2125550123,busy":     "line 2",
		"+12125550123":                           "line 1",
		"+12125550123,busy\n+12125550123,answer": "line 2",
		"\"":                                     "line 1",
	} {
		if _, err := ReadCustomers(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that names %s", text, err, want)
		}
	}
}

func TestParseMix(t *testing.T) {
	t.Parallel()
	if mix, err := ParseMix("answer=1, busy=0.5"); err != nil || mix[Answer] != 1 || mix[Busy] != 0.5 {
		t.Errorf("read %v, %v", mix, err)
	}
	for _, text := range []string{"", "answer", "answer=x", "answer=-1", "answer=0", "silent=1", "sings=1", "answer=1,answer=2", "answer=NaN"} {
		if mix, err := ParseMix(text); err == nil {
			t.Errorf("%q read as %v", text, mix)
		}
	}
}

// TestBehaviourOf holds the draw repeatable, near its weights, and permanent
// where it must be.
func TestBehaviourOf(t *testing.T) {
	t.Parallel()
	const n = 20000
	mix := DefaultMix()
	count := map[Behaviour]int{}
	differ := 0
	for i := range n {
		number := fmt.Sprintf("+1212%07d", i)
		b := behaviourOf(7, mix, nil, number, 1)
		if b != behaviourOf(7, mix, nil, number, 1) {
			t.Fatal("not repeatable")
		}
		count[b]++
		again := behaviourOf(7, mix, nil, number, 2)
		if permanent(b) != permanent(again) || permanent(b) && b != again {
			t.Fatalf("%s: %s, then %s", number, b, again)
		}
		if b != behaviourOf(8, mix, nil, number, 1) {
			differ++
		}
	}
	for b, weight := range mix {
		if got := float64(count[b]) * 100 / n; math.Abs(got-weight) > 1.5 {
			t.Errorf("%s: %.1f %%, want %v", b, got, weight)
		}
	}
	if differ < n/3 {
		t.Errorf("another seed changes %d of %d", differ, n)
	}
}

func TestDialedNumber(t *testing.T) {
	t.Parallel()
	for user, want := range map[string]string{
		"+12125550123": "+12125550123", "12125550123": "+12125550123", "%2B12125550123": "+12125550123",
		"+1-212-555-0123": "+12125550123", "+12125550123;phone-context=x": "+12125550123", "service": "service", "": "",
	} {
		if got := dialedNumber(user); got != want {
			t.Errorf("%q: %q, want %q", user, got, want)
		}
	}
	if got := mask("+12125550123"); got != "+*********23" {
		t.Errorf("masked %s", got)
	}
}
