package postgres_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

func TestWhyCountsEveryCandidateOnce(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 100, i.campaign.ID, []string{"America/New_York", "Asia/Tokyo", "America/Los_Angeles", "Nowhere/Land"})
	i.exec(`insert into buckets (campaign_id, kind, zones) values ($1, 'rank', '{}')`, i.campaign.ID)
	i.exec(`insert into lists (campaign_id, name, active) values ($1, 'off', false)`, i.campaign.ID)
	i.exec(`with c as (select id, row_number() over (order by id) as n from candidates)
		update candidates set
		state = case when n <= 3 then 'resting' when n <= 5 then 'callback' when n <= 9 then 'queued' when n <= 10 then 'open'
			when n <= 16 then 'blocked' when n <= 18 then 'done' else 'ready' end,
		reason = case when n <= 3 then 'busy' when n <= 5 then 'agreed' when n <= 10 then 'left over' when n <= 16 then 'do_not_call' when n <= 18 then 'sale' else '' end,
		due_at = case when n <= 5 then $1::timestamptz + n * interval '1 hour' end,
		list_id = case when n > 90 then (select id from lists where name = 'off') else list_id end,
		bucket_id = case when n between 85 and 90 then (select id from buckets where zones = '{}') else bucket_id end
		from c where c.id = candidates.id`, postgrestest.Morning)
	lines, err := i.store.Why(t.Context(), i.campaign.ID)
	if err != nil {
		t.Fatal(err)
	}
	total, got := 0, map[string]postgres.WhyLine{}
	for _, l := range lines {
		total += l.Count
		got[fmt.Sprintf("%s %s", l.State, l.Reason)] = l
	}
	if total != 100 {
		t.Errorf("%d candidates in all: %+v", total, lines)
	}
	count := func(key string) int { return got[key].Count }
	// 19 to 84 are ready in four zones in turn, 85 to 90 of no zone, 91 to 100
	// in the inactive list.
	for key, want := range map[string]int{
		"resting busy": 3, "callback callback_not_due": 2, "queued ": 4, "open ": 1, "blocked do_not_call": 6, "done sale": 2,
		"ready list_inactive": 10,
	} {
		if count(key) != want {
			t.Errorf("%s: %d, want %d", key, count(key), want)
		}
	}
	if unknown := count("ready zone_unknown"); unknown < 21 || unknown > 24 {
		t.Errorf("zone unknown: %d", unknown)
	}
	if now := count("ready "); now < 15 || now > 18 {
		t.Errorf("ready now: %d", now)
	}
	outside := got["ready outside_window"]
	// Los Angeles opens at 8:00 there, 16:00 UTC, long before Tokyo.
	if opens := time.Date(2026, 3, 3, 16, 0, 0, 0, time.UTC); outside.Next == nil || !outside.Next.Equal(opens) {
		t.Errorf("outside the window until %v", outside.Next)
	}
	if next := got["resting busy"].Next; next == nil || !next.Equal(postgrestest.Morning.Add(time.Hour)) {
		t.Errorf("resting until %v", next)
	}
	if !slices.IsSortedFunc(lines, func(a, b postgres.WhyLine) int { return b.Count - a.Count }) {
		t.Errorf("not sorted: %+v", lines)
	}

	i.exec(`update lists set active = true, expires_at = $1 where name = 'off'`, postgrestest.Morning.Add(-time.Hour))
	if lines, err = i.store.Why(t.Context(), i.campaign.ID); err != nil || !slices.Contains(lines, postgres.WhyLine{State: "ready", Reason: "list_expired", Count: 10}) {
		t.Errorf("expired: %+v, %v", lines, err)
	}

	if _, err := i.store.MoveCampaign(t.Context(), i.campaign.ID, campaigns.CampaignPaused); err != nil {
		t.Fatal(err)
	}
	if lines, err = i.store.Why(t.Context(), i.campaign.ID); err != nil || lines[0].Reason != campaigns.ReasonCampaignNotRunning || lines[0].Count != 82 {
		t.Errorf("paused: %+v, %v", lines, err)
	}
	if _, err := i.store.Why(t.Context(), 4711); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("no such campaign: %v", err)
	}
}

func TestWhyExplainsOnePerson(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.do("phone,phone_2,first_name,value,propensity,event_at\n+12125550100,+81312345678,Ada,8,0.25,2026-02-21T15:00:00Z\n2125550101,,Bob,,,\n")
	ada := contact(i, "Ada")
	p, err := i.store.WhyContact(t.Context(), i.campaign.ID, ada)
	if err != nil {
		t.Fatal(err)
	}
	if p.State != campaigns.CandidateReady || p.Name != "Ada" || p.ContactID != ada || len(p.Numbers) != 2 {
		t.Fatalf("%+v", p)
	}
	if refused := refusals(p.Numbers[0]); len(refused) > 0 || !p.Numbers[0].Allowed || !p.Numbers[0].Next {
		t.Errorf("New York at ten: %v", refused)
	}
	if refused := refusals(p.Numbers[1]); !slices.Equal(refused, []campaigns.Reason{"jurisdiction_unknown", "outside_window"}) || p.Numbers[1].Allowed || p.Numbers[1].Next {
		t.Errorf("Tokyo at midnight: %v", refused)
	}
	// Worth 8, a quarter likely, about one half-life ago: 3 - 2 - 0.95.
	sum := 0.0
	for _, f := range p.Factors {
		sum += f.Points
	}
	if math.Abs(sum-(3-2-10/10.5)) > 0.01 {
		t.Errorf("factors add up to %v: %+v", sum, p.Factors)
	}

	i.exec(`insert into complaints (contact_id, opened_at) values ($1, $2)`, ada, postgrestest.Morning)
	i.exec(`insert into suppressions (number_hmac, source, created_at) values ($1, 'test', $2)`, i.store.NumberHMAC("+12125550100"), postgrestest.Morning)
	i.exec(`update lists set active = false`)
	i.exec(`update candidates set attempts = 6, state = 'resting', reason = 'busy', due_at = $2 where contact_id = $1`, ada, postgrestest.Morning.Add(time.Hour))
	if p, err = i.store.WhyContact(t.Context(), i.campaign.ID, ada); err != nil {
		t.Fatal(err)
	}
	want := []campaigns.Reason{"list_inactive", "do_not_call", "open_complaint", "max_attempts"}
	if refused := refusals(p.Numbers[0]); !slices.Equal(refused, want) {
		t.Errorf("refused by %v, want %v", refused, want)
	}
	if p.State != campaigns.CandidateResting || p.Due == nil || !p.Due.Equal(postgrestest.Morning.Add(time.Hour)) || len(p.Factors) != 4 {
		t.Errorf("%+v", p)
	}
	if len(p.Numbers[0].Gates) != 25 {
		t.Errorf("%d gates", len(p.Numbers[0].Gates))
	}

	if _, err := i.store.WhyContact(t.Context(), i.campaign.ID, 4711); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("no such contact: %v", err)
	}
	if _, err := i.store.WhyContact(t.Context(), 4711, ada); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("no such campaign: %v", err)
	}
}

func contact(i *imports, firstName string) int64 {
	i.t.Helper()
	var id int64
	if err := i.conn.QueryRow(i.t.Context(), `select id from contacts where first_name = $1`, firstName).Scan(&id); err != nil {
		i.t.Fatal(err)
	}
	return id
}

func refusals(n postgres.WhyNumber) []campaigns.Reason {
	var refused []campaigns.Reason
	for _, g := range n.Gates {
		if !g.Passed {
			refused = append(refused, g.Gate)
		}
	}
	return refused
}
