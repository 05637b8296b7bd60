package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/acd"
	"ringmaster/dialer/call"
)

// exec carries out one command of the machine.
func (c *callActor) exec(cmd call.Command) {
	switch cmd.Kind {
	case call.Dial:
		if cmd.Role == call.Agent {
			c.dialAgent(cmd.Try)
		} else {
			c.dialCustomer(cmd.Try)
		}
	case call.Drop:
		if l := c.leg(cmd.Role); l.dialog != nil {
			l.dialog.HangUp(cmd.Code, "")
		}
	case call.Identify:
		c.identify()
	case call.Reserve:
		c.reserveManual()
	case call.SendRinging:
		c.customer.dialog.Ring()
	case call.Accept:
		c.accept()
	case call.Early:
		if m := c.leg(cmd.Role).media; m != nil {
			if err := m.Agree(cmd.SDP, true); err != nil {
				c.log.Debug("early media not understood", "error", err)
			}
		}
	case call.Connect:
		c.connect(cmd)
	case call.Seek:
		c.seek()
	case call.Unseek:
		c.unseek()
	case call.Bridge:
		c.join()
	case call.Unbridge:
		c.part()
	case call.PlayComfort:
		c.play(SoundComfort)
	case call.PlayMessage:
		c.dropped()
		c.playMessage()
	case call.Hush:
		if c.customer.media != nil {
			c.customer.media.Sound().Hush()
		}
	case call.StartTimer:
		c.alarms.start(cmd.Timer, cmd.After)
	case call.StopTimer:
		c.alarms.stop(cmd.Timer)
	case call.Emit:
		if cmd.Fact.Kind == campaigns.AttemptRinging && c.route != nil {
			c.route.Ringing()
		}
		c.emit(cmd.Fact)
	case call.TellAgent:
		if c.agent != nil {
			if cmd.Stage == campaigns.StageDialing && c.agent.media != nil {
				c.agent.media.Sound().Play(SoundRinging)
			}
			c.agent.actor.stage(c, c.view(cmd.Stage), c.sinceOffer())
		}
	case call.Release:
		c.release(cmd)
	case call.Digit, call.Done:
	}
}

func (c *callActor) leg(role call.Role) *callLeg {
	if role == call.Agent {
		return &c.phone
	}
	return &c.customer
}

// connect agrees on the media of an answered leg.
func (c *callActor) connect(cmd call.Command) {
	m := c.leg(cmd.Role).media
	if m == nil {
		c.take(call.Input{Kind: call.MediaDead, Role: cmd.Role})
		return
	}
	weOffered := cmd.Role == call.Agent || c.kind != call.Inbound
	if weOffered || len(cmd.SDP) > 0 {
		if err := m.Agree(cmd.SDP, false); err != nil {
			c.log.Warn("no common media", "role", cmd.Role, "error", err)
			c.take(call.Input{Kind: call.MediaDead, Role: cmd.Role})
			return
		}
	}
	m.Sound().Confirm()
	if cmd.Role == call.Customer && c.route != nil {
		c.route.Answered()
	}
}

// seek looks for an agent, here and, for inbound calls, on every node.
func (c *callActor) seek() {
	w := acd.Waiting{CallID: c.id, CampaignID: c.campaignID, Since: c.machine.Answered()}
	if c.kind == call.Outbound {
		w.Outbound, w.Tier, w.AgentID = true, acd.UrgentTier, c.attempt.AgentID
		w.Skill, w.Language, w.Value = c.attempt.Settings.Skill, c.attempt.Language, c.attempt.Tier
	} else {
		w.Queue, w.Tier, w.Skill, w.Language = c.queue.Name, c.identity.Priority, c.queue.Skill, c.queue.Language
		c.share()
	}
	c.d.floor.seek(c, w)
}

func (c *callActor) unseek() {
	c.d.floor.unseek(c.id)
	c.unshare(false)
}

// share publishes the waiting call, unshare takes it back, by a claim when an
// agent of ours serves it.
func (c *callActor) share() {
	if c.d.o.Waiting == nil {
		return
	}
	w := campaigns.WaitingCall{
		CallID: c.id, Node: c.d.o.Node, Queue: c.queue.Name, ContactID: c.contactID,
		Priority: c.identity.Priority, Language: c.queue.Language, Skill: c.queue.Skill, Since: c.d.now(),
	}
	c.d.background(func(ctx context.Context) error { return c.d.o.Waiting.Offer(ctx, w) }, "publish waiting call")
}

func (c *callActor) unshare(served bool) {
	if c.d.o.Waiting == nil || c.kind != call.Inbound {
		return
	}
	queue, id := c.queue.Name, c.id
	c.d.background(func(ctx context.Context) error {
		if served {
			_, err := c.d.o.Waiting.Claim(ctx, queue, id)
			return err
		}
		return c.d.o.Waiting.Withdraw(ctx, queue, id)
	}, "withdraw waiting call")
}

// agentMedia is the agent's line: the open one, or that of the rung phone.
func (c *callActor) agentMedia() MediaLeg {
	if c.agent != nil && c.agent.media != nil {
		return c.agent.media
	}
	return c.phone.media
}

func (c *callActor) join() {
	agent := c.agentMedia()
	if agent == nil || c.customer.media == nil {
		return
	}
	c.bridge = c.d.o.Media.Bridge(c.customer.media, agent)
	if c.bridgedAt.IsZero() {
		c.bridgedAt = time.Now()
		at := c.d.now()
		c.bridgedBusiness = &at
		if c.kind == call.Inbound {
			c.unshare(true)
		}
		if c.kind != call.Manual {
			agent.Sound().Play(SoundBeep)
		}
	}
	if c.muted {
		c.play(SoundNothing)
	}
}

func (c *callActor) part() {
	if c.bridge != nil {
		c.bridge.Unbridge()
		c.bridge = nil
	}
}

func (c *callActor) play(s Sound) {
	if c.customer.media != nil {
		c.customer.media.Sound().Play(s)
	}
}

// playMessage plays the safe-harbor message and tells when it is over.
func (c *callActor) playMessage() {
	if c.customer.media == nil {
		return
	}
	over := c.customer.media.Sound().Play(SoundMessage)
	gone := c.d.stopped
	c.d.spawn(func() {
		select {
		case <-over:
			c.step(call.Input{Kind: call.PromptDone})
		case <-gone:
		}
	})
}

// mute replaces the agent's voice towards the customer by silence.
func (c *callActor) mute(on bool) {
	c.mail.post(func() {
		c.muted = on
		if c.machine.Phase() != call.Talking || c.customer.media == nil {
			return
		}
		if on {
			c.play(SoundNothing)
		} else {
			c.customer.media.Sound().Hush()
		}
	})
}

// dtmf sends digits to the customer's side.
func (c *callActor) dtmf(digits string) {
	c.mail.post(func() {
		if c.customer.media != nil {
			c.customer.media.Sound().SendDTMF(digits)
		}
	})
}

func (c *callActor) release(cmd call.Command) {
	l := c.agent
	switch {
	case l != nil && l.id == cmd.AgentID:
		c.agent = nil
	case c.late != nil && c.late.id == cmd.AgentID:
		l, c.late = c.late, nil
	default:
		return
	}
	if l.media != nil && c.kind == call.Manual {
		l.media.Sound().Hush()
	}
	r := release{how: cmd.How, talk: cmd.Talk, hold: cmd.Hold, text: cmd.Text, endedAt: c.endedAt}
	if cmd.How == call.Owed {
		r.by = campaigns.EndedBy(cmd.Text)
	}
	if !l.actor.released(c, r) && cmd.How == call.Owed {
		c.emit(campaigns.Event{Kind: campaigns.CallClosed, AgentID: l.id, Disposition: campaigns.SystemAgentLost})
	}
}

// sinceOffer is how long the customer, or a reserved inbound call, has waited
// for what is about to happen.
func (c *callActor) sinceOffer() time.Duration {
	from := c.machine.Answered()
	if c.kind == call.Inbound {
		from = c.reservedAt
	}
	if from.IsZero() {
		return 0
	}
	return time.Since(from)
}
