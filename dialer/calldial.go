package dialer

import (
	"fmt"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
)

// timerPace is the actor's own: the trunks will take an INVITE a little later.
const timerPace call.Timer = "pace"

// dialCustomer sends the INVITE of an attempt, if it may still be sent.
func (c *callActor) dialCustomer(try int) {
	undialed := func(o campaigns.Outcome, why string) {
		c.log.Info("attempt not dialed", "attempt", c.attempt.ID, "campaign", c.campaignID, "why", why)
		c.take(call.Input{Kind: call.Undialed, Role: call.Customer, Try: try, Outcome: o, Detail: why})
	}
	c.closeLeg(&c.customer)
	c.routed = true
	now := time.Now()
	switch _, fresh := c.d.lease.fresh(); {
	case !fresh:
		undialed(campaigns.OutcomeFailed, "the node's lease is not fresh")
		return
	case !c.attempt.DialBy.IsZero() && !now.Before(c.attempt.DialBy):
		undialed(campaigns.OutcomeFailed, "dial_by passed")
		return
	case c.d.draining():
		undialed(campaigns.OutcomeCancelled, "the node is draining")
		return
	case c.d.blocks.covers(c.contactID, c.numberID):
		undialed(campaigns.OutcomeCancelled, "do_not_call")
		return
	}
	if !c.acquire(try, now) {
		if wait := c.d.o.Trunks.Wait(now); try == 1 && now.Add(wait).Before(c.attempt.DialBy) {
			c.routed = false
			c.alarms.start(timerPace, wait)
			return
		}
		undialed(campaigns.OutcomeCongestion, "no trunk has a free channel")
		return
	}
	media, err := c.openMedia(call.Customer, "customer "+campaigns.MaskNumber(c.attempt.Number))
	if err != nil {
		undialed(campaigns.OutcomeFailed, "no media port: "+err.Error())
		return
	}
	c.customer.media = media
	route := c.route.Trunk()
	callerID := c.route.CallerID(c.campaignID, c.attempt.Settings.CallerIDs)
	c.callerID = callerID
	asserted := ""
	if route.Asserted {
		asserted = callerID
	}
	c.customer.dialog = c.d.o.Carriers.Invite(Invite{
		Target:      "sip:" + c.attempt.Number + "@" + route.Address + ";user=phone",
		Destination: route.Address, From: callerID, Asserted: asserted,
		Username: route.Username, Password: route.Password, SDP: media.Offer(), DialBy: c.attempt.DialBy,
		Reoffer: media.Accept,
	}, c.post(call.Customer, try))
	if try == 1 {
		c.loadPop()
	}
}

// dialAgent rings the phone of an agent who has no open line.
func (c *callActor) dialAgent(try int) {
	undialed := func(why string) {
		c.take(call.Input{Kind: call.Undialed, Role: call.Agent, Try: try, Detail: why})
	}
	c.closeLeg(&c.phone)
	if c.agent == nil || c.agent.phone == "" {
		undialed("the agent has no phone")
		return
	}
	media, err := c.openMedia(call.Agent, fmt.Sprintf("agent %d", c.agent.id))
	if err != nil {
		undialed("no media port: " + err.Error())
		return
	}
	c.phone.media = media
	c.phone.dialog = c.d.o.Phones.Invite(Invite{
		Target: c.agent.phone, From: c.d.o.AgentCallerID, SDP: media.Offer(), Reoffer: media.Accept,
	}, c.post(call.Agent, try))
}

func (c *callActor) openMedia(role call.Role, label string) (MediaLeg, error) {
	return c.d.o.Media.NewLeg(MediaConfig{
		Label:  label,
		OnDead: func() { c.step(call.Input{Kind: call.MediaDead, Role: role}) },
	})
}

// post gives the sink of a dialog's events. What ends or opens a leg uses the
// reserved slots.
func (c *callActor) post(role call.Role, try int) func(leg.Event) {
	return func(e leg.Event) {
		f := func() { c.take(call.Input{Kind: call.Signal, Role: role, Try: try, Event: e}) }
		if e.Kind == leg.Provisional || e.Kind == leg.Digit {
			c.mail.post(f)
			return
		}
		c.mail.postFinal(f)
	}
}

func (c *callActor) closeLeg(l *callLeg) {
	if l.media != nil {
		l.media.Close()
	}
	*l = callLeg{}
}

// expired is a timer of the machine, or the wait for a trunk's pace.
func (c *callActor) expired(t call.Timer) {
	if t != timerPace {
		c.take(call.Input{Kind: call.Expired, Timer: t})
		return
	}
	if c.machine.Stopping() {
		c.take(call.Input{Kind: call.Undialed, Role: call.Customer, Try: 1, Outcome: campaigns.OutcomeCancelled})
		return
	}
	c.dialCustomer(1)
	c.tellRegistry()
}
