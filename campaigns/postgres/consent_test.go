package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

func (h *house) recordConsent(c campaigns.ConsentEntry) campaigns.ConsentEntry {
	h.t.Helper()
	if c.Purpose == "" {
		c.Purpose = campaigns.PurposeMarketing
	}
	c.Channel, c.Source = "phone", "form"
	kept, err := h.store.RecordConsent(h.t.Context(), c)
	h.must(err)
	return kept
}

func TestARevokedConsentStopsItsPurposeAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	service := postgrestest.Campaign(t, h.store, "service")
	service.Settings.Compliance.Purpose = campaigns.PurposeService
	_, err := h.store.UpdateSettings(t.Context(), service.ID, service.Revision, service.Settings)
	h.must(err)
	twin := h.also(service, p, campaigns.CandidateQueued)
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true, From: h.ago(48 * time.Hour)})
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID})
	if got := h.states(p, twin); got != "blocked consent_refused\nqueued test" {
		t.Errorf("after the refusal:\n%s", got)
	}
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true})
	if got := h.states(p); got != "ready " {
		t.Errorf("after the new consent: %q", got)
	}
	tomorrow := h.ago(-24 * time.Hour)
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Until: &tomorrow})
	if got := h.states(p); got != "resting consent_refused" {
		t.Errorf("refused until tomorrow: %q", got)
	}
	// One that begins later changes nothing yet.
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true, From: tomorrow})
	if got := h.states(p); got != "resting consent_refused" {
		t.Errorf("with a consent to come: %q", got)
	}
	ledger, err := h.store.Consents(t.Context(), p.ContactID)
	h.must(err)
	if len(ledger) != 5 || !ledger[0].Granted || ledger[1].Granted || ledger[4].Source != "form" {
		t.Errorf("ledger %+v", ledger)
	}
}

func TestTheLedgerIsNeverChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	h.recordConsent(campaigns.ConsentEntry{ContactID: p.ContactID, Granted: true})
	if _, err := h.conn.Exec(t.Context(), `update consents set granted = false`); err == nil {
		t.Error("an entry was changed")
	}
}

func TestAWrongConsentIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	now := h.ago(0)
	good := campaigns.ConsentEntry{ContactID: 1 << 40, Purpose: "marketing", Channel: "phone", Granted: true, Source: "form", From: now}
	for field, spoil := range map[string]func(*campaigns.ConsentEntry){
		"purpose": func(c *campaigns.ConsentEntry) { c.Purpose = "fun" },
		"channel": func(c *campaigns.ConsentEntry) { c.Channel = "smoke" },
		"source":  func(c *campaigns.ConsentEntry) { c.Source = "" },
		"until":   func(c *campaigns.ConsentEntry) { c.Until = &now },
		"hours": func(c *campaigns.ConsentEntry) {
			c.Hours = &campaigns.Window{}
			c.Hours.Days[3].From = 1500
		},
	} {
		c := good
		spoil(&c)
		_, err := h.store.RecordConsent(t.Context(), c)
		h.code(err, campaigns.CodeInvalid, field)
	}
	_, err := h.store.RecordConsent(t.Context(), good)
	h.code(err, campaigns.CodeNotFound, "no contact")
	_, err = h.store.Consents(t.Context(), 1<<40)
	h.code(err, campaigns.CodeNotFound, "no contact")
}

func TestAnObjectionStopsAllMarketingUntilItIsWithdrawn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	other := postgrestest.Campaign(t, h.store, "other")
	service := postgrestest.Campaign(t, h.store, "service")
	service.Settings.Compliance.Purpose = campaigns.PurposeService
	_, err := h.store.UpdateSettings(t.Context(), service.ID, service.Revision, service.Settings)
	h.must(err)
	twin, third := h.also(other, p, campaigns.CandidateReady), h.also(service, p, campaigns.CandidateReady)
	objection := campaigns.Objection{ContactID: p.ContactID, Source: "letter of 3 March"}
	h.must(h.store.Object(t.Context(), objection))
	h.must(h.store.Object(t.Context(), objection))
	if got := h.states(p, twin, third); got != "blocked objected\nblocked objected\nready test" {
		t.Errorf("after the objection:\n%s", got)
	}
	h.must(h.store.WithdrawObjection(t.Context(), p.ContactID))
	if got := h.states(p, twin); got != "ready \nready " {
		t.Errorf("after it was withdrawn:\n%s", got)
	}
	h.code(h.store.WithdrawObjection(t.Context(), p.ContactID), campaigns.CodeNotFound, "has not objected")
	h.code(h.store.Object(t.Context(), campaigns.Objection{ContactID: 1 << 40, Source: "x"}), campaigns.CodeNotFound, "no contact")
	h.code(h.store.Object(t.Context(), campaigns.Objection{ContactID: p.ContactID}), campaigns.CodeInvalid, "source")
}
