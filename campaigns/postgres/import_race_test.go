package postgres_test

import (
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/postgres/postgrestest"
)

// raceWith runs an import that meets a transaction of somebody else, which is
// committed once the import waits for it.
func raceWith(t *testing.T, i *imports, url, text string, theirs func(exec func(string, ...any))) ingest.Summary {
	t.Helper()
	other := postgrestest.Connect(t, url)
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs(func(sql string, args ...any) {
		if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	})
	done := make(chan ingest.Summary, 1)
	go func() {
		defer close(done)
		s, err := ingest.Import(t.Context(), ingest.Options{Campaign: "spring", List: "l", File: strings.NewReader(text)}, i.store)
		if err != nil {
			t.Error(err)
		}
		done <- s
	}()
	deadline := time.Now().Add(10 * time.Second)
	for i.rows(`select count(*) from pg_locks l where not granted and pg_blocking_pids(pid) @> array[$1::int]`, other.PgConn().PID())[0] == "0" {
		if time.Now().After(deadline) {
			t.Fatal("the import did not meet the other transaction")
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return <-done
}

func TestANumberThatSomebodyElseMakesMeanwhile(t *testing.T) {
	t.Parallel()
	store, url := postgrestest.NewWithURL(t)
	i := &imports{t: t, store: store, conn: postgrestest.Connect(t, url), campaign: postgrestest.Campaign(t, store, "spring")}
	s := raceWith(t, i, url, "phone,first_name\n2085550100,Ada\n2085550101,Bob\n", func(exec func(string, ...any)) {
		exec(`insert into contacts (first_name) values ('Ada')`)
		exec(`insert into numbers (e164, hmac, prefix, region, zones) values ('+12085550100', $1, '+1208', 'US', '{America/Boise}')`,
			store.NumberHMAC("+12085550100"))
		exec(`insert into contact_numbers select c.id, n.id, 1 from contacts c, numbers n`)
	})
	if s.Imported != 2 || s.Contacts != 1 || s.Candidates[campaigns.CandidateReady] != 2 {
		t.Errorf("summary %+v", s)
	}
	if got := i.rows(`select (select count(*) from contacts), (select count(*) from numbers)`); got[0] != "2 2" {
		t.Errorf("contacts and numbers: %s", got[0])
	}
}

// What an agent corrects while the import looks must not be written over.
func TestAContactThatSomebodyElseCorrectsMeanwhile(t *testing.T) {
	t.Parallel()
	store, url := postgrestest.NewWithURL(t)
	i := &imports{t: t, store: store, conn: postgrestest.Connect(t, url), campaign: postgrestest.Campaign(t, store, "spring")}
	i.do("phone,first_name,company\n2085550100,Ada,Engines\n")
	s := raceWith(t, i, url, "phone,first_name,email\n2085550100,Ada,ada@example.com\n", func(exec func(string, ...any)) {
		exec(`update contacts set company = 'Looms', updated_at = updated_at + interval '1 second'`)
	})
	if s.Updated != 1 {
		t.Errorf("summary %+v", s)
	}
	if got := i.rows(`select company, email from contacts`); got[0] != "Looms ada@example.com" {
		t.Errorf("contact %q", got[0])
	}
}
