package dialer

import (
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing"
)

// agentPace is what pacing sees of an agent. Its slices are not changed.
type agentPace struct {
	id int64
	// serves are the campaigns, queues the inbound entries; empty: all.
	serves []int64
	queues []string
	// open is set while the phone is off-hook: such agents take outbound calls.
	open bool
	// busy agents are reserved, talk or wrap up; others take calls now, or will
	// not before they ask for it.
	busy, ready bool
	phase       pacing.Phase
	since       time.Time // monotonic
	// campaignID of the call, 0: none.
	campaignID int64
	// leaving is set when the agent takes no call after this one.
	leaving bool
}

// phaseClock is how long the agent has been in a phase of work.
type phaseClock struct {
	on         bool
	phase      pacing.Phase
	since      time.Time
	campaignID int64
}

// moved keeps the phase of work along with the state, and tells pacing of what
// ended.
func (a *agentActor) moved(from, to campaigns.AgentState) {
	switch to {
	case campaigns.AgentTalking:
		a.turn(pacing.Talking)
	case campaigns.AgentWrapUp:
		a.turn(pacing.Wrapping)
	default:
		a.phaseOver()
	}
	if from == campaigns.AgentWrapUp {
		a.d.observed.put(observation{sight: sawWrapped, agentID: a.id, serves: a.user.CampaignIDs, ready: to == campaigns.AgentReady})
	}
}

// turn ends the phase of work, if there is one, and begins the next.
func (a *agentActor) turn(next pacing.Phase) {
	campaignID := a.work.campaignID
	a.phaseOver()
	if a.view != nil {
		campaignID = a.view.CampaignID
	}
	a.work = phaseClock{on: true, phase: next, since: time.Now(), campaignID: campaignID}
}

func (a *agentActor) phaseOver() {
	if !a.work.on {
		return
	}
	a.d.observed.put(observation{
		sight: sawPhaseOver, campaignID: a.work.campaignID, age: time.Since(a.work.since),
		agentID: a.id, serves: a.user.CampaignIDs, phase: a.work.phase,
	})
	a.work = phaseClock{}
}

// nearlyDone is a sign of the agent's screen that the phase comes to its end: a
// result was chosen or notes were begun.
func (a *agentActor) nearlyDone() {
	switch {
	case !a.work.on:
		return
	case a.work.phase == pacing.Talking && a.state == campaigns.AgentTalking:
		a.turn(pacing.Closing)
	case a.work.phase == pacing.Wrapping && a.state == campaigns.AgentWrapUp:
		a.turn(pacing.Finishing)
	default:
		return
	}
	a.publish()
}

// paced is the copy of the agent for pacing.
func (a *agentActor) paced() agentPace {
	p := agentPace{
		id: a.id, serves: a.user.CampaignIDs, queues: a.user.Queues, open: a.phoneState == campaigns.PhoneUp,
		ready: a.reservable(), since: a.entered,
		leaving: a.next != campaigns.AgentReady || a.away || !a.connected || !a.alive || a.gone,
	}
	switch a.state {
	case campaigns.AgentReserved:
		// The talk is about to begin.
		p.busy, p.phase = true, pacing.Talking
	case campaigns.AgentTalking, campaigns.AgentWrapUp:
		p.busy = true
	}
	if a.work.on {
		p.phase, p.since, p.campaignID = a.work.phase, a.work.since, a.work.campaignID
	}
	return p
}
