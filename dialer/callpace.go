package dialer

import (
	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
)

// pacedNote is what pacing knows of the call, if it placed it.
func (c *callActor) pacedNote() pacedNote {
	if c.kind != call.Outbound {
		return pacedNote{}
	}
	n := pacedNote{
		placed: c.launchedAt, stopping: c.machine.Stopping(), chance: c.attempt.AnswerProbability, least: c.attempt.LeastRing,
	}
	if facts := c.machine.CustomerFacts(); facts.Sent {
		n.placed, n.rang = facts.SentAt, facts.RingingAt
	}
	return n
}

// observe tells pacing of a fact of a call that it placed, before the fact is
// recorded.
func (c *callActor) observe(e campaigns.Event) {
	if c.kind != call.Outbound {
		return
	}
	facts := c.machine.CustomerFacts()
	switch e.Kind {
	case campaigns.AttemptAnswered:
		c.d.observed.put(observation{sight: sawAnswer, campaignID: c.campaignID, age: facts.AnsweredAt.Sub(facts.SentAt)})
	case campaigns.AttemptEnded:
		switch {
		case e.End.Outcome == campaigns.OutcomeDropped:
			c.dropped()
		case facts.Answered || !facts.Sent:
			// What was never sent tells nothing of those who are called.
		case facts.Stop == leg.StopNone || facts.Stop == leg.StopRingTimeout:
			c.d.observed.put(observation{sight: sawFailure, campaignID: c.campaignID, age: facts.EndedAt.Sub(facts.SentAt)})
		default:
			c.d.observed.put(observation{sight: sawGivenUp, campaignID: c.campaignID, age: facts.EndedAt.Sub(facts.SentAt)})
		}
	}
}

// dropped tells pacing once that the answered call found no agent in time.
func (c *callActor) dropped() {
	if c.dropTold || c.kind != call.Outbound {
		return
	}
	c.dropTold = true
	c.d.drops.begin(c.id, c.campaignID)
	c.d.observed.put(observation{sight: sawDrop, campaignID: c.campaignID})
	c.d.wakePacer()
}
