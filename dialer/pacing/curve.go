package pacing

import "math"

const (
	curveMemory = 4000 // phases
	// priorPhases is the weight of what is thought of a phase before any ended,
	// priorEvents that of the smooth curve within a pool of bins.
	priorPhases = 10
	priorEvents = 4
)

// curve is the survival of one phase of an agent's work, from the events and
// the seconds at risk in bins of its age (Kaplan-Meier by hazards). Ages are
// relative to the agent's own pace.
type curve struct {
	width, cv      float64
	events, risk   []float64
	under, whole   []float64 // of the phases under way
	left           []float64
	total, seconds float64
}

func newCurve(width float64, bins int, mean, cv float64) *curve {
	return &curve{
		width: width, cv: cv, events: make([]float64, bins), risk: make([]float64, bins),
		under: make([]float64, bins), whole: make([]float64, bins), left: make([]float64, bins+1),
		total: priorPhases, seconds: priorPhases * mean,
	}
}

func (c *curve) mean() float64 { return c.seconds / c.total }

// over takes in a phase that ended at the age.
func (c *curve) over(age float64) {
	last := len(c.events) - 1
	b := min(last, int(age/c.width))
	for i := range b {
		c.risk[i] += c.width
	}
	c.risk[b] += age - float64(b)*c.width
	c.events[b]++
	c.total++
	c.seconds += age
	if c.total > curveMemory {
		const fade = 0.75
		for i := range c.events {
			c.events[i] *= fade
			c.risk[i] *= fade
		}
		c.total *= fade
		c.seconds *= fade
	}
}

// waits takes in the age of a phase under way, for the next build only.
func (c *curve) waits(age float64) {
	b := max(0, min(len(c.events)-1, int(age/c.width)))
	c.under[b] += max(0, age-float64(b)*c.width)
	if b > 0 {
		c.whole[b-1]++
	}
}

// build makes the survival. Hazards are pooled over bins whose number grows
// with the age and shrunk to those of a lognormal curve of the same mean.
func (c *curve) build() {
	n := len(c.events)
	over, seconds := 0.0, c.seconds
	for i := n - 1; i >= 0; i-- {
		over += c.whole[i]
		c.whole[i] = 0
		c.under[i] += over * c.width
		seconds += c.under[i]
	}
	mean := seconds / c.total
	sigma := math.Sqrt(math.Log(1 + c.cv*c.cv))
	mu := math.Log(mean) - sigma*sigma/2
	c.left[0] = 1
	survives := 1.0
	for i := range n {
		z := (math.Log(float64(i+1)*c.width) - mu) / sigma
		next := 0.5 * math.Erfc(z/math.Sqrt2)
		base := 2 / mean
		if survives > 1e-9 && next > 0 {
			base = min(6/mean, math.Log(survives/next)/c.width)
		}
		base = max(base, 0.02/mean)
		survives = next
		reach := 1 + i/6
		events, risk := 0.0, 0.0
		for j := max(0, i-reach); j <= min(n-1, i+reach); j++ {
			events += c.events[j]
			risk += c.risk[j] + c.under[j]
		}
		hazard := (events + priorEvents) / (risk + priorEvents/base)
		c.left[i+1] = c.left[i] * math.Exp(-hazard*c.width)
	}
	clear(c.under)
}

// survival at an age; beyond the curve the last hazards go on.
func (c *curve) survival(age float64) float64 {
	x := age / c.width
	n := len(c.left) - 1
	if i := int(x); i < n {
		return c.left[i] + (x-float64(i))*(c.left[i+1]-c.left[i])
	}
	const tail = 10
	fall := c.left[n] / max(c.left[n-tail], 1e-300)
	return max(1e-300, c.left[n]*math.Pow(fall, (x-float64(n))/tail))
}
