package scoring

import (
	"math"
	"slices"

	"ringmaster/campaigns"
)

// Lifetime describes the cash flows with one customer, per year (or any other
// term that all figures share).
type Lifetime struct {
	// Margin of a year in which the person is a customer, before Service.
	Margin float64
	// Service is what serving them costs in such a year.
	Service float64
	// Retention is the probability to stay for another year, in [0, 1].
	Retention float64
	// Discount rate of a year, above −1; 0.1 is 10 %.
	Discount float64
	// Acquisition is what winning them costs now.
	Acquisition float64
	// AtYearEnd: the first margin comes at the end of the first year, from those
	// who stayed; otherwise it comes now.
	AtYearEnd bool
	// Years is the number of margins; zero: for ever.
	Years int
}

// Validate names the first field that no value can be computed from.
func (l Lifetime) Validate() error {
	for _, f := range []struct {
		field string
		value float64
	}{{"margin", l.Margin}, {"service", l.Service}, {"acquisition", l.Acquisition}} {
		if math.IsNaN(f.value) || math.IsInf(f.value, 0) {
			return campaigns.Invalid(f.field, "%v is no amount", f.value)
		}
	}
	switch {
	case !(l.Retention >= 0 && l.Retention <= 1):
		return campaigns.Invalid("retention", "%v is not between 0 and 1", l.Retention)
	case !(l.Discount > -1) || math.IsInf(l.Discount, 0):
		return campaigns.Invalid("discount", "%v is not above -1", l.Discount)
	case l.Years < 0:
		return campaigns.Invalid("years", "%d is below zero", l.Years)
	case l.Years == 0 && l.Retention >= 1+l.Discount:
		return campaigns.Invalid("discount", "%v is too small for a retention of %v for ever: the value has no end", l.Discount, l.Retention)
	}
	return nil
}

// NPV is the net present value of the customer: with q = r/(1+d) and the yearly
// margin m after service, Σ m qᵗ for t = 0, 1, … where the first margin comes now
// (m (1+d)/(1+d−r) for ever), for t = 1, 2, … where it comes at the year's end
// (m r/(1+d−r)), less the acquisition (Gupta and Lehmann, "Managing Customers as
// Investments", 2005). The description must be valid.
func (l Lifetime) NPV() float64 {
	q := l.Retention / (1 + l.Discount)
	terms := float64(l.Years)
	switch {
	case l.Years == 0:
		terms = 1 / (1 - q)
	case q != 1:
		terms = -math.Expm1(float64(l.Years)*math.Log(q)) / (1 - q)
	}
	if l.AtYearEnd {
		terms *= q
	}
	return (l.Margin-l.Service)*terms - l.Acquisition
}

// NPV is the present value of cash flows a year apart, the first one now.
func NPV(flows []float64, discount float64) float64 {
	sum := 0.0
	for _, flow := range slices.Backward(flows) {
		sum = sum/(1+discount) + flow
	}
	return sum
}

// ExpectedValue of a call: value × propensity − cost, in the unit of the value.
func ExpectedValue(value, propensity, cost float64) float64 { return value*propensity - cost }

// CutOff is the least propensity at which a call on a customer of that value is
// expected to bring least or more after its cost; above 1 where none is.
func CutOff(value, cost, least float64) float64 { return (cost + least) / value }

// Worthwhile gives the expected value of a call on the candidate, and whether
// the selection's cut-off lets it pass.
func Worthwhile(c Candidate, s campaigns.Selection) (expected float64, ok bool) {
	expected = ExpectedValue(c.Value, c.Propensity, s.CostPerAttempt)
	return expected, !s.Bounded() || expected >= s.MinExpectedValue
}
