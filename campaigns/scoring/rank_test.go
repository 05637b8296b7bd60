package scoring_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

var now = time.Date(2026, time.March, 3, 15, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// The lecture's claim: a customer who left is four times more likely to come
// back in the first week than in the fourth.
func TestFirstWeekIsWorthFourTimesTheFourth(t *testing.T) {
	t.Parallel()
	rules := scoring.RulesOf(campaigns.DefaultSettings(campaigns.KindWinBack))
	if rules.HalfLife != 252*time.Hour {
		t.Fatalf("half-life %v, want 10.5 days", rules.HalfLife)
	}
	average := func(week int) float64 {
		const steps = 10_000
		sum := 0.0
		for i := range steps {
			age := time.Duration((float64(week) + (float64(i)+0.5)/steps) * 7 * float64(day))
			c := scoring.Candidate{Value: 1, Propensity: 1, EventAt: now.Add(-age)}
			sum += math.Exp2(scoring.Rank(c, rules) - scoring.Reference(now, rules))
		}
		return sum / steps
	}
	if ratio := average(0) / average(3); math.Abs(ratio-4) > 0.0005 {
		t.Errorf("week 1 is worth %.4f times week 4, want 4.000", ratio)
	}
}

func candidate(t *rapid.T, label string) scoring.Candidate {
	return scoring.Candidate{
		Value:      rapid.Float64Range(1e-3, 1e9).Draw(t, label+" value"),
		Propensity: rapid.Float64Range(1e-6, 1).Draw(t, label+" propensity"),
		EventAt:    now.Add(-time.Duration(rapid.Int64Range(0, int64(2000*day)).Draw(t, label+" age"))),
		Attempts:   rapid.IntRange(0, 20).Draw(t, label+" attempts"),
	}
}

func rulesOf(t *rapid.T) scoring.Rules {
	return scoring.Rules{
		HalfLife:     time.Duration(rapid.Int64Range(int64(time.Hour), int64(400*day)).Draw(t, "half-life")),
		AttemptDecay: rapid.Float64Range(0.05, 1).Draw(t, "decay"),
	}
}

// worth is computed the long way, at a time, without any logarithm.
func worth(c scoring.Candidate, r scoring.Rules, at time.Time) float64 {
	halvings := at.Sub(c.EventAt).Seconds() / r.HalfLife.Seconds()
	return c.Value * c.Propensity * math.Pow(0.5, halvings) * math.Pow(r.AttemptDecay, float64(c.Attempts))
}

func TestTheOrderByRankIsTheOrderByWorthAtAnyTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := rulesOf(t)
		rules.HalfLife = max(rules.HalfLife, 5*day) // so that worth stays above the smallest float
		a, b := candidate(t, "a"), candidate(t, "b")
		gap := scoring.Rank(a, rules) - scoring.Rank(b, rules)
		for _, after := range []time.Duration{0, time.Second, day, 7 * day, 90 * day} {
			wa, wb := worth(a, rules, now.Add(after)), worth(b, rules, now.Add(after))
			if math.Abs(gap) > 1e-6 && (gap > 0) != (wa > wb) {
				t.Fatalf("after %v: rank gap %v, worths %v and %v", after, gap, wa, wb)
			}
		}
	})
}

func TestFactorsAddUpToTheRank(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, c := rulesOf(t), candidate(t, "c")
		sum := 0.0
		last := math.Inf(1)
		for _, f := range scoring.Explain(c, rules, now) {
			sum += f.Points
			if math.Abs(f.Points) > last {
				t.Fatalf("%s is stronger than the factor before it", f.Name)
			}
			last = math.Abs(f.Points)
			if f.Name == "" || f.Text == "" {
				t.Fatalf("factor %+v says nothing", f)
			}
		}
		want := scoring.Rank(c, rules) - scoring.Reference(now, rules)
		if math.Abs(sum-want) > 1e-6*math.Max(1, math.Abs(want)) {
			t.Fatalf("factors add up to %v, want %v", sum, want)
		}
	})
}

func TestEachAttemptLowersTheRankByTheDecay(t *testing.T) {
	t.Parallel()
	rules := scoring.Rules{HalfLife: day, AttemptDecay: 0.5}
	c := scoring.Candidate{Value: 8, Propensity: 0.25, EventAt: now}
	before := scoring.Rank(c, rules)
	c.Attempts = 3
	if got := before - scoring.Rank(c, rules); math.Abs(got-3) > 1e-9 {
		t.Errorf("three halvings lower the rank by %v", got)
	}
	c.Attempts = 0
	if got := scoring.Rank(c, rules) - scoring.Reference(now, rules); math.Abs(got-1) > 1e-9 {
		t.Errorf("worth 2 has rank %v above the reference, want 1", got)
	}
}

// A second between two events must tell in the rank even after decades.
func TestRankResolvesSeconds(t *testing.T) {
	t.Parallel()
	rules := scoring.Rules{HalfLife: 30 * day, AttemptDecay: 1}
	late := scoring.Candidate{Value: 1e6, Propensity: 0.5, EventAt: time.Date(2060, 1, 1, 0, 0, 1, 0, time.UTC)}
	early := late
	early.EventAt = early.EventAt.Add(-time.Second)
	if !(scoring.Rank(late, rules) > scoring.Rank(early, rules)) {
		t.Error("a second makes no difference")
	}
}

func TestAnEventAheadIsNotReady(t *testing.T) {
	t.Parallel()
	if scoring.Ready(now.Add(time.Nanosecond), now) || !scoring.Ready(now, now) || !scoring.Ready(now.Add(-day), now) {
		t.Error("ready means that the event is not ahead")
	}
}

func TestValidateNamesTheField(t *testing.T) {
	t.Parallel()
	good := scoring.Candidate{Value: 1, Propensity: 1, EventAt: now}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, bad := range map[string]scoring.Candidate{
		"value": {Value: math.NaN(), Propensity: 1, EventAt: now}, "propensity": {Value: 1, Propensity: 1.1, EventAt: now},
		"event_at": {Value: 1, Propensity: 1},
	} {
		err, ok := errors.AsType[*campaigns.Error](bad.Validate())
		if !ok || err.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A value of nothing has a rank, behind all others, and is told as nothing.
func TestNothingHasARank(t *testing.T) {
	t.Parallel()
	rules := scoring.Rules{HalfLife: 10 * 24 * time.Hour, AttemptDecay: 0.8}
	nothing := scoring.Candidate{Value: scoring.LeastValue, Propensity: 0.5, EventAt: now}
	if err := nothing.Validate(); err != nil {
		t.Fatal(err)
	}
	some := scoring.Candidate{Value: 0.01, Propensity: 0.1, EventAt: now.Add(-60 * 24 * time.Hour), Attempts: 3}
	if a, b := scoring.Rank(nothing, rules), scoring.Rank(some, rules); math.IsInf(a, 0) || a >= b {
		t.Errorf("nothing has rank %v, a cent of long ago %v", a, b)
	}
	texts := map[scoring.Candidate]string{nothing: "worth nothing", some: "worth 0.01"}
	for c, want := range texts {
		if i := slices.IndexFunc(scoring.Explain(c, rules, now), func(f campaigns.Factor) bool { return f.Text == want }); i < 0 {
			t.Errorf("%q is not among %+v", want, scoring.Explain(c, rules, now))
		}
	}
}
