package call

import (
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// Kind says how a call came to be.
type Kind string

// The kinds of calls.
const (
	Outbound Kind = "outbound"
	Inbound  Kind = "inbound"
	Manual   Kind = "manual"
)

// Role names a leg of the call.
type Role string

// The legs of a call. An agent's nailed-up phone is not a leg of the call but
// lent to it, and never appears here.
const (
	Customer Role = "customer"
	Agent    Role = "agent"
)

// Timer names a timer of the call.
type Timer string

// The timers of a call.
const (
	TimerRing        Timer = "ring"
	TimerLinger      Timer = "linger"
	TimerAgentRing   Timer = "agent_ring"
	TimerAgentLinger Timer = "agent_linger"
	// TimerConnect is the longest wait of an answered customer for an agent.
	TimerConnect Timer = "connect"
	// TimerMessage ends a safe-harbor message that does not end by itself.
	TimerMessage Timer = "message"
)

// Verdict is what the trunks make of a failed try.
type Verdict struct {
	Outcome campaigns.Outcome
	// OtherTrunk: a definite fault of the trunk; nobody's phone rang.
	OtherTrunk bool
}

// Plan is what a call is to be.
type Plan struct {
	Kind Kind
	// AgentID and Nailed say who dials a manual call, and whether that
	// agent's phone is off-hook already.
	AgentID int64
	Nailed  bool
	// RingTimeout, ConnectLimit and MessageLimit are those of the campaign;
	// AgentRing is how long an agent's phone rings per call.
	RingTimeout, ConnectLimit, AgentRing, MessageLimit time.Duration
	// Tries is the largest number of trunks tried, at least 1.
	Tries int
	// Judge classifies the end of an unanswered customer's leg.
	Judge func(leg.Facts) Verdict
}

// InputKind names what happened to a call.
type InputKind string

// The inputs of a call.
const (
	// Begin starts it; the first input.
	Begin InputKind = "begin"
	// Identified: who an inbound caller may be is known, or will not be.
	Identified InputKind = "identified"
	// Reserved and NotReserved answer the command Reserve of a manual call.
	Reserved    InputKind = "reserved"
	NotReserved InputKind = "not_reserved"
	// Signal is an event of a leg: Role, Try, Event.
	Signal InputKind = "signal"
	// Undialed: the command Dial could not be carried out: Role, Outcome, Detail.
	Undialed InputKind = "undialed"
	// Expired: a timer ran out: Timer.
	Expired InputKind = "expired"
	// AgentReserved: AgentID is ours; Nailed says that the phone is off-hook.
	AgentReserved InputKind = "agent_reserved"
	// AgentLost: the audio of AgentID is gone.
	AgentLost InputKind = "agent_lost"
	// Hold, Resume and HangUp are wishes of the agent in the call.
	Hold   InputKind = "hold"
	Resume InputKind = "resume"
	HangUp InputKind = "hang_up"
	// Shut ends the call for the system's sake.
	Shut InputKind = "shut"
	// MediaDead: no sound came on the leg of Role for too long, or its
	// description could not be agreed on.
	MediaDead InputKind = "media_dead"
	// Superseded and Blocked end an attempt that is not answered: the person
	// called us, or may no longer be called.
	Superseded InputKind = "superseded"
	Blocked    InputKind = "blocked"
	// GiveUp ends an attempt whose customer's phone has rung for at least Least.
	GiveUp InputKind = "give_up"
	// PromptDone: the safe-harbor message was played to its end.
	PromptDone InputKind = "prompt_done"
)

// Input is what a Machine steps on; the fields its kind does not name are
// zero.
type Input struct {
	Kind  InputKind
	Role  Role
	Try   int
	Event leg.Event
	Timer Timer
	// AgentID and Nailed of AgentReserved and AgentLost.
	AgentID int64
	Nailed  bool
	// Least of GiveUp.
	Least time.Duration
	// Outcome and Detail of Undialed.
	Outcome campaigns.Outcome
	Detail  string
}

// CommandKind names what the owning actor is to do.
type CommandKind string

// The commands of a call.
const (
	// Dial starts the leg of Role, as try number Try.
	Dial CommandKind = "dial"
	// Drop ends the leg of Role in the network, with Code as server.
	Drop CommandKind = "drop"
	// Identify asks who calls; answered by Identified.
	Identify CommandKind = "identify"
	// Reserve asks for the attempt of a manual call.
	Reserve CommandKind = "reserve"
	// SendRinging and Accept answer an inbound call by 180 and 200.
	SendRinging CommandKind = "send_ringing"
	Accept      CommandKind = "accept"
	// Early and Connect give a leg's description to its media.
	Early   CommandKind = "early"
	Connect CommandKind = "connect"
	// Seek looks for an agent, Unseek ends that.
	Seek   CommandKind = "seek"
	Unseek CommandKind = "unseek"
	// Bridge joins customer and agent, Unbridge parts them.
	Bridge   CommandKind = "bridge"
	Unbridge CommandKind = "unbridge"
	// PlayComfort and PlayMessage play to the customer, Hush ends it.
	PlayComfort CommandKind = "play_comfort"
	PlayMessage CommandKind = "play_message"
	Hush        CommandKind = "hush"
	// StartTimer and StopTimer: Timer, After.
	StartTimer CommandKind = "start_timer"
	StopTimer  CommandKind = "stop_timer"
	// Emit records Fact.
	Emit CommandKind = "emit"
	// TellAgent shows AgentID the Stage of the call.
	TellAgent CommandKind = "tell_agent"
	// Release gives AgentID back, as How says.
	Release CommandKind = "release"
	// Digit is a DTMF digit of the leg of Role.
	Digit CommandKind = "digit"
	// Done: nothing is left of the call.
	Done CommandKind = "done"
)

// How says what a released agent goes on with.
type How string

// How agents are released.
const (
	// Unused: the agent never spoke to anybody.
	Unused How = "unused"
	// Unanswered: the agent's own phone was not answered, or the agent
	// declined.
	Unanswered How = "unanswered"
	// Owed: the agent owes a result.
	Owed How = "owed"
)

// Command is one thing to do; the fields its kind does not name are zero.
type Command struct {
	Kind    CommandKind
	Role    Role
	Try     int
	Code    int
	SDP     []byte
	Timer   Timer
	After   time.Duration
	Fact    campaigns.Event
	AgentID int64
	Stage   campaigns.CallStage
	How     How
	Digit   byte
	Text    string
	// Talk and Hold of the conversation, with Release.
	Talk, Hold time.Duration
}
