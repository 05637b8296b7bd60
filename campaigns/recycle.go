package campaigns

import (
	"maps"
	"math"
	"slices"
	"time"
)

// RecycleRule says what follows an outcome or a disposition: retry after
// Delay × Growth^(n-1) for the nth time, at most Max times, then done. Max
// zero means done at once; Block means blocked instead of done.
type RecycleRule struct {
	Delay  Duration `json:"delay"`
	Growth float64  `json:"growth"`
	Max    int      `json:"max"`
	// MaxDelay bounds the grown delay; zero: 30 days.
	MaxDelay Duration `json:"max_delay,omitempty"`
	Block    bool     `json:"block,omitempty"`
	// NextNumber goes on with the contact's next number after Delay, where there
	// is one, before the rule counts. After the last number the rule counts, and
	// a retry begins with the first number again.
	NextNumber bool `json:"next_number,omitempty"`
	// OtherHour moves a retry to an hour of the customer's day that is at least
	// two hours from those of the last attempts: who is out at ten in the morning
	// today is likely to be out at ten tomorrow.
	OtherHour bool `json:"other_hour,omitempty"`
}

// longestDelay bounds every delay of a retry.
const longestDelay = 30 * 24 * time.Hour

// Validate names the first wrong setting.
func (r *RecycleRule) Validate(field string) error {
	switch {
	case r.Delay < 0 || r.Delay.Std() > longestDelay:
		return Invalid(field+".delay", "%v is not between 0 and 30 days", r.Delay)
	case r.MaxDelay < 0 || r.MaxDelay.Std() > longestDelay:
		return Invalid(field+".max_delay", "%v is not between 0 and 30 days", r.MaxDelay)
	case r.MaxDelay > 0 && r.MaxDelay < r.Delay:
		return Invalid(field+".max_delay", "%v is below the delay of %v", r.MaxDelay, r.Delay)
	case math.IsNaN(r.Growth) || r.Growth < 0 || r.Growth > 100:
		return Invalid(field+".growth", "%v is not between 0 and 100", r.Growth)
	case r.Max < 0:
		return Invalid(field+".max", "%d is below zero", r.Max)
	case r.Block && (r.Max > 0 || r.NextNumber):
		return Invalid(field+".block", "contradicts max and next_number")
	}
	return nil
}

// validateFollowUps names the first wrong rule of outcomes, dispositions and callbacks.
func (s *Settings) validateFollowUps() error {
	for _, outcome := range slices.Sorted(maps.Keys(s.Recycle)) {
		rule := s.Recycle[outcome]
		if !slices.Contains(Outcomes, outcome) {
			return Invalid("recycle", "%q is no outcome of an attempt", outcome)
		}
		if err := rule.Validate("recycle." + string(outcome)); err != nil {
			return err
		}
	}
	for i := range s.Dispositions {
		d := &s.Dispositions[i]
		if err := d.Then.Validate("dispositions." + string(d.Code) + ".then"); err != nil {
			return err
		}
	}
	if err := s.Preview.Validate(); err != nil {
		return err
	}
	return s.Callbacks.Validate()
}

// NextStep is where a candidate goes after an attempt or a result.
type NextStep struct {
	State  CandidateState
	Reason Reason
	// Due is set for resting and callback.
	Due time.Time
	// NextNumber asks to move to the contact's next number, FirstNumber to the
	// first one again.
	NextNumber, FirstNumber bool
}

// Next applies the rule. same is how often in this campaign the same outcome
// came to this candidate, this time included; attempts is the number of all
// its attempts that count, maxAttempts the campaign's limit of them.
func (r RecycleRule) Next(reason Reason, same, attempts, maxAttempts int, hasNextNumber bool, now time.Time) NextStep {
	switch {
	case r.Block:
		return NextStep{State: CandidateBlocked, Reason: reason}
	case attempts >= maxAttempts:
		return NextStep{State: CandidateDone, Reason: ReasonMaxAttempts}
	case r.NextNumber && hasNextNumber:
		return NextStep{State: CandidateResting, Reason: reason, Due: now.Add(r.Delay.Std()), NextNumber: true}
	case same > r.Max:
		return NextStep{State: CandidateDone, Reason: reason}
	}
	growth := max(r.Growth, 1)
	most := longestDelay
	if r.MaxDelay > 0 {
		most = r.MaxDelay.Std()
	}
	delay := float64(r.Delay) * math.Pow(growth, float64(same-1))
	due := now.Add(time.Duration(min(delay, float64(most))))
	return NextStep{State: CandidateResting, Reason: reason, Due: due, FirstNumber: r.NextNumber}
}

// otherHourGap is how far from the hours of earlier attempts another hour is.
const otherHourGap = 2 * time.Hour

// AtOtherHour gives the first moment from due on, in steps of half an hour, that
// is open and whose time of day is otherHourGap from that of every earlier
// attempt. It looks through the first two days of 24 hours from due that have an
// open moment, so that the evening before closed days goes on to the day after
// them; where they have none so far away, it gives the open one of the first of
// them that is farthest. Nothing open in two weeks is due itself. The times of day
// are those of zone.
func AtOtherHour(due time.Time, tried []time.Time, zone *time.Location, open func(time.Time) bool) time.Time {
	const steps, days = 48, 14
	best, farthest := due, time.Duration(-1)
	for day, openDays := 0, 0; day < days && openDays < 2; day++ {
		opened := false
		for step := range steps {
			at := due.Add(time.Duration(day*steps+step) * 30 * time.Minute)
			if !open(at) {
				continue
			}
			opened = true
			gap := 12 * time.Hour
			for _, t := range tried {
				gap = min(gap, dayGap(at.In(zone), t.In(zone)))
			}
			if gap >= otherHourGap {
				return at
			}
			if openDays == 0 && gap > farthest {
				best, farthest = at, gap
			}
		}
		if opened {
			openDays++
		}
	}
	return best
}

// dayGap is how far two times of day are apart, over midnight where that is
// nearer.
func dayGap(a, b time.Time) time.Duration {
	const day = 24 * time.Hour
	of := func(t time.Time) time.Duration {
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	gap := (of(a) - of(b)).Abs()
	return min(gap, day-gap)
}

// DefaultRecycle is the rule per outcome; the delays are common practice of
// the trade (busy soon, no answer hours later), the caps come on top.
func DefaultRecycle() map[Outcome]RecycleRule {
	minutes := func(n int) Duration { return Seconds(60 * n) }
	return map[Outcome]RecycleRule{
		OutcomeAnswered:    {Delay: minutes(24 * 60), Growth: 2, Max: 2},
		OutcomeMachine:     {Delay: minutes(180), Growth: 1.5, Max: 4, OtherHour: true},
		OutcomeDropped:     {Delay: minutes(72 * 60), Growth: 1, Max: 1},
		OutcomeBusy:        {Delay: minutes(15), Growth: 2, Max: 4},
		OutcomeNoAnswer:    {Delay: minutes(120), Growth: 1.5, Max: 5, OtherHour: true},
		OutcomeRejected:    {Delay: minutes(24 * 60), Growth: 2, Max: 2},
		OutcomeBadNumber:   {NextNumber: true},
		OutcomeUnreachable: {Delay: minutes(240), Growth: 2, Max: 3, NextNumber: true},
		OutcomeCongestion:  {Delay: minutes(5), Growth: 2, Max: 6},
		OutcomeFailed:      {Delay: minutes(5), Growth: 2, Max: 6},
		OutcomeCancelled:   {Delay: minutes(10), Growth: 1, Max: 10},
		OutcomeSuperseded:  {Delay: minutes(24 * 60), Growth: 1, Max: 3},
		OutcomeUnknown:     {Delay: minutes(240), Growth: 2, Max: 3},
	}
}

// DefaultDispositions is what agents may choose where a campaign says nothing.
func DefaultDispositions() []DispositionChoice {
	later := RecycleRule{Delay: Seconds(24 * 3600), Growth: 1, Max: 5}
	return []DispositionChoice{
		{Code: DispositionSale, Label: "Sale"},
		{Code: DispositionCallback, Label: "Callback", Then: later},
		{Code: DispositionNotInterested, Label: "Not interested", Reasons: []string{"price", "product", "service", "market", "technological", "organisational"}},
		{Code: DispositionNotAvailable, Label: "Not available", Then: later},
		{Code: DispositionWrongPerson, Label: "Wrong person", Then: RecycleRule{NextNumber: true}},
		{Code: DispositionMachine, Label: "Answering machine", Then: later},
		{Code: DispositionComplaint, Label: "Complaint", Then: RecycleRule{Block: true}},
		{Code: DispositionDoNotCall, Label: "Do not call", Then: RecycleRule{Block: true}},
		{Code: DispositionServed, Label: "Served"},
	}
}
