package campaigns

import (
	"encoding/json"
	"strings"
	"time"
)

// CallID names a call: a ULID minted by the node that owns it.
type CallID string

// Direction of a call.
type Direction string

// The directions of a call.
const (
	Outbound Direction = "outbound"
	Inbound  Direction = "inbound"
)

// Disposition is what the agent says of a call, or a system one where no
// agent was in it.
type Disposition string

// The dispositions known to the product; a campaign may add its own.
const (
	DispositionSale          Disposition = "sale"
	DispositionCallback      Disposition = "callback"
	DispositionNotInterested Disposition = "not_interested"
	DispositionNotAvailable  Disposition = "not_available"
	DispositionComplaint     Disposition = "complaint"
	DispositionWrongPerson   Disposition = "wrong_person"
	DispositionDoNotCall     Disposition = "do_not_call"
	DispositionMachine       Disposition = "machine"
	DispositionServed        Disposition = "served"

	SystemDropped   Disposition = "system_dropped"
	SystemMachine   Disposition = "system_machine"
	SystemHungUp    Disposition = "system_hung_up"
	SystemAgentLost Disposition = "system_agent_lost"
)

// System reports whether no agent gave the disposition.
func (d Disposition) System() bool { return strings.HasPrefix(string(d), "system_") }

// EndedBy says which side ended a call.
type EndedBy string

// Who may end a call.
const (
	EndedByCustomer  EndedBy = "customer"
	EndedByAgent     EndedBy = "agent"
	EndedBySystem    EndedBy = "system"
	EndedByDeadMedia EndedBy = "dead_media"
)

// Result is an agent's word on a call, committed once.
type Result struct {
	AgentID int64
	// CommandID is the idempotency key.
	CommandID string
	CallID    CallID
	// BodyHash tells a resent command from another under the same key.
	BodyHash    string
	Disposition Disposition
	Reason      string
	Notes       string
	// CallbackAt is set for the disposition callback.
	CallbackAt time.Time
	// CallbackPersonal keeps the callback for this agent.
	CallbackPersonal bool
	// ContactID binds an inbound call of an unknown or ambiguous caller.
	ContactID int64
	// ScriptVersion is that of the script shown; zero: the one in force. Disclosures
	// are the codes of those that the agent confirms.
	ScriptVersion int64
	Disclosures   []string
	// Offer that the customer took, with a sale; nil: none.
	Offer *OfferAccepted
	// WrapUp is how long the agent was in wrap_up, TalkTime and HoldTime how
	// long in conversation and on hold.
	WrapUp, TalkTime, HoldTime time.Duration
}

// ResultReply is the stored answer to a committed Result.
type ResultReply struct {
	CallID      CallID         `json:"call_id"`
	Disposition Disposition    `json:"disposition"`
	Candidate   CandidateState `json:"candidate_state,omitempty"`
	DueAt       *time.Time     `json:"due_at,omitempty"`
	// Replayed is set when the same command was committed before.
	Replayed bool `json:"replayed,omitempty"`
}

// Draft is an unfinished result, saved on every change.
type Draft struct {
	CallID CallID          `json:"call_id"`
	Body   json.RawMessage `json:"body"`
}
