package main

import (
	"strings"
	"testing"
	"time"

	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
	"ringmaster/configs"
)

// yesterday makes two hours of calls of the campaign, a third of them answered,
// for two agents, and gives the day.
func (o *office) yesterday(campaign campaigns.Campaign, now time.Time) time.Time {
	o.t.Helper()
	cfg, err := configs.Load(o.config, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	conn := postgrestest.Connect(o.t, cfg.Database.URL)
	exec := func(sql string, args ...any) {
		o.t.Helper()
		if _, err := conn.Exec(o.t.Context(), sql, args...); err != nil {
			o.t.Fatal(err)
		}
	}
	day := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	exec(`insert into users (name, role) values ('ada', 'agent'), ('bob', 'agent')`)
	exec(`insert into contacts (first_name) values ('Ann')`)
	exec(`insert into numbers (e164, hmac, prefix, region, zones) values ('+12125550100', 'x', '+1212', 'US', '{America/New_York}')`)
	exec(`insert into attempts (campaign_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, sent_at, answered_at, ended_at, outcome)
		select $1, (select max(id) from contacts), (select max(id) from numbers), false, 'n1', 1, at, at, at,
			case when i % 3 = 0 then at + interval '10 s' end, at + interval '25 s', case when i % 3 = 0 then 'answered' else 'no_answer' end
		from (select i, $2::timestamptz + i * interval '12 s' as at from generate_series(0, 599) i) x`, campaign.ID, day.Add(9*time.Hour))
	exec(`insert into calls (id, direction, campaign_id, attempt_id, agent_id, node, epoch, started_at, bridged_at, ended_at, ended_by, talk_ms, wrap_up_ms, disposition, closed_at)
		select lpad(id::text, 26, '0'), 'outbound', campaign_id, id, (select id from users where name = case attempts.id % 2 when 0 then 'ada' else 'bob' end), 'n1', 1,
			answered_at, answered_at, ended_at, 'customer', 60000 + 1000 * (id % 60), 10000, 'served', ended_at from attempts where outcome = 'answered'`)
	exec(`insert into agent_spells (agent_id, state, until, spent_ms) select id, 'ready', $1, 7200000 from users where name in ('ada', 'bob')`, day.Add(11*time.Hour))
	return day
}

// TestSupervisorsForecastFromTheLastDay asks over the API's desk and by the
// command line what a change would do.
func TestSupervisorsForecastFromTheLastDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	store, ctx := o.store(), t.Context()
	campaign, err := store.CampaignByName(ctx, "winback")
	if err != nil {
		t.Fatal(err)
	}
	desk := newForecastDesk(store)
	desk.within = time.Minute // the race detector is slow
	if _, err := desk.Forecast(ctx, campaign.ID, rest.ForecastQuery{}); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("a forecast from nothing: %v", err)
	}
	day := o.yesterday(campaign, store.Clock().Now())

	limit, agents := 0.02, 10
	f, err := desk.Forecast(ctx, campaign.ID, rest.ForecastQuery{Limit: &limit, Agents: &agents, Seeds: 1, Algorithm: "progressive"})
	if err != nil {
		t.Fatal(err)
	}
	if !f.From.Equal(day) || f.Calls != 600 || f.Answered != 200 || f.Algorithm != "progressive" || f.Seeds != 1 {
		t.Errorf("forecast %+v", f)
	}
	if f.Base.Answers < 20 || f.Changed.Answers < 3*f.Base.Answers || f.Base.Limit != 0.03 || f.Changed.Limit != 0.02 {
		t.Errorf("ten agents in place of two: %+v", f)
	}
	same, err := desk.Forecast(ctx, campaign.ID, rest.ForecastQuery{Seeds: 1, Algorithm: "progressive"})
	if err != nil || same.Base != f.Base || same.Changed != f.Base {
		t.Errorf("without a change %+v, %v", same, err)
	}

	impossible := 1e9
	for name, c := range map[string]struct {
		id    int64
		query rest.ForecastQuery
		code  campaigns.Code
	}{
		"no campaign":       {campaign.ID + 1, rest.ForecastQuery{}, campaigns.CodeNotFound},
		"no algorithm":      {campaign.ID, rest.ForecastQuery{Algorithm: "clairvoyant"}, campaigns.CodeInvalid},
		"two algorithms":    {campaign.ID, rest.ForecastQuery{Algorithm: "all"}, campaigns.CodeInvalid},
		"an endless talk":   {campaign.ID, rest.ForecastQuery{Talk: &impossible}, campaigns.CodeInvalid},
		"impossible answer": {campaign.ID, rest.ForecastQuery{Answer: new(float64)}, campaigns.CodeInvalid},
	} {
		if _, err := desk.Forecast(ctx, c.id, c.query); campaigns.CodeOf(err) != c.code {
			t.Errorf("%s: %v, not %s", name, err, c.code)
		}
	}
	hurried := newForecastDesk(store)
	hurried.within = time.Nanosecond
	if f, err := hurried.Forecast(ctx, campaign.ID, rest.ForecastQuery{}); campaigns.CodeOf(err) != campaigns.CodeUnavailable || f.Algorithm != "predictive" || f.Seeds != 3 {
		t.Errorf("no time left: %+v, %v", f, err)
	}
	desk.busy <- struct{}{}
	if _, err := desk.Forecast(ctx, campaign.ID, rest.ForecastQuery{}); campaigns.CodeOf(err) != campaigns.CodeUnavailable {
		t.Errorf("two at once: %v", err)
	}
	<-desk.busy

	date := day.Format(time.DateOnly)
	out := o.do("simulate", "--campaign", "winback", "--day", date, "--seeds", "1", "--algorithm", "progressive", "--what-if", "agents=10")
	if !strings.Contains(out, "winback on "+date) || !strings.Contains(out, "… changed") {
		t.Errorf("simulated:\n%s", out)
	}
	code, _, said := o.tryIn(t, "simulate", "--campaign", "winback", "--day", "2020-01-01")
	if code == exitDone || !strings.Contains(said, "0 calls that came to an end") {
		t.Errorf("a day without calls: %s", said)
	}
	if code, _, said = o.tryIn(t, "simulate", "--campaign", "nobody"); code == exitDone || !strings.Contains(said, "nobody") {
		t.Errorf("no such campaign: %s", said)
	}
}
