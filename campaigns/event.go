package campaigns

import "time"

// EventKind names a fact, in the past tense.
type EventKind string

// The facts of attempts and calls. The node that owns the attempt or the call
// makes them; the store records them in their order and the screens see them.
const (
	AttemptSent     EventKind = "attempt.sent"     // INVITE sent: Trunk, CallerID, SIPCallID
	AttemptRinging  EventKind = "attempt.ringing"  // first 18x
	AttemptAnswered EventKind = "attempt.answered" // 200 OK of the customer; opens the call: CallID
	AttemptEnded    EventKind = "attempt.ended"    // End is set

	CallArrived    EventKind = "call.arrived"     // inbound: CallID, Caller, Called, Queue, ContactID, Trunk
	CallQueued     EventKind = "call.queued"      // waits for an agent
	CallOffered    EventKind = "call.offered"     // AgentID reserved for it
	CallBridged    EventKind = "call.bridged"     // both legs joined
	CallEnded      EventKind = "call.ended"       // network end: EndedBy, Talk, Hold, Media
	CallIdentified EventKind = "call.identified"  // ContactID bound to an inbound call
	CallClosed     EventKind = "call.closed"      // with a system disposition
	AgentChanged   EventKind = "agent.changed"    // AgentID, State, Reason, Previous, Spent
	CampaignMoved  EventKind = "campaign.changed" // CampaignID, CampaignState
	DoNotCallAdded EventKind = "do_not_call.added"
	ComplaintMoved EventKind = "complaint.changed"
	HopperRefilled EventKind = "hopper.refilled"
)

// Event is one fact. Fields that its kind does not name are zero.
type Event struct {
	Kind EventKind `json:"kind"`
	At   time.Time `json:"at"`
	Node string    `json:"node,omitempty"`
	// Epoch fences facts of a node that lost its lease.
	Epoch int64 `json:"epoch,omitempty"`

	CampaignID int64  `json:"campaign_id,omitempty"`
	AttemptID  int64  `json:"attempt_id,omitempty"`
	CallID     CallID `json:"call_id,omitempty"`
	ContactID  int64  `json:"contact_id,omitempty"`
	NumberID   int64  `json:"number_id,omitempty"`
	AgentID    int64  `json:"agent_id,omitempty"`

	Direction Direction `json:"direction,omitempty"`
	Trunk     string    `json:"trunk,omitempty"`
	CallerID  string    `json:"caller_id,omitempty"`
	SIPCallID string    `json:"sip_call_id,omitempty"`
	Caller    string    `json:"caller,omitempty"`
	Called    string    `json:"called,omitempty"`
	Queue     string    `json:"queue,omitempty"`

	End         *AttemptEnd   `json:"end,omitempty"`
	EndedBy     EndedBy       `json:"ended_by,omitempty"`
	Abandoned   bool          `json:"abandoned,omitempty"`
	Disposition Disposition   `json:"disposition,omitempty"`
	Talk        time.Duration `json:"talk,omitempty"`
	Hold        time.Duration `json:"hold,omitempty"`
	// Latency is how long the step took: for attempt.sent from claim to
	// INVITE, for call.bridged from answer to bridge, for call.offered from
	// answer to the pop's hand-over.
	Latency time.Duration `json:"latency,omitempty"`
	Media   *MediaStats   `json:"media,omitempty"`

	AgentState    AgentState `json:"agent_state,omitempty"`
	PreviousState AgentState `json:"previous_state,omitempty"`
	// Reason belongs to AgentState, PreviousReason to PreviousState.
	Reason         string        `json:"reason,omitempty"`
	PreviousReason string        `json:"previous_reason,omitempty"`
	Spent          time.Duration `json:"spent,omitempty"`
	CampaignState  CampaignState `json:"campaign_state,omitempty"`
}

// MediaStats are the RTP figures of the customer's leg of one call.
type MediaStats struct {
	Sent     int64   `json:"sent"`
	Received int64   `json:"received"`
	Lost     int64   `json:"lost"`
	JitterMS float64 `json:"jitter_ms"`
}
