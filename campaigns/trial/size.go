package trial

import (
	"math"

	"ringmaster/campaigns"
)

// mostPersons is the largest horizon that makes sense to plan, per arm.
const mostPersons = 50_000_000

// Size gives how many persons each arm needs so that a two-sided test of two
// proportions at level alpha finds the difference effect to the share baseline
// with the probability power:
//
//	n = (z(1−α/2)·√(2·p̄·q̄) + z(power)·√(p₁q₁ + p₂q₂))² / (p₂ − p₁)²
//
// rounded up, with p̄ the mean of both shares (Fleiss, Levin and Paik,
// Statistical Methods for Rates and Proportions, 3rd ed., equation 4.14, without
// the continuity correction). effect may be negative. CodeInvalid names what is
// out of range.
func Size(baseline, effect, alpha, power float64) (int, error) {
	target := baseline + effect
	switch {
	case !(baseline > 0 && baseline < 1):
		return 0, campaigns.Invalid("baseline", "%v is not between 0 and 1", baseline)
	case math.IsNaN(effect) || effect == 0:
		return 0, campaigns.Invalid("effect", "%v is no difference", effect)
	case !(target > 0 && target < 1):
		return 0, campaigns.Invalid("effect", "%v makes the share %v, which is not between 0 and 1", effect, target)
	case !(alpha > 0 && alpha <= 0.2):
		return 0, campaigns.Invalid("alpha", "%v is not in (0, 0.2]", alpha)
	case !(power >= 0.5 && power < 1):
		return 0, campaigns.Invalid("power", "%v is not in [0.5, 1)", power)
	}
	mean := (baseline + target) / 2
	root := quantile(1-alpha/2)*math.Sqrt(2*mean*(1-mean)) +
		quantile(power)*math.Sqrt(baseline*(1-baseline)+target*(1-target))
	n := math.Ceil(root * root / (effect * effect))
	if n > mostPersons {
		return 0, campaigns.Invalid("effect", "%v needs %.0f persons in each arm, more than %d: look for a larger difference", effect, n, mostPersons)
	}
	return int(n), nil
}

// quantile is the inverse of the standard normal distribution.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
