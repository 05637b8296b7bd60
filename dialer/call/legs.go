package call

import (
	"fmt"

	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// signal passes an event to the leg it belongs to; events of an earlier try
// are late and dropped.
func (m *Machine) signal(in Input) {
	switch {
	case in.Role == Customer && in.Try == m.try:
		m.legStep(Customer, in.Event)
	case in.Role == Agent && in.Try == m.agentTry:
		m.legStep(Agent, in.Event)
	}
}

// legStep steps a leg and turns its commands into those of the call.
func (m *Machine) legStep(role Role, in leg.Input) {
	machine, ring, linger := &m.customer, TimerRing, TimerLinger
	if role == Agent {
		machine, ring, linger = &m.agentLeg, TimerAgentRing, TimerAgentLinger
	}
	for _, c := range machine.Step(m.now, in) {
		switch c.Kind {
		case leg.HangUp:
			m.do(Command{Kind: Drop, Role: role, Code: c.Code})
		case leg.ArmRing:
			m.do(Command{Kind: StartTimer, Timer: ring, After: c.After})
		case leg.DisarmRing:
			m.do(Command{Kind: StopTimer, Timer: ring})
		case leg.ArmLinger:
			m.do(Command{Kind: StartTimer, Timer: linger, After: c.After})
		case leg.DisarmLinger:
			m.do(Command{Kind: StopTimer, Timer: linger})
		case leg.TellEarly:
			m.do(Command{Kind: Early, Role: role, SDP: c.SDP})
		case leg.TellDigit:
			m.do(Command{Kind: Digit, Role: role, Digit: c.Digit})
		case leg.TellSent:
			if role == Customer && m.attempt {
				m.emit(campaigns.Event{Kind: campaigns.AttemptSent})
				m.tell(campaigns.StageDialing)
			}
		case leg.TellRinging:
			if role == Customer && m.attempt {
				m.emit(campaigns.Event{Kind: campaigns.AttemptRinging})
				m.tell(campaigns.StageRinging)
			}
		case leg.TellUp:
			m.do(Command{Kind: Connect, Role: role, SDP: c.SDP})
			if role == Customer {
				m.customerUp()
			} else {
				m.agentUp()
			}
		case leg.TellDown:
			if role == Customer {
				m.customerDown()
			} else {
				m.agentDown()
			}
		}
	}
}

func (m *Machine) customerUp() {
	switch {
	case m.phase == Waiting:
		// The caller's ACK: the line of an inbound call stands.
		m.seek()
	case m.phase != Dialing:
	case m.plan.Kind == Manual:
		m.openedAt = m.now
		m.emit(campaigns.Event{Kind: campaigns.AttemptAnswered})
		m.emit(campaigns.Event{Kind: campaigns.CallOffered, AgentID: m.agent})
		m.join()
	default:
		m.openedAt = m.now
		m.emit(campaigns.Event{Kind: campaigns.AttemptAnswered})
		m.phase = Waiting
		m.do(Command{Kind: StartTimer, Timer: TimerConnect, After: m.plan.ConnectLimit})
		m.seek()
	}
}

func (m *Machine) agentUp() {
	switch m.phase {
	case RingingAgent:
		m.reserve()
	case Connecting:
		m.join()
	}
}

func (m *Machine) customerDown() {
	facts := m.customer.Facts()
	switch m.phase {
	case Arriving:
		m.arrive()
		m.endWaiting(campaigns.EndedByCustomer)
	case Waiting, Connecting:
		m.endWaiting(campaigns.EndedByCustomer)
	case Message:
		m.endDropped(campaigns.EndedByCustomer)
	case Talking, Held:
		m.endTalking(campaigns.EndedByCustomer)
	case Dialing:
		m.customerUnanswered(facts)
	}
}

func (m *Machine) customerUnanswered(facts leg.Facts) {
	end := campaigns.AttemptEnd{SIPCode: facts.Code, Q850: facts.Q850, Detail: facts.Text}
	if facts.LateAnswer {
		m.openedAt = m.now
		m.emit(campaigns.Event{Kind: campaigns.AttemptAnswered})
		m.endDropped(campaigns.EndedBySystem)
		return
	}
	ours := facts.Stop != leg.StopNone &&
		(facts.WeCancelled || facts.Code == 0 || facts.Code == 487 || !facts.Sent)
	if ours {
		end.Outcome = stopped(facts.Stop)
		switch {
		case facts.Stop == leg.StopGivenUp:
			end.Detail = fmt.Sprintf("given up after %.0f s of ringing, since no agent would be free", m.now.Sub(facts.RingingAt).Seconds())
		case end.Detail == "":
			end.Detail = string(facts.Stop)
		}
		m.endUnanswered(end)
		return
	}
	verdict := m.plan.Judge(facts)
	end.Outcome = verdict.Outcome
	if verdict.OtherTrunk && !facts.Saw18x && facts.Stop == leg.StopNone && m.try < m.plan.Tries {
		m.fault = &end
		m.dial()
		return
	}
	m.endUnanswered(end)
}

// stopped gives the outcome of an attempt that we ended before its answer.
func stopped(why leg.StopReason) campaigns.Outcome {
	switch why {
	case leg.StopRingTimeout, leg.StopGivenUp:
		return campaigns.OutcomeNoAnswer
	case leg.StopSuperseded:
		return campaigns.OutcomeSuperseded
	default:
		return campaigns.OutcomeCancelled
	}
}

func (m *Machine) agentDown() {
	switch m.phase {
	case RingingAgent, Reserving:
		m.finish(Unanswered, "")
	case Dialing:
		m.releaseAgent(Unused, "")
		m.legStep(Customer, leg.Stop{Reason: leg.StopAgent})
	case Connecting:
		m.requeue()
	case Talking, Held:
		m.endTalking(campaigns.EndedByAgent)
	}
}

// requeue looks for another agent after one did not take the call.
func (m *Machine) requeue() {
	m.releaseAgent(Unanswered, "")
	m.phase = Waiting
	m.emit(campaigns.Event{Kind: campaigns.CallQueued})
	m.seek()
}
