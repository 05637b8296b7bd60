package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// counted and present are the maintained counts and a full count, as lines of
// text that can be compared.
const (
	counted = `select campaign_id, list_id, bucket_id, state, reason, sum(n)::bigint from (
		table candidate_counts union all table candidate_deltas) k group by 1, 2, 3, 4, 5 having sum(n) <> 0 order by 1, 2, 3, 4, 5`
	present = `select campaign_id, list_id, bucket_id, state, case when state in ('ready', 'queued', 'open') then '' else reason end, count(*)::bigint
		from candidates group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`
)

// storm moves candidates at random until it has done so many steps; a step now
// and then is rolled back.
func storm(ctx context.Context, conn *pgx.Conn, random *rand.Rand, steps int) error {
	states := []string{"ready", "resting", "callback", "queued", "open", "blocked", "done"}
	reasons := []string{"busy", "no_answer", "do_not_call"}
	for range steps {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		from := random.IntN(900)
		state := states[random.IntN(len(states))]
		reason := reasons[random.IntN(len(reasons))]
		switch random.IntN(6) {
		case 0:
			_, err = tx.Exec(ctx, `delete from candidates where id in (select id from candidates where id % 900 = $1 order by id limit 1 for update skip locked)`, from)
		case 1:
			_, err = tx.Exec(ctx, `update candidates set rank = rank + 1, list_id = 1 + (list_id % 2) where id in
				(select id from candidates where id % 900 between $1 and $1 + 20 for update skip locked)`, from)
		case 2:
			_, err = tx.Exec(ctx, `update candidates set bucket_id = 1 + (bucket_id % 3) where id in
				(select id from candidates where id % 900 between $1 and $1 + 5 for update skip locked)`, from)
		case 3:
			_, err = tx.Exec(ctx, `insert into candidates (campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, state_at)
				select c.campaign_id, c.contact_id + 100000, c.list_id, c.number_id, c.bucket_id, 1, now(), 'ready', now() from candidates c where id = $1
				on conflict do nothing`, from)
		default:
			_, err = tx.Exec(ctx, `update candidates set state = $2, reason = $3, due_at = case when $2 in ('resting', 'callback') then now() end where id in
				(select id from candidates where id % 900 between $1 and $1 + 30 for update skip locked)`, from, state, reason)
		}
		if err != nil {
			return fmt.Errorf("step: %w", err)
		}
		if random.IntN(10) == 0 {
			err = tx.Rollback(ctx)
		} else {
			err = tx.Commit(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The counts are right in every snapshot, whatever is folded meanwhile.
func TestCountsAreThoseOfAFullCount(t *testing.T) {
	t.Parallel()
	store, url := postgrestest.NewWithURL(t)
	i := &imports{t: t, store: store, conn: postgrestest.Connect(t, url), campaign: postgrestest.Campaign(t, store, "spring")}
	i.exec(generate, 1000, i.campaign.ID, []string{"America/New_York", "Asia/Tokyo", "America/Bogota"})
	i.exec(`insert into lists (campaign_id, name) values ($1, 'second')`, i.campaign.ID)
	i.exec(`alter table candidates drop constraint candidates_contact_id_fkey`)

	ctx, stop := context.WithCancel(t.Context())
	var storms, watchers sync.WaitGroup
	for worker := range 4 {
		conn := postgrestest.Connect(t, url)
		storms.Go(func() {
			if err := storm(t.Context(), conn, rand.New(rand.NewPCG(7, uint64(worker))), 150); err != nil {
				t.Error(err)
			}
		})
	}
	for range 2 { // of two engines one folds at a time
		watchers.Go(func() {
			for ctx.Err() == nil {
				if _, err := store.FoldCounts(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	watchers.Go(func() {
		conn := postgrestest.Connect(t, url)
		for ctx.Err() == nil {
			if a, b := snapshot(t, conn); !slices.Equal(a, b) {
				t.Errorf("the counts are %v, a full count says %v", a, b)
				return
			}
		}
	})
	storms.Wait()
	stop()
	watchers.Wait()

	// The engine that was stopped may hold the job's lock until its connection is
	// closed, so that folding gives nothing at first.
	for deadline := time.Now().Add(20 * time.Second); i.rows(`select count(*) from candidate_deltas`)[0] != "0"; {
		if _, err := store.FoldCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("deltas are left")
		}
	}
	if a, b := i.rows(counted), i.rows(present); !slices.Equal(a, b) || len(a) < 20 {
		t.Errorf("the counts are %v, a full count says %v", a, b)
	}
	if zero := i.rows(`select count(*) from candidate_counts where n = 0`); zero[0] != "0" {
		t.Errorf("%s counts of nothing", zero[0])
	}
	lines, err := store.Why(t.Context(), i.campaign.ID)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, l := range lines {
		total += l.Count
		if waits := l.State == campaigns.CandidateResting || l.State == campaigns.CandidateCallback; waits && l.Next == nil {
			t.Errorf("no next of %+v", l)
		}
	}
	if all := i.rows(`select count(*) from candidates`); all[0] != fmt.Sprint(total) {
		t.Errorf("why counts %d of %s", total, all[0])
	}
}

// snapshot reads both counts at one moment.
func snapshot(t *testing.T, conn *pgx.Conn) (maintained, full []string) {
	t.Helper()
	err := pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		for sql, into := range map[string]*[]string{counted: &maintained, present: &full} {
			rows, err := tx.Query(t.Context(), sql)
			if err != nil {
				return err
			}
			if *into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
				values, err := row.Values()
				return fmt.Sprintln(values...), err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return maintained, full
}

// The first due behind a reason is looked up, so that it stays right when the
// first one leaves.
func TestWhyTellsWhenTheNextIsDue(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	people := postgrestest.Candidates(t, i.conn, i.store, i.campaign, 0, 3, campaigns.CandidateResting)
	for k, p := range people {
		i.exec(`update candidates set due_at = $2, reason = 'busy' where id = $1`, p.CandidateID, postgrestest.Morning.Add(time.Duration(k+1)*time.Hour))
	}
	for k := range people {
		lines, err := i.store.Why(t.Context(), i.campaign.ID)
		if err != nil || len(lines) == 0 || len(lines) > 2 {
			t.Fatalf("%+v, %v", lines, err)
		}
		at := slices.IndexFunc(lines, func(l postgres.WhyLine) bool { return l.Reason == "busy" })
		if want := postgrestest.Morning.Add(time.Duration(k+1) * time.Hour); at < 0 || lines[at].Count != 3-k || !lines[at].Next.Equal(want) {
			t.Errorf("%+v, want the next at %v", lines, want)
		}
		i.exec(`update candidates set state = 'done', reason = 'sale', due_at = null where id = $1`, people[k].CandidateID)
	}
}
