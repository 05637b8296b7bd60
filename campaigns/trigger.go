package campaigns

import (
	"math"
	"regexp"
	"slices"
	"time"
)

// CustomerEvent is something that happened to a person outside of Ringmaster,
// as another system tells it: a contract ended, a cart was abandoned.
type CustomerEvent struct {
	// Key makes the event idempotent: told again, it changes nothing.
	Key string `json:"id"`
	// Type is a snake_case name; EventComplaintOpened and EventComplaintClosed
	// act by themselves, every other one by the campaigns' triggers.
	Type string `json:"type"`
	// At is when it happened; never ahead. Zero: now.
	At      time.Time    `json:"at,omitzero"`
	Source  string       `json:"source,omitempty"`
	Contact EventContact `json:"contact"`
	// Value and Propensity of the person for whom a trigger makes or boosts a
	// candidate; zero: as known, else the trigger's.
	Value      float64 `json:"value,omitempty"`
	Propensity float64 `json:"propensity,omitempty"`
	// Data is kept with the event.
	Data map[string]string `json:"data,omitempty"`
}

// EventContact names the person of an event: by id, else by external id, else
// by a number. Who is not known is made of the rest, which needs a number.
type EventContact struct {
	ID         int64  `json:"id,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	// Phone is E.164, or national in the installation's region.
	Phone      string `json:"phone,omitempty"`
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Company    string `json:"company,omitempty"`
	Email      string `json:"email,omitempty"`
	Language   string `json:"language,omitempty"`
	TimeZone   string `json:"time_zone,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	// Attributes are merged into the person's.
	Attributes map[string]string `json:"attributes,omitempty"`
}

// The events that act by themselves: an open complaint stops all marketing to
// the person at once.
const (
	EventComplaintOpened = "complaint_opened"
	EventComplaintClosed = "complaint_closed"
)

// TriggerAction says what an event does in a campaign.
type TriggerAction string

// The actions of a trigger.
const (
	// TriggerAdd makes the person a candidate, or boosts the one there is.
	TriggerAdd TriggerAction = "add"
	// TriggerBoost lifts the person's candidate, if there is one.
	TriggerBoost TriggerAction = "boost"
	// TriggerFinish ends the person's waiting candidate: the reason to call is gone.
	TriggerFinish TriggerAction = "finish"
)

// Trigger is a campaign's rule for one type of event.
type Trigger struct {
	On string        `json:"on"`
	Do TriggerAction `json:"do"`
	// List is where new candidates come from; empty: "events".
	List string `json:"list,omitempty"`
	// Value and Propensity of a candidate of whom neither the event nor the
	// store tells more; zero: the defaults of an import.
	Value      float64 `json:"value,omitempty"`
	Propensity float64 `json:"propensity,omitempty"`
	// Lift multiplies the odds of success; zero: one.
	Lift float64 `json:"lift,omitempty"`
	// Delay lets the candidate rest for so long after the event.
	Delay Duration `json:"delay,omitempty"`
	// Hot candidates go to the hopper at once, past its target depth, and leave
	// the rest that an outcome gave them. Every gate holds for them too.
	Hot bool `json:"hot,omitempty"`
	// Reopen makes a finished candidate dialable again.
	Reopen bool `json:"reopen,omitempty"`
}

// EventEffect is what an event did in one campaign.
type EventEffect struct {
	Campaign    string         `json:"campaign"`
	CandidateID int64          `json:"candidate_id,omitempty"`
	Action      TriggerAction  `json:"action"`
	State       CandidateState `json:"state,omitempty"`
	Reason      Reason         `json:"reason,omitempty"`
	// Hot is set when the candidate was handed to the hopper at once.
	Hot bool `json:"hot,omitempty"`
}

// EventReceipt answers an event.
type EventReceipt struct {
	Key       string `json:"id"`
	ContactID int64  `json:"contact_id"`
	// Complaint is "opened" or "closed" where the event did that by itself.
	Complaint string `json:"complaint,omitempty"`
	// Replayed is set when the event had been told before.
	Replayed bool          `json:"replayed,omitempty"`
	Effects  []EventEffect `json:"effects"`
}

var eventType = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Validate names the first field that is wrong; now is business time.
func (e *CustomerEvent) Validate(now time.Time) error {
	c := e.Contact
	switch {
	case e.Key == "" || len(e.Key) > 200:
		return Invalid("id", "needs 1 to 200 characters: it makes the event idempotent")
	case !eventType.MatchString(e.Type):
		return Invalid("type", "%q is no snake_case name", e.Type)
	case e.At.IsZero():
		return Invalid("at", "is missing")
	case e.At.After(now.Add(time.Minute)):
		return Invalid("at", "%s is ahead", e.At.Format(time.RFC3339))
	case c.ID == 0 && c.ExternalID == "" && c.Phone == "":
		return Invalid("contact", "names nobody: give id, external_id or phone")
	case !(e.Value >= 0) || math.IsInf(e.Value, 0):
		return Invalid("value", "%v is not above zero", e.Value)
	case !(e.Propensity >= 0) || e.Propensity > 1:
		return Invalid("propensity", "%v is not in (0, 1]", e.Propensity)
	}
	return nil
}

// Validate names the first wrong key of the rule.
func (t *Trigger) Validate() error {
	switch {
	case !eventType.MatchString(t.On):
		return Invalid("triggers.on", "%q is no snake_case name of an event", t.On)
	case t.On == EventComplaintOpened && t.Do != TriggerFinish:
		return Invalid("triggers.do", "%s stops calls; it can only finish", t.On)
	case !slices.Contains([]TriggerAction{TriggerAdd, TriggerBoost, TriggerFinish}, t.Do):
		return Invalid("triggers.do", "%q is not one of add, boost, finish", t.Do)
	case !(t.Value >= 0) || math.IsInf(t.Value, 0):
		return Invalid("triggers.value", "%v is not above zero", t.Value)
	case !(t.Propensity >= 0) || t.Propensity > 1:
		return Invalid("triggers.propensity", "%v is not in (0, 1]", t.Propensity)
	case !(t.Lift >= 0) || t.Lift > 1000:
		return Invalid("triggers.lift", "%v is not between 0 and 1000", t.Lift)
	case t.Delay < 0:
		return Invalid("triggers.delay", "%v is below zero", t.Delay)
	}
	return nil
}

// Lifted multiplies the odds of the probability p.
func (t *Trigger) Lifted(p float64) float64 {
	if t.Lift == 0 || p <= 0 || p >= 1 {
		return p
	}
	odds := p / (1 - p) * t.Lift
	return odds / (1 + odds)
}
