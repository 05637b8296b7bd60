package call

import (
	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

func (m *Machine) seek() {
	m.seeking = true
	m.do(Command{Kind: Seek})
}

func (m *Machine) unseek() {
	if m.seeking {
		m.seeking = false
		m.do(Command{Kind: Unseek})
	}
}

func (m *Machine) play(what CommandKind) {
	m.playing = true
	m.do(Command{Kind: what})
}

func (m *Machine) hush() {
	if m.playing {
		m.playing = false
		m.do(Command{Kind: Hush})
	}
}

func (m *Machine) tell(stage campaigns.CallStage) {
	if m.agent != 0 {
		m.do(Command{Kind: TellAgent, AgentID: m.agent, Stage: stage})
	}
}

// agentReserved joins at once where the agent's phone is off-hook; whoever
// comes too late is given back.
func (m *Machine) agentReserved(in Input) {
	if m.phase != Waiting || !m.seeking {
		m.do(Command{Kind: Release, AgentID: in.AgentID, How: Unused})
		return
	}
	m.seeking = false
	if m.plan.Kind == Outbound {
		m.do(Command{Kind: StopTimer, Timer: TimerConnect})
	}
	m.agent, m.nailed = in.AgentID, in.Nailed
	if m.nailed {
		// The bridge comes first: what is written and shown about it must not
		// cost the customer's time.
		m.bridge()
	}
	m.emit(campaigns.Event{Kind: campaigns.CallOffered, AgentID: m.agent})
	m.do(Command{Kind: TellAgent, AgentID: m.agent, Stage: campaigns.StageOffered})
	if m.nailed {
		m.joined()
		return
	}
	m.phase = Connecting
	m.ringAgent()
}

func (m *Machine) join() {
	m.bridge()
	m.joined()
}

func (m *Machine) bridge() {
	m.hush()
	m.bridged = true
	m.do(Command{Kind: Bridge})
}

func (m *Machine) joined() {
	m.phase, m.bridgedAt, m.spellAt = Talking, m.now, m.now
	m.emit(campaigns.Event{Kind: campaigns.CallBridged, AgentID: m.agent})
	m.tell(campaigns.StageTalking)
}

func (m *Machine) unbridge() {
	if m.bridged {
		m.bridged = false
		m.do(Command{Kind: Unbridge})
	}
}

func (m *Machine) holdOn() {
	if m.phase != Talking {
		return
	}
	m.account()
	m.phase = Held
	m.unbridge()
	m.play(PlayComfort)
	m.tell(campaigns.StageHold)
}

func (m *Machine) resume() {
	if m.phase != Held {
		return
	}
	m.account()
	m.bridge()
	m.phase = Talking
	m.tell(campaigns.StageTalking)
}

// account books the time since the last change as talk or hold.
func (m *Machine) account() {
	spent := m.now.Sub(m.spellAt)
	if m.phase == Held {
		m.hold += spent
	} else {
		m.talk += spent
	}
	m.spellAt = m.now
}

// agentLost ends what the agent was in: without audio there is no call.
func (m *Machine) agentLost(in Input) {
	if in.AgentID != m.agent || m.agent == 0 {
		return
	}
	m.hangUp(campaigns.EndedBySystem, leg.StopAgent)
}

// hangUp ends the call in whatever phase it is; an agent who declines an
// inbound call sends it back to its queue.
func (m *Machine) hangUp(by campaigns.EndedBy, why leg.StopReason) {
	switch m.phase {
	case New:
		m.phase = Over
	case Arriving:
		m.arrive()
		m.endWaiting(by)
	case RingingAgent, Reserving:
		m.finish(Unused, "")
	case Dialing:
		m.releaseAgent(Unused, "")
		m.legStep(Agent, leg.Stop{Reason: why})
		m.legStep(Customer, leg.Stop{Reason: why})
	case Waiting:
		m.endWaiting(by)
	case Connecting:
		if why == leg.StopSystem {
			m.endWaiting(by)
			return
		}
		m.legStep(Agent, leg.Stop{Reason: why})
		if m.phase == Connecting {
			m.requeue()
		}
	case Message:
		m.endDropped(by)
	case Talking, Held:
		m.endTalking(by)
	}
}

// withdraw ends an attempt that is not answered.
func (m *Machine) withdraw(why leg.StopReason) {
	switch m.phase {
	case Dialing:
		m.legStep(Customer, leg.Stop{Reason: why})
	case RingingAgent, Reserving:
		m.finish(Unused, string(why))
	}
}

func (m *Machine) mediaDead(role Role) {
	switch m.phase {
	case Waiting:
		m.endWaiting(campaigns.EndedByDeadMedia)
	case Connecting:
		if role == Customer {
			m.endWaiting(campaigns.EndedByDeadMedia)
			return
		}
		m.legStep(Agent, leg.Stop{Reason: leg.StopDeadMedia})
	case Message:
		m.endDropped(campaigns.EndedByDeadMedia)
	case Talking, Held:
		m.endTalking(campaigns.EndedByDeadMedia)
	case RingingAgent, Reserving, Dialing:
		if role == Agent {
			m.hangUp(campaigns.EndedByDeadMedia, leg.StopDeadMedia)
		}
	}
}
