package dialer

import (
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/acd"
)

// setState moves the agent along the transition table, and records the spell
// that ends.
func (a *agentActor) setState(next campaigns.AgentState, reason string) {
	if a.state == next && a.reason == reason {
		return
	}
	if a.state != next && !a.state.CanMove(next) {
		a.log.Error("agent may not move", "from", a.state, "to", next, "reason", reason)
		return
	}
	if a.state == campaigns.AgentPreview {
		a.leavePreview()
	}
	spent := time.Since(a.entered)
	e := campaigns.Event{
		Kind: campaigns.AgentChanged, At: a.d.now(), Node: a.d.o.Node, Epoch: a.epoch(), AgentID: a.id,
		AgentState: next, PreviousState: a.state, Reason: reason, PreviousReason: a.reason, Spent: spent,
	}
	if a.state == campaigns.AgentTalking {
		e.Hold = a.hold
	}
	if a.view != nil {
		e.CampaignID, e.CallID = a.view.CampaignID, a.view.CallID
	}
	from := a.state
	a.state, a.reason, a.since, a.entered = next, reason, e.At, time.Now()
	if from != next {
		a.moved(from, next)
	}
	a.d.record(e)
}

// become moves an agent who is free again, as far as phone and screen allow.
func (a *agentActor) become(next campaigns.AgentState, reason string) {
	if next == campaigns.AgentReady {
		reason = ""
		switch {
		case a.away:
			next, reason = campaigns.AgentNotReady, reasonConnectionLost
		case !a.phoneUsable():
			next, reason, a.wantReady = campaigns.AgentNotReady, reasonPhoneDown, true
		}
	}
	a.setState(next, reason)
}

// phoneUsable reports whether calls can reach the agent.
func (a *agentActor) phoneUsable() bool {
	return a.phoneState == campaigns.PhoneUp || a.phoneState == campaigns.PhoneOnDemand
}

// reservable reports whether a call may be given to the agent now.
func (a *agentActor) reservable() bool {
	return a.state == campaigns.AgentReady && a.call == nil && a.connected && a.alive && !a.gone && a.phoneUsable()
}

// publish renews the copies that others see of the agent.
func (a *agentActor) publish() {
	live := campaigns.AgentLive{
		ID: a.id, Name: a.user.DisplayName, Node: a.d.o.Node, State: a.state, Reason: a.reason, Since: a.since,
		Phone: a.phoneState, Connected: a.connected, Calls: a.today.Calls,
	}
	if live.Name == "" {
		live.Name = a.user.Name
	}
	if a.view != nil {
		live.Campaign = a.view.Campaign
		if a.view.Pop != nil {
			live.Customer = a.view.Pop.Contact.Name()
		}
	}
	a.d.agents.publish(a, live, a.paced())
	if a.reservable() {
		a.d.floor.agentReady(a, acd.Agent{
			ID: a.id, CampaignIDs: a.user.CampaignIDs, Queues: a.user.Queues, Skills: a.user.Skills,
			Languages: a.user.Languages, OpenLine: a.phoneState == campaigns.PhoneUp, Since: a.entered,
		})
		a.seekPreview()
	} else {
		a.d.floor.agentGone(a.id)
	}
	a.d.wakePacer()
	a.d.touch()
}

// tell counts a change of what the screen shows and sends the whole of it.
func (a *agentActor) tell(kind string) { a.tellText(kind, "") }

func (a *agentActor) tellText(kind, text string) {
	a.rev++
	a.publish()
	if a.notify != nil {
		a.notify(campaigns.AgentNotice{Kind: kind, Snapshot: a.snapshot(), Text: text})
	}
}

func (a *agentActor) snapshot() campaigns.AgentSnapshot {
	s := campaigns.AgentSnapshot{
		AgentID: a.id, Name: a.user.DisplayName, Rev: a.rev, State: a.state, Reason: a.reason, Since: a.since,
		Next: a.next, NextReason: a.nextReason, Phone: a.phoneState, Campaigns: a.d.book.serving(a.user.CampaignIDs),
		Today: a.today, Now: a.d.now(),
	}
	if s.Name == "" {
		s.Name = a.user.Name
	}
	if a.view != nil {
		view := *a.view
		s.Call = &view
	}
	if p := a.preview.shown; p != nil {
		view := p.view
		s.Preview = &view
	}
	return s
}
