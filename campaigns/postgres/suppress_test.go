package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

func TestASuppressionMovesWhoWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(6)
	h.exec(`update candidates set state = 'ready', queued_at = null where id = $1`, people[0].CandidateID)
	h.exec(`update candidates set state = 'done', queued_at = null where id = $1`, people[2].CandidateID)
	for i, p := range people {
		h.exec(`update contact_numbers set number_id = $2 where contact_id = $1`, p.ContactID, people[0].NumberID)
		h.exec(`update candidates set number_id = $2 where id = $1`, p.CandidateID, people[0].NumberID)
		people[i].NumberID = people[0].NumberID
	}
	h.number(people[1], "+12125559999", 2)
	open := h.attempt(people[5])
	h.must(h.store.AddSuppression(t.Context(), "+12125550000", 0, "test", "", time.Time{}))
	want := "blocked do_not_call +12125550000\nready  +12125559999\ndone test +12125550000\nblocked do_not_call +12125550000\nblocked do_not_call +12125550000\nopen  +12125550000"
	if got := h.read(`select k.state, k.reason, n.e164 from candidates k join numbers n on n.id = k.number_id order by k.id`); got != want {
		t.Errorf("candidates:\n%s\nwant:\n%s", got, want)
	}
	h.record(campaigns.Event{Kind: campaigns.AttemptEnded, AttemptID: open.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeCancelled}})
}

func TestASuppressionIsProlongedNeverShortened(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	soon, late := h.ago(-time.Hour), h.ago(-48*time.Hour)
	ends := func(want string) {
		t.Helper()
		if got := h.read(`select case when expires_at is null then 'never' when expires_at = $1 then 'late' when expires_at = $2 then 'soon' else 'else' end from suppressions`, late, soon); got != want {
			t.Errorf("ends %s, want %s", got, want)
		}
	}
	add := func(until time.Time) {
		h.must(h.store.AddSuppression(t.Context(), "+12125550000", 0, "test", "", until))
	}
	add(late)
	if got := h.read(`select state, reason, due_at = $1 from candidates where id = $2`, late, p.CandidateID); got != "resting do_not_call true" {
		t.Errorf("candidate: %q", got)
	}
	add(soon)
	ends("late")
	add(time.Time{})
	ends("never")
	add(late)
	ends("never")
}

func TestASuppressionThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.code(h.store.AddSuppression(t.Context(), "twelve", 0, "test", "", time.Time{}), campaigns.CodeInvalid, "number:")
	h.code(h.store.AddSuppression(t.Context(), "+12125550000", 1<<40, "test", "", time.Time{}), campaigns.CodeNotFound, "no campaign")
	h.code(h.store.OpenComplaint(t.Context(), 1<<40, ""), campaigns.CodeNotFound, "no contact")
}

func TestAComplaintStopsThePersonUntilItIsClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	h.must(h.store.OpenComplaint(t.Context(), p.ContactID, "wrong bill"))
	state := func(want string) {
		t.Helper()
		if got := h.read(`select state, reason from candidates`); got != want {
			t.Errorf("candidate %q, want %q", got, want)
		}
	}
	state("blocked open_complaint")
	h.must(h.store.CloseComplaint(t.Context(), p.ContactID))
	state("ready ")
}

func TestNobodyIsReservedAfterADoNotCallEntry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(40)
	var wg sync.WaitGroup
	var entered [40]time.Time
	wg.Go(func() {
		for i := range people {
			if err := h.store.AddSuppression(t.Context(), fmt.Sprintf("+1212555%04d", i), 0, "test", "", time.Time{}); err != nil {
				t.Error(err)
			}
			entered[i] = time.Now()
		}
	})
	after := map[int64]time.Time{}
	wg.Go(func() {
		for _, p := range slices.Backward(people) {
			began := time.Now()
			attempts, _, err := h.store.Reserve(t.Context(), h.owner, h.items(p))
			if err != nil {
				t.Error(err)
			}
			if len(attempts) == 1 {
				after[p.ContactID] = began
			}
		}
	})
	wg.Wait()
	t.Logf("%d of %d were reserved before their entry", len(after), len(people))
	for i, p := range people {
		if began, reserved := after[p.ContactID]; reserved && began.After(entered[i]) {
			t.Errorf("number %d was reserved after its entry was committed", i)
		}
	}
}

func TestDialersAreToldOfBlocksOfTheirOwnHouse(t *testing.T) {
	t.Parallel()
	h, other := newHouse(t), newHouse(t)
	p := h.queued(1)[0]
	ctx, stop := context.WithCancel(t.Context())
	blocks := make(chan postgres.Block, 16)
	ended := make(chan error, 1)
	go func() { ended <- h.store.Watch(ctx, func(b postgres.Block) { blocks <- b }) }()
	next := func() postgres.Block {
		t.Helper()
		select {
		case b := <-blocks:
			return b
		case <-time.After(20 * time.Second):
			t.Fatal("no notice")
			return postgres.Block{}
		}
	}
	if b := next(); !b.Resync {
		t.Errorf("first notice %+v", b)
	}
	stranger := other.queued(1)[0]
	other.must(other.store.OpenComplaint(t.Context(), stranger.ContactID, ""))
	h.must(h.store.AddSuppression(t.Context(), "+12125550000", 0, "test", "", time.Time{}))
	if b := next(); b != (postgres.Block{NumberID: p.NumberID}) {
		t.Errorf("notice %+v", b)
	}
	// A connection that is cut is made anew, and everything is checked.
	h.exec(`select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen "ringmaster_block_' || current_schema() || '"'`)
	if b := next(); !b.Resync {
		t.Errorf("notice after the cut %+v", b)
	}
	h.must(h.store.OpenComplaint(t.Context(), p.ContactID, ""))
	if b := next(); b != (postgres.Block{ContactID: p.ContactID}) {
		t.Errorf("notice %+v", b)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
