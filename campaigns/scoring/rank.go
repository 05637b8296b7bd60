package scoring

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"ringmaster/campaigns"
)

// epoch is the origin of event times in ranks. It must never change: ranks in
// the database count from it.
var epoch = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// LeastValue is what a value of nothing is taken for: ranks are logarithms. It
// stands some twenty half-lives behind a value of 1.
const LeastValue = 1e-6

// Rules are what a campaign's settings say about ranks.
type Rules struct {
	// HalfLife of a candidate's worth after its event; above zero.
	HalfLife time.Duration
	// AttemptDecay is the factor γ on the worth per attempt, in (0, 1].
	AttemptDecay float64
}

// RulesOf takes the rules from a campaign's settings.
func RulesOf(s campaigns.Settings) Rules {
	return Rules{HalfLife: s.HalfLife.Std(), AttemptDecay: s.AttemptDecay}
}

// Candidate is what is known of one candidate.
type Candidate struct {
	// Value of success with this person, in any unit of the campaign; above zero.
	Value float64
	// Propensity is the probability of success right after the event, in (0, 1].
	Propensity float64
	// EventAt is when the reason for the call arose.
	EventAt time.Time
	// Attempts made so far that count.
	Attempts int
}

// Validate names the field that no rank can be computed from.
func (c Candidate) Validate() error {
	switch {
	case !(c.Value > 0) || math.IsInf(c.Value, 0):
		return campaigns.Invalid("value", "%v is not above zero", c.Value)
	case !(c.Propensity > 0) || c.Propensity > 1:
		return campaigns.Invalid("propensity", "%v is not in (0, 1]", c.Propensity)
	case c.EventAt.IsZero():
		return campaigns.Invalid("event_at", "is missing")
	}
	return nil
}

// Rank gives log2(value × propensity) + t/h + attempts × log2 γ, where t is the
// event's time since 2020-01-01 UTC and h the half-life. The worth of the
// candidate at a time now is 2^(Rank − Reference(now)).
func Rank(c Candidate, r Rules) float64 {
	return math.Log2(c.Value) + math.Log2(c.Propensity) + Reference(c.EventAt, r) +
		float64(c.Attempts)*math.Log2(r.AttemptDecay)
}

// Reference gives a time in half-lives since 2020-01-01 UTC: the rank of a
// candidate of worth 1 whose event is at that time.
func Reference(at time.Time, r Rules) float64 {
	return sinceEpoch(at) / r.HalfLife.Seconds()
}

// sinceEpoch is in seconds; a time.Duration would overflow after 292 years.
func sinceEpoch(at time.Time) float64 {
	return float64(at.Unix()-epoch.Unix()) + float64(at.Nanosecond())/1e9
}

// Ready reports whether a candidate of that event may be called at now: not
// before its event.
func Ready(eventAt, now time.Time) bool { return !eventAt.After(now) }

// Explain gives the parts of the rank, strongest first; their points add up to
// Rank − Reference(now), which is log2 of the worth now.
func Explain(c Candidate, r Rules, now time.Time) []campaigns.Factor {
	worth := "worth nothing"
	if c.Value > LeastValue {
		worth = fmt.Sprintf("worth %.6g", c.Value)
	}
	factors := []campaigns.Factor{
		{Name: "value", Text: worth, Points: math.Log2(c.Value)},
		{Name: "propensity", Text: fmt.Sprintf("%.3g %% likely after the event", 100*c.Propensity), Points: math.Log2(c.Propensity)},
		{Name: "recency", Text: age(now, c.EventAt), Points: (sinceEpoch(c.EventAt) - sinceEpoch(now)) / r.HalfLife.Seconds()},
	}
	if c.Attempts > 0 {
		factors = append(factors, campaigns.Factor{Name: "attempts", Text: fmt.Sprintf("%d tried before", c.Attempts),
			Points: float64(c.Attempts) * math.Log2(r.AttemptDecay)})
	}
	slices.SortStableFunc(factors, func(a, b campaigns.Factor) int {
		return cmp.Compare(math.Abs(b.Points), math.Abs(a.Points))
	})
	return factors
}

func age(now, at time.Time) string {
	seconds := sinceEpoch(now) - sinceEpoch(at)
	when := "ago"
	if seconds < 0 {
		seconds, when = -seconds, "ahead"
	}
	switch {
	case seconds < 3600:
		return fmt.Sprintf("event %.0f min %s", seconds/60, when)
	case seconds < 48*3600:
		return fmt.Sprintf("event %.1f h %s", seconds/3600, when)
	default:
		return fmt.Sprintf("event %.1f days %s", seconds/86400, when)
	}
}
