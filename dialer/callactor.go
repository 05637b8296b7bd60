package dialer

import (
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
	"ringmaster/dialer/trunk"
)

// Mailbox sizes of one call: DTMF and early media fill the ordinary slots,
// what ends legs or moves agents uses the reserved ones.
const (
	callMail        = 128
	callMailReserve = 128
)

// callLeg is a dialog with its media.
type callLeg struct {
	dialog Dialog
	media  MediaLeg
}

// lent is an agent's share in a call while reserved for it.
type lent struct {
	actor *agentActor
	id    int64
	name  string
	// media is the open line of a nailed-up phone, nil for one that is rung
	// per call at the address phone.
	media MediaLeg
	phone string
}

// callActor owns one call: its machine, its dialogs, its media. One goroutine
// runs it; everyone else posts.
type callActor struct {
	d       *Dialer
	id      campaigns.CallID
	kind    call.Kind
	machine *call.Machine
	mail    *mailbox
	alarms  *alarms[call.Timer]
	log     *slog.Logger

	attempt     campaigns.Attempt
	epoch       int64
	claimedAt   time.Time
	campaignID  int64
	candidateID int64
	contactID   int64
	numberID    int64
	// number is the customer's, as shown to agents.
	number string
	// in, queue and identity belong to inbound calls, wish to manual ones.
	in       *Incoming
	queue    QueueConfig
	identity Identity
	wish     *manualWish

	route    *trunk.Lease
	routed   bool // a trunk gave its channel, or none will
	callerID string
	failed   leg.Facts // of the last try that a trunk ended
	customer callLeg
	phone    callLeg
	// inbound media, for re-INVITEs that come on other goroutines.
	reofferTo atomic.Pointer[MediaLeg]
	agent     *lent
	late      *lent // came when the call had no use for an agent
	bridge    MediaBridge
	muted     bool

	pop                   *campaigns.Pop
	reservedAt, bridgedAt time.Time
	answeredAt, endedAt   *time.Time // business time
	bridgedBusiness       *time.Time
	opened                bool
	launchedAt            time.Time
	dropTold              bool // to pacing

	// What wreck must know.
	attemptEnded, bridgeTold, closed, wrecked bool

	inputs   []call.Input
	stepping bool
	note     callNote
}

func (d *Dialer) newCall(kind call.Kind, plan call.Plan) *callActor {
	id := d.mintID()
	c := &callActor{
		d: d, id: id, kind: kind, alarms: newAlarms[call.Timer](),
		mail: newMailbox(callMail, callMailReserve, d.metrics.mailboxFull.WithLabelValues("call").Inc),
		log:  d.log.With("call", id),
	}
	plan.Kind, plan.Tries = kind, trunkTries
	plan.Judge = c.judge
	plan.AgentRing, plan.MessageLimit = d.o.Timings.AgentRing, d.o.Timings.Message
	if plan.RingTimeout <= 0 {
		plan.RingTimeout = d.o.Timings.RingTimeout
	}
	if plan.ConnectLimit <= 0 {
		plan.ConnectLimit = d.o.Timings.ConnectLimit
	}
	c.machine = call.NewMachine(plan)
	c.note = callNote{kind: kind, phase: call.New}
	return c
}

// trunkTries: a second trunk is tried on a definite trunk fault, and at most
// one more after it.
const trunkTries = 3

// launch registers the call and starts its goroutine; false when the node is
// full or draining.
func (c *callActor) launch(limit int) bool {
	c.note.campaignID, c.note.contactID, c.note.numberID = c.campaignID, c.contactID, c.numberID
	c.note.queue = c.queue.Name
	c.launchedAt = time.Now()
	c.note.paced = c.pacedNote()
	if !c.d.calls.add(c, c.note, limit) {
		return false
	}
	if !c.d.spawn(c.run) {
		c.d.calls.remove(c.id)
		return false
	}
	return true
}

// run is the call's goroutine, until nothing is left of the call.
func (c *callActor) run() {
	defer c.finish()
	defer func() {
		// A defect in one call must not end all the others.
		if r := recover(); r != nil {
			c.log.Error("call actor failed", "panic", r, "stack", string(debug.Stack()))
			c.wreck()
		}
	}()
	c.take(call.Input{Kind: call.Begin})
	for !c.machine.Finished() {
		select {
		case <-c.mail.wake:
			for _, f := range c.mail.take() {
				f()
			}
		case <-c.alarms.wait():
			for t, ok := c.alarms.due(); ok; t, ok = c.alarms.due() {
				c.expired(t)
			}
		}
	}
}

// finish hands back what the call held; what was posted too late is answered.
func (c *callActor) finish() {
	late := c.mail.close()
	if !c.wrecked {
		for _, f := range late {
			f()
		}
	}
	c.alarms.end()
	c.releaseRoute()
	for _, l := range []callLeg{c.customer, c.phone} {
		if l.media != nil {
			l.media.Close()
		}
	}
	c.d.calls.remove(c.id)
	c.d.wakePacer()
	c.d.touch()
}

// wreck ends what a failed actor left: the legs go down, the agent is free,
// and the store is told what can still be told.
func (c *callActor) wreck() {
	c.wrecked = true
	defer func() {
		if r := recover(); r != nil {
			c.log.Error("failed call not cleared", "panic", r)
		}
	}()
	c.d.floor.unseek(c.id)
	for _, l := range []callLeg{c.customer, c.phone} {
		if l.dialog != nil {
			l.dialog.HangUp(0, "internal error")
		}
	}
	c.part()
	if c.opened && c.endedAt == nil {
		c.emit(campaigns.Event{Kind: campaigns.CallEnded, EndedBy: campaigns.EndedBySystem})
	}
	if c.attempt.ID != 0 && !c.attemptEnded {
		c.emit(campaigns.Event{Kind: campaigns.AttemptEnded, End: &campaigns.AttemptEnd{
			Outcome: campaigns.OutcomeUnknown, Detail: "internal error",
		}})
	}
	if c.opened && !c.bridgeTold && !c.closed {
		c.emit(campaigns.Event{Kind: campaigns.CallClosed, Disposition: campaigns.SystemHungUp})
	}
	if c.agent != nil {
		r := release{how: call.Unused, by: campaigns.EndedBySystem, endedAt: c.endedAt}
		if c.bridgeTold {
			r.how = call.Owed
		}
		c.agent.actor.released(c, r)
	}
}

// step gives the call an input from any goroutine; false when it is over.
func (c *callActor) step(in call.Input) bool {
	return c.mail.postFinal(func() { c.take(in) })
}

// take steps the machine and carries out its commands; an input that comes up
// meanwhile waits its turn.
func (c *callActor) take(in call.Input) {
	c.inputs = append(c.inputs, in)
	if c.stepping {
		return
	}
	c.stepping = true
	for len(c.inputs) > 0 {
		next := c.inputs[0]
		c.inputs = c.inputs[1:]
		for _, cmd := range c.machine.Step(time.Now(), next) {
			c.exec(cmd)
		}
	}
	c.stepping = false
	c.tellRegistry()
}

func (c *callActor) tellRegistry() {
	n := callNote{
		kind: c.kind, phase: c.machine.Phase(), ringing: c.machine.Ringing(), routed: c.routed, campaignID: c.campaignID,
		contactID: c.contactID, numberID: c.numberID, agentID: c.machine.AgentID(), queue: c.queue.Name,
		since: c.machine.Answered(), paced: c.pacedNote(),
	}
	if n == c.note {
		return
	}
	moved := n.phase != c.note.phase
	c.note = n
	c.d.calls.note(c.id, n)
	c.d.touch()
	if moved {
		c.d.wakePacer()
	}
}

// reserved offers the call an agent who reserved itself for it; false when
// the call is over.
func (c *callActor) reserved(l *lent) bool {
	return c.mail.postFinal(func() {
		if c.agent == nil {
			c.agent, c.reservedAt = l, time.Now()
		} else {
			c.late = l
		}
		c.take(call.Input{Kind: call.AgentReserved, AgentID: l.id, Nailed: l.media != nil})
	})
}

// view is the call as its agent sees it.
func (c *callActor) view(stage campaigns.CallStage) campaigns.CallView {
	v := campaigns.CallView{
		CallID: c.id, Direction: campaigns.Outbound, Stage: stage, CampaignID: c.campaignID,
		Campaign: c.d.book.name(c.campaignID), Number: c.number, Queue: c.queue.Name, Pop: c.pop,
		AnsweredAt: c.answeredAt, BridgedAt: c.bridgedBusiness, EndedAt: c.endedAt,
	}
	if c.kind == call.Inbound {
		v.Direction = campaigns.Inbound
	}
	return v
}
