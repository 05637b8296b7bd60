package simulation

import (
	"math"
	"math/rand/v2"
)

// Kind is the shape of a distribution.
type Kind string

// The kinds. Uniform takes Min and Max, Mixture its parts Of, the others Mean;
// Lognormal and Gamma take CV, the standard deviation over the mean, and Pareto its
// Shape above 1: the smaller, the heavier the tail.
const (
	Fixed       Kind = "fixed"
	Exponential Kind = "exponential"
	Uniform     Kind = "uniform"
	Lognormal   Kind = "lognormal"
	Gamma       Kind = "gamma"
	Pareto      Kind = "pareto"
	Mixture     Kind = "mixture"
)

// Distribution is one of durations, in seconds.
type Distribution struct {
	Kind  Kind    `yaml:"kind" json:"kind"`
	Mean  float64 `yaml:"mean" json:"mean,omitempty"`
	CV    float64 `yaml:"cv" json:"cv,omitempty"`
	Min   float64 `yaml:"min" json:"min,omitempty"`
	Max   float64 `yaml:"max" json:"max,omitempty"`
	Shape float64 `yaml:"shape" json:"shape,omitempty"`
	Of    []Part  `yaml:"of" json:"of,omitempty"`
}

// Part is a share of a mixture.
type Part struct {
	Share        float64 `yaml:"share" json:"share"`
	Distribution `yaml:",inline"`
}

// draw gives a duration of the distribution; one without a kind is zero.
func (d *Distribution) draw(r *rand.Rand) float64 {
	switch d.Kind {
	case Fixed:
		return d.Mean
	case Exponential:
		return d.Mean * r.ExpFloat64()
	case Uniform:
		return d.Min + (d.Max-d.Min)*r.Float64()
	case Lognormal:
		s2 := math.Log1p(d.CV * d.CV)
		return d.Mean * math.Exp(math.Sqrt(s2)*r.NormFloat64()-s2/2)
	case Gamma:
		k := 1 / (d.CV * d.CV)
		return gamma(r, k) * d.Mean / k
	case Pareto:
		least := d.Mean * (d.Shape - 1) / d.Shape
		return least * math.Pow(1-r.Float64(), -1/d.Shape)
	case Mixture:
		return d.part(r.Float64()).draw(r)
	}
	return 0
}

// part is the one that holds the quantile x of the shares.
func (d *Distribution) part(x float64) *Distribution {
	whole := 0.0
	for i := range d.Of {
		whole += d.Of[i].Share
	}
	x *= whole
	for i := range d.Of {
		if x -= d.Of[i].Share; x < 0 {
			return &d.Of[i].Distribution
		}
	}
	return &d.Of[len(d.Of)-1].Distribution
}

// mean of the distribution, in seconds.
func (d *Distribution) mean() float64 {
	switch d.Kind {
	case Uniform:
		return (d.Min + d.Max) / 2
	case Mixture:
		sum, whole := 0.0, 0.0
		for i := range d.Of {
			sum += d.Of[i].Share * d.Of[i].mean()
			whole += d.Of[i].Share
		}
		return sum / whole
	default:
		return d.Mean
	}
}

// gamma of shape k and scale 1 by Marsaglia and Tsang's method ("A simple method
// for generating gamma variables", 2000), which a power of a uniform variable
// extends to shapes below 1.
func gamma(r *rand.Rand, k float64) float64 {
	if k < 1 {
		return gamma(r, k+1) * math.Pow(1-r.Float64(), 1/k)
	}
	d := k - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// under draws until the duration is under a limit; a distribution that hardly ever
// is gives the limit.
func (d *Distribution) under(limit float64, r *rand.Rand) float64 {
	const tries = 100
	for range tries {
		if x := d.draw(r); x < limit {
			return x
		}
	}
	return limit
}
