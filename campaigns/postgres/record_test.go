package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

// fact makes a fact of the house's node, seconds after the house was made.
func (h *house) fact(kind campaigns.EventKind, seconds int) campaigns.Event {
	return campaigns.Event{Kind: kind, At: h.began.Add(time.Duration(seconds) * time.Second), Node: h.owner.Node, Epoch: h.owner.Epoch}
}

// ended makes the end of an attempt.
func (h *house) ended(a campaigns.Attempt, outcome campaigns.Outcome) campaigns.Event {
	f := h.fact(campaigns.AttemptEnded, 20)
	f.AttemptID, f.End = a.ID, &campaigns.AttemptEnd{Outcome: outcome, SIPCode: 486, Q850: 17, Detail: "said so"}
	return f
}

// conversation are all facts of an answered attempt, up to the network's end.
func (h *house) conversation(a campaigns.Attempt, id campaigns.CallID, agentID int64) []campaigns.Event {
	facts := make([]campaigns.Event, 7)
	for i, kind := range []campaigns.EventKind{
		campaigns.AttemptSent, campaigns.AttemptRinging, campaigns.AttemptAnswered, campaigns.CallOffered, campaigns.CallBridged,
		campaigns.AttemptEnded, campaigns.CallEnded,
	} {
		f := h.fact(kind, i)
		f.AttemptID, f.CallID, f.AgentID = a.ID, id, agentID
		switch kind {
		case campaigns.AttemptSent:
			f.Trunk, f.CallerID, f.SIPCallID, f.Latency = "carrier", "+13125550100", "call@host", 3*time.Millisecond
		case campaigns.CallOffered, campaigns.CallBridged:
			f.Latency = 2 * time.Millisecond
		case campaigns.AttemptEnded:
			f.End = &campaigns.AttemptEnd{Outcome: campaigns.OutcomeAnswered, SIPCode: 200}
		case campaigns.CallEnded:
			f.EndedBy, f.Talk, f.Hold, f.Media = campaigns.EndedByCustomer, 9*time.Second, time.Second, &campaigns.MediaStats{Sent: 450, Received: 440, Lost: 10, JitterMS: 1.5}
		}
		facts[i] = f
	}
	return facts
}

// everything is the whole of what facts write, to compare.
func (h *house) everything() string {
	h.t.Helper()
	text := ""
	for _, table := range []string{"attempts", "calls", "candidates", "drop_ledger", "agent_spells", "numbers"} {
		text += h.read(`select * from ` + table + ` order by 1, 2`)
	}
	return text
}

func TestFactsOfAConversationInTheirOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ada")
	p := h.queued(1)[0]
	a := h.attempt(p)
	facts := h.conversation(a, callID(1), agent)
	for _, f := range facts {
		h.record(f)
	}
	if got, want := h.read(`select trunk, caller_id, sip_call_id, claim_to_invite_us, ringing_at - sent_at, answered_at - sent_at, outcome, sip_code from attempts`),
		"carrier +13125550100 call@host 3000 {1000000 0 0 true} {2000000 0 0 true} answered 200"; got != want {
		t.Errorf("attempt %q, want %q", got, want)
	}
	if got, want := h.read(`select direction, contact_id = $1, agent_id, trunk, caller, called, answer_to_bridge_us, answer_to_pop_us, talk_ms, hold_ms,
			rtp_sent, rtp_received, rtp_lost, jitter_ms, ended_by, disposition is null from calls`, p.ContactID),
		fmt.Sprintf("outbound true %d carrier +13125550100 +12125550000 2000 2000 9000 1000 450 440 10 1.5 customer true", agent); got != want {
		t.Errorf("call %q, want %q", got, want)
	}
	if got := h.read(`select state from candidates`); got != "open" {
		t.Errorf("the candidate is %s before the result", got)
	}
	if got := h.read(`select live_answered, dropped from drop_ledger`); got != "1 0" {
		t.Errorf("ledger %s", got)
	}
	before := h.everything()
	h.record(facts...)
	if after := h.everything(); after != before {
		t.Errorf("a repetition changed\n%s\nto\n%s", before, after)
	}
}

func TestFactsOfAnotherOwnerAreDropped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ada")
	a := h.attempt(h.queued(1)[0])
	before := h.everything()
	for _, f := range append(h.conversation(a, callID(1), agent), h.ended(a, campaigns.OutcomeBadNumber)) {
		f.Epoch++
		h.record(f)
		f.Epoch, f.Node = h.owner.Epoch, "n2"
		h.record(f)
	}
	if after := h.everything(); after != before {
		t.Errorf("changed\n%s\nto\n%s", before, after)
	}
	arrived := h.fact(campaigns.CallArrived, 0)
	arrived.CallID = callID(2)
	h.record(arrived)
	identified := h.fact(campaigns.CallIdentified, 1)
	identified.CallID, identified.ContactID, identified.Epoch = callID(2), a.ContactID, h.owner.Epoch+1
	h.record(identified)
	if got := h.read(`select contact_id is null from calls`); got != "true" {
		t.Error("a stranger named the caller")
	}
}

func TestRecyclingAfterEachOutcome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		outcome campaigns.Outcome
		times   int // the same outcome in a row
		second  bool
		state   campaigns.CandidateState
		reason  campaigns.Reason
		rest    time.Duration
		counted int
		next    bool
	}{
		{outcome: campaigns.OutcomeBusy, times: 1, state: campaigns.CandidateResting, reason: "busy", rest: 15 * time.Minute, counted: 1},
		{outcome: campaigns.OutcomeBusy, times: 3, state: campaigns.CandidateResting, reason: "busy", rest: time.Hour, counted: 3},
		{outcome: campaigns.OutcomeBusy, times: 5, state: campaigns.CandidateDone, reason: "busy", counted: 5},
		{outcome: campaigns.OutcomeNoAnswer, times: 6, state: campaigns.CandidateDone, reason: "max_attempts", counted: 6},
		{outcome: campaigns.OutcomeNoAnswer, times: 2, state: campaigns.CandidateResting, reason: "no_answer", rest: 3 * time.Hour, counted: 2},
		{outcome: campaigns.OutcomeCongestion, times: 2, state: campaigns.CandidateResting, reason: "congestion", rest: 10 * time.Minute},
		{outcome: campaigns.OutcomeFailed, times: 1, state: campaigns.CandidateResting, reason: "failed", rest: 5 * time.Minute},
		{outcome: campaigns.OutcomeCancelled, times: 1, state: campaigns.CandidateResting, reason: "cancelled", rest: 10 * time.Minute},
		{outcome: campaigns.OutcomeSuperseded, times: 1, state: campaigns.CandidateResting, reason: "superseded", rest: 24 * time.Hour, counted: 1},
		{outcome: campaigns.OutcomeDropped, times: 1, state: campaigns.CandidateResting, reason: "dropped", rest: 72 * time.Hour, counted: 1},
		{outcome: campaigns.OutcomeMachine, times: 1, state: campaigns.CandidateResting, reason: "machine", rest: 3 * time.Hour, counted: 1},
		{outcome: campaigns.OutcomeRejected, times: 1, state: campaigns.CandidateResting, reason: "rejected", rest: 24 * time.Hour, counted: 1},
		{outcome: campaigns.OutcomeUnknown, times: 1, state: campaigns.CandidateResting, reason: "unknown", rest: 4 * time.Hour, counted: 1},
		{outcome: campaigns.OutcomeUnreachable, times: 1, second: true, state: campaigns.CandidateResting, reason: "unreachable", rest: 4 * time.Hour, counted: 1, next: true},
		{outcome: campaigns.OutcomeBadNumber, times: 1, state: campaigns.CandidateDone, reason: "bad_number", counted: 1},
		{outcome: campaigns.OutcomeBadNumber, times: 1, second: true, state: campaigns.CandidateResting, reason: "bad_number", counted: 1, next: true},
	} {
		t.Run(fmt.Sprintf("%s %d times, second number %v", c.outcome, c.times, c.second), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.settings(func(s *campaigns.Settings) { s.PersonCap, s.NumberCap = campaigns.Cap{}, campaigns.Cap{} })
			p := h.queued(1)[0]
			if c.second {
				h.number(p, "+12125559999", 2)
			}
			var end campaigns.Event
			for range c.times {
				h.exec(`update candidates set state = 'queued', reason = '', due_at = null where id = $1`, p.CandidateID)
				end = h.ended(h.attempt(p), c.outcome)
				h.record(end, end)
			}
			var state, reason string
			var due *time.Time
			var attempts int
			var number int64
			var rank float64
			h.must(h.conn.QueryRow(t.Context(), `select state, reason, due_at, attempts, number_id, rank from candidates`).
				Scan(&state, &reason, &due, &attempts, &number, &rank))
			if state != string(c.state) || reason != string(c.reason) || attempts != c.counted || (number != p.NumberID) != c.next {
				t.Errorf("%s (%s) after %d attempts at number %d (was %d)", state, reason, attempts, number, p.NumberID)
			}
			if (due != nil) != (c.state == campaigns.CandidateResting) || due != nil && due.Sub(end.At).Round(time.Second) != c.rest {
				t.Errorf("due %v, the attempt ended %s", due, end.At)
			}
			// log2 of the decay 0.8 for each counted attempt.
			if want := float64(p.NumberID) - 0.32192809488736235*float64(c.counted); rank < want-1e-9 || rank > want+1e-9 {
				t.Errorf("rank %v, want %v", rank, want)
			}
			if bad := h.read(`select bad_at is not null from numbers where id = $1`, p.NumberID); bad != fmt.Sprint(c.outcome == campaigns.OutcomeBadNumber) {
				t.Errorf("number is bad: %s", bad)
			}
		})
	}
}

func TestTheCampaignsOwnRuleIsApplied(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settings(func(s *campaigns.Settings) {
		s.Recycle = map[campaigns.Outcome]campaigns.RecycleRule{campaigns.OutcomeBusy: {Block: true}}
	})
	p := h.queued(2)
	h.record(h.ended(h.attempt(p[0]), campaigns.OutcomeBusy), h.ended(h.attempt(p[1]), campaigns.OutcomeNoAnswer))
	if got := h.read(`select state, reason from candidates order by id`); got != "blocked busy\nresting no_answer" {
		t.Errorf("candidates %q", got)
	}
}

func TestALateEndAmendsUnknownOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.attempt(h.queued(1)[0])
	h.record(h.ended(a, campaigns.OutcomeUnknown))
	rest := h.read(`select state, due_at from candidates`)
	h.record(h.ended(a, campaigns.OutcomeDropped))
	h.record(h.ended(a, campaigns.OutcomeBusy), h.ended(a, campaigns.OutcomeDropped))
	if got := h.read(`select outcome, detail, (select live_answered::text || dropped from drop_ledger) from attempts`); got != "dropped said so 11" {
		t.Errorf("attempt and ledger: %s", got)
	}
	if got := h.read(`select state, due_at from candidates`); got != rest {
		t.Errorf("candidate %s, was %s", got, rest)
	}
}

func TestASystemClosesACallOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(2)
	closed := h.fact(campaigns.CallClosed, 30)
	closed.CallID, closed.Disposition = callID(1), campaigns.SystemHungUp
	facts := h.conversation(h.attempt(p[0]), callID(1), h.agent("ada"))
	h.record(append(facts, closed, closed)...)
	if got := h.read(`select state, reason, attempts from candidates where id = $1`, p[0].CandidateID); got != "resting answered 1" {
		t.Errorf("candidate %s", got)
	}
	if got := h.read(`select disposition, closed_at is not null from calls`); got != "system_hung_up true" {
		t.Errorf("call %s", got)
	}

	// A dropped call: the attempt's outcome has moved the candidate already.
	a := h.attempt(p[1])
	answered := h.fact(campaigns.AttemptAnswered, 1)
	answered.AttemptID, answered.CallID = a.ID, callID(2)
	closed.CallID, closed.Disposition = callID(2), campaigns.SystemDropped
	h.record(answered, h.ended(a, campaigns.OutcomeDropped), closed)
	if got := h.read(`select state, reason, attempts from candidates where id = $1`, p[1].CandidateID); got != "resting dropped 1" {
		t.Errorf("candidate %s", got)
	}
	if got := h.read(`select ended_by from calls where id = $1`, callID(2)); got != "system" {
		t.Errorf("ended by %s", got)
	}

	closed.Disposition = campaigns.DispositionSale
	h.code(h.store.Record(t.Context(), []campaigns.Event{closed}), campaigns.CodeInvalid, "no system disposition")
	h.code(h.store.Record(t.Context(), []campaigns.Event{h.ended(a, "nonsense")}), campaigns.CodeInvalid, "without a known outcome")
	h.record(h.fact(campaigns.CampaignMoved, 0)) // not the store's to write
}

func TestAFactThatFailsLeavesNoneOfItsBatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	a := h.attempt(p)
	if err := h.store.Record(t.Context(), []campaigns.Event{h.ended(a, campaigns.OutcomeBusy), h.ended(a, "nonsense")}); err == nil {
		t.Fatal("no error")
	}
	if got := h.read(`select outcome is null from attempts`); got != "true" {
		t.Error("half a batch was written")
	}
}

// A person who calls while in a live call is served all the same: the call is
// kept, without the person.
func TestASecondCallOfOnePersonIsKeptWithoutThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	h.record(h.conversation(h.attempt(p), callID(1), h.agent("ada"))[:6]...)
	arrived := h.fact(campaigns.CallArrived, 6)
	arrived.CallID, arrived.ContactID, arrived.NumberID, arrived.CampaignID = callID(2), p.ContactID, p.NumberID, h.campaign.ID
	arrived.Queue, arrived.Caller, arrived.Called, arrived.Trunk = "service", "+12125550000", "+13125550199", "carrier"
	queued, identified := h.fact(campaigns.CallQueued, 7), h.fact(campaigns.CallIdentified, 8)
	queued.CallID, queued.Queue, identified.CallID, identified.ContactID = callID(2), "", callID(2), p.ContactID
	h.record(arrived, arrived, queued, identified)
	if got := h.read(`select direction, contact_id is null, number_id = $2, queue, caller, called, queued_at - started_at from calls where id = $1`, callID(2), p.NumberID); got != "inbound true true service +12125550000 +13125550199 {1000000 0 0 true}" {
		t.Errorf("call %s", got)
	}
	end := h.fact(campaigns.CallEnded, 9)
	end.CallID, end.EndedBy = callID(1), campaigns.EndedByCustomer
	h.record(end, identified)
	if got := h.read(`select contact_id = $2 from calls where id = $1`, callID(2), p.ContactID); got != "true" {
		t.Error("the caller is not named once the other call has ended")
	}
	abandoned := h.fact(campaigns.CallEnded, 10)
	abandoned.CallID, abandoned.EndedBy, abandoned.Abandoned = callID(2), campaigns.EndedByCustomer, true
	h.record(abandoned)
	if got := h.read(`select abandoned, bridged_at is null from calls where id = $1`, callID(2)); got != "true true" {
		t.Errorf("call %s", got)
	}
	// An outbound call that is answered meanwhile is kept too.
	h.exec(`update calls set ended_at = null, ended_by = null where id = $1`, callID(2))
	other := postgrestest.Campaign(t, h.store, "other")
	late := h.also(other, p, campaigns.CandidateQueued)
	h.exec(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by)
		values ($1, $2, $3, $4, false, 'n1', $5, now(), now())`, other.ID, late.CandidateID, p.ContactID, p.NumberID, h.owner.Epoch)
	answered := h.fact(campaigns.AttemptAnswered, 11)
	answered.CallID, answered.AttemptID = callID(3), h.id(`select id from attempts where ended_at is null`)
	h.record(answered)
	if got := h.read(`select contact_id is null, candidate_id = $2 from calls where id = $1`, callID(3), late.CandidateID); got != "true true" {
		t.Errorf("call %s", got)
	}
}

func TestAnAgentsSpellsAddUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ada")
	spell := func(seconds int, state campaigns.AgentState, spent, hold time.Duration) campaigns.Event {
		f := h.fact(campaigns.AgentChanged, seconds)
		f.AgentID, f.PreviousState, f.Spent, f.Hold = agent, state, spent, hold
		return f
	}
	talking := spell(1, campaigns.AgentTalking, 90*time.Second, 10*time.Second)
	h.record(talking, talking, spell(2, campaigns.AgentReady, 30*time.Second, 0), spell(3, campaigns.AgentTalking, 10*time.Second, 0))
	for _, c := range []struct {
		from, until          time.Time
		talking, ready, hold time.Duration
	}{
		{time.Time{}, time.Time{}, 100 * time.Second, 30 * time.Second, 10 * time.Second},
		{talking.At.Add(-4 * time.Second), time.Time{}, 10 * time.Second, 5 * time.Second, 4 * time.Second},
		{time.Time{}, talking.At.Add(-4 * time.Second), 90 * time.Second, 25 * time.Second, 10 * time.Second},
	} {
		spent, hold, err := h.store.AgentTime(t.Context(), c.from, c.until)
		h.must(err)
		if spent[campaigns.AgentTalking] != c.talking || spent[campaigns.AgentReady] != c.ready || hold != c.hold {
			t.Errorf("from %v until %v: spent %v, hold %s", c.from, c.until, spent, hold)
		}
	}
}
