package call

import (
	"ringmaster/campaigns"
	"ringmaster/dialer/leg"
)

// sipOK is the final status of an answered attempt.
const sipOK = 200

func (m *Machine) releaseAgent(how How, text string) {
	if m.agent == 0 {
		return
	}
	m.do(Command{Kind: Release, AgentID: m.agent, How: how, Text: text, Talk: m.talk, Hold: m.hold})
	m.agent = 0
}

// finish ends a call that the store need not know of any more, gives the agent
// back and takes every leg down.
func (m *Machine) finish(how How, text string) {
	m.phase = Over
	m.unseek()
	m.do(Command{Kind: StopTimer, Timer: TimerConnect})
	m.do(Command{Kind: StopTimer, Timer: TimerMessage})
	m.hush()
	m.unbridge()
	m.releaseAgent(how, text)
	m.stopLeg(&m.agentLeg, Agent)
	m.stopLeg(&m.customer, Customer)
}

func (m *Machine) stopLeg(machine *leg.Machine, role Role) {
	if machine.Live() {
		m.legStep(role, leg.Stop{Reason: leg.StopSystem})
	}
}

func (m *Machine) endAttempt(end campaigns.AttemptEnd) {
	if !m.attempt {
		return
	}
	m.attempt = false
	m.emit(campaigns.Event{Kind: campaigns.AttemptEnded, End: &end})
}

// endUnanswered ends an attempt that opened no call.
func (m *Machine) endUnanswered(end campaigns.AttemptEnd) {
	m.endAttempt(end)
	m.finish(Unused, string(end.Outcome))
}

// endWaiting ends a call whose customer spoke to nobody. An outbound call
// that we end is dropped; an inbound one that the caller ends is abandoned.
func (m *Machine) endWaiting(by campaigns.EndedBy) {
	if m.plan.Kind != Inbound && by != campaigns.EndedByCustomer {
		m.endDropped(by)
		return
	}
	m.unseek()
	m.endAttempt(campaigns.AttemptEnd{Outcome: campaigns.OutcomeAnswered, SIPCode: sipOK, Detail: "hung up before an agent"})
	m.closeBySystem(by, campaigns.SystemHungUp)
}

// endDropped ends a call that reached a person and had no agent in time.
func (m *Machine) endDropped(by campaigns.EndedBy) {
	m.unseek()
	m.endAttempt(campaigns.AttemptEnd{Outcome: campaigns.OutcomeDropped, SIPCode: sipOK})
	m.closeBySystem(by, campaigns.SystemDropped)
}

func (m *Machine) closeBySystem(by campaigns.EndedBy, d campaigns.Disposition) {
	// A caller whose line died while waiting is lost like one who hung up.
	abandoned := m.plan.Kind == Inbound && (by == campaigns.EndedByCustomer || by == campaigns.EndedByDeadMedia)
	m.emit(campaigns.Event{Kind: campaigns.CallEnded, EndedBy: by, Abandoned: abandoned})
	m.emit(campaigns.Event{Kind: campaigns.CallClosed, Disposition: d})
	m.finish(Unused, string(d))
}

// endTalking ends a conversation; its agent owes a result.
func (m *Machine) endTalking(by campaigns.EndedBy) {
	m.account()
	m.hush()
	m.unbridge()
	m.emit(campaigns.Event{Kind: campaigns.CallEnded, AgentID: m.agent, EndedBy: by, Talk: m.talk, Hold: m.hold})
	m.endAttempt(campaigns.AttemptEnd{Outcome: campaigns.OutcomeAnswered, SIPCode: sipOK})
	m.finish(Owed, string(by))
}
