package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/postgres/postgrestest"
)

// allRows gives every row of every table as text.
func (h *house) allRows() string {
	h.t.Helper()
	var all strings.Builder
	for table := range strings.Lines(h.read(`select table_name from information_schema.tables where table_schema = current_schema()`)) {
		fmt.Fprintf(&all, "%s\n", h.read(`select to_jsonb(t)::text from "`+strings.TrimSpace(table)+`" t`))
	}
	return all.String()
}

// leftovers are words that lead to the erased person.
var leftovers = []string{"2125550000", "Adalbert", "Zanzibar", "ada@example.com", "crm-4711", "the dog barks"}

func TestAnErasedPersonIsNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(2)
	p := people[0]
	h.exec(`update contacts set first_name = 'Adalbert', last_name = 'Zanzibar', email = 'ada@example.com', external_id = 'crm-4711', attributes = '{"pet": "the dog barks"}' where id = $1`, p.ContactID)
	a := h.attempt(p)
	h.must(h.store.OpenComplaint(t.Context(), p.ContactID, "the dog barks"))
	h.must(h.store.AddSuppression(t.Context(), "+12125550000", 0, "agent", "the dog barks", h.ago(-1000)))
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true, Proof: "signed by Adalbert"})
	_, err := h.store.EraseContact(t.Context(), p.ContactID)
	h.code(err, campaigns.CodeConflict, "is in a call")
	h.record(campaigns.Event{Kind: campaigns.AttemptEnded, AttemptID: a.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeNoAnswer}})
	h.exec(`insert into calls (id, direction, campaign_id, candidate_id, contact_id, number_id, attempt_id, node, epoch, called, started_at, ended_at, ended_by, closed_at, disposition, notes)
		values ($1, 'outbound', $2, $3, $4, $5, $6, 'n1', 1, '+12125550000', now(), now(), 'agent', now(), 'sale', 'the dog barks')`,
		callID(1), h.campaign.ID, p.CandidateID, p.ContactID, p.NumberID, a.ID)
	h.exec(`insert into call_amendments (call_id, disposition, notes, why, amended_at) values ($1, 'sale', 'the dog barks', 'Adalbert said so', now())`, callID(1))
	h.exec(`insert into customer_events (key, type, contact_id, body, body_hash, occurred_at, received_at) values ('e1', 'purchase', $1, '{"name": "Adalbert"}', 'x', now(), now())`, p.ContactID)
	before := h.allRows()
	for _, word := range leftovers {
		if !strings.Contains(before, word) {
			t.Fatalf("%q was never there", word)
		}
	}
	done, err := h.store.EraseContact(t.Context(), p.ContactID)
	h.must(err)
	if want := (campaigns.Erased{Contacts: 1, Numbers: 1, Candidates: 1, Calls: 1}); done != want {
		t.Errorf("erased %+v, want %+v", done, want)
	}
	after := h.allRows()
	for _, word := range leftovers {
		if at := strings.Index(after, word); at >= 0 {
			t.Errorf("%q is left: %s", word, after[max(0, at-200):at+40])
		}
	}
	if got := h.read(`select outcome, candidate_id is null from attempts`); got != "no_answer true" {
		t.Errorf("the attempt that counts: %s", got)
	}
	if entries, err := h.store.Suppressions(t.Context(), "+12125550000", "US"); err != nil || len(entries) == 0 {
		t.Errorf("suppressed by %+v, %v", entries, err)
	}
	h.code(h.store.LiftSuppression(t.Context(), "+12125550001", 0), campaigns.CodeNotFound, "no entry")
	if got := h.states(people[1]); got != "queued test" {
		t.Errorf("the other person is %q", got)
	}
	_, err = h.store.EraseContact(t.Context(), p.ContactID)
	h.code(err, campaigns.CodeNotFound, "no contact")
}

func TestWhoSharesANumberWithAnErasedPersonStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	neighbour := h.sharing(&p)
	h.exec(`update numbers set shared = true where id = $1`, p.NumberID)
	_, err := h.store.EraseNumber(t.Context(), "+12125550000")
	h.code(err, campaigns.CodeConflict, fmt.Sprint(p.ContactID, " ", neighbour.ContactID))
	done, err := h.store.EraseContact(t.Context(), p.ContactID)
	h.must(err)
	if done.Shared != 1 || done.Numbers != 0 {
		t.Errorf("erased %+v", done)
	}
	if attempts, refused := h.reserve(h.items(neighbour)); len(attempts) != 1 {
		t.Errorf("refused %v", refused)
	}
}

func TestANumberOfNobodyIsErasedToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	done, err := h.store.EraseNumber(t.Context(), "+12125550777")
	h.must(err)
	if done.Numbers != 1 || h.read(`select count(*) from erasures`) != "1" {
		t.Errorf("erased %+v", done)
	}
	_, err = h.store.EraseNumber(t.Context(), "nobody")
	h.code(err, campaigns.CodeInvalid, "number")
	p := postgrestest.Candidates(t, h.conn, h.store, h.campaign, 0, 1, campaigns.CandidateReady)[0]
	if done, err = h.store.EraseNumber(t.Context(), "+12125550000"); err != nil || done.Contacts != 1 {
		t.Errorf("contact %d: erased %+v, %v", p.ContactID, done, err)
	}
}

func TestAnErasedPersonIsNotImportedAgain(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	file := "phone,first_name,last_name\n+12125550100,Ann,Able\n+12125550101,Bob,Bell\n+12125550102,Cid,Cole\n+12125550102,Dee,Dove\n"
	i.do(file)
	for _, name := range []string{"Ann", "Cid"} { // Cid shares a number with Dee
		var id int64
		if err := i.conn.QueryRow(t.Context(), `select id from contacts where first_name = $1`, name).Scan(&id); err != nil {
			t.Fatal(err)
		}
		if _, err := i.store.EraseContact(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	var rejects strings.Builder
	again := i.do(file+"+12125550100,Ann,Other\n", func(o *ingest.Options) { o.Rejects = &rejects })
	if again.Rejected != 3 || again.Unchanged != 2 || again.RejectedBy["phone"] != 3 {
		t.Errorf("summary %+v", again)
	}
	if got := strings.Join(i.rows(`select first_name from contacts order by 1`), " "); got != "Bob Dee" {
		t.Errorf("contacts: %s", got)
	}
	if text := rejects.String(); !strings.Contains(text, "2,phone,erased\n") || strings.Contains(text, "Able") || strings.Contains(text, "+1212555") {
		t.Errorf("rejects:\n%s", text)
	}
}

// Who adds a table that refers to a person has to say what erasing does to it.
func TestEveryTableThatRefersToAPersonIsErased(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	// Ids of nobody may stay where figures need them: they lead nowhere once the
	// person's row is gone.
	known := map[string]string{
		"attempts": "ids stay", "selection_log": "ids stay", "experiment_exposures": "ids stay",
		"candidates": "deleted", "complaints": "deleted", "consents": "deleted", "objections": "deleted", "contact_numbers": "deleted",
		"segment_holds": "deleted with the candidate", "candidate_features": "deleted with the candidate",
		"calls": "emptied", "customer_events": "emptied",
	}
	tables := h.read(`select distinct table_name from (
			select table_name::text from information_schema.columns where table_schema = current_schema() and column_name in ('contact_id', 'candidate_id')
			union select conrelid::regclass::text from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace
				and confrelid in ('contacts'::regclass, 'candidates'::regclass, 'numbers'::regclass)) t`)
	for table := range strings.Lines(tables) {
		if known[strings.TrimSpace(table)] == "" {
			t.Errorf("erasing a person leaves table %s as it is", strings.TrimSpace(table))
		}
	}
}
