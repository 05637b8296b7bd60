package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

func TestEpochsFenceAndLeasesLapse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.owner
	h.must(h.store.Renew(t.Context(), first.Node, first.Epoch, time.Hour))
	second := h.join("n1", time.Hour)
	if second.Epoch != first.Epoch+1 {
		t.Errorf("epoch %d after %d", second.Epoch, first.Epoch)
	}
	h.code(h.store.Renew(t.Context(), first.Node, first.Epoch, time.Hour), campaigns.CodeConflict, "taken over")
	h.must(h.store.Leave(t.Context(), first.Node, first.Epoch)) // not the present one
	p := h.queued(2)
	h.owner = second
	h.attempt(p[0])
	h.must(h.store.Leave(t.Context(), second.Node, second.Epoch))
	_, _, err := h.store.Reserve(t.Context(), second, h.items(p[1]))
	h.code(err, campaigns.CodeConflict, "no fresh lease")
}

// crash leaves five candidates in the states that a killed node leaves behind:
// reserved, ringing, in conversation, waiting for the result, and an inbound
// caller who waits.
func crash(h *house) {
	agent := h.agent("ada")
	p := h.queued(5)
	h.attempt(p[0])
	ringing := h.conversation(h.attempt(p[1]), callID(1), agent)
	h.record(ringing[:2]...)
	talking := h.conversation(h.attempt(p[2]), callID(2), agent)
	h.record(talking[:5]...)
	wrapUp := h.conversation(h.attempt(p[3]), callID(3), agent)
	h.record(wrapUp...)
	waiting := h.fact(campaigns.CallArrived, 0)
	waiting.CallID, waiting.ContactID, waiting.NumberID = callID(4), p[4].ContactID, p[4].NumberID
	h.record(waiting)
}

const (
	attemptsNow   = `select id, coalesce(outcome, 'open') from attempts order by id`
	callsNow      = `select right(id, 1), disposition, ended_by, closed_at is not null from calls order by id`
	candidatesNow = `select state, reason, attempts from candidates order by id`
)

func (h *house) afterCrash(what string) {
	h.t.Helper()
	if got := h.read(attemptsNow); got != "1 unknown\n2 unknown\n3 unknown\n4 answered" {
		h.t.Errorf("%s: attempts\n%s", what, got)
	}
	if got := h.read(callsNow); got != "2 system_agent_lost system true\n3 system_agent_lost customer true\n4 system_hung_up system true" {
		h.t.Errorf("%s: calls\n%s", what, got)
	}
	if got := h.read(candidatesNow); got != "resting unknown 1\nresting unknown 1\nresting unknown 1\nresting answered 1\nqueued test 0" {
		h.t.Errorf("%s: candidates\n%s", what, got)
	}
}

func TestAnotherNodeReconcilesACrash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crash(h)
	dead := h.owner
	before := h.everything()
	if n, err := h.store.Reconcile(t.Context()); n != 0 || err != nil {
		t.Errorf("closed %d, %v, while the lease is fresh", n, err)
	}
	if after := h.everything(); after != before {
		t.Errorf("a living node's work was changed\n%s\nto\n%s", before, after)
	}
	h.exec(`update nodes set lease_until = clock_timestamp() - interval '1 second'`)
	h.join("n2", time.Hour)
	if n, err := h.store.Reconcile(t.Context()); n != 3 || err != nil {
		t.Errorf("closed %d, %v", n, err)
	}
	h.afterCrash("reconciled")
	before = h.everything()
	if n, err := h.store.Reconcile(t.Context()); n != 0 || err != nil || h.everything() != before {
		t.Errorf("again: closed %d, %v", n, err)
	}
	// The dead one was only cut off: its word of the end amends once.
	late := h.conversation(campaigns.Attempt{ID: 3}, callID(2), 1)
	h.owner = dead
	h.record(late[5:]...)
	if got := h.read(`select outcome, (select live_answered from drop_ledger) from attempts where id = 3`); got != "answered 2" {
		t.Errorf("attempt and ledger: %s", got)
	}
}

func TestARestartedNodeReconcilesItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crash(h)
	h.owner = h.join("n1", time.Hour)
	h.afterCrash("joined")
	if got := h.read(`select distinct detail from attempts where outcome = 'unknown'`); got != "its node started anew" {
		t.Errorf("detail %q", got)
	}
}

// The commit of a reservation was lost on the way to its node, which lives.
func TestAReservationThatNobodyHeardOfEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(3)
	h.attempt(p[0])
	sent := h.fact(campaigns.AttemptSent, 0)
	sent.AttemptID = h.attempt(p[1]).ID
	h.record(sent)
	h.exec(`update attempts set dial_by = $1`, h.ago(3*time.Minute))
	h.attempt(p[2])
	if n, err := h.store.Reconcile(t.Context()); n != 1 || err != nil {
		t.Errorf("closed %d, %v", n, err)
	}
	if got := h.read(attemptsNow); got != "1 unknown\n2 open\n3 open" {
		t.Errorf("attempts\n%s", got)
	}
	if got := h.read(candidatesNow); got != "resting unknown 1\nopen  0\nopen  0" {
		t.Errorf("candidates\n%s", got)
	}
}

func TestAnOpenCandidateWithNothingUnderWayIsMovedOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(4)
	// Its attempt's end was written, the call's never was.
	h.record(h.ended(h.attempt(p[0]), campaigns.OutcomeAnswered))
	// Nothing at all.
	h.exec(`update candidates set state = 'open', queued_at = null where id = $1`, p[1].CandidateID)
	// An attempt and a call are under way.
	h.attempt(p[2])
	h.record(h.conversation(h.attempt(p[3]), callID(1), h.agent("ada"))...)
	h.exec(`update candidates set state_at = $1`, h.ago(3*time.Minute))
	for range 2 {
		_, err := h.store.Reconcile(t.Context())
		h.must(err)
		if got := h.read(candidatesNow); got != "resting answered 1\nresting unknown 1\nopen  0\nopen  0" {
			t.Errorf("candidates\n%s", got)
		}
	}
}

// The phone that a dead node had ringing may ring on at the carrier: for two minutes
// nobody calls the same person or the same number.
func TestNobodyCallsWhatMayRingOnAtTheCarrier(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := postgrestest.Campaign(t, h.store, "other")
	h.exec(`update campaigns set state = 'running' where id = $1`, other.ID)
	p := h.queued(2)
	again := h.also(other, p[0], campaigns.CandidateQueued)
	h.exec(`update candidates set number_id = $2 where id = $1`, p[1].CandidateID, p[0].NumberID)
	h.exec(`update contact_numbers set number_id = $2 where contact_id = $1`, p[1].ContactID, p[0].NumberID)
	p[1].NumberID = p[0].NumberID
	h.attempt(p[0])
	h.owner = h.join("n1", time.Hour)
	if got := h.read(attemptsNow); got != "1 unknown" {
		t.Fatalf("attempts\n%s", got)
	}
	for want, who := range map[campaigns.Reason]postgrestest.Person{campaigns.ReasonPersonInAttempt: again, campaigns.ReasonNumberInAttempt: p[1]} {
		item := campaigns.HopperItem{CampaignID: h.campaign.ID, CandidateID: who.CandidateID, ContactID: who.ContactID, NumberID: who.NumberID}
		if who == again {
			item.CampaignID = other.ID
		}
		if _, refused := h.reserve([]campaigns.HopperItem{item}); len(refused) != 1 || refused[0].Reason != want {
			t.Errorf("want %s: %v", want, refused)
		}
	}
	h.exec(`update attempts set reserved_at = reserved_at - interval '3 minutes', ended_at = ended_at - interval '3 minutes'`)
	h.exec(`update candidates set state = 'queued', due_at = null where id = $1`, p[1].CandidateID)
	h.attempt(p[1])
}
