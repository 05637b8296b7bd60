package protocol

import (
	"reflect"
	"slices"

	"ringmaster/campaigns"
)

// Direction says who sends a message.
type Direction string

// The directions of a message.
const (
	FromClient Direction = "command"
	FromServer Direction = "event"
)

// Lane says where a command is carried out.
type Lane int

// The lanes of a command.
const (
	// LaneLive commands need no store: they are carried out as they are read.
	LaneLive Lane = iota
	// LaneStored commands may wait for a store; they queue behind one another
	// and never delay a live one.
	LaneStored
)

// Message is one entry of the registry.
type Message struct {
	Name      string
	Direction Direction
	// Doc is one sentence or two.
	Doc string
	// Payload is a pointer to the zero value of the payload's type (of a
	// command: a Payload); Reply to that of the reply's, nil: it has none.
	Payload, Reply any
	// Roles that may send the command.
	Roles []campaigns.Role
	Lane  Lane
	// Guarded commands are refused as stale when their rev is old.
	Guarded bool
}

// The names of the messages.
const (
	CmdHello         = "hello"
	CmdPing          = "ping"
	CmdResync        = "resync"
	CmdStateSet      = "state.set"
	CmdCallAnswer    = "call.answer"
	CmdCallHangup    = "call.hangup"
	CmdCallHold      = "call.hold"
	CmdCallResume    = "call.resume"
	CmdCallMute      = "call.mute"
	CmdCallDTMF      = "call.dtmf"
	CmdCallDraft     = "call.draft"
	CmdCallResult    = "call.result"
	CmdContactFind   = "contact.find"
	CmdContactCreate = "contact.create"
	CmdContactBind   = "contact.bind"
	CmdDialManual    = "dial.manual"
	CmdPreviewDial   = "preview.dial"
	CmdPreviewSkip   = "preview.skip"
	CmdWatch         = "watch"
	CmdUnwatch       = "unwatch"
	CmdCampaignStart = "campaign.start"
	CmdCampaignPause = "campaign.pause"
	CmdCampaignClose = "campaign.close"

	EventWelcome      = "welcome"
	EventResync       = "resync"
	EventCallOffered  = "call.offered"
	EventCallUpdated  = "call.updated"
	EventCallEnded    = "call.ended"
	EventStateChanged = "state.changed"
	EventPhoneChanged = "phone.changed"
	EventPreview      = "preview.offered"
	EventCallbackDue  = "callback.due"
	EventAgentMessage = "agent.message"
	EventFloor        = "floor"
)

// Messages is the registry, in the order of the documents made of it.
func Messages() []Message {
	everyone := []campaigns.Role{campaigns.RoleAgent, campaigns.RoleSupervisor, campaigns.RoleAdmin}
	agents := everyone[:1:1]
	supervisors := everyone[1:]
	command := func(name string, payload, reply any, roles []campaigns.Role, doc string) Message {
		return Message{Name: name, Direction: FromClient, Payload: payload, Reply: reply, Roles: roles, Doc: doc}
	}
	event := func(name string, payload any, doc string) Message {
		return Message{Name: name, Direction: FromServer, Payload: payload, Doc: doc}
	}
	stored := func(m Message) Message { m.Lane = LaneStored; return m }
	guarded := func(m Message) Message { m.Guarded = true; return m }
	return []Message{
		command(CmdHello, &Hello{}, nil, everyone, "Opens the conversation; the event welcome follows. Must be the first command."),
		command(CmdPing, &Empty{}, &Pong{}, everyone, "Says that the client lives; sent every heartbeat_ms."),
		command(CmdResync, &Empty{}, nil, everyone, "Asks for the whole state again, after a gap in seq."),
		guarded(command(CmdStateSet, &StateSet{}, nil, agents, "Goes ready, not ready or offline, now or after this call.")),
		command(CmdCallAnswer, &CallRef{}, nil, agents, "Takes the offered call."),
		command(CmdCallHangup, &CallRef{}, nil, agents, "Ends the conversation, or gives up a dial."),
		command(CmdCallHold, &CallRef{}, nil, agents, "Puts the customer on hold."),
		command(CmdCallResume, &CallRef{}, nil, agents, "Takes the customer off hold."),
		command(CmdCallMute, &CallMute{}, nil, agents, "Mutes the agent's microphone, or opens it."),
		command(CmdCallDTMF, &CallDTMF{}, nil, agents, "Sends keys to the customer's side."),
		stored(command(CmdCallDraft, &CallDraft{}, nil, agents, "Keeps the unfinished result; sent on every change.")),
		guarded(stored(command(CmdCallResult, &CallResult{}, &campaigns.ResultReply{}, agents, "Commits the result of a call, once under its id."))),
		stored(command(CmdContactFind, &ContactFind{}, &ContactsFound{}, agents, "Finds persons by name, number or external id.")),
		stored(command(CmdContactCreate, &ContactCreate{}, &campaigns.Contact{}, agents, "Makes a person of an unknown caller.")),
		stored(command(CmdContactBind, &ContactBind{}, nil, agents, "Says who an inbound caller is.")),
		stored(command(CmdDialManual, &DialManual{}, nil, agents, "Calls a person or a number, past the same gates as every dial.")),
		stored(command(CmdPreviewDial, &PreviewDial{}, nil, agents, "Calls the candidate that is shown, past the same gates as every dial.")),
		stored(command(CmdPreviewSkip, &PreviewSkip{}, nil, agents, "Lets the candidate that is shown rest; the next one follows.")),
		command(CmdWatch, &Watch{}, nil, supervisors, "Asks for the event floor, once a second and on change."),
		command(CmdUnwatch, &Empty{}, nil, supervisors, "Ends watch."),
		stored(command(CmdCampaignStart, &CampaignRef{}, &CampaignMoved{}, supervisors, "Starts or resumes a campaign.")),
		stored(command(CmdCampaignPause, &CampaignRef{}, &CampaignMoved{}, supervisors, "Pauses a campaign: no new dials; live calls go on.")),
		stored(command(CmdCampaignClose, &CampaignRef{}, &CampaignMoved{}, supervisors, "Closes a campaign for ever.")),

		event(EventWelcome, &Welcome{}, "Answers hello with the whole state."),
		event(EventResync, &Resync{}, "The whole state again; what came before is void."),
		event(EventCallOffered, &AgentEvent{}, "A call for this agent, with its screen pop."),
		event(EventCallUpdated, &AgentEvent{}, "The call's stage, mute, person or pop changed."),
		event(EventCallEnded, &AgentEvent{}, "The call's network end; wrap-up follows where somebody talked."),
		event(EventStateChanged, &AgentEvent{}, "The agent's state changed."),
		event(EventPhoneChanged, &AgentEvent{}, "The agent's phone came up or went down."),
		event(EventPreview, &AgentEvent{}, "A candidate to dial or to skip, with its screen pop."),
		event(EventCallbackDue, &AgentEvent{}, "A personal callback is due; the text says whose."),
		event(EventAgentMessage, &AgentEvent{}, "A message for the agent, in text."),
		event(EventFloor, &campaigns.Floor{}, "The live figures that supervisors watch; only the newest is kept for a slow reader."),
	}
}

// Lookup finds a command by name.
func Lookup(name string) (Message, bool) {
	all := Messages()
	i := slices.IndexFunc(all, func(m Message) bool { return m.Direction == FromClient && m.Name == name })
	if i < 0 {
		return Message{}, false
	}
	return all[i], true
}

// May reports whether the role may send the command.
func (m *Message) May(role campaigns.Role) bool { return slices.Contains(m.Roles, role) }

// NewPayload gives a pointer to a fresh zero payload of the command; nil for an
// event.
func (m *Message) NewPayload() Payload {
	p, _ := reflect.TypeAssert[Payload](reflect.New(reflect.TypeOf(m.Payload).Elem()))
	return p
}
