package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

func TestAnAgentDialsByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ada")
	p := h.queued(4)
	h.exec(`update candidates set state = 'resting', reason = 'busy', due_at = $2, queued_at = null where id = $1`, p[0].CandidateID, h.ago(-time.Hour))
	h.exec(`update candidates set state = 'done', reason = 'sale', attempts = 6, queued_at = null where id = $1`, p[1].CandidateID)
	second := h.number(p[2], "+12125559999", 2)
	h.exec(`delete from candidates where id = $1`, p[3].CandidateID)
	began := time.Now()
	for _, c := range []struct {
		name      string
		dial      postgres.ManualDial
		candidate int64
		number    int64
	}{
		{"a candidate who rests", postgres.ManualDial{ContactID: p[0].ContactID}, p[0].CandidateID, p[0].NumberID},
		{"a candidate who is done stays so", postgres.ManualDial{ContactID: p[1].ContactID}, 0, p[1].NumberID},
		{"the second number", postgres.ManualDial{Number: "+12125559999"}, p[2].CandidateID, second},
		{"nobody's candidate", postgres.ManualDial{Number: "+12125550003"}, 0, p[3].NumberID},
	} {
		c.dial.AgentID, c.dial.CampaignID = agent, h.campaign.ID
		a, err := h.store.ReserveManual(t.Context(), h.owner, c.dial)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a.CandidateID != c.candidate || a.NumberID != c.number || a.AgentID != agent || a.ID == 0 || a.Settings.MaxAttempts != 6 ||
			!a.DialBy.After(began) || a.DialBy.Sub(began) > 5*time.Second {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
	if got := h.read(`select state, number_id from candidates order by id`); got != "open 1\ndone 2\nopen 5" {
		t.Errorf("candidates\n%s", got)
	}
	if got := h.read(`select count(*) from attempts where ended_at is null and agent_id = $1`, agent); got != "4" {
		t.Errorf("%s attempts", got)
	}
}

func TestAManualDialPassesTheSameGates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		then func(*house, postgrestest.Person, *postgres.ManualDial)
		code campaigns.Code
		text string
	}{
		{"do not call", func(h *house, _ postgrestest.Person, _ *postgres.ManualDial) {
			h.must(h.store.AddSuppression(h.t.Context(), "+12125550000", 0, "test", "", time.Time{}))
		}, campaigns.CodeRefused, "do_not_call"},
		{"complaint", func(h *house, p postgrestest.Person, _ *postgres.ManualDial) {
			h.must(h.store.OpenComplaint(h.t.Context(), p.ContactID, ""))
		}, campaigns.CodeRefused, "open_complaint"},
		{"attempts used up", func(h *house, p postgrestest.Person, _ *postgres.ManualDial) {
			h.exec(`update candidates set attempts = 6 where id = $1`, p.CandidateID)
		}, campaigns.CodeRefused, "max_attempts"},
		{"outside the window", func(h *house, _ postgrestest.Person, _ *postgres.ManualDial) {
			h.exec(`update numbers set zones = '{Asia/Tokyo}'`)
		}, campaigns.CodeRefused, "outside_window"},
		{"under way", func(h *house, p postgrestest.Person, _ *postgres.ManualDial) { h.attempt(p) }, campaigns.CodeRefused, "person_in_attempt"},
		{"result owed", func(h *house, p postgrestest.Person, _ *postgres.ManualDial) {
			h.record(h.conversation(h.attempt(p), callID(1), h.agent("bob"))...)
		}, campaigns.CodeRefused, "person_in_attempt"},
		{"paused", func(h *house, _ postgrestest.Person, _ *postgres.ManualDial) {
			_, err := h.store.MoveCampaign(h.t.Context(), h.campaign.ID, campaigns.CampaignPaused)
			h.must(err)
		}, campaigns.CodeRefused, "campaign_not_running"},
		{"unknown campaign", func(_ *house, _ postgrestest.Person, d *postgres.ManualDial) { d.CampaignID = 999 }, campaigns.CodeNotFound, "no campaign 999"},
		{"unknown person", func(_ *house, _ postgrestest.Person, d *postgres.ManualDial) { d.ContactID = 999 }, campaigns.CodeNotFound, "nobody"},
		{"unknown number", func(_ *house, _ postgrestest.Person, d *postgres.ManualDial) {
			d.ContactID, d.Number = 0, "+12125558888"
		}, campaigns.CodeNotFound, "nobody"},
		{"nobody named", func(_ *house, _ postgrestest.Person, d *postgres.ManualDial) { d.ContactID = 0 }, campaigns.CodeNotFound, "nobody"},
		{"lease lapsed", func(h *house, _ postgrestest.Person, _ *postgres.ManualDial) {
			h.must(h.store.Leave(h.t.Context(), h.owner.Node, h.owner.Epoch))
		}, campaigns.CodeConflict, "no fresh lease"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.queued(1)[0]
			dial := postgres.ManualDial{AgentID: h.agent("ada"), CampaignID: h.campaign.ID, ContactID: p.ContactID}
			c.then(h, p, &dial)
			before := h.everything()
			a, err := h.store.ReserveManual(t.Context(), h.owner, dial)
			h.code(err, c.code, c.text)
			if a.ID != 0 || !a.DialBy.IsZero() {
				t.Errorf("an attempt with the error: %+v", a)
			}
			if h.everything() != before {
				t.Error("something changed")
			}
		})
	}
}
