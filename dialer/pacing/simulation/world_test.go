package simulation

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// durations draws a distribution of any shape with a mean between two.
func durations(t *rapid.T, what string, least, most float64) Distribution {
	mean := rapid.Float64Range(least, most).Draw(t, what+" mean")
	switch kind := rapid.SampledFrom([]Kind{Fixed, Exponential, Uniform, Lognormal, Gamma, Pareto, Mixture}).Draw(t, what); kind {
	case Lognormal, Gamma:
		return Distribution{Kind: kind, Mean: mean, CV: rapid.Float64Range(0.3, 1.5).Draw(t, what+" cv")}
	case Uniform:
		return Distribution{Kind: kind, Min: 0.5 * mean, Max: 1.5 * mean}
	case Pareto:
		return Distribution{Kind: kind, Mean: mean, Shape: rapid.Float64Range(1.5, 3).Draw(t, what+" shape")}
	case Mixture:
		return Distribution{Kind: kind, Of: []Part{
			{Share: 0.6, Distribution: Distribution{Kind: Lognormal, Mean: 0.3 * mean, CV: 0.4}},
			{Share: 0.4, Distribution: Distribution{Kind: Lognormal, Mean: 2 * mean, CV: 0.4}},
		}}
	default:
		return Distribution{Kind: kind, Mean: mean}
	}
}

// scenarios draws days of which nothing is known: other durations, answer rates
// from 5 to 70 %, teams of 3 to 60 in one class or two, limits of 1 to 5 %, drift,
// pauses and people who come and go. A day is as long as its team takes for some
// hundred answers.
func scenarios(t *rapid.T) Scenario {
	s := Default()
	s.Agents = rapid.IntRange(3, 60).Draw(t, "agents")
	s.Answer = rapid.Float64Range(0.05, 0.7).Draw(t, "answer")
	s.DropLimit = rapid.Float64Range(0.01, 0.05).Draw(t, "limit")
	s.Talk = durations(t, "talk", 30, 180)
	s.Wrap = durations(t, "wrap", 2, 40)
	s.AnsweredRing = durations(t, "ring", 6, 14)
	s.RingOut = rapid.Float64Range(0.2, 1).Draw(t, "ring out")
	s.CancelAfter = rapid.SampledFrom([]float64{0, 15}).Draw(t, "cancel after")
	s.Hours = max(1.25, min(8, 700/(float64(s.Agents)*3600/(1.3*(s.Talk.mean()+s.Wrap.mean())))))
	if rapid.Bool().Draw(t, "two classes") && s.Agents >= 6 {
		talk, wrap := durations(t, "other talk", 30, 180), durations(t, "other wrap", 2, 40)
		n := s.Agents / 2
		s.Classes = []Class{{Name: "these", Agents: n}, {Name: "those", Agents: s.Agents - n, Talk: &talk, Wrap: &wrap}}
	}
	if rapid.Bool().Draw(t, "two kinds of candidates") {
		s.Known = rapid.Bool().Draw(t, "known")
		s.Candidates = []Candidates{{Share: 0.5, Answer: s.Answer / 2}, {Share: 0.5, Answer: min(1, s.Answer*1.5)}}
	}
	if rapid.Bool().Draw(t, "drift") {
		for i := range 4 {
			from := s.Hours * float64(i) / 4
			s.Drift = append(s.Drift, Drift{
				From: from, To: from + s.Hours/4,
				Answer: rapid.Float64Range(0.5, 1.4).Draw(t, fmt.Sprintf("answers %d", i)),
				Talk:   rapid.Float64Range(0.7, 1.4).Draw(t, fmt.Sprintf("talks %d", i)),
			})
		}
	}
	if rapid.Bool().Draw(t, "people come and go") {
		s.Pause = Pause{Share: 0.05, Length: Distribution{Kind: Exponential, Mean: 200}}
		s.Turnovers = []Turnover{{At: s.Hours / 2, Share: 0.5, Within: 300, Away: Distribution{Kind: Uniform, Min: 60, Max: 600}}}
	}
	if rapid.Bool().Draw(t, "signs") {
		s.Signs = Signs{
			Results: 0.7, ResultBefore: Distribution{Kind: Uniform, Min: 1, Max: 15},
			Wraps: 0.7, WrapBefore: Distribution{Kind: Fixed, Mean: 3},
		}
	}
	return s
}

func valid(t testing.TB, s *Scenario) {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
}
