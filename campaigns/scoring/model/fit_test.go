package model

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The one-step estimate of a left-out row's log-odds against training without
// that row.
func TestLeftOutScoresAreThoseOfTrainingWithoutTheRow(t *testing.T) {
	t.Parallel()
	lot := rand.New(rand.NewPCG(3, 3))
	const rows, features = 150, 6
	m := design{start: []int{0}, size: features}
	var labels []bool
	weight := make([]float64, rows)
	for i := range rows {
		a, b := lot.IntN(3), 3+lot.IntN(2)
		x := lot.NormFloat64()
		m.index = append(m.index, int32(a), int32(b), 5)
		m.value = append(m.value, 1, 1, x)
		m.start = append(m.start, len(m.index))
		labels = append(labels, lot.Float64() < sigmoid(x-float64(a)))
		weight[i] = 0.5 + lot.Float64()
	}
	penalty := []float64{1, 1, 1, 1, 1, 0.5}
	all, err := fit(t.Context(), &m, labels, weight, penalty, nil)
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for i := range rows {
		without := append([]float64(nil), weight...)
		without[i] = 0
		f, err := fit(t.Context(), &m, labels, without, penalty, nil)
		if err != nil {
			t.Fatal(err)
		}
		moved := math.Abs(f.z[i] - all.z[i])
		if off := math.Abs(all.loo[i] - f.z[i]); moved > 0.02 {
			worst = max(worst, off/moved)
		}
	}
	if worst > 0.15 || worst == 0 {
		t.Errorf("the estimate is off by %.3f of what leaving a row out moves it", worst)
	}
}

// A fit is where the gradient of the penalised loss is nought.
func TestAFitIsTheMinimum(t *testing.T) {
	t.Parallel()
	m := design{start: []int{0, 1, 2, 3, 4}, index: []int32{0, 0, 1, 1}, value: []float64{1, 1, 1, 1}, size: 2}
	labels, weight := []bool{true, false, true, true}, []float64{1, 2, 1, 3}
	penalty := []float64{0.3, 0.7}
	f, err := fit(t.Context(), &m, labels, weight, penalty, nil)
	if err != nil {
		t.Fatal(err)
	}
	beta := append(append([]float64(nil), f.weights...), f.intercept)
	gradient, _ := m.derivatives(beta, f.z, labels, weight, penalty)
	for j, g := range gradient {
		if math.Abs(g) > 1e-3 {
			t.Errorf("gradient %d is %v", j, g)
		}
	}
}

func TestPlattStraightensOverconfidence(t *testing.T) {
	t.Parallel()
	lot := rand.New(rand.NewPCG(5, 5))
	const rows = 50_000
	z, labels, weight := make([]float64, rows), make([]bool, rows), make([]float64, rows)
	for i := range z {
		truth := lot.NormFloat64() - 1
		labels[i], weight[i] = lot.Float64() < sigmoid(truth), 1
		z[i] = 2*truth + 1 // twice too sure, and shifted
	}
	if a, b := platt(z, labels, weight); math.Abs(a-0.5) > 0.02 || math.Abs(b+0.5) > 0.04 {
		t.Errorf("p = sigmoid(%.3f z %+.3f), want 0.5 and -0.5", a, b)
	}
	for i := range labels {
		labels[i] = lot.Float64() < 0.3 // nothing to learn
		z[i] = -z[i]
	}
	a, b := platt(z, labels, weight)
	if mean := sigmoid(a*meanOf(z, weight) + b); math.Abs(mean-0.3) > 0.02 || math.Abs(a) > 0.06 {
		t.Errorf("of scores that say nothing: %v, mean %v", a, mean)
	}
}

func TestCuts(t *testing.T) {
	t.Parallel()
	values := make([]float64, 0, 1000)
	for i := range 200 {
		values = append(values, float64(i))
	}
	for range 800 {
		values = append(values, 999)
	}
	got := cuts(values, 10, 10)
	if len(got) != 2 || got[len(got)-1] <= 199 || got[len(got)-1] >= 999 {
		t.Errorf("cuts %v: want 999 in a bin of its own, the 200 in bins of 100", got)
	}
	if got := cuts([]float64{1, 1, 1, 1}, 10, 1); len(got) != 0 {
		t.Errorf("one value is cut at %v", got)
	}
}
