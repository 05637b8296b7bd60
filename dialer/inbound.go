package dialer

import (
	"context"
	"errors"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
)

// errNoMedia refuses a re-INVITE that comes before there is anything to
// negotiate.
var errNoMedia = errors.New("the call has no media yet")

// TakeCall takes an incoming call from a listed trunk; it implements the type
// TakeCall. It refuses with 503 while the node is draining or full, and with
// 404 where no queue takes the called number.
func (d *Dialer) TakeCall(in Incoming) (post func(leg.Event), reoffer func([]byte) ([]byte, error), refuse int) {
	if !d.Ready() || d.draining() {
		return nil, nil, 503
	}
	queue, ok := d.o.queueOf(in.Called)
	if !ok {
		d.log.Warn("no queue takes the called number", "called", campaigns.MaskNumber(in.Called), "trunk", in.Trunk)
		return nil, nil, 404
	}
	c := d.newCall(call.Inbound, call.Plan{})
	c.in, c.queue, c.number = &in, queue, in.Caller
	c.epoch, _ = d.lease.fresh()
	c.customer.dialog = in.Dialog
	if !c.launch(d.o.Limits.Calls) {
		return nil, nil, 503
	}
	reoffer = func(sdp []byte) ([]byte, error) {
		if m := c.reofferTo.Load(); m != nil {
			return (*m).Accept(sdp)
		}
		return nil, errNoMedia
	}
	return c.post(call.Customer, 1), reoffer, 0
}

// identify finds out who calls, with the screen pop if that is quick. However
// it ends, the call goes on.
func (c *callActor) identify() {
	caller, lends := c.in.Caller, c.queue.lends(c.in.Called)
	c.d.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.d.o.Timings.Identify)
		defer cancel()
		who, err := c.d.o.Directory.Identify(ctx, caller)
		if err != nil {
			c.log.Warn("caller not identified", "caller", campaigns.MaskNumber(caller), "error", err)
		}
		if who.CampaignID == 0 && lends != "" {
			who.CampaignID = c.d.book.named(lends)
		}
		var pop *campaigns.Pop
		if who.known() {
			if p, err := c.d.o.Directory.Pop(ctx, who.query()); err == nil {
				pop = who.offer(p)
			}
		}
		c.mail.postFinal(func() { c.identified(who, pop) })
	})
}

// missLent warns of the campaigns that called numbers should lend but that are
// unknown or closed; their callers are served without. It adds those it warned
// of to told, and warns again only after they were there meanwhile.
func (d *Dialer) missLent(told map[string]bool) {
	for _, q := range d.o.Queues {
		for _, name := range q.Campaigns {
			switch missing := d.book.named(name) == 0; {
			case !missing:
				delete(told, name)
			case !told[name]:
				told[name] = true
				d.log.Warn("the campaign of an inbound number is unknown or closed, its calls have none", "campaign", name, "queue", q.Name)
			}
		}
	}
}

// known reports whether there is anything to show of the caller.
func (i Identity) known() bool { return len(i.Contacts) > 0 || i.CampaignID != 0 }

// person is the contact, 0 while it is unknown or ambiguous.
func (i Identity) person() int64 {
	if len(i.Contacts) == 1 {
		return i.Contacts[0].ID
	}
	return 0
}

func (i Identity) query() PopQuery {
	return PopQuery{CampaignID: i.CampaignID, CandidateID: i.CandidateID, ContactID: i.person(), NumberID: i.NumberID}
}

// offer adds the possible persons to the pop where there are several.
func (i Identity) offer(p campaigns.Pop) *campaigns.Pop {
	if len(i.Contacts) > 1 {
		p.Candidates = i.Contacts
	}
	return &p
}

// identified notes who may be calling, withdraws what would ring them, and
// lets the call be answered.
func (c *callActor) identified(who Identity, pop *campaigns.Pop) {
	c.identity, c.pop = who, pop
	c.campaignID, c.candidateID, c.contactID, c.numberID = who.CampaignID, who.CandidateID, who.person(), who.NumberID
	c.d.supersede(who)
	c.take(call.Input{Kind: call.Identified})
	if pop == nil && who.known() {
		c.loadPop()
	}
}

// supersede ends the unanswered attempts at whoever is calling us.
func (d *Dialer) supersede(who Identity) {
	d.calls.each(func(c *callActor, n callNote) {
		if !n.unanswered() {
			return
		}
		same := who.NumberID != 0 && n.numberID == who.NumberID
		for _, person := range who.Contacts {
			same = same || n.contactID == person.ID
		}
		if same {
			c.step(call.Input{Kind: call.Superseded})
		}
	})
}

// accept answers the caller with our media.
func (c *callActor) accept() {
	media, err := c.openMedia(call.Customer, "caller "+campaigns.MaskNumber(c.in.Caller))
	if err != nil {
		c.log.Warn("no media port", "error", err)
		c.take(call.Input{Kind: call.MediaDead, Role: call.Customer})
		return
	}
	c.customer.media = media
	answer, err := media.Accept(c.in.SDP)
	if err != nil {
		c.log.Warn("the caller's offer is not understood", "error", err)
		c.take(call.Input{Kind: call.MediaDead, Role: call.Customer})
		return
	}
	c.reofferTo.Store(&c.customer.media)
	c.customer.dialog.Answer(answer)
}
