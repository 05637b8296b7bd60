package dialer

import (
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// release is how a call gives its agent back.
type release struct {
	how        call.How
	by         campaigns.EndedBy
	talk, hold time.Duration
	text       string
	endedAt    *time.Time
}

// lend gives what a call needs of the agent.
func (a *agentActor) lend() *lent {
	l := &lent{actor: a, id: a.id, name: a.user.DisplayName, phone: a.user.Phone}
	if a.phoneState == campaigns.PhoneUp {
		l.media = a.phoneLeg.media
	}
	return l
}

// proposal is the floor's offer of a call: the compare-and-set that reserves
// the agent for at most one.
func (a *agentActor) proposal(c *callActor) {
	if !a.reservable() {
		a.d.floor.declined(a.id, c.id)
		return
	}
	// The floor forgets the pair first: a call that cannot use the agent after
	// all goes back there at once.
	a.d.floor.taken(a.id, c.id)
	if !c.reserved(a.lend()) {
		a.publish()
		return
	}
	a.call = c
	a.setState(campaigns.AgentReserved, "")
	limit := a.d.o.Timings.Reservation
	if a.phoneState == campaigns.PhoneOnDemand {
		limit += a.d.o.Timings.AgentRing
	}
	a.alarms.start(alarmReservation, limit)
	a.rev++
	a.publish()
}

// reservationOver takes the agent back from a call that never came.
func (a *agentActor) reservationOver() {
	if a.state != campaigns.AgentReserved || a.call == nil {
		return
	}
	a.log.Warn("reservation not used", "call", a.call.id)
	a.call.step(call.Input{Kind: call.AgentLost, AgentID: a.id})
	a.call, a.view = nil, nil
	a.become(campaigns.AgentReady, "")
	a.tell("state.changed")
}

// stage shows the agent how far the call is. It is called by the call.
func (a *agentActor) stage(c *callActor, v campaigns.CallView, waited time.Duration) {
	epoch := c.epoch
	a.mail.postFinal(func() {
		if a.call == c {
			a.viewEpoch = epoch
			a.staged(v, waited)
		}
	})
}

func (a *agentActor) staged(v campaigns.CallView, waited time.Duration) {
	if a.view != nil && a.view.CallID == v.CallID {
		v.Draft, v.Muted = a.view.Draft, a.view.Muted
		if v.Pop == nil {
			v.Pop = a.view.Pop
		}
	}
	v.Pop = a.addressed(v.Pop)
	a.view = &v
	kind := "call.updated"
	switch v.Stage {
	case campaigns.StageOffered:
		kind = "call.offered"
		if v.Pop != nil {
			a.d.metrics.answerToPop.Observe(waited.Seconds())
		}
	case campaigns.StageTalking, campaigns.StageHold:
		if a.state == campaigns.AgentReserved {
			a.alarms.stop(alarmReservation)
			a.today.Calls++
			a.setState(campaigns.AgentTalking, "")
		}
	}
	a.tell(kind)
}

// addressed puts the agent's name into texts that were merged before it was
// known who would speak them.
func (a *agentActor) addressed(p *campaigns.Pop) *campaigns.Pop {
	name := a.user.DisplayName
	if name == "" {
		name = a.user.Name
	}
	return p.Addressed(name)
}

// popped brings the screen pop that was not ready when the call was offered.
func (a *agentActor) popped(c *callActor, p *campaigns.Pop, waited time.Duration) {
	a.mail.postFinal(func() {
		if a.view == nil || a.view.CallID != c.id {
			return
		}
		a.d.metrics.answerToPop.Observe(waited.Seconds())
		view := *a.view
		view.Pop = a.addressed(p)
		a.view = &view
		a.tell("call.updated")
	})
}

// released gives the agent back; false when the agent's actor is gone. It is
// called by the call, once for each agent it had.
func (a *agentActor) released(c *callActor, r release) bool {
	return a.mail.postFinal(func() { a.free(c, r) })
}

func (a *agentActor) free(c *callActor, r release) {
	if a.call != c {
		return
	}
	a.call = nil
	a.alarms.stop(alarmReservation)
	switch r.how {
	case call.Owed:
		if a.view == nil {
			a.view = &campaigns.CallView{CallID: c.id}
		}
		a.owe(r)
		return
	case call.Unanswered:
		a.view = nil
		a.setState(campaigns.AgentNotReady, reasonPhoneNotAnswered)
	default:
		a.view = nil
		if a.reason == reasonManual {
			a.become(a.before, a.beforeReason)
		} else {
			a.goOn()
		}
	}
	a.tellText("call.ended", r.text)
}

// owe puts the agent into wrap-up after a conversation, or straight on when
// the result was given already.
func (a *agentActor) owe(r release) {
	a.talk, a.hold = r.talk, r.hold
	view := *a.view
	view.Stage, view.EndedBy, view.EndedAt, view.Muted = campaigns.StageEnded, r.by, r.endedAt, false
	a.view = &view
	if a.state == campaigns.AgentReserved {
		a.today.Calls++
	}
	a.setState(campaigns.AgentWrapUp, "")
	a.tell("call.ended")
	if a.pending != nil {
		a.commitPending()
	}
}

// goOn moves a free agent to the state chosen for after the call.
func (a *agentActor) goOn() {
	next, reason := a.next, a.nextReason
	a.next, a.nextReason = campaigns.AgentReady, ""
	a.become(next, reason)
}
