package call

import (
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// Phase says how far a call is.
type Phase string

// The phases of a call.
const (
	New Phase = "new"
	// Arriving: an inbound call whose caller is being identified.
	Arriving Phase = "arriving"
	// RingingAgent: a manual call rings the agent's own phone first.
	RingingAgent Phase = "ringing_agent"
	// Reserving: a manual call waits for its attempt.
	Reserving Phase = "reserving"
	// Dialing: the customer's phone is being called.
	Dialing Phase = "dialing"
	// Waiting: the customer is on the line, an agent is looked for.
	Waiting Phase = "waiting"
	// Connecting: an agent is reserved, whose phone rings.
	Connecting Phase = "connecting"
	// Message: the safe-harbor message plays.
	Message Phase = "message"
	// Talking and Held: customer and agent are or were just joined.
	Talking Phase = "talking"
	Held    Phase = "held"
	// Over: what remains is to see every leg down.
	Over Phase = "over"
)

// Machine is one call. It is made by NewMachine.
type Machine struct {
	plan     Plan
	phase    Phase
	customer leg.Machine
	agentLeg leg.Machine
	// try and agentTry number the legs, so that events of an earlier one are
	// told from those of the present one.
	try, agentTry int
	agent         int64
	nailed        bool
	// attempt is set while an attempt is open, reserving while one may become
	// so.
	attempt, reserving bool
	// fault is how the last failed try ended, for when there is no other trunk.
	fault *campaigns.AttemptEnd
	// seeking, playing and bridged are what must be undone at the end.
	seeking, playing, bridged bool
	done                      bool

	openedAt, bridgedAt, spellAt time.Time
	talk, hold                   time.Duration
	now                          time.Time
	out                          []Command
}

// NewMachine makes the machine of a planned call.
func NewMachine(p Plan) *Machine { return &Machine{plan: p, phase: New} }

// Phase gives the phase.
func (m *Machine) Phase() Phase { return m.phase }

// AgentID gives the agent in or reserved for the call, 0: none.
func (m *Machine) AgentID() int64 { return m.agent }

// Answered reports when the customer's line was opened, zero: not yet.
func (m *Machine) Answered() time.Time { return m.openedAt }

// Ringing reports whether a customer's phone rings.
func (m *Machine) Ringing() bool { return m.phase == Dialing && m.customer.Facts().Saw18x }

// CustomerFacts gives what is known of the customer's leg.
func (m *Machine) CustomerFacts() leg.Facts { return m.customer.Facts() }

// Stopping reports whether the end of the customer's leg was asked for.
func (m *Machine) Stopping() bool { return m.customer.State() == leg.Ending }

// Finished reports whether Done was given.
func (m *Machine) Finished() bool { return m.done }

// Step takes one input and gives the commands that follow, in order.
func (m *Machine) Step(now time.Time, in Input) []Command {
	if m.done {
		if in.Kind == AgentReserved {
			return []Command{{Kind: Release, AgentID: in.AgentID, How: Unused}}
		}
		return nil
	}
	m.now, m.out = now, nil
	m.take(in)
	if m.phase == Over && !m.customer.Live() && !m.agentLeg.Live() && !m.reserving {
		m.done = true
		m.do(Command{Kind: Done})
	}
	return m.out
}

func (m *Machine) take(in Input) {
	switch in.Kind {
	case Begin:
		m.begin()
	case Identified:
		m.identified()
	case Reserved:
		m.reserved()
	case NotReserved:
		m.notReserved(in)
	case Signal:
		m.signal(in)
	case Undialed:
		m.undialed(in)
	case Expired:
		m.expired(in.Timer)
	case AgentReserved:
		m.agentReserved(in)
	case AgentLost:
		m.agentLost(in)
	case Hold:
		m.holdOn()
	case Resume:
		m.resume()
	case HangUp:
		m.hangUp(campaigns.EndedByAgent, leg.StopAgent)
	case Shut:
		m.hangUp(campaigns.EndedBySystem, leg.StopSystem)
	case MediaDead:
		m.mediaDead(in.Role)
	case Superseded:
		m.withdraw(leg.StopSuperseded)
	case Blocked:
		m.withdraw(leg.StopBlocked)
	case GiveUp:
		if facts := m.customer.Facts(); m.phase == Dialing && facts.Saw18x && m.now.Sub(facts.RingingAt) >= in.Least {
			m.legStep(Customer, leg.Stop{Reason: leg.StopGivenUp})
		}
	case PromptDone:
		if m.phase == Message {
			m.endDropped(campaigns.EndedBySystem)
		}
	}
}

func (m *Machine) do(c Command) { m.out = append(m.out, c) }

func (m *Machine) emit(e campaigns.Event) { m.do(Command{Kind: Emit, Fact: e}) }

func (m *Machine) begin() {
	if m.phase != New {
		return
	}
	switch m.plan.Kind {
	case Inbound:
		m.phase, m.try = Arriving, 1
		m.legStep(Customer, leg.Start{Server: true})
		m.do(Command{Kind: SendRinging})
		m.do(Command{Kind: Identify})
	case Manual:
		m.agent, m.nailed = m.plan.AgentID, m.plan.Nailed
		if m.nailed {
			m.reserve()
			return
		}
		m.phase = RingingAgent
		m.ringAgent()
	default:
		m.attempt = true
		m.dial()
	}
}

// identified opens an inbound call: it is answered at once and waits.
func (m *Machine) identified() {
	if m.phase != Arriving {
		return
	}
	m.arrive()
	m.phase = Waiting
	m.emit(campaigns.Event{Kind: campaigns.CallQueued})
	m.do(Command{Kind: Accept})
	m.play(PlayComfort)
}

func (m *Machine) arrive() {
	m.openedAt = m.now
	m.emit(campaigns.Event{Kind: campaigns.CallArrived})
}

func (m *Machine) reserve() {
	m.phase, m.reserving = Reserving, true
	m.do(Command{Kind: Reserve})
}

func (m *Machine) reserved() {
	if !m.reserving {
		return
	}
	m.reserving, m.attempt = false, true
	if m.phase == Over {
		m.endAttempt(campaigns.AttemptEnd{Outcome: campaigns.OutcomeCancelled, Detail: "hung up before the dial"})
		return
	}
	m.dial()
}

func (m *Machine) notReserved(in Input) {
	if !m.reserving {
		return
	}
	m.reserving = false
	m.finish(Unused, in.Detail)
}

func (m *Machine) dial() {
	m.phase = Dialing
	m.try++
	m.customer = leg.Machine{}
	m.legStep(Customer, leg.Start{RingTimeout: m.plan.RingTimeout})
	m.do(Command{Kind: Dial, Role: Customer, Try: m.try})
}

func (m *Machine) ringAgent() {
	m.agentTry++
	if m.agentLeg.Live() {
		// The phone of an agent who did not take the call is still going down;
		// the signalling sees to that by itself.
		m.do(Command{Kind: StopTimer, Timer: TimerAgentRing})
		m.do(Command{Kind: StopTimer, Timer: TimerAgentLinger})
	}
	m.agentLeg = leg.Machine{}
	m.legStep(Agent, leg.Start{RingTimeout: m.plan.AgentRing})
	m.do(Command{Kind: Dial, Role: Agent, Try: m.agentTry})
	m.do(Command{Kind: TellAgent, AgentID: m.agent, Stage: campaigns.StageRinging})
}

// undialed ends a leg that never came to be.
func (m *Machine) undialed(in Input) {
	if in.Role == Agent {
		if in.Try == m.agentTry && m.agentLeg.Live() {
			m.legStep(Agent, leg.Event{Kind: leg.Failed, Local: true, Text: in.Detail})
		}
		return
	}
	if in.Try != m.try || m.phase != Dialing || m.customer.Facts().Sent {
		return
	}
	if m.customer.State() == leg.Ending {
		m.legStep(Customer, leg.Event{Kind: leg.Failed, Local: true, Text: in.Detail})
		return
	}
	// The leg is taken down without a judgement of the trunks: none was asked.
	m.customer = leg.Machine{}
	end := campaigns.AttemptEnd{Outcome: in.Outcome, Detail: in.Detail}
	if m.fault != nil {
		end = *m.fault
	}
	m.endUnanswered(end)
}

func (m *Machine) expired(t Timer) {
	switch t {
	case TimerRing:
		m.legStep(Customer, leg.RingExpired{})
	case TimerLinger:
		m.legStep(Customer, leg.LingerExpired{})
	case TimerAgentRing:
		m.legStep(Agent, leg.RingExpired{})
		switch m.phase {
		case RingingAgent:
			m.finish(Unanswered, "")
		case Connecting:
			m.requeue()
		}
	case TimerAgentLinger:
		m.legStep(Agent, leg.LingerExpired{})
	case TimerConnect:
		if m.phase == Waiting && m.plan.Kind == Outbound {
			m.unseek()
			m.phase = Message
			m.play(PlayMessage)
			m.do(Command{Kind: StartTimer, Timer: TimerMessage, After: m.plan.MessageLimit})
		}
	case TimerMessage:
		if m.phase == Message {
			m.endDropped(campaigns.EndedBySystem)
		}
	}
}
