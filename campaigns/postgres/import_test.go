package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// imports is a store with a running campaign to import into.
type imports struct {
	t        testing.TB
	store    *postgres.Store
	conn     *pgx.Conn
	campaign campaigns.Campaign
}

func newImports(t testing.TB) *imports {
	t.Helper()
	store, url := postgrestest.NewWithURL(t)
	return &imports{t: t, store: store, conn: postgrestest.Connect(t, url), campaign: postgrestest.Campaign(t, store, "spring")}
}

// do imports a text in batches of three rows.
func (i *imports) do(text string, change ...func(*ingest.Options)) ingest.Summary {
	i.t.Helper()
	o := ingest.Options{Campaign: "spring", FileName: "leads.csv", File: strings.NewReader(text), BatchRows: 3}
	for _, c := range change {
		c(&o)
	}
	s, err := ingest.Import(i.t.Context(), o, i.store)
	if err != nil {
		i.t.Fatal(err)
	}
	if s.Rows != s.Imported+s.Updated+s.Unchanged+s.Merged+s.Rejected {
		i.t.Errorf("the summary does not add up: %+v", s)
	}
	return s
}

// rows gives a query's result as one line of text per row.
func (i *imports) rows(sql string, args ...any) []string {
	i.t.Helper()
	found, err := i.conn.Query(context.Background(), sql, args...)
	if err != nil {
		i.t.Fatal(err)
	}
	lines, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return strings.TrimSuffix(fmt.Sprintln(values...), "\n"), err
	})
	if err != nil {
		i.t.Fatal(err)
	}
	return lines
}

func (i *imports) exec(sql string, args ...any) {
	i.t.Helper()
	if _, err := i.conn.Exec(context.Background(), sql, args...); err != nil {
		i.t.Fatal(err)
	}
}

// everything is the whole content that an import may change, timestamps and row
// versions included.
func (i *imports) everything() string {
	i.t.Helper()
	var all []string
	for _, table := range []string{"contacts", "numbers", "contact_numbers", "candidates", "lists", "buckets"} {
		all = append(all, i.rows(`select xmin::text || ' ' || row_to_json(t)::text from `+table+` t order by 1`)...)
	}
	return strings.Join(all, "\n")
}

// A person worth nothing is a candidate behind all others, and worth nothing in
// segments; an empty cell says nothing.
func TestAValueOfNothingIsStored(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.do("external_id,phone,value\nc-1,2125550123,0\nc-2,2125550124,\nc-3,2125550125,3\nc-4,2125550126,0.000002\n")
	const worth = `select p.external_id, p.value, c.value, c.state from candidates c join contacts p on p.id = c.contact_id order by 1`
	if got, want := fmt.Sprint(i.rows(worth)), "[c-1 0 1e-06 ready c-2 1 1 ready c-3 3 3 ready c-4 2e-06 2e-06 ready]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	i.do("external_id,phone,value\nc-1,2125550123,\nc-3,2125550125,0\n")
	if got, want := fmt.Sprint(i.rows(worth)), "[c-1 0 1e-06 ready c-2 1 1 ready c-3 0 1e-06 ready c-4 2e-06 2e-06 ready]"; got != want {
		t.Errorf("said again: %s, want %s", got, want)
	}
	if s := i.do("external_id,phone,value\nc-1,2125550123,0\n"); s.Unchanged != 1 {
		t.Errorf("the same once more: %+v", s)
	}
	items := i.refill(4)
	if last := i.rows(`select external_id from contacts where id = $1`, items[3].ContactID); len(items) != 4 || last[0] != "c-1" && last[0] != "c-3" {
		t.Errorf("last of %d is %v", len(items), last)
	}
}

// Rows of which the gate will never let anybody be called are imported, and told.
func TestImportTellsWhoWillNeverBeCalled(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	s := i.do("phone,time_zone\n2125550123,\n+881612345678,\n+881612345679,Europe/Berlin\n+870773111632,\n2125550124,\n")
	if s.Imported != 5 || s.Uncallable[campaigns.ReasonZoneUnknown] != 2 || s.Uncallable[campaigns.ReasonJurisdictionUnknown] != 1 || len(s.Uncallable) != 2 {
		t.Fatalf("%+v", s)
	}
	if got, want := fmt.Sprint(s.UncallableExamples), "[{3 "+campaigns.MaskNumber("+881612345678")+" zone_unknown} {4 "+campaigns.MaskNumber("+881612345679")+" jurisdiction_unknown} {5 "+
		campaigns.MaskNumber("+870773111632")+" zone_unknown}]"; got != want {
		t.Errorf("examples %s, want %s", got, want)
	}
	// The gate says so too.
	for _, id := range i.rows(`select c.contact_id from candidates c join numbers n on n.id = c.number_id where n.e164 like '+8%'`) {
		contact, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		why, err := i.store.WhyContact(t.Context(), i.campaign.ID, contact)
		if err != nil || len(why.Numbers) != 1 || why.Numbers[0].Allowed || !slices.ContainsFunc(why.Numbers[0].Gates, func(g postgres.WhyGate) bool {
			return !g.Passed && s.Uncallable[g.Gate] > 0
		}) {
			t.Errorf("contact %s: %+v, %v", id, why, err)
		}
	}
	// Who is blocked anyway is told once, with the reason of that.
	i.exec(`insert into suppressions (number_hmac, source, created_at) values ($1, 'test', now())`, i.store.NumberHMAC("+881612345680"))
	if s := i.do("phone\n+881612345680\n"); len(s.Uncallable) != 0 || s.Reasons[campaigns.ReasonDoNotCall] != 1 {
		t.Errorf("blocked: %+v", s)
	}
}

func TestImportStoresContactsNumbersAndCandidates(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	s := i.do("external_id,first_name,last_name,phone,phone_2,email,region,postal_code,value,propensity,event_at,plan,source\n" +
		"c-1,Ada,Lovelace,208-555-0123,+4930123456,ada@example.com,ID,83702,12.5,0.2,2026-03-01,gold,web\n" +
		",Bob,Ross,2085550124,,,,,,,,,\n")
	if s.Imported != 2 || s.Contacts != 2 || s.Candidates[campaigns.CandidateReady] != 2 {
		t.Fatalf("summary %+v", s)
	}
	got := i.rows(`select external_id, first_name, last_name, email, region, postal_code, value, attributes::text from contacts order by id`)
	if got[0] != `c-1 Ada Lovelace ada@example.com ID 83702 12.5 {"plan": "gold", "source": "web"}` {
		t.Errorf("contact %q", got[0])
	}
	if got[1] != `<nil> Bob Ross    1 {}` {
		t.Errorf("contact %q", got[1])
	}
	got = i.rows(`select n.e164, n.prefix, n.region, n.zones::text, l.position, n.shared from numbers n join contact_numbers l on l.number_id = n.id
		order by l.contact_id, l.position`)
	want := []string{
		"+12085550123 +1208 US {America/Boise,America/Los_Angeles} 1 false",
		"+4930123456 +4930 DE {Europe/Berlin} 2 false",
		"+12085550124 +1208 US {America/Boise,America/Los_Angeles} 1 false",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("numbers %q", got)
	}
	// The address of the first beats its prefix; the second may be in either zone.
	got = i.rows(`select b.zones::text, b.kind, c.state, c.value, c.propensity, c.event_at::text, l.name, n.e164 from candidates c
		join buckets b on b.id = c.bucket_id join lists l on l.id = c.list_id join numbers n on n.id = c.number_id
		order by c.contact_id`)
	if !strings.HasPrefix(got[0], "{America/Boise} rank ready 12.5 0.2 2026-03-01 00:00:00") || !strings.HasSuffix(got[0], "leads.csv +12085550123") {
		t.Errorf("candidate %q", got[0])
	}
	if !strings.HasPrefix(got[1], "{America/Boise,America/Los_Angeles} rank ready 1 0.5 2026-03-03 15:0") {
		t.Errorf("candidate %q", got[1])
	}
	if got := i.rows(`select file, rows, imported, rejected from imports`); len(got) != 1 || got[0] != "leads.csv 2 2 0" {
		t.Errorf("log %q", got)
	}
}

func TestImportingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	// Persons that span batches, with gaps and contradictions.
	text := "external_id,first_name,phone,phone_2,email,value,event_at,note\n" +
		"1,Ada,2085550100,,,5,,\n" +
		",,2085550101,,,,,\n" +
		",Bob,2085550102,,bob@example.com,,2026-02-01T10:00:00.123456789Z,x\n" +
		",Ann,2085550101,,,7,,y\n" + // the nameless one gets a name
		",Zoe,2085550101,,,,,\n" + // somebody else there
		",Robert,2085550103,,bob@example.com,8,,z\n" + // Bob by address
		"1,Adele,2085550100,2085550104,,9,,\n" +
		",Ada,2085550100,,a@example.com,,,\n" +
		"2,Ada,2085550100,,,,,\n" // the same number and name, but another id
	first := i.do(text)
	if first.Imported != 5 || first.Merged != 4 || first.SharedNumbers != 2 {
		t.Errorf("first %+v", first)
	}
	before := i.everything()
	again := i.do(text)
	if again.Imported != 0 || again.Updated != 0 || again.Contacts != 0 || again.Unchanged != 5 || again.Merged != 4 ||
		again.SharedNumbers != 0 || len(again.Candidates) != 0 {
		t.Errorf("again %+v", again)
	}
	if after := i.everything(); after != before {
		t.Errorf("the second import changed\n%s\ninto\n%s", before, after)
	}
	got := i.rows(`select coalesce(external_id, '-'), first_name, email, value, (select string_agg(right(e164, 4), ' ' order by position)
		from contact_numbers l join numbers n on n.id = l.number_id where l.contact_id = contacts.id) from contacts order by id`)
	want := []string{"1 Ada a@example.com 5 0100 0104", "- Ann  1 0101", "- Bob bob@example.com 1 0102 0103", "- Zoe  1 0101", "2 Ada  1 0100"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("contacts %q", got)
	}
	if got := i.rows(`select right(e164, 4) from numbers where shared order by 1`); fmt.Sprint(got) != "[0100 0101]" {
		t.Errorf("shared %v", got)
	}
}

func TestImportUpdatesWhatTheFileSays(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.do("phone,first_name,email,value,event_at,plan,age\n2085550100,Ada,,5,2026-03-01,gold,30\n2085550101,Bob,,,,,\n")
	i.exec(`update candidates set state = 'done', reason = 'sale', attempts = 2`)
	s := i.do("phone,first_name,email,value,event_at,plan,age\n2085550100,Ada,ada@example.com,10,2026-03-02,,31\n2085550101,Bob,,,,,\n")
	if s.Updated != 1 || s.Unchanged != 1 || s.Imported != 0 {
		t.Errorf("summary %+v", s)
	}
	got := i.rows(`select email, c.value, attributes->>'plan', attributes->>'age', d.value, d.state, d.reason, d.event_at::date::text
		from contacts c join candidates d on d.contact_id = c.id where first_name = 'Ada'`)
	if got[0] != "ada@example.com 10 gold 31 10 done sale 2026-03-02" {
		t.Errorf("got %q", got)
	}
	// The rank is that of a new candidate, less two attempts at γ = 0.8.
	got = i.rows(`select abs(rank - (log(2.0, (10 * 0.5)::numeric) + extract(epoch from timestamptz '2026-03-02 00:00Z' - timestamptz '2020-01-01 00:00Z') / (252 * 3600)
		+ 2 * log(2.0, 0.8))) < 1e-6 from candidates where value = 10`)
	if got[0] != "true" {
		t.Errorf("rank: %v", i.rows(`select rank from candidates`))
	}
}

func TestWhoIsTheSamePerson(t *testing.T) {
	t.Parallel()
	const header = "external_id,first_name,last_name,company,phone,phone_2,email\n"
	for name, c := range map[string]struct {
		first, second   string
		persons, shared int
	}{
		"same external id":                {"1,Ada,,,2085550100,,", "1,Eve,,,2085550101,,", 1, 0},
		"other external id":               {"1,Ada,,,2085550100,,", "2,Ada,,,2085550100,,", 2, 1},
		"same number and name":            {",Ada,Lovelace,,2085550100,,", ",ADA, Lovelace ,,208-555-0100,,", 1, 0},
		"name split otherwise":            {",Ada,Lovelace,,2085550100,,", ",,Ada Lovelace,,2085550100,,", 1, 0},
		"name without accents":            {",Zoë,,,2085550100,,", ",Zoe,,,2085550100,,", 1, 0},
		"same number, other name":         {",Ada,,,2085550100,,", ",Bob,,,2085550100,,", 2, 1},
		"same number, no name":            {",Ada,,,2085550100,,", ",,,,2085550100,,", 1, 0},
		"nameless first":                  {",,,,2085550100,,", ",Ada,,,2085550100,,", 1, 0},
		"same company":                    {",,,Acme,2085550100,,", ",,,ACME,2085550100,,", 1, 0},
		"second number in common":         {",Ada,,,2085550100,2085550101,", ",Ada,,,2085550102,2085550101,", 1, 0},
		"same e-mail, other number":       {",Ada,,,2085550100,,a@b.example", ",Ada,,,2085550101,,A@B.example", 1, 0},
		"same e-mail, other id":           {"1,Ada,,,2085550100,,a@b.example", "2,Ada,,,2085550101,,a@b.example", 2, 0},
		"nothing in common":               {",Ada,,,2085550100,,", ",Ada,,,2085550101,,", 2, 0},
		"an id is taken over":             {",Ada,,,2085550100,,", "1,Ada,,,2085550100,,", 1, 0},
		"e-mail owner with a used number": {",Ada,,,2085550100,,a@b.example", ",Bob,,,2085550100,,a@b.example", 1, 0},
	} {
		for _, files := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/files=%v", name, files), func(t *testing.T) {
				t.Parallel()
				i := newImports(t)
				if files {
					i.do(header + c.first + "\n")
					i.do(header + c.second + "\n")
				} else {
					i.do(header + c.first + "\n" + c.second + "\n")
				}
				got := i.rows(`select (select count(*) from contacts), (select count(*) from candidates), (select count(*) from numbers where shared)`)
				if want := fmt.Sprint(c.persons, c.persons, c.shared); got[0] != want {
					t.Errorf("contacts, candidates, shared numbers: %s, want %s", got[0], want)
				}
			})
		}
	}
}

func TestCandidatesStartWhereTheyBelong(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	other := postgrestest.Campaign(t, i.store, "autumn")
	i.do("phone,first_name\n2085550109,Ida\n", func(o *ingest.Options) { o.Campaign = "autumn" })
	i.exec(`insert into complaints (contact_id, opened_at) select id, now() from contacts`)
	i.exec(`update numbers set bad_at = now() where false`)
	now := postgrestest.Morning
	for number, campaign := range map[string]*int64{"+12085550101": nil, "+12085550102": &i.campaign.ID, "+12085550103": &other.ID, "+12085550105": nil, "+12085550106": nil} {
		i.exec(`insert into suppressions (number_hmac, campaign_id, source, created_at) values ($1, $2, 'test', $3)`, i.store.NumberHMAC(number), campaign, now)
	}
	i.exec(`insert into suppressions (number_hmac, source, created_at, expires_at) values ($1, 'test', $2, $3)`,
		i.store.NumberHMAC("+12085550104"), now.Add(-48*time.Hour), now.Add(-24*time.Hour))
	s := i.do("phone,phone_2,first_name,event_at\n" +
		"2085550100,,Ada,2026-03-04\n" + // tomorrow
		"2085550101,,Bob,\n" + // suppressed everywhere
		"2085550102,,Cyd,\n" + // suppressed for this campaign
		"2085550103,,Dan,\n" + // suppressed for another one
		"2085550104,,Eve,\n" + // not any more
		"2085550105,2085550110,Fay,\n" + // the second number is free
		"2085550105,2085550106,Gil,\n" + // both are not
		"2085550109,,Ida,\n" + // with an open complaint
		"+881612345678,,Jim,\n") // of no known zone
	got := i.rows(`select p.first_name, c.state, c.reason, coalesce(c.due_at::date::text, '-'), right(n.e164, 4), cardinality(b.zones) from candidates c
		join contacts p on p.id = c.contact_id join numbers n on n.id = c.number_id join buckets b on b.id = c.bucket_id
		where c.campaign_id = $1 order by 1`, i.campaign.ID)
	want := []string{
		"Ada resting future_event 2026-03-04 0100 2", "Bob blocked do_not_call - 0101 2", "Cyd blocked do_not_call - 0102 2",
		"Dan ready  - 0103 2", "Eve ready  - 0104 2", "Fay ready  - 0110 2", "Gil blocked do_not_call - 0105 2",
		"Ida blocked open_complaint - 0109 2", "Jim ready  - 5678 0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("candidates %q", got)
	}
	if !maps.Equal(s.Candidates, map[campaigns.CandidateState]int{"ready": 4, "resting": 1, "blocked": 4}) ||
		!maps.Equal(s.Reasons, map[campaigns.Reason]int{"future_event": 1, "do_not_call": 3, "open_complaint": 1}) {
		t.Errorf("summary %+v", s)
	}
	// The event comes nearer: the candidate is due at once, the others stay.
	i.do("phone,first_name,event_at\n2085550100,Ada,2026-03-02\n2085550103,Dan,2026-03-05\n")
	got = i.rows(`select p.first_name, c.state, c.reason, c.due_at <= $2 from candidates c join contacts p on p.id = c.contact_id
		where c.campaign_id = $1 and first_name in ('Ada', 'Dan') order by 1`, i.campaign.ID, i.store.Clock().Now())
	if fmt.Sprint(got) != "[Ada resting future_event true Dan resting future_event false]" {
		t.Errorf("moved events: %q", got)
	}
}

func TestADryRunLeavesNothing(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	text := "phone,first_name,value\n2085550100,Ada,1\n2085550101,Bob,2\n2085550102,Cyd,3\n2085550100,Ada,9\n2085550100,Eve,9\nx,Bad,1\n"
	dry := func(o *ingest.Options) { o.DryRun = true }
	before := i.everything()
	s := i.do(text, dry)
	if after := i.everything(); after != before {
		t.Errorf("a dry run left %s", after)
	}
	done := i.do(text)
	s.Seconds, done.Seconds, done.DryRun = 0, 0, true
	a, _ := json.Marshal(s)
	b, _ := json.Marshal(done)
	if string(a) != string(b) {
		t.Errorf("the dry run said %s, the import %s", a, b)
	}
	before = i.everything()
	if s := i.do(strings.Replace(text, "Ada,1", "Ada,4", 1), dry); s.Updated != 1 || s.Unchanged != 3 {
		t.Errorf("summary %+v", s)
	}
	if after := i.everything(); after != before {
		t.Errorf("a dry run changed %s into %s", before, after)
	}
}

func TestImportNamesAMissingOrClosedCampaign(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	_, err := ingest.Import(t.Context(), ingest.Options{Campaign: "summer", List: "l", File: strings.NewReader("phone\n1\n")}, i.store)
	if campaigns.CodeOf(err) != campaigns.CodeNotFound || !strings.Contains(err.Error(), `"summer"`) {
		t.Errorf("missing: %v", err)
	}
	if _, err := i.store.MoveCampaign(t.Context(), i.campaign.ID, campaigns.CampaignClosed); err != nil {
		t.Fatal(err)
	}
	_, err = ingest.Import(t.Context(), ingest.Options{Campaign: "spring", List: "l", File: strings.NewReader("phone\n1\n")}, i.store)
	if campaigns.CodeOf(err) != campaigns.CodeConflict || !strings.Contains(err.Error(), "closed") {
		t.Errorf("closed: %v", err)
	}
}

// Four imports of the same persons at once must give what one gives.
func TestImportsAtTheSameTime(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	const persons = 300
	var wg sync.WaitGroup
	for n := range 4 {
		var b strings.Builder
		b.WriteString("external_id,phone,first_name,n\n")
		for k := range persons {
			at := (k*7 + n*75) % persons
			fmt.Fprintf(&b, "%d,208555%04d,P%d,%d\n", at, at, at, n)
		}
		wg.Go(func() {
			_, err := ingest.Import(t.Context(), ingest.Options{Campaign: "spring", List: "l", File: strings.NewReader(b.String()), BatchRows: 20}, i.store)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := i.rows(`select (select count(*) from contacts), (select count(*) from candidates), (select count(*) from numbers), (select count(*) from contact_numbers)`)
	if got[0] != "300 300 300 300" {
		t.Errorf("contacts, candidates, numbers, links: %s", got[0])
	}
}
