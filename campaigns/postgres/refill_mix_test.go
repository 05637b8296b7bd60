package postgres

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestApportionSharesAllThatIsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "n")
		k := rapid.IntRange(1, 6).Draw(t, "lists")
		weights, most := make([]float64, k), make([]int, k)
		sum, there := 0.0, 0
		for i := range k {
			weights[i] = rapid.Float64Range(0.001, 1).Draw(t, "weight")
			most[i] = rapid.IntRange(0, 200).Draw(t, "most")
			sum += weights[i]
			there += most[i]
		}
		quota := apportion(n, weights, most, rapid.Float64Range(0, 0.999).Draw(t, "at"))
		total, bound := 0, false
		for i, q := range quota {
			total += q
			if q < 0 || q > most[i] {
				t.Fatalf("list %d gives %d of %d", i, q, most[i])
			}
			bound = bound || q == most[i]
		}
		if total != min(n, there) {
			t.Fatalf("%d shared of %d, where %d are there: %v", total, n, there, quota)
		}
		for i, q := range quota {
			if share := float64(n) * weights[i] / sum; !bound && math.Abs(float64(q)-share) >= 1 {
				t.Fatalf("list %d gives %d, its share is %v", i, q, share)
			}
		}
	})
}

// Small refills would starve a small list if its part were rounded.
func TestApportionIsFairInTheLongRun(t *testing.T) {
	t.Parallel()
	got := make([]int, 3)
	const draws = 1000
	for draw := range draws {
		for i, q := range apportion(1, []float64{0.9, 0.07, 0.03}, []int{1, 1, 1}, (float64(draw)+0.5)/draws) {
			got[i] += q
		}
	}
	if got[0] != 900 || got[1] != 70 || got[2] != 30 {
		t.Errorf("shared %v", got)
	}
}
