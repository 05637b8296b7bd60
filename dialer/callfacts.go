package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// emit completes a fact of the machine and hands it to the store, the screens
// and the counters.
func (c *callActor) emit(e campaigns.Event) {
	e.At, e.Node, e.Epoch = c.d.now(), c.d.o.Node, c.epoch
	e.CampaignID, e.ContactID, e.NumberID = c.campaignID, c.contactID, c.numberID
	e.AttemptID, e.Direction = c.attempt.ID, campaigns.Outbound
	if c.kind == call.Inbound {
		e.Direction, e.Queue = campaigns.Inbound, c.queue.Name
	}
	c.observe(e)
	switch e.Kind {
	case campaigns.AttemptSent:
		e.Trunk, e.CallerID = c.trunkName(), c.callerID
		if c.customer.dialog != nil {
			e.SIPCallID = c.customer.dialog.CallID()
		}
		e.Latency = time.Since(c.claimedAt)
		c.d.metrics.claimToInvite.Observe(e.Latency.Seconds())
	case campaigns.AttemptAnswered:
		c.open(e.At, campaigns.Outbound)
	case campaigns.CallArrived:
		c.open(e.At, campaigns.Inbound)
		e.Trunk, e.Caller, e.Called, e.SIPCallID = c.in.Trunk, c.in.Caller, c.in.Called, c.in.Dialog.CallID()
		c.d.tally.arrived(c.queue.Name)
		c.d.observed.put(observation{sight: sawCaller, queue: c.queue.Name, at: time.Now()})
	case campaigns.CallOffered:
		if c.pop != nil {
			e.Latency = c.sinceOffer()
		}
	case campaigns.CallBridged:
		c.bridgeTold = true
		e.Latency = c.sinceOffer()
		c.d.metrics.answerToBridge.Observe(e.Latency.Seconds())
		c.d.tally.bridged(c.kind == call.Inbound, c.queue, time.Since(c.machine.Answered()))
	case campaigns.CallEnded:
		at := e.At
		c.endedAt = &at
		if c.customer.media != nil {
			stats := c.customer.media.Sound().Stats()
			e.Media = &stats
		}
		if e.Abandoned {
			c.d.metrics.abandoned.Inc()
			c.d.tally.abandoned(c.queue.Name)
		}
	case campaigns.AttemptEnded:
		c.attemptEnded = true
		c.countAttempt(e.End)
	case campaigns.CallClosed:
		c.closed = true
		c.d.tally.result(c.campaignID, e.Disposition)
	}
	if c.opened {
		e.CallID = c.id
	}
	fact := c.d.record(e)
	if e.Kind == campaigns.AttemptEnded && c.dropTold {
		c.d.drops.told(c.id, fact)
	}
}

func (c *callActor) open(at time.Time, direction campaigns.Direction) {
	c.opened, c.answeredAt = true, &at
	c.d.metrics.calls.WithLabelValues(string(direction)).Inc()
}

func (c *callActor) countAttempt(end *campaigns.AttemptEnd) {
	c.d.metrics.attempts.WithLabelValues(string(end.Outcome)).Inc()
	if end.Outcome == campaigns.OutcomeDropped {
		c.d.metrics.dropped.Inc()
	}
	c.d.tally.attempt(c.campaignID, end.Outcome)
	c.log.Info("attempt ended", "campaign", c.campaignID, "outcome", end.Outcome,
		"sip", end.SIPCode, "number", campaigns.MaskNumber(c.attempt.Number))
}

// loadPop builds the screen pop beside the call; if the agent was quicker it
// follows by itself.
func (c *callActor) loadPop() {
	q := PopQuery{
		CampaignID: c.campaignID, CandidateID: c.candidateID, ContactID: c.contactID, NumberID: c.numberID,
		AgentID: c.machine.AgentID(),
	}
	who := c.identity
	c.d.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.d.o.Timings.Store)
		defer cancel()
		pop, err := c.d.o.Directory.Pop(ctx, q)
		if err != nil {
			c.log.Warn("no screen pop", "error", err)
			return
		}
		shown := who.offer(pop)
		c.mail.post(func() { c.gotPop(shown) })
	})
}

func (c *callActor) gotPop(pop *campaigns.Pop) {
	c.pop = pop
	phase := c.machine.Phase()
	if c.agent == nil || phase != call.Talking && phase != call.Held && phase != call.Connecting {
		return
	}
	// The agent was reserved before the pop was there: hand it over now, and
	// tell how long that took.
	latency := c.sinceOffer()
	c.emit(campaigns.Event{Kind: campaigns.CallOffered, AgentID: c.agent.id})
	c.agent.actor.popped(c, pop, latency)
}
