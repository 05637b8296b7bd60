package campaigns

import (
	"encoding/json"
	"time"
)

// Role of a user.
type Role string

// The roles.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
	RoleAdmin      Role = "admin"
)

// PhoneMode says how an agent's SIP phone is used.
type PhoneMode string

// The phone modes.
const (
	// PhoneNailed stays off-hook for the shift: dialed at sign-in.
	PhoneNailed PhoneMode = "nailed"
	// PhonePerCall is rung once per call; inbound and manual calls only.
	PhonePerCall PhoneMode = "per_call"
)

// User is somebody who signs in.
type User struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Role        Role   `json:"role"`
	// Phone is the SIP URI of the agent's phone.
	Phone     string    `json:"phone,omitempty"`
	PhoneMode PhoneMode `json:"phone_mode,omitempty"`
	Languages []string  `json:"languages,omitempty"`
	Skills    []string  `json:"skills,omitempty"`
	// CampaignIDs the agent works for; empty: all.
	CampaignIDs []int64 `json:"campaign_ids,omitempty"`
	// Queues of inbound calls the agent takes; empty: all.
	Queues []string `json:"queues,omitempty"`
}

// PhoneState says whether the agent's audio leg stands.
type PhoneState string

// The states of an agent's phone.
const (
	PhoneDown    PhoneState = "down"
	PhoneRinging PhoneState = "ringing"
	PhoneUp      PhoneState = "up"
	// PhoneOnDemand is a per-call phone between calls.
	PhoneOnDemand PhoneState = "on_demand"
)

// AgentSnapshot is the whole of what an agent's screen shows.
type AgentSnapshot struct {
	AgentID int64  `json:"agent_id"`
	Name    string `json:"name"`
	// Rev is the revision of the agent's state; it grows with each change.
	Rev    int64      `json:"rev"`
	State  AgentState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	Since  time.Time  `json:"since"`
	// Next is the state after this call: ready or not_ready, with NextReason.
	Next       AgentState `json:"next"`
	NextReason string     `json:"next_reason,omitempty"`
	Phone      PhoneState `json:"phone"`
	Call       *CallView  `json:"call,omitempty"`
	// Preview is the candidate that the agent may dial or skip, in state preview.
	Preview   *PreviewView `json:"preview,omitempty"`
	Campaigns []NamedID    `json:"campaigns"`
	Today     AgentFigures `json:"today"`
	// Now is the server's business time at the snapshot.
	Now time.Time `json:"now"`
}

// NamedID names a thing of the store.
type NamedID struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// AgentFigures are an agent's own counts since sign-in.
type AgentFigures struct {
	Calls   int `json:"calls"`
	Results int `json:"results"`
}

// CallView is a call as an agent sees it.
type CallView struct {
	CallID    CallID    `json:"call_id"`
	Direction Direction `json:"direction"`
	// Stage is dialing, ringing, offered, talking, hold or ended.
	Stage      CallStage       `json:"stage"`
	Campaign   string          `json:"campaign,omitempty"`
	CampaignID int64           `json:"campaign_id,omitempty"`
	Queue      string          `json:"queue,omitempty"`
	Number     string          `json:"number"`
	AnsweredAt *time.Time      `json:"answered_at,omitempty"`
	BridgedAt  *time.Time      `json:"bridged_at,omitempty"`
	EndedAt    *time.Time      `json:"ended_at,omitempty"`
	EndedBy    EndedBy         `json:"ended_by,omitempty"`
	Muted      bool            `json:"muted,omitempty"`
	Pop        *Pop            `json:"pop,omitempty"`
	Draft      json.RawMessage `json:"draft,omitempty"`
}

// CallStage is how far an agent's call is.
type CallStage string

// The stages of an agent's call.
const (
	StageDialing CallStage = "dialing"
	StageRinging CallStage = "ringing"
	StageOffered CallStage = "offered"
	StageTalking CallStage = "talking"
	StageHold    CallStage = "hold"
	StageEnded   CallStage = "ended"
)

// AgentNotice is pushed to an agent's screen. Kind is the event's name on the
// wire: call.offered, call.updated, call.ended, state.changed, phone.changed,
// callback.due, agent.message.
type AgentNotice struct {
	Kind string `json:"kind"`
	// Snapshot is the whole state after the change; screens render from it.
	Snapshot AgentSnapshot `json:"snapshot"`
	Text     string        `json:"text,omitempty"`
}

// AgentCommand is what an agent asks for. Kind is the command's name on the
// wire; the fields its kind does not name are zero.
type AgentCommand struct {
	// ID is the idempotency key, a ULID made by the client.
	ID   string
	Kind string
	// Rev guards state.set and call.result; zero: unguarded.
	Rev      int64
	CallID   CallID
	State    AgentState
	Reason   string
	Next     bool // state.set for after this call
	Digits   string
	Muted    bool
	Number   string
	Campaign int64
	Contact  int64
	// Candidate is that of preview.dial and preview.skip.
	Candidate int64
	Draft     json.RawMessage
	Result    Result
}

// AgentReply answers an AgentCommand.
type AgentReply struct {
	Rev int64 `json:"rev"`
	// Body is the reply's payload: a ResultReply, or nothing.
	Body any `json:"body,omitempty"`
}
