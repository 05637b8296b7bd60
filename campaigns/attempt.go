package campaigns

import (
	"slices"
	"time"
)

// Outcome is the network's end of one attempt.
type Outcome string

// The outcomes of an attempt.
const (
	OutcomeAnswered    Outcome = "answered"
	OutcomeMachine     Outcome = "machine"
	OutcomeDropped     Outcome = "dropped"
	OutcomeBusy        Outcome = "busy"
	OutcomeNoAnswer    Outcome = "no_answer"
	OutcomeRejected    Outcome = "rejected"
	OutcomeBadNumber   Outcome = "bad_number"
	OutcomeUnreachable Outcome = "unreachable"
	OutcomeCongestion  Outcome = "congestion"
	OutcomeFailed      Outcome = "failed"
	OutcomeCancelled   Outcome = "cancelled"
	OutcomeSuperseded  Outcome = "superseded"
	OutcomeUnknown     Outcome = "unknown"
)

// Outcomes lists every outcome, in the order of the glossary.
var Outcomes = []Outcome{
	OutcomeAnswered, OutcomeMachine, OutcomeDropped, OutcomeBusy, OutcomeNoAnswer, OutcomeRejected,
	OutcomeBadNumber, OutcomeUnreachable, OutcomeCongestion, OutcomeFailed, OutcomeCancelled,
	OutcomeSuperseded, OutcomeUnknown,
}

// Valid reports whether o is a known outcome.
func (o Outcome) Valid() bool { return slices.Contains(Outcomes, o) }

// CountsAsAttempt reports whether the outcome counts under the attempt caps:
// every attempt does but one that provably rang nobody and one never sent.
func (o Outcome) CountsAsAttempt() bool {
	switch o {
	case OutcomeCongestion, OutcomeFailed, OutcomeCancelled:
		return false
	default:
		return true
	}
}

// HopperItem is a candidate about to be dialed, as held in the hopper.
type HopperItem struct {
	CampaignID  int64 `json:"campaign_id"`
	CandidateID int64 `json:"candidate_id"`
	ContactID   int64 `json:"contact_id"`
	NumberID    int64 `json:"number_id"`
	// AnswerProbability in [0,1]; 0 means unknown.
	AnswerProbability float64 `json:"p"`
	// Score is the rank with its bucket's offset at the time of the push;
	// higher is dialed first.
	Score float64 `json:"score"`
	// AgentID is set for a personal callback.
	AgentID int64 `json:"agent_id,omitempty"`
}

// Attempt is one outbound try that passed the gates and was committed.
type Attempt struct {
	ID          int64
	CampaignID  int64
	CandidateID int64 // zero for a manual dial outside any list
	ContactID   int64
	NumberID    int64
	// Number is the E.164 number to dial.
	Number string
	Node   string
	Epoch  int64
	// AgentID is set for manual dials and personal callbacks.
	AgentID           int64
	AnswerProbability float64
	ReservedAt        time.Time
	// DialBy is the last moment at which the INVITE may be sent: the local
	// monotonic time of the start of the reserve transaction plus one second.
	DialBy time.Time
	// LeastRing is how long the law lets the phone ring before the call may be given
	// up; zero: it does not say.
	LeastRing time.Duration
	// Language of the person, empty: not known; Tier by value, 1 to 3.
	Language string
	Tier     int
	// Settings of the campaign as read in the same transaction.
	Settings Settings
}

// Refusal is a candidate that a gate refused at reserve.
type Refusal struct {
	CandidateID int64
	Reason      Reason
	// Until is when the candidate is due again; zero when not by itself.
	Until time.Time
}

// AttemptEnd is how an attempt ended on the network.
type AttemptEnd struct {
	Outcome Outcome
	// SIPCode is the final status, 0 where there was none.
	SIPCode int
	// Q850 is the cause of a Reason header, 0 where there was none.
	Q850 int
	// Detail is a short human text: a timer, a phrase of the carrier.
	Detail string
}
