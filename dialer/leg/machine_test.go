package leg

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func kinds(cmds []Command) []CommandKind {
	var out []CommandKind
	for _, c := range cmds {
		out = append(out, c.Kind)
	}
	return out
}

func TestCarrierCases(t *testing.T) {
	t.Parallel()
	start := Start{RingTimeout: 25 * time.Second}
	sent := Event{Kind: Sent}
	ringing := Event{Kind: Provisional, Code: 180}
	answered := Event{Kind: Answered}
	for name, c := range map[string]struct {
		inputs []Input
		last   []CommandKind
		facts  Facts
	}{
		"answered and ended by the far end": {
			[]Input{start, sent, ringing, answered, Event{Kind: RemoteBye}},
			[]CommandKind{TellDown}, Facts{Sent: true, Saw18x: true, Answered: true, Remote: true},
		},
		"200 crosses our CANCEL": {
			[]Input{start, sent, ringing, RingExpired{}, answered, Event{Kind: LocalBye}},
			[]CommandKind{DisarmLinger, TellDown},
			Facts{Sent: true, Saw18x: true, Answered: true, LateAnswer: true, Stop: StopRingTimeout},
		},
		"cancelled": {
			[]Input{start, sent, ringing, RingExpired{}, Event{Kind: Cancelled, Code: 487}},
			[]CommandKind{DisarmLinger, TellDown},
			Facts{Sent: true, Saw18x: true, Code: 487, WeCancelled: true, Stop: StopRingTimeout},
		},
		"a 200 overtakes the 183": {
			[]Input{start, sent, answered, Event{Kind: Provisional, Code: 183}, Event{Kind: RemoteBye}},
			[]CommandKind{TellDown}, Facts{Sent: true, Answered: true, Remote: true},
		},
		"refused without ringing": {
			[]Input{start, sent, Event{Kind: Failed, Code: 503, Q850: 34}},
			[]CommandKind{DisarmRing, TellDown}, Facts{Sent: true, Code: 503, Q850: 34},
		},
		"silence after our CANCEL": {
			[]Input{start, sent, RingExpired{}, LingerExpired{}},
			[]CommandKind{TellDown}, Facts{Sent: true, Local: true, Stop: StopRingTimeout},
		},
		"the caller gives up": {
			[]Input{Start{Server: true}, Event{Kind: Cancelled}},
			[]CommandKind{TellDown}, Facts{Remote: true},
		},
		"stopped before it began": {
			[]Input{Stop{Reason: StopBlocked}}, []CommandKind{TellDown}, Facts{Stop: StopBlocked, Local: true},
		},
		"never sent": {
			[]Input{start, Event{Kind: Failed, Local: true, Text: "dial_by"}},
			[]CommandKind{TellDown}, Facts{Local: true, Text: "dial_by"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m Machine
			var last []Command
			for _, in := range c.inputs {
				last = m.Step(time.Unix(100, 0), in)
			}
			if !slices.Equal(kinds(last), c.last) {
				t.Errorf("last commands %v, want %v", kinds(last), c.last)
			}
			got := m.Facts()
			got.SentAt, got.RingingAt, got.AnsweredAt, got.EndedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
			if got != c.facts {
				t.Errorf("facts %+v\nwant  %+v", got, c.facts)
			}
			if m.State() != Ended || m.Step(time.Now(), answered) != nil {
				t.Error("the dialog has not ended for good")
			}
		})
	}
}

func anyInput(t *rapid.T) Input {
	switch rapid.IntRange(0, 12).Draw(t, "input") {
	case 0:
		return Start{RingTimeout: time.Second, Server: rapid.Bool().Draw(t, "server")}
	case 1:
		return Stop{Reason: StopSystem}
	case 2:
		return RingExpired{}
	case 3:
		return LingerExpired{}
	case 4:
		return Event{Kind: Sent}
	case 5:
		return Event{Kind: Provisional, Code: rapid.SampledFrom([]int{180, 183, 199}).Draw(t, "code"), SDP: []byte("v=0")}
	case 6:
		return Event{Kind: Answered}
	case 7:
		return Event{Kind: Failed, Code: rapid.SampledFrom([]int{0, 404, 486, 503}).Draw(t, "code")}
	case 8:
		return Event{Kind: Cancelled, Code: 487}
	case 9:
		return Event{Kind: RemoteBye}
	case 10:
		return Event{Kind: LocalBye}
	case 11:
		return Event{Kind: Digit, Digit: '1'}
	default:
		return Event{Kind: "of the future"}
	}
}

// Whatever comes in whatever order: one end, told last; timers are stopped
// exactly when they run; ringing and answer are told once.
func TestAnyOrderSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var m Machine
		running := make(map[CommandKind]bool)
		told := make(map[CommandKind]int)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			in := anyInput(t)
			switch in.(type) {
			case RingExpired:
				running[ArmRing] = false
			case LingerExpired:
				running[ArmLinger] = false
			}
			for _, c := range m.Step(time.Unix(1, 0), in) {
				if told[TellDown] > 0 {
					t.Fatalf("%s after the end", c.Kind)
				}
				told[c.Kind]++
				switch c.Kind {
				case ArmRing, ArmLinger:
					running[c.Kind] = true
				case DisarmRing:
					running[ArmRing] = false
				case DisarmLinger:
					running[ArmLinger] = false
				}
			}
		}
		if told[TellUp] > 1 || told[TellRinging] > 1 || told[TellSent] > 1 || told[HangUp] > 1 {
			t.Fatalf("told twice: %v", told)
		}
		if (told[TellDown] == 1) != (m.State() == Ended) {
			t.Fatalf("state %s with %d ends", m.State(), told[TellDown])
		}
		if m.State() == Ended && (running[ArmRing] || running[ArmLinger]) {
			t.Fatalf("timers left: %v", running)
		}
	})
}
