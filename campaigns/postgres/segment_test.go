package postgres_test

import (
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
	"ringmaster/campaigns/segment"
)

// segmented gives the campaign a segment.
func (h *house) segmented(expression string) {
	h.t.Helper()
	h.settings(func(s *campaigns.Settings) { s.Selection.Segment = expression })
}

// sweep runs a whole sweep in steps of n.
func (h *house) sweep(n int) (all postgres.SegmentSweep) {
	h.t.Helper()
	for after := int64(0); ; {
		step, err := h.store.ApplySegment(h.t.Context(), h.campaign.ID, after, n)
		h.must(err)
		if step.Looked > n || step.Next != 0 && step.Next <= after {
			h.t.Fatalf("step %+v after %d", step, after)
		}
		all.Looked, all.Blocked, all.Lifted = all.Looked+step.Looked, all.Blocked+step.Blocked, all.Lifted+step.Lifted
		if after = step.Next; after == 0 {
			return all
		}
	}
}

func (h *house) statesTold() string {
	h.t.Helper()
	return h.read(`select state, reason, count(*) from candidates group by 1, 2 order by 1, 2`)
}

// everyState makes one candidate in each state that a sweep may find.
func everyState(h *house) map[campaigns.CandidateState]postgrestest.Person {
	people := map[campaigns.CandidateState]postgrestest.Person{}
	for _, state := range []campaigns.CandidateState{
		campaigns.CandidateReady, campaigns.CandidateResting, campaigns.CandidateCallback, campaigns.CandidateQueued,
		campaigns.CandidateOpen, campaigns.CandidateBlocked, campaigns.CandidateDone,
	} {
		people[state] = postgrestest.Candidates(h.t, h.conn, h.store, h.campaign, h.people, 1, state)[0]
		h.people++
	}
	return people
}

// Candidates outside are blocked, and go on where they stood when they are back;
// those in a call, blocked for another reason or done stay.
func TestSegmentBlocksAndLifts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := everyState(h)
	began := `select state, reason, due_at, agent_id from candidates order by id`
	h.exec(`update candidates set agent_id = $1 where state = 'callback'`, h.id(`insert into users (name, role) values ('ann', 'agent') returning id`))
	before := h.read(began)

	h.segmented(`contact.value > 10`)
	if got := h.sweep(2); got.Looked != 4 || got.Blocked != 4 || got.Lifted != 0 {
		t.Errorf("outside: %+v", got)
	}
	if got := h.statesTold(); got != "blocked not_in_segment 4\nblocked test 1\ndone test 1\nopen test 1" {
		t.Errorf("outside:\n%s", got)
	}
	if got := h.sweep(3); got.Looked != 4 || got.Blocked+got.Lifted != 0 {
		t.Errorf("again: %+v", got)
	}
	// A person comes back by a change of the contact, all by one of the expression.
	h.exec(`update contacts set value = 11 where id = $1`, people[campaigns.CandidateCallback].ContactID)
	if got := h.sweep(3); got.Lifted != 1 || got.Blocked != 0 {
		t.Errorf("one: %+v", got)
	}
	h.segmented("")
	if got := h.sweep(2); got.Lifted != 3 {
		t.Errorf("inside: %+v", got)
	}
	// A queued one is ready: the hopper does not know it any more.
	h.exec(`update candidates set state = 'queued', reason = 'test' where id = $1`, people[campaigns.CandidateQueued].CandidateID)
	h.exec(`update candidates set reason = 'test' where id = $1`, people[campaigns.CandidateReady].CandidateID)
	if after := h.read(began); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if got := h.read(`select count(*) from segment_holds`); got != "0" {
		t.Errorf("%s holds left", got)
	}
	if got := h.sweep(2); got.Looked != 0 {
		t.Errorf("without a segment: %+v", got)
	}
}

// Membership changes with time alone.
func TestSegmentFollowsTheTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(2)
	h.exec(`update candidates set state = 'ready', reason = ''`)
	h.exec(`update contacts set attributes = jsonb_build_object('left_at', to_char($1::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) where id = $2`,
		h.ago(59*24*time.Hour), people[0].ContactID)
	h.segmented(`days_since(contact.left_at) < 60`)
	if got := h.sweep(10); got.Blocked != 1 || h.read(`select state from candidates where id = $1`, people[0].CandidateID) != "ready" {
		t.Errorf("%+v:\n%s", got, h.statesTold())
	}
	h.exec(`update contacts set attributes = jsonb_build_object('left_at', to_char($1::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) where id = $2`,
		h.ago(61*24*time.Hour), people[0].ContactID)
	if got := h.sweep(10); got.Blocked != 1 {
		t.Errorf("%+v:\n%s", got, h.statesTold())
	}
	if items, err := h.store.Refill(t.Context(), h.campaign.ID, 10); err != nil || len(items) != 0 {
		t.Errorf("%v, %v", items, err)
	}
}

// A row that somebody holds is left to the next sweep, and one that was moved
// meanwhile is not overwritten.
func TestSegmentLeavesHeldRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(2)
	h.segmented(`false`)
	tx, err := h.conn.Begin(t.Context())
	h.must(err)
	if _, err := tx.Exec(t.Context(), `update candidates set state = 'done', reason = 'sale' where id = $1`, people[0].CandidateID); err != nil {
		t.Fatal(err)
	}
	if got := h.sweep(10); got.Looked != 2 || got.Blocked != 1 {
		t.Errorf("%+v", got)
	}
	h.must(tx.Commit(t.Context()))
	if got := h.sweep(10); got.Looked != 1 || got.Blocked != 0 || h.statesTold() != "blocked not_in_segment 1\ndone sale 1" {
		t.Errorf("%+v:\n%s", got, h.statesTold())
	}
}

func TestSegmentThatIsWrongIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.queued(1)
	h.exec(`update campaigns set settings = jsonb_set(settings, '{selection,segment}', '"contact.valu > 1"'), revision = revision + 1`)
	_, err := h.store.ApplySegment(t.Context(), h.campaign.ID, 0, 10)
	h.code(err, campaigns.CodeInvalid, `selection.segment: line 1, column 8: contact has no field "valu"; did you mean "contact.value"?`)
	_, err = h.store.ApplySegment(t.Context(), h.campaign.ID+1, 0, 10)
	h.code(err, campaigns.CodeNotFound, "no campaign")
}

// The field knows whom the gate refuses, whichever list says so, and an
// objection is a refusal.
func TestSegmentKnowsDoNotCallAndObjections(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	people := h.queued(6)
	numbers := make([]string, len(people))
	for i, p := range people {
		numbers[i] = h.read(`select e164 from numbers where id = $1`, p.NumberID)
	}
	h.must(h.store.AddSuppression(ctx, numbers[0], 0, "api", "", time.Time{}))
	h.load(postgres.DNCImport{List: campaigns.DNCList{Name: "us", National: true}, File: "f", Numbers: file(numbers[1])})
	h.must(h.store.SuppressPattern(ctx, campaigns.DNCList{Name: "prefixes"}, numbers[2], "", time.Time{}))
	h.exec(`update numbers set region = 'CA' where id = $1`, people[3].NumberID)
	h.must(h.store.SuppressPattern(ctx, campaigns.DNCList{Name: "countries"}, "CA", "", time.Time{}))
	if got := h.states(people...); got != strings.Repeat("blocked do_not_call\n", 4)+"queued test\nqueued test" {
		t.Fatalf("the gate:\n%s", got)
	}
	h.must(h.store.Object(ctx, campaigns.Objection{ContactID: people[4].ContactID, Source: "letter"}))
	for expression, want := range map[string]string{
		`contact.do_not_call`:          "0 1 2 3",
		`contact.consent == "refused"`: "4",
	} {
		s, err := segment.Compile(expression)
		h.must(err)
		predicate, args := s.SQL(h.ago(0), 1)
		inside := h.read(`select coalesce(string_agg((p.id - (select min(id) from contacts))::text, ' ' order by p.id), '') from contacts p where `+predicate, args...)
		if inside != want {
			t.Errorf("%s: %s, want %s", expression, inside, want)
		}
	}
}

// Whom an import changes or brings, and whom an event changes, enters and leaves
// at once in every campaign, without a sweep.
func TestSegmentsFollowImportsAndEvents(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	segmented := func(c campaigns.Campaign, expression string, change ...func(*campaigns.Settings)) {
		t.Helper()
		c, err := i.store.Campaign(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		c.Settings.Selection.Segment = expression
		for _, f := range change {
			f(&c.Settings)
		}
		if _, err := i.store.UpdateSettings(t.Context(), c.ID, c.Revision, c.Settings); err != nil {
			t.Fatal(err)
		}
	}
	states := func() string {
		t.Helper()
		return strings.Join(i.rows(`select g.name, p.first_name, c.state, c.reason from candidates c join contacts p on p.id = c.contact_id
			join campaigns g on g.id = c.campaign_id order by g.id, p.first_name`), "\n")
	}
	i.do("phone,first_name,value,status\n+12125550101,Ada,400,lapsed\n+12125550102,Bob,20,lapsed\n")
	other := postgrestest.Campaign(t, i.store, "autumn")
	segmented(other, `contact.value > 100`)
	broken := postgrestest.Campaign(t, i.store, "broken")
	i.exec(`update campaigns set settings = jsonb_set(settings, '{selection,segment}', '"contact.x >"'), revision = revision + 1 where id = $1`, broken.ID)
	segmented(i.campaign, `contact.status == "lapsed"`)

	// A new campaign takes only those inside, and says so.
	s := i.do("phone,first_name,value,status\n+12125550101,Ada,400,lapsed\n+12125550102,Bob,20,lapsed\n", func(o *ingest.Options) { o.Campaign = "autumn" })
	if s.Candidates[campaigns.CandidateReady] != 1 || s.Reasons[campaigns.ReasonNotInSegment] != 1 {
		t.Errorf("summary %+v", s)
	}
	if got := states(); got != "spring Ada ready \nspring Bob ready \nautumn Ada ready \nautumn Bob blocked not_in_segment" {
		t.Errorf("new:\n%s", got)
	}
	// An import into one moves them in the other too.
	i.do("phone,first_name,value,status\n+12125550101,Ada,50,active\n+12125550102,Bob,300,lapsed\n")
	if got := states(); got != "spring Ada blocked not_in_segment\nspring Bob ready \nautumn Ada blocked not_in_segment\nautumn Bob ready " {
		t.Errorf("changed:\n%s", got)
	}
	// An event that changes Ada lifts her, so that its rule finds her ready.
	segmented(i.campaign, `contact.status == "lapsed"`, func(s *campaigns.Settings) {
		s.Triggers = []campaigns.Trigger{{On: "contract_ended", Do: campaigns.TriggerBoost, Hot: true}}
	})
	receipt, err := i.store.TellEvent(t.Context(), campaigns.CustomerEvent{Key: "k", Type: "contract_ended", At: postgrestest.Morning,
		Contact: campaigns.EventContact{Phone: "+12125550101", Attributes: map[string]string{"status": "lapsed"}}}, "US")
	if err != nil || len(receipt.Effects) != 1 || receipt.Effects[0].State != campaigns.CandidateReady || !receipt.Effects[0].Hot {
		t.Errorf("receipt %+v, %v", receipt, err)
	}
	// And one without any rule lets Bob leave.
	if _, err := i.store.TellEvent(t.Context(), campaigns.CustomerEvent{Key: "l", Type: "usage_dropped", At: postgrestest.Morning,
		Contact: campaigns.EventContact{Phone: "+12125550102", Attributes: map[string]string{"status": "active"}}}, "US"); err != nil {
		t.Error(err)
	}
	if got := states(); got != "spring Ada ready \nspring Bob blocked not_in_segment\nautumn Ada blocked not_in_segment\nautumn Bob ready " {
		t.Errorf("after events:\n%s", got)
	}
}
