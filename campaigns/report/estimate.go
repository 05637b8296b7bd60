package report

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Bin counts what fell into one bin of a measure, and the hits among it.
type Bin struct {
	At     int
	N      int64
	Hits   int64
	Weight float64
}

// Interval gives the 95 % credible interval of a proportion under a uniform
// prior: the quantiles of Beta(hits + 1, misses + 1).
func Interval(hits, n int64) (low, high float64) {
	b := distuv.Beta{Alpha: float64(hits) + 1, Beta: float64(n-hits) + 1}
	return b.Quantile(0.025), b.Quantile(0.975)
}

// firstCallBins: a bin of first_call is 4 × log2 of the seconds from the receipt
// of an event to the person's first call after it.
const firstCallBins = 4

// FirstCallQuantile gives the quantile q of the seconds until the first call
// after an event; its error is that of a bin, a factor of 2^(1/8). False without
// any.
func FirstCallQuantile(bins []Bin, q float64) (float64, bool) {
	at, ok := quantile(bins, q)
	return math.Exp2(float64(at) / firstCallBins), ok
}

// quantile gives the bin in which the quantile lies.
func quantile(bins []Bin, q float64) (int, bool) {
	sorted := slices.SortedFunc(slices.Values(bins), func(a, b Bin) int { return a.At - b.At })
	var total, passed int64
	for _, b := range sorted {
		total += b.N
	}
	for _, b := range sorted {
		if passed += b.N; float64(passed) >= q*float64(total) && b.N > 0 {
			return b.At, true
		}
	}
	return 0, false
}

// priorSales is the weight of the prior of AdjustedSales, in expected sales.
const priorSales = 5

// AdjustedSales is how well an agent sells for the leads they got: sales over
// those that the candidates' propensities led to expect, drawn towards that of
// all agents together as if everybody had priorSales of expected sales more.
func AdjustedSales(sales, expected, allSales, allExpected float64) any {
	if allExpected == 0 {
		return nil
	}
	all := allSales / allExpected
	return (sales + priorSales*all) / (expected + priorSales)
}

// Decay is how the chance of success falls with the age of the reason to call.
type Decay struct {
	// HalfLifeDays, with its 95 % interval; an infinite one means that there is
	// no decay to be seen.
	HalfLifeDays, Low, High float64
	// WeekRatio is the chance in the first week over that in the fourth.
	WeekRatio float64
	N, Hits   int64
}

// FitDecay estimates the half-life from bins of the age in days. It is the
// maximum of the Poisson likelihood of the sales under p₀ × e^(−λ × age), found
// by Newton's method; the interval is Wald's for λ. False with fewer than 20
// sales or ages that do not differ.
func FitDecay(bins []Bin) (Decay, bool) {
	d := Decay{}
	var ages float64
	for _, b := range bins {
		d.N, d.Hits = d.N+b.N, d.Hits+b.Hits
		ages += float64(b.N) * (float64(b.At) + 0.5)
	}
	if d.Hits < 20 {
		return d, false
	}
	mean := ages / float64(d.N)
	a, lambda := math.Log(float64(d.Hits)/float64(d.N)), 0.0
	var information float64
	for range 100 {
		var ga, gl, haa, hal, hll float64
		for _, b := range bins {
			x := float64(b.At) + 0.5 - mean
			mu := float64(b.N) * math.Exp(a-lambda*x)
			r := float64(b.Hits) - mu
			ga, gl = ga+r, gl-r*x
			haa, hal, hll = haa+mu, hal-mu*x, hll+mu*x*x
		}
		determinant := haa*hll - hal*hal
		if !(determinant > 1e-12*haa*haa) {
			return d, false
		}
		da, dl := (hll*ga-hal*gl)/determinant, (haa*gl-hal*ga)/determinant
		a, lambda = a+da, lambda+max(-0.5, min(0.5, dl))
		information = determinant / haa
		if math.Abs(da)+math.Abs(dl) < 1e-12 {
			break
		}
	}
	error95 := 1.96 / math.Sqrt(information)
	d.HalfLifeDays, d.Low, d.High = halfLife(lambda), halfLife(lambda+error95), halfLife(lambda-error95)
	d.WeekRatio = math.Exp(21 * lambda)
	return d, true
}

func halfLife(lambda float64) float64 {
	if lambda <= 0 {
		return math.Inf(1)
	}
	return math.Ln2 / lambda
}

// AUC is the chance that a sale was scored above a conversation without one,
// from bins of the score; ties count half. False without both.
func AUC(bins []Bin) (float64, bool) {
	sorted := slices.SortedFunc(slices.Values(bins), func(a, b Bin) int { return a.At - b.At })
	var below, won, hits, misses float64
	for _, b := range sorted {
		h, m := float64(b.Hits), float64(b.N-b.Hits)
		won += h * (below + m/2)
		below += m
		hits, misses = hits+h, misses+m
	}
	if hits == 0 || misses == 0 {
		return 0, false
	}
	return won / (hits * misses), true
}

// Group is a share of the conversations by score, best first.
type Group struct {
	N, Hits  int64
	Expected float64
	// Lift is the group's share of sales over that of all.
	Lift float64
}

// Groups cuts the bins of a score into at most n groups of about the same size,
// the best scores first; a bin is never cut.
func Groups(bins []Bin, n int) []Group {
	sorted := slices.SortedFunc(slices.Values(bins), func(a, b Bin) int { return b.At - a.At })
	var total, hits int64
	for _, b := range sorted {
		total, hits = total+b.N, hits+b.Hits
	}
	if total == 0 {
		return nil
	}
	var groups []Group
	var g Group
	var passed int64
	for i, b := range sorted {
		g.N, g.Hits, g.Expected, passed = g.N+b.N, g.Hits+b.Hits, g.Expected+b.Weight, passed+b.N
		if passed*int64(n) >= total*int64(len(groups)+1) || i == len(sorted)-1 {
			if g.N > 0 {
				groups = append(groups, g)
			}
			g = Group{}
		}
	}
	for i := range groups {
		if hits > 0 {
			groups[i].Lift = float64(groups[i].Hits) / float64(groups[i].N) * float64(total) / float64(hits)
		}
	}
	return groups
}
