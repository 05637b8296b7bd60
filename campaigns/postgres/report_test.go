package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
	"ringmaster/campaigns/report"
)

// history makes n attempts of the last hour with their calls, by lot.
func (h *house) history(n int, seed uint64) {
	h.t.Helper()
	draw := rand.New(rand.NewPCG(seed, 1))
	people := h.queued(n)
	h.exec(`insert into users (name, role) values ('ada', 'agent'), ('bob', 'agent') on conflict do nothing`)
	for i, p := range people {
		at := h.ago(time.Duration(draw.IntN(3500)) * time.Second)
		outcome := campaigns.Outcomes[draw.IntN(6)]
		attempt := h.id(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, caller_id, reserved_at, dial_by,
			sent_at, ended_at, outcome) values ($1, $2, $3, $4, false, 'n1', 1, '+12125550100', $5, $5, $5, $5, $6) returning id`,
			h.campaign.ID, p.CandidateID, p.ContactID, p.NumberID, at, outcome)
		if outcome != campaigns.OutcomeAnswered {
			continue
		}
		disposition := []campaigns.Disposition{campaigns.DispositionSale, campaigns.DispositionNotInterested}[draw.IntN(2)]
		h.exec(`insert into calls (id, direction, campaign_id, candidate_id, contact_id, number_id, attempt_id, agent_id, node, epoch, started_at,
				bridged_at, ended_at, ended_by, talk_ms, wrap_up_ms, disposition, closed_at)
			values ($1, 'outbound', $2, $3, $4, $5, $6, (select min(id) + $7 from users), 'n1', 1, $8::timestamptz, $8, $8, 'agent', 60000, 5000, $9, $8)`,
			fmt.Sprintf("%026d", int(seed)*100_000+i), h.campaign.ID, p.CandidateID, p.ContactID, p.NumberID, attempt, draw.IntN(2), at, disposition)
	}
}

// rollAll rolls up until nothing but the open hours is left.
func (h *house) rollAll() {
	h.t.Helper()
	for range 10 {
		if _, err := h.store.RollUp(h.t.Context(), 100); err != nil {
			h.t.Fatal(err)
		}
	}
}

const (
	fromRows = `select (select count(*) || ' ' || count(sent_at) || ' ' || count(distinct candidate_id) || ' ' || count(*) filter (where outcome = 'dropped') from attempts),
		(select count(*) || ' ' || coalesce(sum(talk_ms), 0) || ' ' || count(*) filter (where disposition = 'sale') from calls)`
	fromRollups = `select (select coalesce(sum(attempts), 0) || ' ' || coalesce(sum(sent), 0) || ' ' || coalesce(sum(first), 0) || ' '
			|| coalesce(sum(attempts) filter (where outcome = 'dropped'), 0) from rollup_attempts),
		(select coalesce(sum(calls), 0) || ' ' || coalesce(sum(talk_ms), 0) || ' ' || coalesce(sum(calls) filter (where disposition = 'sale'), 0) from rollup_calls)`
)

func TestRollupsAreTheTotalsOfTheRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	same := func(when string) {
		t.Helper()
		h.rollAll()
		if rows, rollups := h.read(fromRows), h.read(fromRollups); rows != rollups {
			t.Errorf("%s: the rows say %s, the rollups %s", when, rows, rollups)
		}
	}
	same("without anything")
	h.history(60, 1)
	same("after a day")
	h.history(40, 2)
	same("after more of it")
	// Days later results are amended, and one that was missing is given.
	h.exec(`update attempts set reserved_at = reserved_at - interval '3 days'`)
	h.exec(`update calls set started_at = started_at - interval '3 days', closed_at = closed_at - interval '3 days'`)
	h.exec(`truncate rollup_hours, rollup_attempts, rollup_calls, rollup_bins`)
	same("days ago")
	call := campaigns.CallID(h.read(`select id from calls where disposition = 'sale' limit 1`))
	h.must(h.store.AmendResult(t.Context(), postgres.Amendment{CallID: call, Disposition: campaigns.DispositionServed, Why: "typed in haste"}))
	same("after an amendment")
	h.exec(`update calls set disposition = null, closed_at = null where id = (select max(id) from calls)`)
	h.exec(`update calls set disposition = 'sale', closed_at = $1 where disposition is null`, h.ago(0))
	same("after a late result")
}

func TestReportCountsAreReadByCampaignAndTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.history(80, 3)
	now := h.store.Clock().Now().Truncate(time.Hour)
	h.exec(`insert into agent_spells (agent_id, state, until, spent_ms) select min(id), 'ready', $1, 5400000 from users where name = 'ada'`, now.Add(-10*time.Minute))
	h.rollAll()
	counts, err := h.store.ReportCounts(t.Context(), h.campaign.ID, now.Add(-24*time.Hour), now.Add(time.Hour))
	h.must(err)
	var attempts, calls int64
	for _, a := range counts.Attempts {
		attempts += a.Attempts
	}
	for _, c := range counts.Calls {
		calls += c.Calls
	}
	if got := fmt.Sprint(attempts, calls); got != h.read(`select (select count(*) from attempts), (select count(*) from calls)`) {
		t.Errorf("attempts and calls: %s", got)
	}
	if len(counts.Lists) != 1 || counts.Lists[0].Records != 80 {
		t.Errorf("lists %+v", counts.Lists)
	}
	var ready time.Duration
	for _, a := range counts.Agents {
		if a.State == campaigns.AgentReady {
			ready += a.Spent
		}
	}
	if ready != 90*time.Minute {
		t.Errorf("a spell over two hours is %v, want 90m", ready)
	}
	for _, measure := range []string{"age", "score", "local_hour"} {
		if len(counts.Bins[measure]) == 0 {
			t.Errorf("no bins of %s", measure)
		}
	}
	none, err := h.store.ReportCounts(t.Context(), h.campaign.ID, now.Add(-240*time.Hour), now.Add(-200*time.Hour))
	h.must(err)
	if len(none.Attempts)+len(none.Calls)+len(none.Bins) != 0 || none.Manned != 0 {
		t.Errorf("another time: %+v", none)
	}
}

// The speed to the first call counts from the receipt of an event that concerned
// the candidate, whatever day the event was of.
func TestTheFirstCallIsMeasuredFromTheReceiptOfAnEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.triggers(campaigns.Trigger{On: "cart_abandoned", Do: campaigns.TriggerBoost, Lift: 2}, campaigns.Trigger{On: "purchase", Do: campaigns.TriggerFinish})
	other := postgrestest.Campaign(t, h.store, "other")
	people := h.queued(6)
	hour := h.began.Truncate(time.Hour).Add(-2 * time.Hour)
	dial := func(campaign campaigns.Campaign, person int, after time.Duration) {
		t.Helper()
		p := people[person]
		h.exec(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, sent_at, ended_at, outcome)
			values ($1, $2, $3, $4, false, 'n1', 1, $5, $5, $5, $5, 'busy')`, campaign.ID, p.CandidateID, p.ContactID, p.NumberID, hour.Add(after))
	}
	event := func(key, of string, person int, after time.Duration) {
		t.Helper()
		e := campaigns.CustomerEvent{Key: key, Type: of, At: h.ago(60 * 24 * time.Hour), Contact: campaigns.EventContact{ID: people[person].ContactID}}
		h.tell(e)
		h.exec(`update customer_events set received_at = $2 where key = $1`, key, hour.Add(after))
	}
	// Nobody told anything of the first one, who left long ago.
	h.exec(`update candidates set event_at = $1`, hour.Add(-30*24*time.Hour))
	dial(h.campaign, 0, time.Minute)
	// 64 s to the first call; neither the call before it nor the second one count,
	// nor what another campaign did.
	h.also(other, people[1], campaigns.CandidateReady)
	event("k1", "cart_abandoned", 1, 10*time.Minute)
	dial(h.campaign, 1, time.Minute)
	dial(other, 1, 10*time.Minute+4*time.Second)
	dial(h.campaign, 1, 11*time.Minute+4*time.Second)
	dial(h.campaign, 1, 30*time.Minute)
	// A second event of the same person is measured by itself: 256 s.
	event("k2", "cart_abandoned", 1, 31*time.Minute)
	dial(h.campaign, 1, 31*time.Minute+256*time.Second)
	// Events that no trigger acts on, or that end the reason to call.
	event("k3", "usage_dropped", 2, 0)
	dial(h.campaign, 2, 2*time.Minute)
	event("k4", "purchase", 3, 0)
	dial(h.campaign, 3, 2*time.Minute)
	// Received, and not called yet.
	event("k5", "cart_abandoned", 4, 0)
	// Imported history is no call of this floor.
	event("k6", "cart_abandoned", 5, 0)
	dial(h.campaign, 5, 8*time.Second)
	h.exec(`update attempts set node = 'import' where contact_id = $1`, people[5].ContactID)
	dial(h.campaign, 5, 16*time.Second)
	h.rollAll()
	if got, want := h.read(`select bin, n from rollup_bins where measure = 'first_call' order by bin`), "16 1\n24 1\n32 1"; got != want {
		t.Errorf("bins of 4 log2 of the seconds %q, want those of 16 s, 64 s and 256 s %q", got, want)
	}
	counts, err := h.store.ReportCounts(t.Context(), h.campaign.ID, hour, hour.Add(time.Hour))
	h.must(err)
	if median, ok := report.FirstCallQuantile(counts.Bins["first_call"], 0.5); !ok || median != 64 {
		t.Errorf("median %v s, %v", median, ok)
	}
}

func TestAgreementsAreKeptAndMeasured(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	service := report.Agreement{Name: "80/20", Objective: report.ObjectiveServiceLevel, Within: campaigns.Seconds(20), Target: 0.8, Window: "day", Queue: "sales", CreditCap: 10}
	drops := report.Agreement{Name: "drops", Objective: report.ObjectiveDropRate, Target: 0.03, Window: "month", Campaign: "first"}
	h.must(h.store.SaveAgreement(t.Context(), service))
	h.must(h.store.SaveAgreement(t.Context(), drops))
	h.must(h.store.SaveAgreement(t.Context(), drops))
	all, err := h.store.Agreements(t.Context())
	h.must(err)
	if fmt.Sprint(all) != fmt.Sprint([]report.Agreement{service, drops}) {
		t.Errorf("kept %+v", all)
	}
	unknown := drops
	unknown.Campaign = "nowhere"
	h.code(h.store.SaveAgreement(t.Context(), unknown), campaigns.CodeNotFound, "nowhere")
	h.code(h.store.SaveAgreement(t.Context(), report.Agreement{Name: "x"}), campaigns.CodeInvalid, "objective")

	day := h.ago(48 * time.Hour).UTC().Truncate(24 * time.Hour)
	for i, wait := range []float64{1, 19.9, 20.5, -1} { // a wait below zero hung up
		bridged, abandoned := any(nil), wait < 0
		if !abandoned {
			bridged = day.Add(time.Duration(wait * float64(time.Second)))
		}
		h.exec(`insert into calls (id, direction, node, epoch, queue, started_at, bridged_at, ended_at, ended_by, abandoned, disposition, closed_at)
			values ($1, 'inbound', 'n1', 1, 'sales', $2, $3, $2, 'customer', $4, 'served', $2)`, strings.Repeat("0", 25)+fmt.Sprint(i), day, bridged, abandoned)
	}
	h.rollAll()
	measured := func(a report.Agreement) string {
		days, err := h.store.Measure(t.Context(), a, day.AddDate(0, 0, -5), day.AddDate(0, 0, 5))
		h.must(err)
		return fmt.Sprint(days)
	}
	if got, want := measured(service), fmt.Sprint([]report.Measured{{Day: day, Numerator: 2, Denominator: 4}}); got != want {
		t.Errorf("service level %s, want %s", got, want)
	}
	lost := report.Agreement{Name: "lost", Objective: report.ObjectiveAbandonment, Target: 0.05, Window: "month"}
	if got, want := measured(lost), fmt.Sprint([]report.Measured{{Day: day, Numerator: 1, Denominator: 4}}); got != want {
		t.Errorf("abandonment %s, want %s", got, want)
	}
	if got := measured(drops); got != "[]" {
		t.Errorf("drops of nothing: %s", got)
	}
}
