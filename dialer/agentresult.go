package dialer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"ringmaster/campaigns"
)

// result takes the agent's word on a call: at once in wrap-up, kept until the
// call's end while talking. A result for an earlier call of the agent, left
// open by a lost session, goes to the store as it is.
func (a *agentActor) result(cmd campaigns.AgentCommand, reply replyFunc) (bool, error) {
	r := cmd.Result
	r.AgentID = a.id
	if r.CommandID == "" {
		r.CommandID = cmd.ID
	}
	if r.CallID == "" {
		r.CallID = cmd.CallID
	}
	if r.CallID == "" && a.view != nil {
		r.CallID = a.view.CallID
	}
	switch {
	case r.CommandID == "":
		return true, campaigns.Invalid("id", "a result needs an idempotency key")
	case r.Disposition == "" || r.Disposition.System():
		return true, campaigns.Invalid("disposition", "%q is not for agents to give", r.Disposition)
	case r.CallID == "":
		return true, campaigns.Errorf(campaigns.CodeConflict, "there is no call to give a result for")
	case a.committing:
		return true, campaigns.Errorf(campaigns.CodeUnavailable, "a result is being stored")
	}
	if r.BodyHash == "" {
		r.BodyHash = hashResult(r)
	}
	mine := a.view != nil && a.view.CallID == r.CallID
	switch {
	case mine && a.state == campaigns.AgentTalking:
		a.pending = &r
		a.rev++
		a.nearlyDone()
		reply(campaigns.AgentReply{Rev: a.rev, Body: campaigns.ResultReply{CallID: r.CallID, Disposition: r.Disposition}}, nil)
		return false, nil
	case mine && a.state != campaigns.AgentWrapUp:
		return true, campaigns.Errorf(campaigns.CodeConflict, "the call is not connected")
	}
	if !a.commit(r, reply) {
		return true, errStopping
	}
	return false, nil
}

// hashResult tells a resent body from another under the same key.
func hashResult(r campaigns.Result) string {
	r.AgentID, r.CommandID, r.WrapUp, r.TalkTime, r.HoldTime = 0, "", 0, 0, 0
	body, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// commit stores the result after the facts of its call.
func (a *agentActor) commit(r campaigns.Result, reply replyFunc) bool {
	began := time.Now()
	if a.view != nil && a.view.CallID == r.CallID {
		r.WrapUp, r.TalkTime, r.HoldTime = time.Since(a.entered), a.talk, a.hold
		a.nearlyDone()
	}
	a.committing = true
	ok := a.async(func(ctx context.Context) func() {
		var stored campaigns.ResultReply
		err := a.d.facts.flush(ctx)
		if err == nil {
			stored, err = a.d.o.Recorder.CommitResult(ctx, r)
		}
		if err == nil {
			a.d.metrics.resultCommit.Observe(time.Since(began).Seconds())
		}
		return func() { a.committed(r, stored, err, reply) }
	})
	if !ok {
		a.committing = false
	}
	return ok
}

// committed ends wrap-up once the result is stored.
func (a *agentActor) committed(r campaigns.Result, stored campaigns.ResultReply, err error, reply replyFunc) {
	a.committing = false
	if err != nil {
		a.log.Warn("result not stored", "call", r.CallID, "error", err)
		reply(campaigns.AgentReply{Rev: a.rev}, err)
		return
	}
	if !stored.Replayed {
		a.today.Results++
	}
	if a.view != nil && a.view.CallID == r.CallID && a.state == campaigns.AgentWrapUp {
		a.d.tally.result(a.view.CampaignID, r.Disposition)
		a.view, a.pending, a.retry = nil, nil, 0
		a.talk, a.hold = 0, 0
		a.goOn()
	}
	a.tell("state.changed")
	reply(campaigns.AgentReply{Rev: a.rev, Body: stored}, nil)
}

// commitPending stores a result that was given while talking, again and again
// while the store is away; the agent stays in wrap-up until then.
func (a *agentActor) commitPending() {
	if a.pending == nil || a.committing || a.gone {
		return
	}
	a.commit(*a.pending, func(_ campaigns.AgentReply, err error) {
		switch {
		case err == nil:
		case campaigns.CodeOf(err) == campaigns.CodeUnavailable:
			a.retry = min(max(2*a.retry, 200*time.Millisecond), 5*time.Second)
			a.alarms.start(alarmCommit, a.retry)
		default:
			a.pending = nil
			a.tellText("agent.message", err.Error())
		}
	})
}

// draftKeeper writes the newest draft, one at a time.
type draftKeeper struct {
	saving bool
	next   *campaigns.Draft
}

// saveDraft keeps an unfinished result: in memory at once, in the store as
// soon as the one before is written.
func (a *agentActor) saveDraft(cmd campaigns.AgentCommand) error {
	if a.view == nil || cmd.CallID != "" && cmd.CallID != a.view.CallID {
		return campaigns.Errorf(campaigns.CodeConflict, "there is no such call now")
	}
	if !json.Valid(cmd.Draft) {
		return campaigns.Invalid("draft", "it is no JSON")
	}
	view := *a.view
	view.Draft = cmd.Draft
	a.view = &view
	a.draft.next = &campaigns.Draft{CallID: view.CallID, Body: cmd.Draft}
	a.nearlyDone()
	a.writeDraft()
	return nil
}

func (a *agentActor) writeDraft() {
	if a.draft.saving || a.draft.next == nil || a.state != campaigns.AgentTalking && a.state != campaigns.AgentWrapUp {
		return
	}
	draft := *a.draft.next
	a.draft.next = nil
	a.draft.saving = a.async(func(ctx context.Context) func() {
		err := a.d.facts.flush(ctx)
		if err == nil {
			err = a.d.o.Recorder.SaveDraft(ctx, draft)
		}
		return func() {
			a.draft.saving = false
			if err != nil {
				a.log.Warn("draft not stored", "call", draft.CallID, "error", err)
			}
			a.writeDraft()
		}
	})
}

// createContact makes a person of an unknown caller and binds the call to it.
// The command's draft is the contact as JSON; without a number it gets the
// caller's.
func (a *agentActor) createContact(cmd campaigns.AgentCommand, reply replyFunc) (bool, error) {
	var person campaigns.Contact
	if len(cmd.Draft) > 0 {
		if err := json.Unmarshal(cmd.Draft, &person); err != nil {
			return true, campaigns.Invalid("contact", "it is no contact: %v", err)
		}
	}
	caller := a.view != nil && a.view.Direction == campaigns.Inbound
	if len(person.Numbers) == 0 && caller {
		person.Numbers = []campaigns.ContactNumber{{E164: a.view.Number}}
	}
	ok := a.async(func(ctx context.Context) func() {
		made, err := a.d.o.Directory.CreateContact(ctx, person)
		return func() {
			if err == nil && a.view != nil && a.view.Direction == campaigns.Inbound {
				a.bind(made.ID)
			}
			reply(campaigns.AgentReply{Rev: a.rev, Body: made}, err)
		}
	})
	if !ok {
		return true, errStopping
	}
	return false, nil
}

// bindContact says who an inbound caller is.
func (a *agentActor) bindContact(cmd campaigns.AgentCommand) error {
	switch {
	case a.view == nil || cmd.CallID != "" && cmd.CallID != a.view.CallID:
		return campaigns.Errorf(campaigns.CodeConflict, "there is no such call now")
	case a.view.Direction != campaigns.Inbound:
		return campaigns.Errorf(campaigns.CodeConflict, "the person of an outbound call is known")
	case cmd.Contact == 0:
		return campaigns.Invalid("contact", "none given")
	}
	a.bind(cmd.Contact)
	return nil
}

// bind records the person of the agent's inbound call and renews the pop.
func (a *agentActor) bind(contactID int64) {
	id := a.view.CallID
	a.d.record(campaigns.Event{
		Kind: campaigns.CallIdentified, At: a.d.now(), Node: a.d.o.Node, Epoch: a.viewEpoch, CallID: id,
		CampaignID: a.view.CampaignID, ContactID: contactID, AgentID: a.id, Direction: campaigns.Inbound,
	})
	q := PopQuery{CampaignID: a.view.CampaignID, ContactID: contactID, AgentID: a.id}
	a.async(func(ctx context.Context) func() {
		pop, err := a.d.o.Directory.Pop(ctx, q)
		return func() {
			if err != nil {
				a.log.Warn("no screen pop", "call", id, "error", err)
				return
			}
			if a.view == nil || a.view.CallID != id {
				return
			}
			view := *a.view
			view.Pop = a.addressed(&pop)
			a.view = &view
			a.tell("call.updated")
		}
	})
}
