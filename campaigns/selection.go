package campaigns

import "math"

// Selection says who becomes a candidate of a campaign and who is worth a call.
type Selection struct {
	// Segment is an expression over the contact (package segment) that a
	// candidate must fulfil; empty: everybody of the lists.
	Segment string `json:"segment,omitempty"`
	// Model names the model of the registry that gives propensities; empty:
	// they stay as imported.
	Model string `json:"model,omitempty"`
	// CostPerAttempt is what one attempt costs, in the unit of values.
	CostPerAttempt float64 `json:"cost_per_attempt,omitempty"`
	// MinExpectedValue is the least expected value of a call, value ×
	// propensity − cost, in the unit of values, that is worth making. It binds
	// where it or CostPerAttempt is set.
	MinExpectedValue float64 `json:"min_expected_value,omitempty"`
	// ExplorationShare of the candidates, a fraction of 1, is picked at random
	// instead of by rank, with the probability logged.
	ExplorationShare float64 `json:"exploration_share,omitempty"`
	// ControlShare of the persons, a fraction of 1, is never called, so that the
	// effect of calling can be measured.
	ControlShare float64 `json:"control_share,omitempty"`
	// HourProfile lifts buckets by the probability to reach a person at this
	// hour of their day.
	HourProfile bool `json:"hour_profile,omitempty"`
	// OwnedAttribute names the contact's attribute that lists the products it
	// owns, separated by commas, semicolons or vertical bars; Product is what the
	// campaign offers: never to somebody who owns it.
	OwnedAttribute string `json:"owned_attribute,omitempty"`
	Product        string `json:"product,omitempty"`
}

// Validate names the first wrong setting.
func (s *Selection) Validate() error {
	for _, share := range []struct {
		field string
		value float64
	}{{"exploration_share", s.ExplorationShare}, {"control_share", s.ControlShare}} {
		if !(share.value >= 0 && share.value <= 0.5) {
			return Invalid("selection."+share.field, "%v is not between 0 and 0.5", share.value)
		}
	}
	switch {
	case !(s.CostPerAttempt >= 0) || math.IsInf(s.CostPerAttempt, 0):
		return Invalid("selection.cost_per_attempt", "%v is not a cost", s.CostPerAttempt)
	case math.IsNaN(s.MinExpectedValue) || math.IsInf(s.MinExpectedValue, 0):
		return Invalid("selection.min_expected_value", "%v is not a value", s.MinExpectedValue)
	case (s.OwnedAttribute == "") != (s.Product == ""):
		return Invalid("selection.owned_attribute", "and product go together")
	}
	return nil
}

// Bounded reports whether an expected value below the cut-off ends a candidate.
func (s *Selection) Bounded() bool { return s.CostPerAttempt > 0 || s.MinExpectedValue > 0 }
