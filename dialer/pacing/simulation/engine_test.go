package simulation

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"ringmaster/dialer/pacing"
)

func TestASeedIsADay(t *testing.T) {
	t.Parallel()
	s := drifting(Default())
	s.Agents, s.Hours = 12, 0.5
	if underRace {
		s.Hours = 0.1
	}
	names, err := Algorithms("all")
	if err != nil {
		t.Fatal(err)
	}
	together, err := Compare(t.Context(), s, names, 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		var days []Day
		for seed := range uint64(3) {
			days = append(days, run(t, &s, name, 5+seed))
		}
		if alone := summarize(name, days); !reflect.DeepEqual(alone, together.Algorithms[i]) {
			t.Errorf("%s alone %+v, together %+v", name, alone, together.Algorithms[i])
		}
		if reflect.DeepEqual(days[0].Series, days[1].Series) {
			t.Errorf("%s: two seeds give the same day", name)
		}
	}
}

func run(t testing.TB, s *Scenario, name string, seed uint64) Day {
	t.Helper()
	p, err := NewPacer(name, s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Run(t.Context(), s, seed, p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestACanceledComparisonStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compare(ctx, Default(), []string{"progressive"}, 1, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// watched looks at every moment of a day.
type watched struct {
	Pacer
	t      *rapid.T
	s      *Scenario
	day    *day
	greedy bool
	dials  []float64
}

func (w *watched) Decide(v *View) pacing.Plan {
	before := w.day.dialed
	talking := 0
	for _, b := range v.Busy {
		if b.Phase == pacing.Talking || b.Phase == pacing.Closing {
			talking++
		}
	}
	lines := len(v.Ringing) + v.Waiting + talking
	if n := w.s.Trunks.Channels; n > 0 && lines > n {
		w.t.Fatalf("%d calls on %d channels", lines, n)
	}
	if n := w.s.Trunks.CallsPerSecond; n > 0 && w.day.dialed > 0 {
		in := 0
		for _, at := range w.dials {
			if v.Now-at < 1 {
				in++
			}
		}
		if in > n {
			w.t.Fatalf("%d dials within a second, the trunk takes %d", in, n)
		}
	}
	if v.Staffed != v.Ready+len(v.Busy) {
		w.t.Fatalf("%d staffed, %d ready, %d busy", v.Staffed, v.Ready, len(v.Busy))
	}
	plan := w.Pacer.Decide(v)
	if v.Staffed == 0 && (plan.Dials > 0 || w.day.dialed > before) {
		w.t.Fatal("dials without an agent")
	}
	if w.greedy {
		plan = pacing.Plan{Dials: known}
	}
	for range min(plan.Dials, v.Most) + w.day.dialed - before {
		w.dials = append(w.dials, v.Now)
	}
	w.dials = w.dials[max(0, len(w.dials)-1000):]
	return plan
}

// Every answer is talked to, dropped or still waiting, no trunk takes more than it
// can, nobody is called when nobody works, whatever the pacer asks for.
func TestNothingIsLostAndNoLimitBroken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := scenarios(t)
		s.Hours = 0.25
		if underRace {
			s.Hours = 0.05
		}
		if rapid.Bool().Draw(t, "bounded trunks") {
			s.Trunks = Trunks{
				Channels:       rapid.IntRange(0, 30).Draw(t, "channels"),
				CallsPerSecond: rapid.IntRange(0, 5).Draw(t, "calls per second"),
			}
		}
		if rapid.Bool().Draw(t, "shifts") {
			s.Classes, s.Shifts = nil, []Shift{{Agents: 4, To: 0.1}, {Agents: 3, From: 0.12, To: 0.2}}
		}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		p, err := NewPacer(rapid.SampledFrom(all[:]).Draw(t, "algorithm"), &s)
		if err != nil {
			t.Fatal(err)
		}
		w := &watched{Pacer: p, t: t, s: &s, greedy: s.Trunks.Channels > 0 && rapid.Bool().Draw(t, "greedy")}
		w.day = begin(&s, rapid.Uint64().Draw(t, "seed"), w)
		got, err := w.day.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Answers != got.Talks+got.Drops+got.Waiting {
			t.Fatalf("%d answers, %d talks, %d drops, %d waiting", got.Answers, got.Talks, got.Drops, got.Waiting)
		}
		if got.Dials < got.Answers+got.Cancels || got.Busy > got.Staffed {
			t.Fatalf("%+v", got.Point)
		}
		var sum Point
		for i := range got.Series {
			sum.add(&got.Series[i])
		}
		if sum != got.Point {
			t.Fatalf("the series makes %+v, the day %+v", sum, got.Point)
		}
	})
}

// An outage ends every answer of calls that are placed in it, and the day goes on.
func TestAnOutageAnswersNothing(t *testing.T) {
	t.Parallel()
	s := Default()
	s.Hours, s.Outages = 1.5, []Outage{{From: 0.5, To: 1}}
	valid(t, &s)
	d := run(t, &s, "predictive", 3)
	for _, p := range d.Series {
		if p.At == 1800 || p.At == 3600 {
			continue // calls placed before are answered, or the pacer is careful yet
		}
		quiet := p.At > 1800 && p.At < 3600
		if quiet && p.Answers > 0 || !quiet && p.Answers == 0 {
			t.Errorf("%d answers from %.0f s on", p.Answers, p.At)
		}
	}
}

// What the agents do in a long day is what the scenario says of it.
func TestADayIsAsItsScenarioSays(t *testing.T) {
	t.Parallel()
	s := Default()
	s.Agents, s.Hours = 100, 8
	d := run(t, &s, "progressive", 1)
	if d.Drops > 0 {
		t.Errorf("%d drops at one call for each ready agent", d.Drops)
	}
	near(t, "answers of dials", float64(d.Answers)/float64(d.Dials), 0.3, 0.01)
	near(t, "seconds of a call", d.Busy/float64(d.Talks), 140, 3)
	near(t, "agents", d.Point.Agents(1)/float64(len(d.Series)), 100, 0.01)

	s.AnswerByHour = []float64{0.1, 0.5}
	s.Hours = 2
	d = run(t, &s, "progressive", 1)
	for hour, want := range s.AnswerByHour {
		var sum Point
		for i := range d.Series {
			if int(d.Series[i].At/3600) == hour {
				sum.add(&d.Series[i])
			}
		}
		near(t, "answers of dials by hour", float64(sum.Answers)/float64(sum.Dials), want, 0.02)
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(got > want-within && got < want+within) {
		t.Errorf("%s: %v, not %v ± %v", what, got, want, within)
	}
}
