package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// manualWish is an agent's wish to call somebody.
type manualWish struct {
	campaignID, contactID int64
	number                string
	// item is the leased candidate of a preview, nil for a call by hand.
	item *campaigns.HopperItem
	// reserved tells the agent how the gates decided.
	reserved func(error)
}

// newManual makes the call of an agent's wish; it is not launched yet.
func (d *Dialer) newManual(l *lent, w manualWish) *callActor {
	plan := call.Plan{AgentID: l.id, Nailed: l.media != nil}
	if campaign, ok := d.book.get(w.campaignID); ok {
		plan.RingTimeout = campaign.Settings.RingTimeout.Std()
	}
	c := d.newCall(call.Manual, plan)
	c.agent, c.wish = l, &w
	c.campaignID, c.contactID, c.number = w.campaignID, w.contactID, w.number
	return c
}

// reserveManual asks the gates for the attempt.
func (c *callActor) reserveManual() {
	epoch, fresh := c.d.lease.fresh()
	c.epoch, c.claimedAt = epoch, time.Now()
	req := ManualReservation{
		Node: c.d.o.Node, Epoch: epoch, AgentID: c.machine.AgentID(),
		CampaignID: c.wish.campaignID, ContactID: c.wish.contactID, Number: c.wish.number,
	}
	refuse := func(err error) {
		c.mail.postFinal(func() {
			c.wish.reserved(err)
			c.take(call.Input{Kind: call.NotReserved, Detail: err.Error()})
		})
	}
	if !fresh {
		if c.wish.item != nil {
			c.d.giveBack(*c.wish.item)
		}
		refuse(campaigns.Errorf(campaigns.CodeUnavailable, "the node's lease is not fresh"))
		return
	}
	spawned := c.d.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.d.o.Timings.Store)
		defer cancel()
		attempt, err := c.reserveWish(ctx, req)
		if err != nil {
			refuse(err)
			return
		}
		c.mail.postFinal(func() {
			c.begun(attempt)
			c.wish.reserved(nil)
			c.take(call.Input{Kind: call.Reserved})
		})
	})
	if !spawned {
		refuse(campaigns.Errorf(campaigns.CodeUnavailable, "the node is stopping"))
	}
}

// reserveWish passes the gates. A previewed candidate passes them as one that is
// paced, so that a refusal moves it on by its reason.
func (c *callActor) reserveWish(ctx context.Context, req ManualReservation) (campaigns.Attempt, error) {
	if c.wish.item == nil {
		return c.d.o.Gate.ReserveManual(ctx, req)
	}
	item := *c.wish.item
	attempts, refusals, err := c.d.o.Gate.Reserve(ctx, Reservation{
		Node: req.Node, Epoch: req.Epoch, Items: []campaigns.HopperItem{item},
	})
	if err != nil {
		c.d.giveBack(item)
		return campaigns.Attempt{}, err
	}
	c.d.settle(item)
	if len(attempts) == 0 {
		reason := campaigns.ReasonNotQueued
		if len(refusals) > 0 {
			reason = refusals[0].Reason
		}
		return campaigns.Attempt{}, campaigns.Errorf(campaigns.CodeRefused, "%s", reason)
	}
	attempts[0].AgentID = req.AgentID
	return attempts[0], nil
}

// begun notes the attempt that the call is for.
func (c *callActor) begun(a campaigns.Attempt) {
	c.attempt, c.epoch = a, a.Epoch
	c.campaignID, c.candidateID, c.contactID, c.numberID = a.CampaignID, a.CandidateID, a.ContactID, a.NumberID
	c.number = a.Number
	c.log = c.log.With("attempt", a.ID)
}
