package pacing

import "math"

const (
	// Up to smallVariance the exact distribution is used alone, from
	// largeVariance on the other; between them one gives way to the other by
	// degrees, so that one agent more or less changes little.
	smallVariance, largeVariance = 6, 12
	// negligible is the chance below which a count is taken for impossible.
	negligible = 1e-12
)

// overflow is the distribution, at each horizon, of the answers that need an
// agent and of the agents who come free: sums of independent chances. One more
// answer is lost when the answers reach the agents at hand and those that came
// free. Small sums are exact (Poisson's binomial), large ones normal with a
// correction for their skewness (Edgeworth) and with what is unsure about all
// chances together.
type overflow struct {
	atHand int
	exact  bool // the exact distributions are still kept
	at     [horizons]sums
	// unsure are the relative variances of all answers and of all agents.
	unsureAnswers, unsureAgents float64
	calls                       float64
	tail                        [horizons]float64
}

// sums are those of one horizon.
type sums struct {
	answers, agents  float64 // means
	variance, skew   float64
	answered, became []float64 // P(count = i)
}

func (o *overflow) reset(atHand int) {
	o.atHand, o.exact, o.calls = atHand, true, 0
	for k := range horizons {
		s := &o.at[k]
		s.answers, s.agents, s.variance, s.skew = 0, 0, 0, 0
		s.answered, s.became = append(s.answered[:0], 1), append(s.became[:0], 1)
	}
}

// answer adds a call that is answered by horizon k with chance q.
func (o *overflow) answer(k int, q float64) {
	s := &o.at[k]
	v := q * (1 - q)
	s.answers += q
	s.variance += v
	s.skew += v * (1 - 2*q)
	if o.exact {
		s.answered = convolve(s.answered, q)
	}
}

// free adds an agent who is free by horizon k with chance q.
func (o *overflow) free(k int, q float64) {
	s := &o.at[k]
	v := q * (1 - q)
	s.agents += q
	s.variance += v
	s.skew -= v * (1 - 2*q)
	if o.exact {
		s.became = convolve(s.became, q)
	}
}

// alike adds n answers of the same chance to sums that are not exact.
func (o *overflow) alike(k int, n, q float64) {
	s := &o.at[k]
	v := n * q * (1 - q)
	s.answers += n * q
	s.variance += v
	s.skew += v * (1 - 2*q)
}

// convolve adds one chance to the distribution of a count.
func convolve(d []float64, q float64) []float64 {
	if last := d[len(d)-1] * q; last > negligible {
		d = append(d, last)
		for i := len(d) - 2; i > 0; i-- {
			d[i] += q * (d[i-1] - d[i])
		}
	} else {
		for i := len(d) - 1; i > 0; i-- {
			d[i] += q * (d[i-1] - d[i])
		}
	}
	d[0] *= 1 - q
	return d
}

// narrow gives up the exact distributions once they are not needed any more.
func (o *overflow) narrow() {
	if o.exact {
		o.exact = o.spread(&o.at[horizons-1]) < largeVariance
	}
}

// risk is the chance that one more answer is lost, the mean of the horizons'.
func (o *overflow) risk() float64 {
	o.narrow()
	weight := 0.0
	if o.exact {
		weight = min(1, (largeVariance-o.spread(&o.at[horizons-1]))/(largeVariance-smallVariance))
	}
	sum := 0.0
	for k := range horizons {
		t := 0.0
		if weight > 0 {
			t += weight * o.lostExactly(&o.at[k])
		}
		if weight < 1 {
			t += (1 - weight) * o.lost(&o.at[k])
		}
		o.tail[k] = t
		sum += t
	}
	return sum / horizons
}

// spread is the variance of the answers less the agents who came free.
func (o *overflow) spread(s *sums) float64 {
	return s.variance + s.answers*s.answers*o.unsureAnswers + s.agents*s.agents*o.unsureAgents
}

// lostExactly sums over the agents who came free.
func (o *overflow) lostExactly(s *sums) float64 {
	// upTo runs along with the agents at hand: P(answers < at hand + free).
	upTo, next, risk := 0.0, 0, 0.0
	for free, p := range s.became {
		for next < o.atHand+free && next < len(s.answered) {
			upTo += s.answered[next]
			next++
		}
		if o.atHand+free > 0 {
			risk += p * max(0, 1-upTo)
		} else {
			risk += p
		}
	}
	if float64(o.atHand) > o.calls {
		return 0
	}
	return min(1, risk)
}

func (o *overflow) lost(s *sums) float64 {
	if float64(o.atHand) > o.calls {
		return 0
	}
	sd := math.Sqrt(o.spread(s) + 1e-9)
	x := (float64(o.atHand) - 0.5 - s.answers + s.agents) / sd
	t := math.Erfc(x/math.Sqrt2)/2 + s.skew/(6*sd*sd*sd)*(x*x-1)*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	return max(0, min(1, t))
}
