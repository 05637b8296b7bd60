package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// agent makes an agent.
func (h *house) agent(name string) int64 {
	h.t.Helper()
	u, err := h.store.CreateUser(context.WithoutCancel(h.t.Context()), campaigns.User{Name: name, Role: campaigns.RoleAgent}, "")
	h.must(err)
	return u.ID
}

// record writes facts, with the time and the owner where they name none.
func (h *house) record(facts ...campaigns.Event) {
	h.t.Helper()
	for i := range facts {
		f := &facts[i]
		if f.At.IsZero() {
			f.At = h.store.Clock().Now()
		}
		if f.Node == "" {
			f.Node, f.Epoch = h.owner.Node, h.owner.Epoch
		}
	}
	h.must(h.store.Record(context.WithoutCancel(h.t.Context()), facts))
}

// talked reserves an attempt for the person, has the agent talk, and ends the
// call: it waits for its result.
func (h *house) talked(p postgrestest.Person, agent int64, call campaigns.CallID) campaigns.Attempt {
	h.t.Helper()
	a := h.attempt(p)
	h.record(
		campaigns.Event{Kind: campaigns.AttemptSent, AttemptID: a.ID, Trunk: "t", SIPCallID: string(call), Latency: time.Millisecond},
		campaigns.Event{Kind: campaigns.AttemptAnswered, AttemptID: a.ID, CallID: call},
		campaigns.Event{Kind: campaigns.CallBridged, CallID: call, AgentID: agent, Latency: 2 * time.Millisecond},
		campaigns.Event{Kind: campaigns.CallEnded, CallID: call, EndedBy: campaigns.EndedByCustomer, Talk: time.Minute},
		campaigns.Event{Kind: campaigns.AttemptEnded, AttemptID: a.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeAnswered, SIPCode: 200}},
	)
	return a
}

// cameIn lets a person call in and be served by the agent; without a person the
// caller is unknown.
func (h *house) cameIn(p postgrestest.Person, campaignID, agent int64, call campaigns.CallID) {
	h.t.Helper()
	h.record(
		campaigns.Event{Kind: campaigns.CallArrived, CallID: call, CampaignID: campaignID, ContactID: p.ContactID, NumberID: p.NumberID, Queue: "service", Caller: "+12125550199"},
		campaigns.Event{Kind: campaigns.CallBridged, CallID: call, AgentID: agent},
		campaigns.Event{Kind: campaigns.CallEnded, CallID: call, EndedBy: campaigns.EndedByCustomer},
	)
}

func (h *house) result(agent int64, call campaigns.CallID, d campaigns.Disposition) campaigns.Result {
	return campaigns.Result{AgentID: agent, CommandID: "cmd-" + string(call), CallID: call, BodyHash: string(d), Disposition: d}
}

func (h *house) commit(r campaigns.Result) campaigns.ResultReply {
	h.t.Helper()
	reply, err := h.store.CommitResult(context.WithoutCancel(h.t.Context()), r)
	h.must(err)
	return reply
}

func TestAResultClosesTheCallAndMovesTheCandidate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ann")
	day := 24 * time.Hour
	for i, c := range []struct {
		disposition campaigns.Disposition
		reason      string
		state       campaigns.CandidateState
		because     string
		due         time.Duration
	}{
		{campaigns.DispositionSale, "", campaigns.CandidateDone, "sale", 0},
		{campaigns.DispositionNotInterested, "price", campaigns.CandidateDone, "not_interested", 0},
		{campaigns.DispositionNotAvailable, "", campaigns.CandidateResting, "not_available", day},
		{campaigns.DispositionCallback, "", campaigns.CandidateCallback, "callback", day},
		{campaigns.DispositionWrongPerson, "", campaigns.CandidateDone, "wrong_person", 0},
		{campaigns.DispositionComplaint, "", campaigns.CandidateBlocked, "open_complaint", 0},
		{campaigns.DispositionDoNotCall, "", campaigns.CandidateBlocked, "do_not_call", 0},
	} {
		p, call := h.queued(1)[0], callID(i)
		h.talked(p, agent, call)
		r := h.result(agent, call, c.disposition)
		r.Reason, r.Notes, r.WrapUp, r.HoldTime = c.reason, "noted", 3*time.Second, time.Second
		if c.disposition == campaigns.DispositionCallback {
			r.CallbackAt = h.ago(-day)
		}
		reply := h.commit(r)
		if reply.Replayed || reply.Disposition != c.disposition || reply.Candidate != c.state || (reply.DueAt != nil) != (c.due != 0) {
			t.Errorf("%s: reply %+v", c.disposition, reply)
		}
		if got := h.read(`select disposition, disposition_reason, notes, agent_id = $2, wrap_up_ms, talk_ms, hold_ms, closed_at is not null from calls where id = $1`, call, agent); got !=
			string(c.disposition)+" "+c.reason+" noted true 3000 60000 1000 true" {
			t.Errorf("%s: call is %q", c.disposition, got)
		}
		if got := h.read(`select state, reason, attempts, round((rank - number_id)::numeric, 3)::text, agent_id is null from candidates where id = $1`, p.CandidateID); got !=
			string(c.state)+" "+c.because+" 1 -0.322 true" {
			t.Errorf("%s: candidate is %q", c.disposition, got)
		}
		if c.due != 0 {
			if left := reply.DueAt.Sub(h.store.Clock().Now()); left > c.due || left < c.due-time.Minute {
				t.Errorf("%s: due in %s", c.disposition, left)
			}
		}
	}
}

func TestAResultThatIsWrongIsNamedAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, other := h.agent("ann"), h.agent("bob")
	call, running, closed := callID(1), callID(2), callID(3)
	people := h.queued(3)
	h.talked(people[0], agent, call)
	a := h.attempt(people[1])
	h.record(campaigns.Event{Kind: campaigns.AttemptAnswered, AttemptID: a.ID, CallID: running})
	h.talked(people[2], agent, closed)
	h.commit(h.result(agent, closed, campaigns.DispositionSale))
	before := h.read(`select state, reason from candidates order by id`)
	change := func(id campaigns.CallID, d campaigns.Disposition, f func(*campaigns.Result)) campaigns.Result {
		r := h.result(agent, id, d)
		r.CommandID = "wrong"
		if f != nil {
			f(&r)
		}
		return r
	}
	at := func(when time.Time) func(*campaigns.Result) {
		return func(r *campaigns.Result) { r.CallbackAt = when }
	}
	for _, c := range []struct {
		r    campaigns.Result
		code campaigns.Code
		text string
	}{
		{change(call, "lottery", nil), campaigns.CodeInvalid, `disposition: "lottery"`},
		{change(call, campaigns.SystemHungUp, nil), campaigns.CodeInvalid, "disposition:"},
		{change(call, campaigns.DispositionNotInterested, nil), campaigns.CodeInvalid, "reason:"},
		{change(call, campaigns.DispositionNotInterested, func(r *campaigns.Result) { r.Reason = "weather" }), campaigns.CodeInvalid, `reason: "weather"`},
		{change(call, campaigns.DispositionCallback, nil), campaigns.CodeInvalid, "callback_at: is missing"},
		{change(call, campaigns.DispositionCallback, at(h.ago(time.Minute))), campaigns.CodeInvalid, "callback_at:"},
		{change(call, campaigns.DispositionCallback, at(h.ago(-12*time.Hour))), campaigns.CodeInvalid, "the next allowed time is 2026-03-04T13:00:00Z"},
		{change(call, campaigns.DispositionSale, func(r *campaigns.Result) { r.AgentID = other }), campaigns.CodeForbidden, "another agent"},
		{change(call, campaigns.DispositionSale, func(r *campaigns.Result) { r.ContactID = 1 << 40 }), campaigns.CodeInvalid, "contact_id:"},
		{change(call, campaigns.DispositionSale, func(r *campaigns.Result) { r.Notes = "a\x00b" }), campaigns.CodeInvalid, "no text"},
		{change(callID(9), campaigns.DispositionSale, nil), campaigns.CodeNotFound, "no call"},
		{change(running, campaigns.DispositionSale, nil), campaigns.CodeConflict, "not ended"},
		{change(closed, campaigns.DispositionSale, nil), campaigns.CodeConflict, "its result already: sale"},
	} {
		_, err := h.store.CommitResult(t.Context(), c.r)
		h.code(err, c.code, c.text)
	}
	if got := h.read(`select state, reason from candidates order by id`); got != before {
		t.Errorf("candidates are %q, were %q", got, before)
	}
	if got := h.read(`select count(*), count(closed_at) from calls`); got != "3 1" {
		t.Errorf("calls and closed ones: %s", got)
	}
}

func TestOneCommandIsCommittedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p, call := h.agent("ann"), h.queued(1)[0], callID(1)
	h.talked(p, agent, call)
	r := h.result(agent, call, campaigns.DispositionDoNotCall)
	var replies [50]campaigns.ResultReply
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() {
			var err error
			if replies[i], err = h.store.CommitResult(t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first := 0
	for _, reply := range replies {
		if !reply.Replayed {
			first++
		}
		if reply.CallID != call || reply.Candidate != campaigns.CandidateBlocked {
			t.Errorf("reply %+v", reply)
		}
	}
	if first != 1 {
		t.Errorf("%d of them were the first", first)
	}
	if got := h.read(`select (select count(*) from agent_commands), (select count(*) from suppressions), (select attempts from candidates)`); got != "1 1 1" {
		t.Errorf("commands, entries, attempts: %s", got)
	}
	r.BodyHash = "another"
	_, err := h.store.CommitResult(t.Context(), r)
	h.code(err, campaigns.CodeConflict, "used for another result")
}

func TestWhoAsksNotToBeCalledIsNotCalledAnywhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	neighbour := h.sharing(&p)
	own := h.number(p, "+12125559999", 2)
	office := h.number(p, "+12125558888", 3)
	h.exec(`update numbers set shared = true where id = $1`, office)
	elsewhere := p
	elsewhere.NumberID = own
	elsewhere = h.also(postgrestest.Campaign(t, h.store, "other"), elsewhere, campaigns.CandidateReady)
	h.talked(p, agent, callID(1))
	h.commit(h.result(agent, callID(1), campaigns.DispositionDoNotCall))
	if got := h.read(`select n.e164, s.campaign_id is null, s.expires_at is null from suppressions s join numbers n on n.hmac = s.number_hmac order by n.e164`); got !=
		"+12125550000 true true\n+12125559999 true true" {
		t.Errorf("entries: %q", got)
	}
	for name, c := range map[string]postgrestest.Person{"own": p, "in another campaign": elsewhere} {
		if got := h.read(`select state, reason from candidates where id = $1`, c.CandidateID); got != "blocked do_not_call" {
			t.Errorf("%s: %q", name, got)
		}
	}
	// The neighbour has another number.
	if got := h.read(`select k.state, n.e164 from candidates k join numbers n on n.id = k.number_id where k.id = $1`, neighbour.CandidateID); got != "ready +12125550001" {
		t.Errorf("neighbour: %q", got)
	}
}

func TestACallbackForOneAgentAndPastTheLastAttempt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.exec(`update candidates set attempts = 5`)
	h.talked(p, agent, callID(1))
	r := h.result(agent, callID(1), campaigns.DispositionCallback)
	r.CallbackAt, r.CallbackPersonal = h.ago(-time.Hour), true
	h.commit(r)
	if got := h.read(`select state, agent_id = $1, due_at = $2, attempts from candidates`, agent, r.CallbackAt); got != "callback true true 6" {
		t.Errorf("candidate: %q", got)
	}
}

func TestAWrongPersonIsCalledAtTheNextNumber(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	next := h.number(p, "+12125559999", 2)
	h.talked(p, agent, callID(1))
	h.commit(h.result(agent, callID(1), campaigns.DispositionWrongPerson))
	if got := h.read(`select state, reason, number_id = $1 from candidates`, next); got != "resting wrong_person true" {
		t.Errorf("candidate: %q", got)
	}
}

func TestAnInboundCallMovesThePersonsCandidate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.cameIn(p, h.campaign.ID, agent, callID(1))
	reply := h.commit(h.result(agent, callID(1), campaigns.DispositionSale))
	if got := h.read(`select state, reason, attempts from candidates`); got != "done sale 0" || reply.Candidate != campaigns.CandidateDone {
		t.Errorf("candidate: %q, reply %+v", got, reply)
	}
	if attempts, refused := h.reserve(h.items(p)); len(attempts) != 0 || refused[0].Reason != campaigns.ReasonNotQueued {
		t.Errorf("who bought is called: %v", attempts)
	}
	// Nobody would keep this promise.
	h.cameIn(p, h.campaign.ID, agent, callID(2))
	r := h.result(agent, callID(2), campaigns.DispositionCallback)
	r.CallbackAt = h.ago(-time.Hour)
	_, err := h.store.CommitResult(t.Context(), r)
	h.code(err, campaigns.CodeConflict, "is done: nobody would call back")
	h.commit(h.result(agent, callID(2), campaigns.DispositionServed))
}

func TestAnUnknownCallerIsNamedByTheResult(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.cameIn(postgrestest.Person{}, 0, agent, callID(1))
	r := h.result(agent, callID(1), campaigns.DispositionServed)
	r.ContactID = p.ContactID
	h.commit(r)
	if got := h.read(`select contact_id = $1, (select state from candidates) from calls`, p.ContactID); got != "true queued" {
		t.Errorf("call and candidate: %q", got)
	}
	h.cameIn(postgrestest.Person{}, 0, agent, callID(2))
	h.commit(h.result(agent, callID(2), campaigns.DispositionDoNotCall))
	if got := h.read(`select number_hmac = $1 from suppressions`, h.store.NumberHMAC("+12125550199")); got != "true" {
		t.Errorf("the caller's number is not on the list: %q", got)
	}
}

func TestALostAgentsResultIsCompleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.talked(p, agent, callID(1))
	h.record(campaigns.Event{Kind: campaigns.CallClosed, CallID: callID(1), Disposition: campaigns.SystemAgentLost})
	if got := h.read(`select state, reason from candidates`); got != "resting answered" {
		t.Errorf("candidate: %q", got)
	}
	h.commit(h.result(agent, callID(1), campaigns.DispositionSale))
	if got := h.read(`select k.disposition, a.disposition, a.why, a.user_id = $1 from calls k join call_amendments a on a.call_id = k.id`, agent); got !=
		"sale system_agent_lost completed by the agent true" {
		t.Errorf("call and amendment: %q", got)
	}
	if got := h.read(`select state, reason, attempts from candidates`); got != "done sale 1" {
		t.Errorf("candidate: %q", got)
	}
}

func TestAResultIsAmendedByAppending(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, boss, p := h.agent("ann"), h.agent("boss"), h.queued(1)[0]
	h.talked(p, agent, callID(1))
	amend := postgres.Amendment{CallID: callID(1), UserID: boss, Disposition: campaigns.DispositionComplaint, Notes: "heard on the recording", Why: "the customer complained"}
	h.code(h.store.AmendResult(t.Context(), amend), campaigns.CodeConflict, "no result to amend")
	r := h.result(agent, callID(1), campaigns.DispositionNotAvailable)
	r.Notes = "busy"
	h.commit(r)
	for field, change := range map[string]func(*postgres.Amendment){
		"why":         func(a *postgres.Amendment) { a.Why = "" },
		"disposition": func(a *postgres.Amendment) { a.Disposition = campaigns.SystemAgentLost },
		"reason":      func(a *postgres.Amendment) { a.Disposition = campaigns.DispositionNotInterested },
	} {
		wrong := amend
		change(&wrong)
		h.code(h.store.AmendResult(t.Context(), wrong), campaigns.CodeInvalid, field+":")
	}
	unknown := amend
	unknown.CallID = callID(2)
	h.code(h.store.AmendResult(t.Context(), unknown), campaigns.CodeNotFound, "no call")
	h.must(h.store.AmendResult(t.Context(), amend))
	amend.Disposition, amend.Why = campaigns.DispositionSale, "and bought"
	h.must(h.store.AmendResult(t.Context(), amend))
	if got := h.read(`select disposition, notes from calls`); got != "sale heard on the recording" {
		t.Errorf("call: %q", got)
	}
	if got := h.read(`select disposition, notes, why, user_id = $1 from call_amendments order by id`, boss); got !=
		"not_available busy the customer complained true\ncomplaint heard on the recording and bought true" {
		t.Errorf("amendments: %q", got)
	}
	if got := h.read(`select state, reason, (select count(*) from complaints) from candidates`); got != "blocked open_complaint 1" {
		t.Errorf("candidate and complaints: %q", got)
	}
}

func TestADraftIsKeptUntilTheResult(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent, p := h.agent("ann"), h.queued(1)[0]
	h.talked(p, agent, callID(1))
	save := func(text string) {
		h.must(h.store.SaveDraft(t.Context(), campaigns.Draft{CallID: callID(1), Body: []byte(`{"notes": "` + text + `"}`)}))
	}
	save("a")
	save("ab")
	if got := h.read(`select draft ->> 'notes' from calls`); got != "ab" {
		t.Errorf("draft: %q", got)
	}
	h.commit(h.result(agent, callID(1), campaigns.DispositionSale))
	save("too late")
	if got := h.read(`select draft is null from calls`); got != "true" {
		t.Errorf("a closed call has no draft: %q", got)
	}
}
