package scoring_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

func TestLifetimeValue(t *testing.T) {
	t.Parallel()
	base := scoring.Lifetime{Margin: 100, Retention: 0.8, Discount: 0.1}
	for _, tc := range []struct {
		name   string
		change func(*scoring.Lifetime)
		want   float64
	}{
		{"first margin now, for ever", func(*scoring.Lifetime) {}, 366.67},
		{"first margin at year-end", func(l *scoring.Lifetime) { l.AtYearEnd = true }, 266.67},
		{"five margins", func(l *scoring.Lifetime) { l.Years = 5 }, 292.06},
		{"five margins at year-end", func(l *scoring.Lifetime) { l.Years, l.AtYearEnd = 5, true }, 212.41},
		{"after acquisition", func(l *scoring.Lifetime) { l.Acquisition = 66.67 }, 300},
		{"after service", func(l *scoring.Lifetime) { l.Service = 40 }, 220},
		{"nobody stays", func(l *scoring.Lifetime) { l.Retention = 0 }, 100},
		{"nobody stays, five years", func(l *scoring.Lifetime) { l.Retention, l.Years = 0, 5 }, 100},
		{"all stay and money keeps its worth", func(l *scoring.Lifetime) { l.Retention, l.Discount, l.Years = 1, 0, 7 }, 700},
	} {
		l := base
		tc.change(&l)
		if err := l.Validate(); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if got := l.NPV(); math.Abs(got-tc.want) > 0.005 {
			t.Errorf("%s: %.3f, want %.2f", tc.name, got, tc.want)
		}
	}
}

// The closed formula against the sum of the discounted expected cash flows.
func TestLifetimeValueIsTheSumOfItsCashFlows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := scoring.Lifetime{
			Margin:      rapid.Float64Range(-100, 1000).Draw(t, "margin"),
			Service:     rapid.Float64Range(0, 100).Draw(t, "service"),
			Retention:   rapid.Float64Range(0, 1).Draw(t, "retention"),
			Discount:    rapid.Float64Range(0, 0.5).Draw(t, "discount"),
			Acquisition: rapid.Float64Range(0, 500).Draw(t, "acquisition"),
			Years:       rapid.IntRange(1, 60).Draw(t, "years"),
			AtYearEnd:   rapid.Bool().Draw(t, "year-end"),
		}
		flows := []float64{-l.Acquisition}
		if !l.AtYearEnd {
			flows[0] += l.Margin - l.Service
		}
		stay := l.Retention
		for year := 1; year <= l.Years; year++ {
			if !l.AtYearEnd && year == l.Years {
				break
			}
			flows = append(flows, stay*(l.Margin-l.Service))
			stay *= l.Retention
		}
		if got, want := l.NPV(), scoring.NPV(flows, l.Discount); math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
			t.Fatalf("%+v: %v, want %v", l, got, want)
		}
	})
}

func TestLifetimeNamesTheWrongField(t *testing.T) {
	t.Parallel()
	good := scoring.Lifetime{Margin: 100, Retention: 0.8, Discount: 0.1}
	for field, change := range map[string]func(*scoring.Lifetime){
		"margin":      func(l *scoring.Lifetime) { l.Margin = math.NaN() },
		"service":     func(l *scoring.Lifetime) { l.Service = math.Inf(1) },
		"acquisition": func(l *scoring.Lifetime) { l.Acquisition = math.NaN() },
		"retention":   func(l *scoring.Lifetime) { l.Retention = 1.2 },
		"discount":    func(l *scoring.Lifetime) { l.Retention, l.Discount = 1, 0 },
		"years":       func(l *scoring.Lifetime) { l.Years = -1 },
	} {
		l := good
		change(&l)
		if err := l.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestExpectedValueAndItsCutOff(t *testing.T) {
	t.Parallel()
	if got := scoring.ExpectedValue(200, 0.05, 4); got != 6 {
		t.Errorf("expected value %v, want 6", got)
	}
	if got := scoring.CutOff(200, 4, 2); got != 0.03 {
		t.Errorf("cut-off %v, want 0.03", got)
	}
	policy := campaigns.Selection{CostPerAttempt: 4, MinExpectedValue: 2}
	for propensity, want := range map[float64]bool{0.05: true, 0.0301: true, 0.0299: false} {
		if _, ok := scoring.Worthwhile(scoring.Candidate{Value: 200, Propensity: propensity}, policy); ok != want {
			t.Errorf("at %v: passes %v, want %v", propensity, ok, want)
		}
	}
	if _, ok := scoring.Worthwhile(scoring.Candidate{Value: 1, Propensity: 1e-6}, campaigns.Selection{}); !ok {
		t.Error("without a cost or a cut-off everybody is worth a call")
	}
}
