package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// Eight workers reserve the same persons, in two campaigns and with numbers
// that several of them have, in orders of their own.
func TestReservingAtTheSameTimeNeverOpensTwo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := postgrestest.Campaign(t, h.store, "other")
	people := h.queued(60)
	items := h.items(people...)
	for i, p := range people {
		twin := h.also(other, p, campaigns.CandidateQueued)
		items = append(items, postgrestest.Items(other, []postgrestest.Person{twin})...)
		if i%5 == 4 { // has the number of the one before
			h.exec(`update candidates set number_id = $1 where contact_id = $2`, people[i-1].NumberID, p.ContactID)
			items[i].NumberID, items[len(items)-1].NumberID = people[i-1].NumberID, people[i-1].NumberID
		}
	}
	var mu sync.Mutex
	opened := map[int64]int{}
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for batch := range 12 {
				var mine []campaigns.HopperItem
				for i := range 20 {
					// Coprime steps walk through all of the items, each worker its own way.
					mine = append(mine, items[((batch*20+i)*(2*worker+7)+worker*11)%len(items)])
				}
				attempts, _, err := h.store.Reserve(context.WithoutCancel(t.Context()), h.owner, mine)
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
				mu.Lock()
				for _, a := range attempts {
					opened[a.CandidateID]++
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if got := h.read(`select count(*) from attempts`); got != fmt.Sprint(len(opened)) {
		t.Errorf("%s attempts, %d were told", got, len(opened))
	}
	for id, n := range opened {
		if n != 1 {
			t.Errorf("candidate %d was opened %d times", id, n)
		}
	}
	if got := h.read(`select count(*) from (select contact_id from attempts where ended_at is null group by 1 having count(*) > 1) x`); got != "0" {
		t.Errorf("%s persons in two attempts", got)
	}
	// Of two persons with one number, one is called: 60 less 12.
	if len(opened) != 48 {
		t.Errorf("%d opened", len(opened))
	}
	if got := h.read(`select count(*) from candidates where state not in ('open', 'resting', 'queued') or (state = 'resting') <> (due_at is not null)`); got != "0" {
		t.Errorf("%s candidates are lost", got)
	}
}

// A block is committed while batches are reserved. Whoever comes first is seen
// by the other: no attempt is reserved after the block was committed.
func TestABlockIsBeforeOrAfterAReservation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		reason campaigns.Reason
		block  func(context.Context, *postgres.Store, postgrestest.Person, int) error
	}{
		{"do not call", campaigns.ReasonDoNotCall, func(ctx context.Context, s *postgres.Store, _ postgrestest.Person, i int) error {
			return s.AddSuppression(ctx, fmt.Sprintf("+1212555%04d", i), 0, "test", "", time.Time{})
		}},
		{"complaint", campaigns.ReasonOpenComplaint, func(ctx context.Context, s *postgres.Store, p postgrestest.Person, _ int) error {
			return s.OpenComplaint(ctx, p.ContactID, "")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			people := h.queued(40)
			var workers sync.WaitGroup
			start := make(chan struct{})
			blockedAt := make([]time.Time, len(people))
			for i, p := range people {
				workers.Go(func() {
					<-start
					if err := c.block(context.WithoutCancel(t.Context()), h.store, p, i); err != nil {
						t.Error(err)
					}
					blockedAt[i] = time.Now()
				})
			}
			reservedFrom := map[int64]time.Time{}
			workers.Go(func() {
				<-start
				for i := 0; i < len(people); i += 4 {
					began := time.Now()
					attempts, _, err := h.store.Reserve(context.WithoutCancel(t.Context()), h.owner, h.items(people[i:i+4]...))
					if err != nil {
						t.Error(err)
					}
					for _, a := range attempts {
						reservedFrom[a.ContactID] = began
					}
				}
			})
			close(start)
			workers.Wait()
			for i, p := range people {
				began, reserved := reservedFrom[p.ContactID]
				if reserved && began.After(blockedAt[i]) {
					t.Errorf("person %d was reserved by a transaction begun %s after the block", i, began.Sub(blockedAt[i]))
				}
				want := "blocked " + string(c.reason)
				if reserved {
					want = "open "
				}
				if got := h.read(`select state, reason from candidates where id = $1`, p.CandidateID); got != want {
					t.Errorf("person %d (reserved: %v) is %q", i, reserved, got)
				}
			}
		})
	}
}

// Somebody has written, and commits while the reservation waits for them: the
// reservation sees what they wrote.
func TestAReservationWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		reason campaigns.Reason
		state  string
		write  []string // $1 is the person, the number or the candidate: all have one id
	}{
		{"do not call", campaigns.ReasonDoNotCall, "blocked", []string{
			`select id from numbers where id = $1 for no key update`,
			`insert into suppressions (number_hmac, source, created_at) select hmac, 'test', now() from numbers where id = $1`,
		}},
		{"complaint", campaigns.ReasonOpenComplaint, "blocked", []string{
			`select id from contacts where id = $1 for no key update`,
			`insert into complaints (contact_id, opened_at) values ($1, now())`,
		}},
		{"moved on", campaigns.ReasonNotQueued, "done", []string{
			`update candidates set state = 'done', reason = 'sale', queued_at = null where id = $1`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.queued(1)[0]
			tx, err := h.conn.Begin(t.Context())
			h.must(err)
			for _, sql := range c.write {
				_, err = tx.Exec(t.Context(), sql, p.ContactID)
				h.must(err)
			}
			answered := make(chan answer, 1)
			go func() {
				var a answer
				a.attempts, a.refused, a.err = h.store.Reserve(context.WithoutCancel(t.Context()), h.owner, h.items(p))
				answered <- a
			}()
			h.awaitBlocked(answered)
			h.must(tx.Commit(t.Context()))
			a := <-answered
			if a.err != nil || len(a.attempts) != 0 || len(a.refused) != 1 || a.refused[0].Reason != c.reason {
				t.Errorf("reserved %+v", a)
			}
			if got := h.read(`select state, (select count(*) from attempts) from candidates`); got != c.state+" 0" {
				t.Errorf("candidate and attempts: %s", got)
			}
		})
	}
}

// answer is what Reserve gave.
type answer struct {
	attempts []campaigns.Attempt
	refused  []campaigns.Refusal
	err      error
}

// awaitBlocked waits until a backend waits for the house's connection; it fails
// the test when the answer comes first.
func (h *house) awaitBlocked(answered <-chan answer) {
	h.t.Helper()
	watcher := postgrestest.Connect(h.t, h.url)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		var waiting bool
		h.must(watcher.QueryRow(h.t.Context(), `select exists (select from pg_stat_activity where $1::int = any(pg_blocking_pids(pid)))`, h.conn.PgConn().PID()).Scan(&waiting))
		if waiting {
			return
		}
		if len(answered) > 0 {
			h.t.Fatal("it did not wait")
		}
	}
	h.t.Fatal("nobody waits")
}
