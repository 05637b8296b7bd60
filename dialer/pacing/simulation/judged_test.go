package simulation

import (
	"math"
	"testing"
)

// goals are the occupancies to reach on the usual work, in per cent, at a drop limit
// of 3 % in every seed.
var goals = []struct {
	agents         int
	answer         float64
	seeds          int
	occupancy      float64
	holdsWorstHour bool
}{
	{3, 0.3, 4, 76.5, false},
	{5, 0.3, 4, 79.6, false},
	{10, 0.3, 4, 84.0, false},
	{20, 0.3, 4, 89.0, true},
	{50, 0.3, 2, 93.7, true},
	{100, 0.1, 2, 95.8, true},
	{300, 0.3, 1, 98.0, true},
}

// worstHour is the highest drop rate of a rolling hour of 20 agents and more.
const worstHour = 0.045

// The means are compared within two standard errors of the seeds, and at least a
// tenth of a point.
func TestAgentsAreAsBusyAsTheLimitAllows(t *testing.T) {
	t.Parallel()
	if underRace {
		t.Skip("run without the race detector, which is too slow for whole days")
	}
	for _, g := range goals {
		s := Default()
		s.Agents, s.Answer = g.agents, g.answer
		a := compared(t, s, g.seeds)
		goal := g.occupancy/100 - max(0.001, 2*a.deviation()/math.Sqrt(float64(g.seeds)))
		if a.Occupancy < goal {
			t.Errorf("%d agents, %v: occupancy %.2f %%, to be reached: %.1f %%", g.agents, g.answer, 100*a.Occupancy, g.occupancy)
		}
		a.keeps(t, &s, g.holdsWorstHour)
	}
}

func TestTheLimitHoldsWhileEverythingDrifts(t *testing.T) {
	t.Parallel()
	if underRace {
		t.Skip("run without the race detector, which is too slow for whole days")
	}
	for _, agents := range []int{10, 20} {
		s := drifting(Default())
		s.Agents = agents
		compared(t, s, 2).keeps(t, &s, agents >= 20)
	}
}

// judged is what the predictive algorithm came to.
type judged struct{ Summary }

func compared(t *testing.T, s Scenario, seeds int) judged {
	t.Helper()
	r, err := Compare(t.Context(), s, []string{"predictive"}, 100, seeds)
	if err != nil {
		t.Fatal(err)
	}
	a := judged{r.Algorithms[0]}
	t.Logf("%3d agents, %.2f answer: occupancy %.2f ± %.2f %%, drops %.2f %%, worst day %.2f %%, worst hour %.2f %%, wait %.1f s",
		s.Agents, s.base(), 100*a.Occupancy, 100*a.deviation()/math.Sqrt(float64(seeds)), 100*a.DropRate,
		100*a.WorstSeedDropRate, 100*a.WorstHourDropRate, a.Wait)
	return a
}

// deviation is the standard deviation of a day's occupancy.
func (j judged) deviation() float64 {
	sum, squares := 0.0, 0.0
	for _, d := range j.Seeds {
		x := d.Occupancy - j.Occupancy
		sum += x
		squares += x * x
	}
	n := float64(len(j.Seeds))
	if n < 2 {
		return 0
	}
	return math.Sqrt(max(0, squares-sum*sum/n) / (n - 1))
}

func (j judged) keeps(t *testing.T, s *Scenario, hour bool) {
	t.Helper()
	if j.WorstSeedDropRate > s.DropLimit {
		t.Errorf("%d agents: a day of %.2f %% drops, the limit is %.1f %%", s.Agents, 100*j.WorstSeedDropRate, 100*s.DropLimit)
	}
	if hour && j.WorstHourDropRate >= worstHour {
		t.Errorf("%d agents: an hour of %.2f %% drops", s.Agents, 100*j.WorstHourDropRate)
	}
}

// A pacer that knows whom it calls keeps agents busier than one that does not: three
// points where one half of the candidates answers one call in ten and the other half
// every second. What the agents' screens tell helps, too.
func TestWhoKnowsMoreKeepsAgentsBusier(t *testing.T) {
	t.Parallel()
	if underRace {
		t.Skip("run without the race detector, which is too slow for whole days")
	}
	for _, agents := range []int{10, 20} {
		s := Default()
		s.Agents = agents
		plain := compared(t, s, 2)
		s.Signs = Signs{
			Results: 0.8, ResultBefore: Distribution{Kind: Uniform, Min: 2, Max: 20},
			Wraps: 0.8, WrapBefore: Distribution{Kind: Uniform, Min: 1, Max: 8},
		}
		signs := compared(t, s, 2)
		s.Signs = Signs{}
		s.Candidates = []Candidates{{Share: 0.5, Answer: 0.1}, {Share: 0.5, Answer: 0.5}}
		blind := compared(t, s, 2)
		s.Known = true
		knows := compared(t, s, 2)
		t.Logf("%d agents: %+.2f points from the candidates' own chances, %+.2f from the screens' signs",
			agents, 100*(knows.Occupancy-blind.Occupancy), 100*(signs.Occupancy-plain.Occupancy))
		for _, a := range []judged{plain, signs, blind, knows} {
			a.keeps(t, &s, false)
		}
		if knows.Occupancy < blind.Occupancy+0.005 || signs.Occupancy < plain.Occupancy {
			t.Errorf("%d agents: knowing more does not help", agents)
		}
	}
}

// BenchmarkDay is a day of 20 agents.
func BenchmarkDay(b *testing.B) {
	s := Default()
	seed := uint64(0)
	for b.Loop() {
		seed++
		run(b, &s, "predictive", seed)
	}
}
