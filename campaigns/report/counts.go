package report

import (
	"time"

	"ringmaster/campaigns"
)

// Counts are what the store has rolled up for a report.
type Counts struct {
	Attempts []AttemptCount
	Calls    []CallCount
	Agents   []AgentTime
	Lists    []ListCount
	// Bins by measure: first_call, wait, age, score, local_hour.
	Bins map[string][]Bin
	// Manned is the time of agents that fell to the campaign: of each hour that
	// an agent was ready or busy, the share that the campaign had of the agent's
	// handling.
	Manned time.Duration
}

// AttemptCount counts attempts of one campaign, list, caller id and outcome.
type AttemptCount struct {
	ListID   int64
	CallerID string
	// Outcome is empty for an attempt under way.
	Outcome               campaigns.Outcome
	Attempts, Sent, First int64
}

// CallCount counts calls that agree in all else.
type CallCount struct {
	ListID                    int64
	Queue                     string
	AgentID                   int64
	Direction                 campaigns.Direction
	Disposition               campaigns.Disposition
	Calls, Bridged, Abandoned int64
	Talk, Hold, WrapUp        time.Duration
	// Expected is the sum of the propensities of bridged outbound calls.
	Expected float64
}

// AgentTime is how long an agent was in a state.
type AgentTime struct {
	AgentID     int64
	Name        string
	State       campaigns.AgentState
	Spent, Hold time.Duration
}

// ListCount is how many records a list holds now.
type ListCount struct {
	ID       int64
	Campaign string
	Name     string
	Records  int64
}

// Costs turn counts into money, in the unit of the campaign's values.
type Costs struct {
	PerAttempt    float64 `json:"per_attempt"`
	PerTalkMinute float64 `json:"per_talk_minute"`
	PerAgentHour  float64 `json:"per_agent_hour"`
	PerRecord     float64 `json:"per_record"`
	PerSale       float64 `json:"per_sale"`
}

// Validate names the first cost that is none.
func (c Costs) Validate() error {
	for name, cost := range map[string]float64{
		"per_attempt": c.PerAttempt, "per_talk_minute": c.PerTalkMinute, "per_agent_hour": c.PerAgentHour,
		"per_record": c.PerRecord, "per_sale": c.PerSale,
	} {
		if !(cost >= 0) {
			return campaigns.Invalid("costs."+name, "%v is not a cost", cost)
		}
	}
	return nil
}

// totals are sums over counts.
type totals struct {
	attempts, sent, first                        float64
	humans, machines, drops                      float64
	bridged, handled, sales, positive, right     float64
	optOut, complaints, expected, offered, given float64
	talk, hold, wrapUp                           time.Duration
}

func (t *totals) attempt(a AttemptCount) {
	t.attempts += float64(a.Attempts)
	t.sent += float64(a.Sent)
	t.first += float64(a.First)
	switch a.Outcome {
	case campaigns.OutcomeAnswered:
		t.humans += float64(a.Attempts)
	case campaigns.OutcomeMachine:
		t.machines += float64(a.Attempts)
	case campaigns.OutcomeDropped:
		t.drops += float64(a.Attempts)
	}
}

func (t *totals) call(c CallCount) {
	n, bridged := float64(c.Calls), float64(c.Bridged)
	t.bridged += bridged
	t.talk, t.hold, t.wrapUp = t.talk+c.Talk, t.hold+c.Hold, t.wrapUp+c.WrapUp
	if c.AgentID != 0 {
		t.handled += bridged
	}
	if c.Direction == campaigns.Inbound {
		t.offered += n
		t.given += float64(c.Abandoned)
		return
	}
	t.expected += c.Expected
	switch c.Disposition {
	case campaigns.DispositionSale:
		t.sales, t.positive, t.right = t.sales+n, t.positive+n, t.right+n
	case campaigns.DispositionCallback:
		t.positive, t.right = t.positive+n, t.right+n
	case campaigns.DispositionNotInterested:
		t.right += n
	case campaigns.DispositionComplaint:
		t.right, t.complaints = t.right+n, t.complaints+n
	case campaigns.DispositionDoNotCall:
		t.right, t.optOut = t.right+n, t.optOut+n
	case campaigns.DispositionMachine, campaigns.DispositionNotAvailable, campaigns.DispositionWrongPerson:
	default:
		if !c.Disposition.System() && c.Disposition != "" {
			t.right += n // a word of the campaign's own for a conversation
		}
	}
}

// reached are the persons whom attempts reached, with an agent or without.
func (t *totals) reached() float64 { return t.humans + t.drops }

func (t *totals) handling() time.Duration { return t.talk + t.hold + t.wrapUp }

// total sums up what the filters let through; nil lets everything.
func (c *Counts) total(attempt func(AttemptCount) bool, call func(CallCount) bool) totals {
	var t totals
	for _, a := range c.Attempts {
		if attempt == nil || attempt(a) {
			t.attempt(a)
		}
	}
	for _, k := range c.Calls {
		if call == nil || call(k) {
			t.call(k)
		}
	}
	return t
}

func (c *Counts) records() float64 {
	n := 0.0
	for _, l := range c.Lists {
		n += float64(l.Records)
	}
	return n
}
