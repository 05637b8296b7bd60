package dialer

import (
	"context"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// replyFunc answers one command; it is called exactly once and never blocks.
type replyFunc func(campaigns.AgentReply, error)

// command carries out one command of the agent's screen.
func (a *agentActor) command(session string, cmd campaigns.AgentCommand, reply replyFunc) {
	if a.gone {
		reply(campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeConflict, "the agent is signed out"))
		return
	}
	if session != a.session {
		reply(campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeConflict, "another tab took over"))
		return
	}
	reply, fresh := a.replies.begin(cmd, reply)
	if !fresh {
		return
	}
	guarded := cmd.Kind == "state.set" || cmd.Kind == "call.result"
	if guarded && cmd.Rev != 0 && cmd.Rev != a.rev {
		reply(campaigns.AgentReply{Rev: a.rev, Body: a.snapshot()}, campaigns.Errorf(campaigns.CodeStale, "revision %d is old, the state is at %d", cmd.Rev, a.rev))
		return
	}
	if done, err := a.carryOut(cmd, reply); done {
		reply(campaigns.AgentReply{Rev: a.rev}, err)
	}
}

// carryOut does what the command's kind asks for; done is false when the
// reply comes later.
func (a *agentActor) carryOut(cmd campaigns.AgentCommand, reply replyFunc) (done bool, err error) {
	switch cmd.Kind {
	case "state.set":
		return true, a.stateSet(cmd)
	case "call.hangup":
		return true, a.inCall(cmd, call.HangUp)
	case "call.hold":
		return true, a.inCall(cmd, call.Hold, campaigns.StageTalking)
	case "call.resume":
		return true, a.inCall(cmd, call.Resume, campaigns.StageHold)
	case "call.answer":
		return true, a.answer(cmd)
	case "call.mute":
		return true, a.mute(cmd)
	case "call.dtmf":
		return true, a.dtmf(cmd)
	case "call.draft":
		return true, a.saveDraft(cmd)
	case "call.result":
		return a.result(cmd, reply)
	case "contact.find":
		return a.findContact(cmd, reply)
	case "contact.create":
		return a.createContact(cmd, reply)
	case "contact.bind":
		return true, a.bindContact(cmd)
	case "dial.manual":
		return a.dialManual(cmd, reply)
	case "preview.dial":
		if err := a.thePreview(cmd); err != nil {
			return true, err
		}
		return a.dialPreview(reply)
	case "preview.skip":
		if err := a.thePreview(cmd); err != nil {
			return true, err
		}
		a.skipPreview(cmd.Reason, reply)
		return false, nil
	default:
		return true, campaigns.Invalid("kind", "%q is no command of an agent", cmd.Kind)
	}
}

func (a *agentActor) stateSet(cmd campaigns.AgentCommand) error {
	if cmd.Next {
		if cmd.State != campaigns.AgentReady && cmd.State != campaigns.AgentNotReady {
			return campaigns.Invalid("state", "%q is not one of ready, not_ready", cmd.State)
		}
		a.next, a.nextReason = cmd.State, cmd.Reason
		if cmd.State == campaigns.AgentNotReady && cmd.Reason == "" {
			a.nextReason = reasonBreak
		}
		a.tell("state.changed")
		return nil
	}
	switch a.state {
	case campaigns.AgentReady, campaigns.AgentNotReady, campaigns.AgentPreview:
	case campaigns.AgentWrapUp:
		return campaigns.Errorf(campaigns.CodeConflict, "the result of the last call is owed")
	default:
		return campaigns.Errorf(campaigns.CodeConflict, "in state %s only the state after this call can be chosen", a.state)
	}
	switch cmd.State {
	case campaigns.AgentReady:
		a.away = false
		if a.state != campaigns.AgentReady {
			a.become(campaigns.AgentReady, "")
		}
	case campaigns.AgentNotReady:
		reason := cmd.Reason
		if reason == "" {
			reason = reasonBreak
		}
		a.wantReady = false
		a.setState(campaigns.AgentNotReady, reason)
	case campaigns.AgentOffline:
		a.signOut()
		return nil
	default:
		return campaigns.Invalid("state", "%q is not one of ready, not_ready, offline", cmd.State)
	}
	a.tell("state.changed")
	return nil
}

// theCall checks that the command is about the agent's call.
func (a *agentActor) theCall(cmd campaigns.AgentCommand) error {
	if a.call == nil || cmd.CallID != "" && cmd.CallID != a.call.id {
		return campaigns.Errorf(campaigns.CodeConflict, "there is no such call now")
	}
	return nil
}

// inCall passes a wish to the call, if the call's stage as shown allows it;
// whether it still fits when it gets there is the call's own affair.
func (a *agentActor) inCall(cmd campaigns.AgentCommand, kind call.InputKind, stages ...campaigns.CallStage) error {
	if err := a.theCall(cmd); err != nil {
		return err
	}
	if len(stages) > 0 && (a.view == nil || !slices.Contains(stages, a.view.Stage)) {
		return campaigns.Errorf(campaigns.CodeConflict, "the call is not in a stage for that")
	}
	if !a.call.step(call.Input{Kind: kind}) {
		return campaigns.Errorf(campaigns.CodeConflict, "the call has just ended")
	}
	return nil
}

// answer is for agents whose phone is rung per call: they pick it up.
func (a *agentActor) answer(cmd campaigns.AgentCommand) error {
	if err := a.theCall(cmd); err != nil {
		return err
	}
	if a.state == campaigns.AgentReserved && a.phoneState == campaigns.PhoneOnDemand {
		return campaigns.Errorf(campaigns.CodeConflict, "pick up your phone, it is ringing")
	}
	return nil
}

func (a *agentActor) mute(cmd campaigns.AgentCommand) error {
	if err := a.theCall(cmd); err != nil {
		return err
	}
	a.call.mute(cmd.Muted)
	if a.view != nil {
		view := *a.view
		view.Muted = cmd.Muted
		a.view = &view
	}
	a.tell("call.updated")
	return nil
}

func (a *agentActor) dtmf(cmd campaigns.AgentCommand) error {
	if err := a.theCall(cmd); err != nil {
		return err
	}
	if cmd.Digits == "" || len(cmd.Digits) > 32 || strings.Trim(cmd.Digits, "0123456789*#ABCD") != "" {
		return campaigns.Invalid("digits", "%q is not 1 to 32 of 0-9 * # A-D", cmd.Digits)
	}
	a.call.dtmf(cmd.Digits)
	return nil
}

// dialManual reserves the agent for a call of their own making.
func (a *agentActor) dialManual(cmd campaigns.AgentCommand, reply replyFunc) (bool, error) {
	switch {
	case a.d.draining():
		return true, errStopping
	case a.state != campaigns.AgentReady && a.state != campaigns.AgentNotReady:
		return true, campaigns.Errorf(campaigns.CodeConflict, "in state %s no call can be made", a.state)
	case a.call != nil:
		return true, campaigns.Errorf(campaigns.CodeConflict, "there is a call already")
	case !a.phoneUsable():
		return true, campaigns.Errorf(campaigns.CodeConflict, "the phone is down")
	case cmd.Number == "" && cmd.Contact == 0:
		return true, campaigns.Invalid("number", "neither a number nor a contact is given")
	}
	if _, ok := a.d.book.get(cmd.Campaign); !ok {
		return true, campaigns.Invalid("campaign", "there is no open campaign %d", cmd.Campaign)
	}
	return a.dialWish(manualWish{campaignID: cmd.Campaign, contactID: cmd.Contact, number: cmd.Number}, a.state, a.reason, reply)
}

// dialWish launches the call of the agent's wish; when it comes to nothing, the
// agent goes back to the state before.
func (a *agentActor) dialWish(wish manualWish, before campaigns.AgentState, beforeReason string, reply replyFunc) (bool, error) {
	l := a.lend()
	atOnce := l.media == nil
	wish.reserved = func(err error) {
		a.mail.postFinal(func() {
			switch {
			case !atOnce:
				reply(campaigns.AgentReply{Rev: a.rev}, err)
			case err != nil:
				a.tellText("agent.message", err.Error())
			}
		})
	}
	c := a.d.newManual(l, wish)
	a.setState(campaigns.AgentReserved, reasonManual)
	a.before, a.beforeReason = before, beforeReason
	a.call = c
	view := c.view(campaigns.StageDialing)
	a.view = &view
	if !c.launch(a.d.o.Limits.Calls) {
		c.alarms.end()
		a.call, a.view = nil, nil
		a.become(before, beforeReason)
		a.publish()
		return true, campaigns.Errorf(campaigns.CodeUnavailable, "the node takes no more calls now")
	}
	a.tell("call.updated")
	return atOnce, nil
}

// async carries out work beside the actor, bounded in time; what it gives back
// is done by the actor.
func (a *agentActor) async(work func(context.Context) func()) bool {
	return a.d.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.d.o.Timings.Store)
		defer cancel()
		a.mail.postFinal(work(ctx))
	})
}

var errStopping = campaigns.Errorf(campaigns.CodeUnavailable, "the node is stopping")

func (a *agentActor) findContact(cmd campaigns.AgentCommand, reply replyFunc) (bool, error) {
	ok := a.async(func(ctx context.Context) func() {
		found, err := a.d.o.Directory.FindContacts(ctx, cmd.Number)
		return func() { reply(campaigns.AgentReply{Rev: a.rev, Body: found}, err) }
	})
	if !ok {
		return true, errStopping
	}
	return false, nil
}

// replies remember the last commands that succeeded or are under way, so that
// a resent one is not carried out twice.
type replies struct {
	byID  map[string]*remembered
	order []string
}

type remembered struct {
	kind    string
	done    bool
	reply   campaigns.AgentReply
	waiting []replyFunc
	at      time.Time
}

// repliesKept bounds the memory of one agent's commands.
const repliesKept = 128

func newReplies() *replies { return &replies{byID: make(map[string]*remembered)} }

// begin gives the function that answers the command, and whether it is to be
// carried out: a known one is answered, or waits with the first.
func (r *replies) begin(cmd campaigns.AgentCommand, reply replyFunc) (replyFunc, bool) {
	if cmd.ID == "" || cmd.Kind == "contact.find" {
		return reply, true
	}
	if m, known := r.byID[cmd.ID]; known {
		switch {
		case m.kind != cmd.Kind:
			reply(campaigns.AgentReply{}, campaigns.Errorf(campaigns.CodeConflict, "the id belongs to another command"))
		case m.done:
			reply(m.reply, nil)
		default:
			m.waiting = append(m.waiting, reply)
		}
		return nil, false
	}
	m := &remembered{kind: cmd.Kind, waiting: []replyFunc{reply}, at: time.Now()}
	r.byID[cmd.ID] = m
	r.order = append(r.order, cmd.ID)
	if len(r.order) > repliesKept && r.byID[r.order[0]].done {
		delete(r.byID, r.order[0])
		r.order = r.order[1:]
	}
	return func(answer campaigns.AgentReply, err error) {
		waiting := m.waiting
		m.waiting = nil
		if err == nil {
			m.done, m.reply = true, answer
		} else {
			r.forget(cmd.ID)
		}
		for _, f := range waiting {
			f(answer, err)
		}
	}, true
}

// forget lets a failed command be sent again.
func (r *replies) forget(id string) {
	delete(r.byID, id)
	for i, known := range r.order {
		if known == id {
			r.order = append(r.order[:i], r.order[i+1:]...)
			return
		}
	}
}
