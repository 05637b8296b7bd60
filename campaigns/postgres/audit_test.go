package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// The audit and the pop must judge the hours by the person's own zones, as the
// gate does: else an allowed call is reported as one outside the window.
func TestTheAuditAndThePopJudgeByThePersonsZones(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	h.exec(`update numbers set zones = '{America/Los_Angeles}' where id = $1`, p.NumberID) // seven in the morning there
	h.exec(`update contacts set region = 'NY' where id = $1`, p.ContactID)
	a := h.attempt(p)
	h.record(campaigns.Event{Kind: campaigns.AttemptSent, AttemptID: a.ID})
	audited, err := h.store.AuditAttempts(t.Context(), time.Time{})
	h.must(err)
	if len(audited) != 1 || !audited[0].WindowOpen {
		t.Errorf("audited %+v", audited)
	}
	pop, err := h.store.Pop(t.Context(), postgres.PopFor{CampaignID: h.campaign.ID, ContactID: p.ContactID, NumberID: p.NumberID})
	h.must(err)
	if at, err := time.Parse(time.RFC3339, pop.LocalTime); err != nil || at.Hour() != 10 || pop.CallsAllowedUntil == "" {
		t.Errorf("local time %q, allowed until %q", pop.LocalTime, pop.CallsAllowedUntil)
	}
}
