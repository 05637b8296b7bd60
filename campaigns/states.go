package campaigns

import "slices"

// CampaignState says whether a campaign dials.
type CampaignState string

// The states of a campaign.
const (
	CampaignDraft   CampaignState = "draft"
	CampaignRunning CampaignState = "running"
	CampaignPaused  CampaignState = "paused"
	CampaignClosed  CampaignState = "closed"
)

// CandidateState says where a candidate stands. Every state that is not final
// is left again without a human: ready by the refill, resting and callback by
// the promoter, queued by the lease recoverer, open by the attempt's end.
type CandidateState string

// The states of a candidate.
const (
	// CandidateReady may be dialed now, as far as its bucket's window is open.
	CandidateReady CandidateState = "ready"
	// CandidateResting waits until its due time, for a reason.
	CandidateResting CandidateState = "resting"
	// CandidateCallback waits for an agreed time, perhaps for one agent.
	CandidateCallback CandidateState = "callback"
	// CandidateQueued is in the hopper or leased.
	CandidateQueued CandidateState = "queued"
	// CandidateOpen has an attempt under way, or a call without a result.
	CandidateOpen CandidateState = "open"
	// CandidateBlocked may not be called, for a reason that can be lifted.
	CandidateBlocked CandidateState = "blocked"
	// CandidateDone is finished in this campaign, for a reason.
	CandidateDone CandidateState = "done"
)

// AgentState says what an agent is doing.
type AgentState string

// The states of an agent.
const (
	AgentOffline  AgentState = "offline"
	AgentNotReady AgentState = "not_ready"
	AgentReady    AgentState = "ready"
	AgentPreview  AgentState = "preview"
	AgentReserved AgentState = "reserved"
	AgentTalking  AgentState = "talking"
	AgentWrapUp   AgentState = "wrap_up"
)

// CampaignMoves is the transition table of campaigns.
var CampaignMoves = map[CampaignState][]CampaignState{
	CampaignDraft:   {CampaignRunning, CampaignClosed},
	CampaignRunning: {CampaignPaused, CampaignClosed},
	CampaignPaused:  {CampaignRunning, CampaignClosed},
	CampaignClosed:  {},
}

// CandidateMoves is the transition table of candidates.
var CandidateMoves = map[CandidateState][]CandidateState{
	CandidateReady:    {CandidateQueued, CandidateOpen, CandidateResting, CandidateCallback, CandidateBlocked, CandidateDone},
	CandidateResting:  {CandidateReady, CandidateOpen, CandidateCallback, CandidateBlocked, CandidateDone},
	CandidateCallback: {CandidateReady, CandidateOpen, CandidateResting, CandidateBlocked, CandidateDone},
	CandidateQueued:   {CandidateOpen, CandidateReady, CandidateResting, CandidateCallback, CandidateBlocked, CandidateDone},
	CandidateOpen:     {CandidateReady, CandidateResting, CandidateCallback, CandidateBlocked, CandidateDone},
	CandidateBlocked:  {CandidateReady, CandidateResting, CandidateCallback, CandidateDone},
	// Only a list's reset and a new event take up again what is done.
	CandidateDone: {CandidateReady, CandidateResting},
}

// AgentMoves is the transition table of agents. Any state but talking and
// wrap_up may also be left to offline by the agent; those two are left to
// offline only by the end of the shift's grace period.
var AgentMoves = map[AgentState][]AgentState{
	AgentOffline:  {AgentNotReady},
	AgentNotReady: {AgentReady, AgentReserved, AgentOffline},
	AgentReady:    {AgentNotReady, AgentPreview, AgentReserved, AgentOffline},
	AgentPreview:  {AgentReady, AgentNotReady, AgentReserved, AgentOffline},
	AgentReserved: {AgentTalking, AgentReady, AgentNotReady, AgentWrapUp, AgentOffline},
	AgentTalking:  {AgentWrapUp, AgentOffline},
	AgentWrapUp:   {AgentReady, AgentNotReady, AgentReserved, AgentOffline},
}

// CanMove reports whether the campaign may go from s to next.
func (s CampaignState) CanMove(next CampaignState) bool {
	return slices.Contains(CampaignMoves[s], next)
}

// CanMove reports whether the candidate may go from s to next.
func (s CandidateState) CanMove(next CandidateState) bool {
	return slices.Contains(CandidateMoves[s], next)
}

// CanMove reports whether the agent may go from s to next.
func (s AgentState) CanMove(next AgentState) bool {
	return slices.Contains(AgentMoves[s], next)
}
