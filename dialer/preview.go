package dialer

import (
	"context"
	"slices"
	"time"

	"ringmaster/campaigns"
)

const (
	// previewLook is how often an agent without a candidate looks for one, and
	// how often a shown one is looked at: whether its campaign still wants it.
	previewLook = time.Second
	// previewLease is how much longer than its time-out a candidate is held.
	previewLease = 30 * time.Second
	// reasonPreviewTimedOut is why an agent is not ready who let a preview pass.
	reasonPreviewTimedOut = "preview_timed_out"
	// skippedTimedOut is the reason of a skip that nobody asked for.
	skippedTimedOut = "timed_out"
)

// previewing is a leased candidate that an agent looks at before it is dialed.
type previewing struct {
	item campaigns.HopperItem
	view campaigns.PreviewView
	ends time.Time // monotonic
	skip time.Duration
}

// previewDesk is an agent's part in mode preview. Waiting callers are offered
// first: they are matched as the agent becomes ready, before a candidate comes.
type previewDesk struct {
	shown   *previewing
	seeking bool
	turn    int
}

// seekPreview claims the next candidate for an agent who is ready and serves a
// campaign in mode preview.
func (a *agentActor) seekPreview() {
	if a.preview.seeking || a.preview.shown != nil || a.d.draining() || !a.reservable() {
		return
	}
	c, ok := a.previewCampaign()
	if !ok {
		a.alarms.start(alarmPreview, previewLook)
		return
	}
	rules := c.Settings.Preview.Full()
	a.preview.seeking = a.async(func(ctx context.Context) func() {
		found, err := a.d.previewItem(ctx, c, a.id, rules)
		return func() {
			a.preview.seeking = false
			switch {
			case err != nil:
				a.log.Warn("no candidate to preview", "campaign", c.ID, "error", err)
				a.alarms.start(alarmPreview, previewLook)
			case found == nil:
				a.alarms.start(alarmPreview, previewLook)
			default:
				a.show(found)
			}
		}
	})
}

// previewCampaign is the next in turn of the running campaigns in mode preview
// that the agent serves.
func (a *agentActor) previewCampaign() (campaigns.Campaign, bool) {
	var wanted []campaigns.Campaign
	for _, c := range a.d.book.list() {
		if a.wantsPreview(c) {
			wanted = append(wanted, c)
		}
	}
	if len(wanted) == 0 {
		return campaigns.Campaign{}, false
	}
	a.preview.turn++
	return wanted[a.preview.turn%len(wanted)], true
}

func (a *agentActor) wantsPreview(c campaigns.Campaign) bool {
	return c.State == campaigns.CampaignRunning && c.Settings.Mode == campaigns.PacingPreview &&
		(len(a.user.CampaignIDs) == 0 || slices.Contains(a.user.CampaignIDs, c.ID))
}

// previewItem leases a candidate for as long as it may be looked at, with its
// pop; nil: the hopper is empty.
func (d *Dialer) previewItem(ctx context.Context, c campaigns.Campaign, agentID int64, rules campaigns.PreviewRules) (*previewing, error) {
	items, _, err := d.o.Hopper.Claim(ctx, c.ID, 1)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	item := items[0]
	held, err := d.o.Hopper.Hold(ctx, c.ID, item.CandidateID, rules.TimeOut.Std()+previewLease)
	if err != nil || !held {
		return nil, err
	}
	pop, err := d.o.Directory.Pop(ctx, PopQuery{
		CampaignID: c.ID, CandidateID: item.CandidateID, ContactID: item.ContactID, NumberID: item.NumberID, AgentID: agentID,
	})
	if err != nil {
		d.giveBack(item)
		return nil, err
	}
	number := ""
	for _, n := range pop.Contact.Numbers {
		if n.NumberID == item.NumberID {
			number = n.E164
		}
	}
	return &previewing{
		item: item, ends: time.Now().Add(rules.TimeOut.Std()), skip: rules.SkipDelay.Std(),
		view: campaigns.PreviewView{
			CandidateID: item.CandidateID, CampaignID: c.ID, Campaign: c.Name, Number: number, Pop: &pop,
			Until: d.now().Add(rules.TimeOut.Std()), OnTimeOut: rules.OnTimeOut,
		},
	}, nil
}

func (d *Dialer) giveBack(item campaigns.HopperItem) {
	d.background(func(ctx context.Context) error {
		return d.o.Hopper.Return(ctx, item.CampaignID, []campaigns.HopperItem{item})
	}, "return a previewed candidate")
}

func (d *Dialer) settle(item campaigns.HopperItem) {
	d.background(func(ctx context.Context) error {
		return d.o.Hopper.Settle(ctx, item.CampaignID, []int64{item.CandidateID})
	}, "settle a previewed candidate")
}

// show puts a candidate before the agent, unless a call came meanwhile or the
// campaign does not want it any more.
func (a *agentActor) show(p *previewing) {
	c, ok := a.d.book.get(p.item.CampaignID)
	if !ok || !a.wantsPreview(c) || !a.reservable() || a.d.draining() {
		a.d.giveBack(p.item)
		a.seekLater()
		return
	}
	p.view.Pop = a.addressed(p.view.Pop)
	a.preview.shown = p
	a.setState(campaigns.AgentPreview, "")
	a.alarms.start(alarmPreview, min(previewLook, time.Until(p.ends)))
	a.tell("preview.offered")
}

func (a *agentActor) seekLater() { a.alarms.start(alarmPreview, previewLook) }

// previewAlarm looks for a candidate, or at the one that is shown.
func (a *agentActor) previewAlarm() {
	p := a.preview.shown
	if p == nil {
		a.seekPreview()
		return
	}
	c, ok := a.d.book.get(p.item.CampaignID)
	switch {
	case !ok || !a.wantsPreview(c) || a.d.draining():
		// Leaving the state gives the candidate back.
		a.become(campaigns.AgentReady, "")
		a.tellText("state.changed", "the campaign stopped, the candidate was taken back")
	case time.Until(p.ends) > 0:
		a.alarms.start(alarmPreview, min(previewLook, time.Until(p.ends)))
	default:
		a.previewTimedOut(p)
	}
}

func (a *agentActor) previewTimedOut(p *previewing) {
	switch p.view.OnTimeOut {
	case campaigns.PreviewDial:
		if done, err := a.dialPreview(func(campaigns.AgentReply, error) {}); done && err != nil {
			a.become(campaigns.AgentReady, "")
			a.tellText("state.changed", err.Error())
		}
	case campaigns.PreviewSkip:
		a.skipPreview(skippedTimedOut, func(campaigns.AgentReply, error) {})
	default:
		a.setState(campaigns.AgentNotReady, reasonPreviewTimedOut)
		a.tell("state.changed")
	}
}

// leavePreview gives the candidate back when the agent leaves the state.
func (a *agentActor) leavePreview() {
	if p := a.preview.shown; p != nil {
		a.preview.shown = nil
		a.d.giveBack(p.item)
	}
	a.alarms.stop(alarmPreview)
}

// thePreview checks that a command is about the candidate that is shown.
func (a *agentActor) thePreview(cmd campaigns.AgentCommand) error {
	if a.preview.shown == nil || a.preview.shown.item.CandidateID != cmd.Candidate {
		return campaigns.Errorf(campaigns.CodeConflict, "candidate %d is not shown any more", cmd.Candidate)
	}
	return nil
}

// dialPreview calls the candidate that is shown.
func (a *agentActor) dialPreview(reply replyFunc) (bool, error) {
	item := a.preview.shown.item
	if !a.phoneUsable() {
		return true, campaigns.Errorf(campaigns.CodeConflict, "the phone is down")
	}
	a.preview.shown = nil
	done, err := a.dialWish(manualWish{campaignID: item.CampaignID, contactID: item.ContactID, item: &item}, campaigns.AgentReady, "", reply)
	if done && err != nil {
		a.d.giveBack(item)
	}
	return done, err
}

// skipPreview lets the candidate that is shown rest.
func (a *agentActor) skipPreview(reason string, reply replyFunc) {
	p := a.preview.shown
	a.preview.shown = nil
	skip := campaigns.Skip{
		CampaignID: p.item.CampaignID, CandidateID: p.item.CandidateID, AgentID: a.id, Reason: reason, Delay: p.skip,
	}
	a.log.Info("candidate skipped", "campaign", skip.CampaignID, "candidate", skip.CandidateID, "reason", reason)
	spawned := a.async(func(ctx context.Context) func() {
		err := a.d.o.Gate.Skip(ctx, skip)
		if err == nil || campaigns.CodeOf(err) == campaigns.CodeConflict {
			a.d.settle(p.item)
		} else {
			a.d.giveBack(p.item)
		}
		return func() { reply(campaigns.AgentReply{Rev: a.rev}, err) }
	})
	if !spawned {
		a.d.giveBack(p.item)
		reply(campaigns.AgentReply{Rev: a.rev}, errStopping)
	}
	a.become(campaigns.AgentReady, "")
	a.tell("state.changed")
}
