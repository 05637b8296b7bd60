package trial_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ringmaster/campaigns/trial"
)

func TestSizesArePublishedOnes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to float64
		want     int
	}{{0.05, 0.06, 8158}, {0.05, 0.055, 31234}, {0.10, 0.12, 3841}, {0.02, 0.025, 13809}} {
		got, err := trial.Size(c.from, c.to-c.from, 0.05, 0.8)
		if err != nil || got != c.want {
			t.Errorf("%v to %v: %d, %v; want %d", c.from, c.to, got, err, c.want)
		}
	}
}

func TestASizeThatMakesNoSenseIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		baseline, effect, alpha, power float64
		field                          string
	}{
		{0, 0.01, 0.05, 0.8, "baseline"},
		{math.NaN(), 0.01, 0.05, 0.8, "baseline"},
		{0.05, 0, 0.05, 0.8, "effect"},
		{0.05, -0.05, 0.05, 0.8, "effect"},
		{0.05, 1e-7, 0.05, 0.8, "effect"},
		{0.05, 0.01, 0.5, 0.8, "alpha"},
		{0.05, 0.01, 0.05, 1, "power"},
	} {
		if n, err := trial.Size(c.baseline, c.effect, c.alpha, c.power); err == nil || !strings.HasPrefix(err.Error(), c.field+":") {
			t.Errorf("%+v: %d, %v", c, n, err)
		}
	}
}

// TestCompareGivesTextbookFigures takes Newcombe's own example (56/70 against
// 48/80: 0.20, interval 0.0524 to 0.3339 by his method 10).
func TestCompareGivesTextbookFigures(t *testing.T) {
	t.Parallel()
	v := trial.Compare(trial.Share{Sales: 48, Persons: 80}, trial.Share{Sales: 56, Persons: 70}, 0.05)
	for name, pair := range map[string][2]float64{
		"difference": {v.Difference, 0.2}, "low": {v.Low, 0.0524}, "high": {v.High, 0.3339}, "p": {v.PValue, 0.00805},
	} {
		if math.Abs(pair[0]-pair[1]) > 5e-5 {
			t.Errorf("%s is %.5f, want %.5f", name, pair[0], pair[1])
		}
	}
	if !v.Significant || trial.Compare(trial.Share{Sales: 48, Persons: 80}, trial.Share{Sales: 56, Persons: 70}, 0.005).Significant {
		t.Error("significance does not follow alpha")
	}
	if v := trial.Compare(trial.Share{}, trial.Share{Sales: 1, Persons: 9}, 0.05); v.Significant || v.PValue != 1 {
		t.Errorf("an empty arm says %+v", v)
	}
	if v := trial.Compare(trial.Share{Persons: 9}, trial.Share{Persons: 9}, 0.05); v.Significant || v.PValue != 1 {
		t.Errorf("no sales at all say %+v", v)
	}
}

// TestFalseAlarmsAreAsRareAsAlphaSays simulates experiments whose arms do not
// differ (A/A), and shows what looking after every hundredth person does to
// them.
func TestFalseAlarmsAreAsRareAsAlphaSays(t *testing.T) {
	t.Parallel()
	const runs, persons, share, alpha = 4000, 2000, 0.1, 0.05
	random := rand.New(rand.NewPCG(1, 2))
	atEnd, peeking := 0, 0
	for range runs {
		var a, b trial.Share
		peeked := false
		for i := range persons {
			a, b = draw(random, a, share), draw(random, b, share)
			if (i+1)%100 == 0 && trial.Compare(a, b, alpha).Significant {
				peeked = true
			}
		}
		if trial.Compare(a, b, alpha).Significant {
			atEnd++
		}
		if peeked {
			peeking++
		}
	}
	// Four standard errors of a share of 5 % in 4,000 runs are 1.4 points.
	if rate := float64(atEnd) / runs; rate < 0.036 || rate > 0.064 {
		t.Errorf("%.3f of the A/A experiments gave an alarm, alpha is %v", rate, alpha)
	}
	if rate := float64(peeking) / runs; rate < 0.15 {
		t.Errorf("peeking gave %.3f false alarms: the simulation shows nothing", rate)
	}
}

// TestTheSizeHasItsPower simulates experiments with the effect that they were
// planned for.
func TestTheSizeHasItsPower(t *testing.T) {
	t.Parallel()
	const runs = 1500
	n, err := trial.Size(0.10, 0.05, 0.05, 0.8)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range runs {
		var a, b trial.Share
		for range n {
			a, b = draw(random, a, 0.10), draw(random, b, 0.15)
		}
		if trial.Compare(a, b, 0.05).Significant {
			found++
		}
	}
	if power := float64(found) / runs; power < 0.76 || power > 0.84 {
		t.Errorf("the effect was found in %.3f of the experiments, planned for 0.8", power)
	}
}

func draw(random *rand.Rand, s trial.Share, share float64) trial.Share {
	s.Persons++
	if random.Float64() < share {
		s.Sales++
	}
	return s
}

func TestArmsAreStableAlikeAndIndependent(t *testing.T) {
	t.Parallel()
	const persons = 40_000
	first, both := 0, 0
	for id := range int64(persons) {
		a, b := trial.Arm("salt one", id, 2), trial.Arm("salt two", id, 2)
		if a != trial.Arm("salt one", id, 2) {
			t.Fatal("a person changed the arm")
		}
		first += a
		if a == b {
			both++
		}
	}
	// Four standard errors are 400 persons.
	if first < persons/2-400 || first > persons/2+400 || both < persons/2-400 || both > persons/2+400 {
		t.Errorf("%d of %d in the second arm, %d in the same arm of two experiments", first, persons, both)
	}
}
