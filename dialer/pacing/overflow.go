package pacing

import "math"

// The exact distribution takes need times terms products a horizon. Up to
// exactWork it is used alone, and over the next step it gives way to the other
// by degrees, so that one agent more or less changes little.
const exactWork, exactStep = 1500, 1500

// overflow is the distribution, at each horizon, of the answers that need an
// agent plus the agents who are not free by then: sums of independent chances.
// One more answer is lost when the sum reaches need, the agents there are. Small
// sums are exact (Poisson's binomial), large ones normal with a correction for
// their skewness (Edgeworth) and with what is unsure about all chances together.
type overflow struct {
	need int
	// exact is the weight of the exact distribution.
	exact                       float64
	below                       [horizons][]float64 // P(sum = i), i < need
	mean, variance, skew, terms [horizons]float64
	answers, agents             [horizons]float64
	// unsure are the relative variances of all answers and of all agents.
	unsureAnswers, unsureAgents float64
	tail                        [horizons]float64
}

func (o *overflow) reset(need, terms int) {
	o.need = need
	o.exact = 0
	if need > 0 {
		o.exact = max(0, min(1, (exactWork+exactStep-float64(need*terms))/exactStep))
	}
	for k := range horizons {
		o.mean[k], o.variance[k], o.skew[k], o.terms[k], o.answers[k], o.agents[k] = 0, 0, 0, 0, 0, 0
		if o.exact == 0 {
			continue
		}
		o.below[k] = append(o.below[k][:0], 1)
		for range need - 1 {
			o.below[k] = append(o.below[k], 0)
		}
	}
}

// answer adds a call that is answered by horizon k with chance q; busy an agent
// who is free by then with chance q.
func (o *overflow) answer(k int, q float64) {
	o.answers[k] += q
	o.add(k, q)
}

func (o *overflow) busy(k int, q float64) {
	o.agents[k] += q
	o.add(k, 1-q)
}

func (o *overflow) add(k int, q float64) {
	v := q * (1 - q)
	o.mean[k] += q
	o.variance[k] += v
	o.skew[k] += v * (1 - 2*q)
	o.terms[k]++
	if o.exact > 0 {
		o.convolve(k, q)
	}
}

func (o *overflow) convolve(k int, q float64) {
	d := o.below[k]
	for i := len(d) - 1; i > 0; i-- {
		d[i] += q * (d[i-1] - d[i])
	}
	d[0] *= 1 - q
}

// alike adds n answers of the same chance to a sum that is not exact.
func (o *overflow) alike(k int, n, q float64) {
	v := n * q * (1 - q)
	o.terms[k] += n
	o.answers[k] += n * q
	o.mean[k] += n * q
	o.variance[k] += v
	o.skew[k] += v * (1 - 2*q)
}

// risk is the chance that one more answer is lost, the mean of the horizons'.
func (o *overflow) risk() float64 {
	sum := 0.0
	for k := range horizons {
		o.tail[k] = o.at(k)
		sum += o.tail[k]
	}
	return sum / horizons
}

func (o *overflow) at(k int) float64 {
	if o.need <= 0 {
		return 1
	}
	if float64(o.need) > o.terms[k] {
		return 0
	}
	t := 0.0
	if o.exact > 0 {
		t = 1
		for _, p := range o.below[k] {
			t -= p
		}
		if o.exact == 1 {
			return max(0, t)
		}
	}
	a, b := o.answers[k], o.agents[k]
	sd := math.Sqrt(o.variance[k] + a*a*o.unsureAnswers + b*b*o.unsureAgents + 1e-9)
	x := (float64(o.need) - 0.5 - o.mean[k]) / sd
	n := math.Erfc(x/math.Sqrt2)/2 + o.skew[k]/(6*sd*sd*sd)*(x*x-1)*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	return max(0, min(1, o.exact*t+(1-o.exact)*n))
}
