package campaigns

import "time"

// Floor is what supervisors watch: the live figures of all nodes.
type Floor struct {
	At        time.Time      `json:"at"`
	Campaigns []CampaignLive `json:"campaigns"`
	Queues    []QueueLive    `json:"queues"`
	Agents    []AgentLive    `json:"agents"`
	Trunks    []TrunkLive    `json:"trunks"`
}

// CampaignLive is one campaign now.
type CampaignLive struct {
	ID    int64         `json:"id"`
	Name  string        `json:"name"`
	State CampaignState `json:"state"`
	Mode  PacingMode    `json:"mode"`
	// Dialing counts INVITEs without a 18x yet, Ringing those with one,
	// Waiting answered customers without an agent, Talking bridged calls.
	Dialing int `json:"dialing"`
	Ringing int `json:"ringing"`
	Waiting int `json:"waiting"`
	Talking int `json:"talking"`
	// Hopper is the number of candidates in the hopper.
	Hopper int `json:"hopper"`
	// Counts since the start of the business day.
	Attempts int                 `json:"attempts"`
	Answered int                 `json:"answered"`
	Dropped  int                 `json:"dropped"`
	Outcomes map[Outcome]int     `json:"outcomes"`
	Results  map[Disposition]int `json:"results"`
	// DropRate is dropped ÷ (answered live + dropped), as a fraction.
	DropRate float64 `json:"drop_rate"`
	// Candidates by state.
	Candidates map[CandidateState]int `json:"candidates"`
	// Why says in words what dialing waits for, empty while it dials; in mode
	// predictive it says why so many are dialed, too.
	Why string `json:"why,omitempty"`
	// Pacing has the figures of it; absent where no node dials the campaign.
	Pacing *PacingLive `json:"pacing,omitempty"`
}

// QueueLive is one inbound queue now.
type QueueLive struct {
	Name string `json:"name"`
	// Waiting callers and the longest wait among them, in seconds.
	Waiting        int     `json:"waiting"`
	LongestSeconds float64 `json:"longest_seconds"`
	Talking        int     `json:"talking"`
	Offered        int     `json:"offered"`
	Answered       int     `json:"answered"`
	Abandoned      int     `json:"abandoned"`
	// ServiceLevel is the share of offered calls answered within
	// ServiceLevelSeconds, as a fraction.
	ServiceLevel        float64 `json:"service_level"`
	ServiceLevelSeconds int     `json:"service_level_seconds"`
}

// AgentLive is one agent now.
type AgentLive struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"`
	Node     string     `json:"node"`
	State    AgentState `json:"state"`
	Reason   string     `json:"reason,omitempty"`
	Since    time.Time  `json:"since"`
	Phone    PhoneState `json:"phone"`
	Campaign string     `json:"campaign,omitempty"`
	Customer string     `json:"customer,omitempty"`
	// Connected is false while the agent's screen is away.
	Connected bool `json:"connected"`
	Calls     int  `json:"calls"`
}

// TrunkLive is one trunk now.
type TrunkLive struct {
	Name     string `json:"name"`
	InUse    int    `json:"in_use"`
	Channels int    `json:"channels"`
	Healthy  bool   `json:"healthy"`
	Sent     int    `json:"sent"`
	Answered int    `json:"answered"`
	Failed   int    `json:"failed"`
}

// NodeLive is the published copy of one node's share of the floor.
type NodeLive struct {
	Node string `json:"node"`
	Floor
}

// WaitingCall is an inbound call that waits for an agent, as published for
// any node to claim.
type WaitingCall struct {
	CallID    CallID `json:"call_id"`
	Node      string `json:"node"`
	Queue     string `json:"queue"`
	ContactID int64  `json:"contact_id,omitempty"`
	// Priority by value tier: higher is served first.
	Priority int       `json:"priority"`
	Language string    `json:"language,omitempty"`
	Skill    string    `json:"skill,omitempty"`
	Since    time.Time `json:"since"`
}
