package postgres_test

import (
	"math"
	"os"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/postgres/postgrestest"
)

// counted writes attempts of an hour into the ledger.
func (h *house) counted(at time.Time, answered, dropped, machines int) {
	h.t.Helper()
	h.exec(`insert into drop_ledger (campaign_id, hour, live_answered, dropped, machines) values ($1, $2, $3, $4, $5)`,
		h.campaign.ID, at.Truncate(time.Hour), answered, dropped, machines)
}

// budget is what a node is given for the first campaign.
func (h *house) budget(node string) campaigns.DropBudget {
	h.t.Helper()
	budgets, err := h.store.DropBudgets(h.t.Context(), node, []campaigns.DropHolding{{CampaignID: h.campaign.ID}})
	h.must(err)
	if len(budgets) != 1 || budgets[0].CampaignID != h.campaign.ID {
		h.t.Fatalf("budgets %+v", budgets)
	}
	return budgets[0]
}

// credits checks what a node is given.
func (h *house) credits(node string, want float64) {
	h.t.Helper()
	if got := h.budget(node).Credit; math.Abs(got-want) > 1e-9 {
		h.t.Errorf("%s is given %v, want %v", node, got, want)
	}
}

// in says where the candidates of the first campaign are.
func (h *house) in(jurisdictions, zone string) {
	h.exec(`insert into buckets (campaign_id, kind, zones, region) values ($1, 'rank', array[$2], $3)`, h.campaign.ID, zone, jurisdictions)
}

// Each limit is held by its own formula and over its own window, and the one
// with the least credit binds.
func TestTheLimitWithTheLeastCreditBinds(t *testing.T) {
	t.Parallel()
	today := postgrestest.Morning.Add(-time.Hour)
	for _, c := range []struct {
		name string
		make func(*house)
		want campaigns.DropBudget
	}{
		{"nothing answered yet", func(*house) {}, campaigns.DropBudget{Limit: 0.03, Rule: "us-tsr"}},
		{"thirty days in the US", func(h *house) {
			h.in("US,US-NY", "America/New_York")
			h.counted(today, 400, 2, 100)
			h.counted(today.AddDate(0, 0, -29), 600, 8, 0)
			h.counted(today.AddDate(0, 0, -31), 1000, 0, 0)
		}, campaigns.DropBudget{Limit: 0.03, Rule: "us-tsr", Credit: 20, Answers: 1000, Drops: 10}},
		{"more drops than the limit allows", func(h *house) { h.counted(today, 100, 10, 0) },
			campaigns.DropBudget{Limit: 0.03, Rule: "us-tsr", Answers: 100, Drops: 10}},
		{"the campaign's own", func(h *house) {
			h.in("US", "America/New_York")
			h.settings(func(s *campaigns.Settings) { s.DropLimit = 0.01 })
			h.counted(today, 1000, 2, 0)
		}, campaigns.DropBudget{Limit: 0.01, Credit: 8, Answers: 1000, Drops: 2}},
		// 8 of the drops are taken for machines, and yesterday does not count.
		{"the day in Britain", func(h *house) {
			h.in("GB", "Europe/London")
			h.counted(today, 376, 16, 360)
			h.counted(today.AddDate(0, 0, -1), 5000, 0, 0)
		}, campaigns.DropBudget{Limit: 0.03, Rule: "gb-ofcom", Credit: 0.03*368 - 8, Answers: 368, Drops: 8}},
		{"the strictest of two countries", func(h *house) {
			h.in("GB", "Europe/London")
			h.in("CA,CA-ON", "America/Toronto")
			h.counted(today, 100, 0, 0)
			h.counted(today.AddDate(0, 0, -1), 5000, 100, 0)
		}, campaigns.DropBudget{Limit: 0.03, Rule: "gb-ofcom", Credit: 3, Answers: 100}},
		{"the month in Canada", func(h *house) {
			h.in("CA", "America/Toronto")
			h.settings(func(s *campaigns.Settings) { s.DropLimit = 0.1 })
			h.counted(today, 100, 1, 0)
			h.counted(today.AddDate(0, 0, -4), 900, 0, 0)
		}, campaigns.DropBudget{Limit: 0.05, Rule: "ca-utr", Credit: 4, Answers: 100, Drops: 1}},
		{"by the law's name alone", func(h *house) {
			h.in("JP", "Asia/Tokyo")
			h.counted(today, 100, 1, 0)
		}, campaigns.DropBudget{Limit: 0.03, Credit: 2, Answers: 100, Drops: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c.make(h)
			got := h.budget("n1")
			if c.want.CampaignID = h.campaign.ID; math.Abs(got.Credit-c.want.Credit) < 1e-9 {
				got.Credit = c.want.Credit
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			state, err := h.store.DropState(t.Context(), h.campaign.ID)
			h.must(err)
			if state.Rule != got.Rule || state.Answers != got.Answers || state.Rate != got.Rate() || math.Abs(state.Held-got.Credit) > 1e-9 {
				t.Errorf("state %+v of %+v", state, got)
			}
		})
	}
}

// A day begins where the campaign calls, if that is in one zone.
func TestADayBeginsInTheCampaignsZone(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]float64{"Europe/London": 300, "America/Los_Angeles": 0} {
		h := newHouse(t)
		h.in("GB", zone)
		h.counted(postgrestest.Morning.Add(-14*time.Hour), 300, 0, 0) // one at night in London, evening in Los Angeles
		if got := h.budget("n1"); got.Rule != "gb-ofcom" || got.Answers != want {
			t.Errorf("%s: %+v, want %v answers", zone, got, want)
		}
	}
}

func TestNodesShareTheCredit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.join("n2", time.Hour)
	h.join("n3", time.Hour)
	h.counted(h.began, 1000, 0, 0)
	h.credits("n1", 30)
	h.credits("n2", 0) // n1 holds all of it until it asks again
	h.credits("n1", 15)
	h.credits("n2", 15)
	h.credits("n3", 0)
	for range 2 {
		h.credits("n1", 10)
		h.credits("n2", 10)
	}
	h.credits("n3", 10)
	// What n1 records is its own: an answer adds to its share, a drop takes off.
	h.exec(`update drop_shares set renewed_at = renewed_at - interval '20 seconds' where node = 'n3'`) // it asks no more
	people := h.queued(40)
	var facts []campaigns.Event
	for i, p := range people {
		outcome := campaigns.OutcomeAnswered
		if i < 4 {
			outcome = campaigns.OutcomeDropped
		}
		facts = append(facts, h.ended(h.attempt(p), outcome))
	}
	h.record(facts...)
	if got := h.read(`select node, round(held::numeric, 3)::text from drop_shares order by node`); got != "n1 7.200\nn2 10.000\nn3 10.000" {
		t.Errorf("shares\n%s", got)
	}
	h.credits("n2", 27.2-17.2) // 1,040 answers allow 31.2; half is 13.6, but n3 keeps its part for a while
	h.exec(`update drop_shares set renewed_at = renewed_at - interval '2 minutes' where node = 'n3'`)
	h.credits("n2", 13.6)
	h.credits("n1", 13.6)
}

// What a dead node held is spent until its attempts are reconciled.
func TestTheShareOfADeadNodeIsSpentUntilItIsReconciled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.counted(h.began, 1000, 0, 0)
	h.credits("n1", 30)
	h.attempt(h.queued(1)[0])
	h.join("n2", time.Hour)
	h.credits("n2", 0)
	h.exec(`update nodes set lease_until = clock_timestamp() - interval '1 second' where name = 'n1'`)
	h.exec(`update drop_shares set renewed_at = renewed_at - interval '1 hour' where node = 'n1'`)
	h.credits("n2", 0)
	if _, err := h.store.DropBudgets(t.Context(), "n1", []campaigns.DropHolding{{CampaignID: h.campaign.ID}}); err == nil {
		t.Error("a node without a fresh lease is given a share")
	} else {
		h.code(err, campaigns.CodeConflict, "node n1 holds no fresh lease")
	}
	if n, err := h.store.Reconcile(t.Context()); n != 1 || err != nil {
		t.Errorf("closed %d, %v", n, err)
	}
	h.credits("n2", 30)
	if _, err := h.store.Reconcile(t.Context()); err != nil || h.read(`select node from drop_shares`) != "n2" {
		t.Errorf("a living node's share is gone, %v", err)
	}
}

func TestBudgetsOfCampaignsThatAreNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := postgrestest.Campaign(t, h.store, "other")
	budgets, err := h.store.DropBudgets(t.Context(), "n1", []campaigns.DropHolding{{CampaignID: other.ID}, {CampaignID: 4711}, {CampaignID: h.campaign.ID}, {CampaignID: other.ID}})
	if err != nil || len(budgets) != 2 || budgets[0].CampaignID != h.campaign.ID || budgets[1].CampaignID != other.ID {
		t.Errorf("budgets %+v, %v", budgets, err)
	}
	if none, err := h.store.DropBudgets(t.Context(), "nobody", nil); err != nil || len(none) != 0 {
		t.Errorf("budgets %+v, %v", none, err)
	}
	_, err = h.store.DropState(t.Context(), 4711)
	h.code(err, campaigns.CodeNotFound, "no campaign 4711")
	_, err = h.store.DropLimits(t.Context(), 4711)
	h.code(err, campaigns.CodeNotFound, "no campaign 4711")
	limits, err := h.store.DropLimits(t.Context(), other.ID)
	if err != nil || len(limits) != 3 || limits[2] != (calling.DropLimit{Limit: 0.03, Formula: calling.OfLiveAnswers, Window: calling.DropOver30Days}) {
		t.Errorf("limits %+v, %v", limits, err)
	}
}

func TestTheLedgerCountsMachinesApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(4)
	a := h.attempt(p[3])
	h.record(h.ended(h.attempt(p[0]), campaigns.OutcomeMachine), h.ended(h.attempt(p[1]), campaigns.OutcomeDropped),
		h.ended(h.attempt(p[2]), campaigns.OutcomeNoAnswer), h.ended(a, campaigns.OutcomeAnswered), h.ended(a, campaigns.OutcomeDropped))
	if got := h.read(`select hour = date_trunc('hour', $1::timestamptz), live_answered, dropped, machines from drop_ledger`, h.began); got != "true 2 1 1" {
		t.Errorf("ledger %s", got)
	}
}

// The ledger of an earlier version, by days, is counted anew from the attempts.
func TestTheLedgerByDaysIsCountedAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	text, err := os.ReadFile("migrations/00009_budget.sql")
	h.must(err)
	h.exec(`drop table drop_shares, drop_budgets`)
	h.exec(`alter table drop_ledger drop column machines`)
	h.exec(`alter table drop_ledger alter column hour type date using (hour at time zone 'UTC')::date`)
	h.exec(`alter table drop_ledger rename column hour to day`)
	now := time.Now().UTC()
	old := now.AddDate(0, 0, -50).Format(time.DateOnly)
	h.exec(`insert into drop_ledger values ($1, $2, 7, 3), ($1, $3, 900, 800)`, h.campaign.ID, old, now.Format(time.DateOnly))
	for i, p := range h.queued(5) {
		h.past(p, now.Add(-time.Hour), []campaigns.Outcome{"answered", "dropped", "machine", "busy", "answered"}[i])
	}
	h.exec(string(text))
	if got := h.read(`select (hour at time zone 'UTC')::date::text, live_answered, dropped, machines from drop_ledger where hour < now() - interval '40 days'`); got != old+" 7 3 0" {
		t.Errorf("the old days: %s", got)
	}
	if got := h.read(`select hour = date_trunc('hour', $1::timestamptz), live_answered, dropped, machines from drop_ledger where hour > now() - interval '40 days'`, now.Add(-time.Hour)); got != "true 3 1 1" {
		t.Errorf("the hours: %s", got)
	}
}
