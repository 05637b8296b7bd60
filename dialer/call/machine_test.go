package call

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// bench carries out a machine's commands, keeps book, and checks what must
// hold after every step.
type bench struct {
	t      *rapid.T
	m      *Machine
	now    time.Time
	timers map[Timer]bool
	facts  []campaigns.Event
	// asked are the things that the machine waits for.
	identify, reserve bool
	lastTry, agentTry int
	given, released   map[int64]int
	owed              int
	bridged, playing  bool
	seeking           bool
	done              int
}

func newBench(t *rapid.T, p Plan) *bench {
	b := &bench{
		t: t, m: NewMachine(p), now: time.Unix(1000, 0), timers: make(map[Timer]bool),
		given: make(map[int64]int), released: make(map[int64]int),
	}
	if p.Kind == Manual {
		b.given[p.AgentID]++
	}
	return b
}

func (b *bench) step(in Input) {
	b.now = b.now.Add(time.Second)
	switch in.Kind {
	case Expired:
		if !b.timers[in.Timer] {
			return
		}
		delete(b.timers, in.Timer)
	case AgentReserved:
		b.given[in.AgentID]++
	case Identified:
		if !b.identify {
			return
		}
		b.identify = false
	case Reserved, NotReserved:
		if !b.reserve {
			return
		}
		b.reserve = false
	}
	for _, c := range b.m.Step(b.now, in) {
		b.do(c)
	}
}

func (b *bench) do(c Command) {
	if b.done > 0 && c.Kind != Release {
		b.t.Fatalf("%s after Done", c.Kind)
	}
	switch c.Kind {
	case Dial:
		if c.Role == Customer {
			b.lastTry = c.Try
		} else {
			b.agentTry = c.Try
		}
	case Identify:
		b.identify = true
	case Reserve:
		b.reserve = true
	case SendRinging:
		b.lastTry = 1
	case Seek:
		b.seeking = true
	case Unseek:
		b.seeking = false
	case Bridge:
		if b.m.AgentID() == 0 {
			b.t.Fatal("a bridge without an agent")
		}
		b.bridged, b.playing = true, false
	case Unbridge:
		b.bridged = false
	case PlayComfort, PlayMessage:
		b.playing = true
	case Hush:
		b.playing = false
	case StartTimer:
		if c.After <= 0 {
			b.t.Fatalf("timer %s of %s", c.Timer, c.After)
		}
		b.timers[c.Timer] = true
	case StopTimer:
		delete(b.timers, c.Timer)
	case Emit:
		b.facts = append(b.facts, c.Fact)
	case Release:
		b.released[c.AgentID]++
		if c.How == Owed {
			b.owed++
		}
	case Done:
		b.done++
	}
}

func (b *bench) count(kind campaigns.EventKind) int {
	n := 0
	for _, f := range b.facts {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// wrapUp lets everything that is under way come to its end.
func (b *bench) wrapUp() {
	b.step(Input{Kind: Identified})
	b.step(Input{Kind: NotReserved})
	b.step(Input{Kind: Shut})
	for range 4 {
		b.step(Input{Kind: NotReserved})
		for _, role := range []Role{Customer, Agent} {
			try := b.lastTry
			if role == Agent {
				try = b.agentTry
			}
			b.step(Input{Kind: Signal, Role: role, Try: try, Event: leg.Event{Kind: leg.LocalBye}})
		}
	}
}

func (b *bench) check(p Plan, attempted bool) {
	if b.done != 1 {
		b.t.Fatalf("Done %d times in phase %s", b.done, b.m.Phase())
	}
	if len(b.timers) > 0 {
		b.t.Fatalf("timers left: %v", b.timers)
	}
	if b.bridged || b.playing || b.seeking && !b.m.Finished() {
		b.t.Fatalf("left: bridge %v, playing %v, seeking %v", b.bridged, b.playing, b.seeking)
	}
	want := 0
	if attempted {
		want = 1
	}
	if n := b.count(campaigns.AttemptEnded); n != want {
		b.t.Fatalf("%d ends of %d attempts: %s", n, want, b.story())
	}
	opened := b.count(campaigns.AttemptAnswered) + b.count(campaigns.CallArrived)
	if opened > 1 || b.count(campaigns.CallEnded) != opened || b.count(campaigns.CallClosed)+b.owed != opened {
		b.t.Fatalf("opened %d, owed %d: %s", opened, b.owed, b.story())
	}
	if bridged := b.count(campaigns.CallBridged); (bridged > 0) != (b.owed > 0) {
		b.t.Fatalf("bridged %d, owed %d", bridged, b.owed)
	}
	for id, n := range b.given {
		if b.released[id] != n {
			b.t.Fatalf("agent %d given %d times, released %d times: %s", id, n, b.released[id], b.story())
		}
	}
}

func (b *bench) story() string {
	text := ""
	for _, f := range b.facts {
		text += fmt.Sprintf("%s ", f.Kind)
	}
	return text
}

func planOf(t *rapid.T) Plan {
	p := Plan{
		Kind:    rapid.SampledFrom([]Kind{Outbound, Inbound, Manual}).Draw(t, "kind"),
		AgentID: 0, RingTimeout: 25 * time.Second, ConnectLimit: 2 * time.Second, AgentRing: 20 * time.Second,
		MessageLimit: 30 * time.Second, Tries: 3,
		Judge: func(f leg.Facts) Verdict {
			if f.Code == 503 {
				return Verdict{Outcome: campaigns.OutcomeCongestion, OtherTrunk: true}
			}
			return Verdict{Outcome: campaigns.OutcomeBusy}
		},
	}
	if p.Kind == Manual {
		p.AgentID, p.Nailed = 1, rapid.Bool().Draw(t, "nailed")
	}
	return p
}

func legEvent(t *rapid.T) leg.Event {
	return rapid.SampledFrom([]leg.Event{
		{Kind: leg.Sent}, {Kind: leg.Provisional, Code: 180}, {Kind: leg.Provisional, Code: 183, SDP: []byte("v=0")},
		{Kind: leg.Answered}, {Kind: leg.Answered}, {Kind: leg.Failed, Code: 486}, {Kind: leg.Failed, Code: 503},
		{Kind: leg.Cancelled, Code: 487}, {Kind: leg.RemoteBye}, {Kind: leg.LocalBye}, {Kind: leg.Digit, Digit: '5'},
	}).Draw(t, "event")
}

// Whatever happens in whatever order: one outcome for each attempt, one
// disposition or one agent who owes it for each call, every agent given back
// once, no timer, bridge or sound left.
func TestAnyOrderSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := planOf(t)
		b := newBench(t, p)
		attempted := p.Kind == Outbound
		b.step(Input{Kind: Begin})
		agent := int64(10)
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			role := rapid.SampledFrom([]Role{Customer, Customer, Agent}).Draw(t, "role")
			try := b.lastTry
			if role == Agent {
				try = b.agentTry
			}
			switch rapid.IntRange(0, 15).Draw(t, "input") {
			case 0, 1, 2, 3, 4:
				b.step(Input{Kind: Signal, Role: role, Try: try, Event: legEvent(t)})
			case 5:
				b.step(Input{Kind: Identified})
			case 6:
				if b.reserve {
					attempted = true
				}
				b.step(Input{Kind: Reserved})
			case 7, 8:
				if b.done == 0 || rapid.Bool().Draw(t, "late") {
					agent++
					b.step(Input{Kind: AgentReserved, AgentID: agent, Nailed: p.Kind == Outbound || rapid.Bool().Draw(t, "nailed")})
				}
			case 9:
				timers := []Timer{TimerRing, TimerLinger, TimerAgentRing, TimerAgentLinger, TimerConnect, TimerMessage}
				b.step(Input{Kind: Expired, Timer: rapid.SampledFrom(timers).Draw(t, "timer")})
			case 10:
				b.step(Input{Kind: rapid.SampledFrom([]InputKind{Hold, Resume}).Draw(t, "hold")})
			case 11:
				b.step(Input{Kind: HangUp})
			case 12:
				b.step(Input{Kind: rapid.SampledFrom([]InputKind{Superseded, Blocked, GiveUp, PromptDone}).Draw(t, "end")})
			case 13:
				b.step(Input{Kind: MediaDead, Role: role})
			case 14:
				b.step(Input{Kind: AgentLost, AgentID: b.m.AgentID()})
			case 15:
				b.step(Input{Kind: Undialed, Role: role, Try: try, Outcome: campaigns.OutcomeFailed})
			}
		}
		b.wrapUp()
		b.check(p, attempted)
	})
}

func outboundPlan() Plan {
	return Plan{
		Kind: Outbound, RingTimeout: 25 * time.Second, ConnectLimit: 2 * time.Second, MessageLimit: 30 * time.Second, Tries: 3,
		Judge: func(leg.Facts) Verdict { return Verdict{Outcome: campaigns.OutcomeCongestion, OtherTrunk: true} },
	}
}

func TestThirdTrunkIsTheLast(t *testing.T) {
	t.Parallel()
	m := NewMachine(outboundPlan())
	dials := 0
	run := func(cmds []Command) (end *campaigns.AttemptEnd) {
		for _, c := range cmds {
			if c.Kind == Dial {
				dials++
			}
			if c.Kind == Emit && c.Fact.End != nil {
				end = c.Fact.End
			}
		}
		return end
	}
	end := run(m.Step(time.Now(), Input{Kind: Begin}))
	for try := 1; end == nil && try < 10; try++ {
		end = run(m.Step(time.Now(), Input{Kind: Signal, Role: Customer, Try: try, Event: leg.Event{Kind: leg.Failed, Code: 503}}))
	}
	if dials != 3 || end == nil || end.Outcome != campaigns.OutcomeCongestion {
		t.Errorf("%d dials, end %+v", dials, end)
	}
}

func TestNoOtherTrunkOncePhonesRang(t *testing.T) {
	t.Parallel()
	m := NewMachine(outboundPlan())
	m.Step(time.Now(), Input{Kind: Begin})
	m.Step(time.Now(), Input{Kind: Signal, Role: Customer, Try: 1, Event: leg.Event{Kind: leg.Provisional, Code: 180}})
	for _, c := range m.Step(time.Now(), Input{Kind: Signal, Role: Customer, Try: 1, Event: leg.Event{Kind: leg.Failed, Code: 503}}) {
		if c.Kind == Dial {
			t.Error("dialed again although a phone rang")
		}
	}
	if !m.Finished() {
		t.Error("the call is not over")
	}
}

func TestHoldIsNotTalk(t *testing.T) {
	t.Parallel()
	m := NewMachine(outboundPlan())
	at := time.Unix(0, 0)
	step := func(after time.Duration, in Input) []Command {
		at = at.Add(after)
		return m.Step(at, in)
	}
	step(0, Input{Kind: Begin})
	step(0, Input{Kind: Signal, Role: Customer, Try: 1, Event: leg.Event{Kind: leg.Answered}})
	step(0, Input{Kind: AgentReserved, AgentID: 7, Nailed: true})
	step(10*time.Second, Input{Kind: Hold})
	step(3*time.Second, Input{Kind: Resume})
	for _, c := range step(5*time.Second, Input{Kind: HangUp}) {
		if c.Kind == Emit && c.Fact.Kind == campaigns.CallEnded && (c.Fact.Talk != 15*time.Second || c.Fact.Hold != 3*time.Second) {
			t.Errorf("talk %s, hold %s", c.Fact.Talk, c.Fact.Hold)
		}
	}
	if m.Phase() != Over {
		t.Errorf("phase %s", m.Phase())
	}
}
