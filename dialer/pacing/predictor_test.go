package pacing

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var usual = Limits{Drops: 0.03, Connect: 2, CancelAfter: 15}

// experienced gives a predictor that has seen some work and may risk drops.
func experienced(limits Limits) *Predictor {
	p := NewPredictor(limits)
	for i := range 500 {
		p.Answered(6 + float64(i%15))
		p.Failed(25)
		p.Failed(25)
		p.PhaseOver(i%10, Talking, 20+float64(i*37%200))
		p.PhaseOver(i%10, Wrapping, 10+float64(i%20))
		p.Wrapped(true)
	}
	p.rings.seen, p.rings.begun = 0, 500 // they were all expected
	p.Grant(3, 500, 12)
	return p
}

// aView draws what a campaign may see.
func aView(t *rapid.T) *View {
	v := &View{Now: 10_000, Most: rapid.IntRange(0, 500).Draw(t, "most")}
	v.Ready = rapid.IntRange(0, 30).Draw(t, "ready")
	v.Waiting = rapid.IntRange(0, 5).Draw(t, "waiting")
	v.Inbound = rapid.Float64Range(0, 0.2).Draw(t, "inbound")
	for i := range rapid.IntRange(0, 60).Draw(t, "busy") {
		v.Busy = append(v.Busy, Busy{
			Agent: i, Phase: Phase(rapid.IntRange(0, int(phases)-1).Draw(t, "phase")),
			Since:   v.Now - rapid.Float64Range(0, 400).Draw(t, "busy for"),
			Leaving: rapid.IntRange(0, 9).Draw(t, "leaving") == 0,
		})
	}
	for range rapid.IntRange(0, 100).Draw(t, "ringing") {
		v.Ringing = append(v.Ringing, Ringing{
			Since: v.Now - rapid.Float64Range(0, 40).Draw(t, "rings for"), Chance: rapid.Float64Range(0, 1).Draw(t, "chance"),
		})
	}
	return v
}

func TestFewerAgentsNeverMeanMoreDials(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := aView(t)
		both := [2]*Predictor{experienced(usual), experienced(usual)}
		for _, p := range both {
			p.Decide(v)
		}
		more := both[0].Decide(v)
		fewer := *v
		switch {
		case v.Ready > 0 && rapid.Bool().Draw(t, "a ready one"):
			fewer.Ready--
		case len(v.Busy) > 0:
			fewer.Busy = v.Busy[:len(v.Busy)-1]
		default:
			return
		}
		if less := both[1].Decide(&fewer); less.Dials > more.Dials {
			t.Fatalf("%d dials with one agent fewer, %d with all: %v, %v", less.Dials, more.Dials, less.Why, more.Why)
		}
	})
}

func TestDecisionsKeepTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := aView(t)
		plan := experienced(usual).Decide(v)
		staffed := v.Ready + len(v.Busy)
		switch {
		case plan.Dials < 0 || plan.Dials > v.Most:
			t.Fatalf("%d dials of at most %d", plan.Dials, v.Most)
		case staffed == 0 && (plan.Dials > 0 || plan.Why.Reason != NoAgents):
			t.Fatalf("%d dials without an agent: %v", plan.Dials, plan.Why)
		case len(plan.Cancel) > 0 && plan.Dials > 0:
			t.Fatal("dials and gives up at once")
		}
		for _, i := range plan.Cancel {
			if v.Now-v.Ringing[i].Since < usual.CancelAfter {
				t.Fatalf("a call of %.1f s was given up", v.Now-v.Ringing[i].Since)
			}
		}
	})
}

// Whatever is dialed progressively is dialed by prediction, too.
func TestReadyAgentsAreNeverLeftWaiting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := aView(t)
		v.Inbound = 0
		plan := NewPredictor(usual).Decide(v)
		if least := min(v.Ready-v.Waiting-len(v.Ringing), v.Most); plan.Dials < least {
			t.Fatalf("%d dials, progressive would do %d: %v", plan.Dials, least, plan.Why)
		}
	})
}

// Twice the wait of the same ring makes an answer less likely, and a better
// candidate takes the place of more calls.
func TestRingingCallsAreWeighedByAgeAndChance(t *testing.T) {
	t.Parallel()
	p := experienced(usual)
	dials := func(since, chance float64) int {
		v := &View{Now: 100, Ready: 3, Most: 100}
		for range 6 {
			v.Ringing = append(v.Ringing, Ringing{Since: 100 - since, Chance: chance})
		}
		q := experienced(usual)
		q.Decide(v)
		return q.Decide(v).Dials
	}
	if young, old := dials(4, 0.3), dials(22, 0.3); young >= old {
		t.Errorf("%d dials beside young calls, %d beside old ones", young, old)
	}
	if bad, good := dials(4, 0.1), dials(4, 0.6); good >= bad {
		t.Errorf("%d dials beside bad candidates, %d beside good ones", bad, good)
	}
	if w := p.Decide(&View{Now: 1, Ready: 2, Most: 9}).Why; w.Reason != "" || w.Fallback {
		t.Errorf("an ordinary decision is bounded by %q", w.Reason)
	}
}

// An agent whose screen says that the call ends soon brings a dial earlier than
// one who has just begun.
func TestSignsOfTheScreenBringDialsForward(t *testing.T) {
	t.Parallel()
	with := func(phase Phase) int {
		v := &View{Now: 100, Most: 100}
		for i := range 10 {
			v.Busy = append(v.Busy, Busy{Agent: i, Phase: phase, Since: 98})
		}
		return experienced(usual).Decide(v).Dials
	}
	if talking, finishing := with(Talking), with(Finishing); finishing <= talking {
		t.Errorf("%d dials for agents who begin to talk, %d for those about to be free", talking, finishing)
	}
}

func TestFallbacksSaySo(t *testing.T) {
	t.Parallel()
	v := &View{Now: 50, Ready: 4, Most: 100}
	for name, l := range map[string]Limits{
		"no drop allowed": {Drops: 0, Connect: 2}, "any drop allowed": {Drops: 1, Connect: 2},
		"a limit that is no number": {Drops: math.NaN(), Connect: 2}, "an endless wait": {Drops: 0.03, Connect: math.Inf(1)},
		"a wait below zero": {Drops: 0.03, Connect: -1},
	} {
		plan := NewPredictor(l).Decide(v)
		if plan.Dials != 4 || !plan.Why.Fallback || !strings.Contains(plan.Why.String(), string(NoLimit)) {
			t.Errorf("%s: %d dials, %v", name, plan.Dials, plan.Why)
		}
	}
}

// What has just begun is paced as if nothing could be predicted.
func TestANewCampaignBeginsProgressively(t *testing.T) {
	t.Parallel()
	p := NewPredictor(usual)
	v := &View{Ready: 40, Most: 1000}
	for i := range fewest {
		v.Now = float64(i)
		if plan := p.Decide(v); plan.Dials != 40 || plan.Why.Reason != NoHistory || !plan.Why.Fallback {
			t.Fatalf("after %d answers: %d dials, %v", i, plan.Dials, plan.Why)
		}
		p.Answered(12)
	}
	v.Now++
	if plan := p.Decide(v); plan.Why.Fallback {
		t.Errorf("after %d answers: %v", fewest, plan.Why)
	}
}

// A carrier that answers nothing is not met with ever more calls, and the first
// answer ends the caution.
func TestAnOutageIsNoReasonToDialMore(t *testing.T) {
	t.Parallel()
	p := experienced(usual)
	v := &View{Ready: 5, Most: 1000}
	most := 0
	for now := 0.0; now < 1200; now += 0.5 {
		v.Now = now
		kept := v.Ringing[:0]
		for _, r := range v.Ringing {
			if now-r.Since < 25 {
				kept = append(kept, r)
			} else {
				p.Failed(25)
			}
		}
		v.Ringing = kept
		plan := p.Decide(v)
		for range plan.Dials {
			v.Ringing = append(v.Ringing, Ringing{Since: now})
		}
		if now > 300 {
			most = max(most, len(v.Ringing))
			if plan.Why.Reason != NoAnswers {
				t.Fatalf("after %.0f s without an answer: %v", now, plan.Why)
			}
		}
	}
	if most > 5 {
		t.Errorf("%d calls ring for 5 agents", most)
	}
	p.Answered(10)
	if plan := p.Decide(v); plan.Why.Reason == NoAnswers {
		t.Errorf("after an answer: %v", plan.Why)
	}
}

// Clocks that jump either way, ages below zero and numbers that are none do no
// harm and cause no burst.
func TestNoNumberBreaksADecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := experienced(usual)
		odd := rapid.SampledFrom([]float64{0, -1e9, 1e12, math.NaN(), math.Inf(1), math.Inf(-1), 17})
		v := aView(t)
		v.Now = odd.Draw(t, "now")
		for i := range v.Busy {
			v.Busy[i].Since = odd.Draw(t, "since")
		}
		for i := range v.Ringing {
			v.Ringing[i].Since, v.Ringing[i].Chance = odd.Draw(t, "since"), odd.Draw(t, "chance")
		}
		p.Answered(odd.Draw(t, "age"))
		p.Failed(odd.Draw(t, "age"))
		p.GivenUp(odd.Draw(t, "age"))
		p.PhaseOver(3, Talking, odd.Draw(t, "age"))
		for range 3 {
			plan := p.Decide(v)
			if plan.Dials < 0 || plan.Dials > v.Most {
				t.Fatalf("%d dials of %d", plan.Dials, v.Most)
			}
		}
		v.Now = 20_000
		v.Busy, v.Ringing, v.Ready, v.Waiting, v.Inbound, v.Most = nil, nil, 2, 0, 0, 1000
		if plan := p.Decide(v); plan.Dials < 2 || plan.Dials > 60 {
			t.Fatalf("%d dials for two ready agents afterwards: %v", plan.Dials, plan.Why)
		}
	})
}

func TestWithoutCreditNoDropIsRisked(t *testing.T) {
	t.Parallel()
	p := experienced(usual)
	p.Grant(0, 1000, 30)
	v := &View{Now: 5, Ready: 5, Most: 100}
	plan := p.Decide(v)
	rich := experienced(usual).Decide(v)
	if plan.Dials < 5 || plan.Dials >= rich.Dials || plan.Why.Reason != NoCredit {
		t.Errorf("%d dials without credit, %d with: %v", plan.Dials, rich.Dials, plan.Why)
	}
}

func TestAnExplanationIsASentence(t *testing.T) {
	t.Parallel()
	e := Explanation{
		Staffed: 12, Ready: 1, FreeSoon: 3.04, Soon: 8.2, Ringing: 9, Expected: 2.7, Answers: 1000, Drops: 21,
		Limit: 0.03, Credit: 1.4, Reason: Capped,
	}
	const want = "12 agents, 1 ready, 3.0 free within 8 s, 9 ringing expect 2.7 answers, drops 2.1 % of 3.0 %, 1.4 more allowed; trunks, caps or candidates allow no more"
	if got := e.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// big is the floor of the bound on the cost: 300 agents, 3,000 ringing calls.
func big() *View {
	v := &View{Now: 1000, Ready: 3, Most: 400}
	for i := range 297 {
		v.Busy = append(v.Busy, Busy{Agent: i, Phase: Phase(2 * (i % 2)), Since: 1000 - float64(i%120)})
	}
	for i := range 3000 {
		v.Ringing = append(v.Ringing, Ringing{Since: 1000 - float64(i%250)/10, Chance: 0.02 + float64(i%20)/400})
	}
	return v
}

func TestDecisionsAllocateNothing(t *testing.T) {
	v := big()
	p := experienced(usual)
	p.Decide(v)
	if n := testing.AllocsPerRun(50, func() { v.Now += 0.01; p.Decide(v) }); n != 0 {
		t.Errorf("%v allocations per decision", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	v := big()
	p := experienced(usual)
	for b.Loop() {
		v.Now += 0.2
		if v.Now > 1020 {
			v.Now = 1000
		}
		p.Decide(v)
	}
}

func BenchmarkDecideSmallTeam(b *testing.B) {
	v := big()
	v.Busy, v.Ringing = v.Busy[:9], v.Ringing[:9]
	p := experienced(usual)
	for b.Loop() {
		v.Now += 0.01
		p.Decide(v)
	}
}
