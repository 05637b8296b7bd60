package campaigns

import (
	"math"
	"time"
)

// RecycleRule says what follows an outcome or a disposition: retry after
// Delay × Growth^(n-1) for the nth time, at most Max times, then done. Max
// zero means done at once; Block means blocked instead of done.
type RecycleRule struct {
	Delay  Duration `json:"delay"`
	Growth float64  `json:"growth"`
	Max    int      `json:"max"`
	Block  bool     `json:"block,omitempty"`
	// NextNumber goes on with the contact's next number at once, where there
	// is one, before the rule counts.
	NextNumber bool `json:"next_number,omitempty"`
}

// NextStep is where a candidate goes after an attempt or a result.
type NextStep struct {
	State  CandidateState
	Reason Reason
	// Due is set for resting and callback.
	Due time.Time
	// NextNumber asks to move to the contact's next number.
	NextNumber bool
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
	growth := r.Growth
	if growth < 1 {
		growth = 1
	}
	delay := time.Duration(float64(r.Delay) * math.Pow(growth, float64(same-1)))
	const most = 30 * 24 * time.Hour
	if delay < 0 || delay > most {
		delay = most
	}
	return NextStep{State: CandidateResting, Reason: reason, Due: now.Add(delay)}
}

// DefaultRecycle is the rule per outcome; the delays are common practice of
// the trade (busy soon, no answer hours later), the caps come on top.
func DefaultRecycle() map[Outcome]RecycleRule {
	minutes := func(n int) Duration { return Seconds(60 * n) }
	return map[Outcome]RecycleRule{
		OutcomeAnswered:    {Delay: minutes(24 * 60), Growth: 2, Max: 2},
		OutcomeMachine:     {Delay: minutes(180), Growth: 1.5, Max: 4},
		OutcomeDropped:     {Delay: minutes(72 * 60), Growth: 1, Max: 1},
		OutcomeBusy:        {Delay: minutes(15), Growth: 2, Max: 4},
		OutcomeNoAnswer:    {Delay: minutes(120), Growth: 1.5, Max: 5},
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
