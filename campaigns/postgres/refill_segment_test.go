package postgres_test

import (
	"testing"

	"ringmaster/campaigns"
)

// The segment binds at the pick: who was imported a moment ago, or has just left
// it, is not dialed before a sweep comes by.
func TestARefillTakesNobodyOutsideTheSegment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(6)
	h.exec(`update candidates set state = 'ready', queued_at = null`)
	h.exec(`update contacts set value = id`)
	h.settings(func(s *campaigns.Settings) { s.Selection.Segment = "contact.value <= 2.0" })
	items, err := h.store.Refill(t.Context(), h.campaign.ID, 10)
	h.must(err)
	if len(items) != 2 {
		t.Errorf("%d taken, want 2", len(items))
	}
	if got := h.read(`select count(*) from candidates where state = 'blocked' and reason = 'not_in_segment'`); got != "4" {
		t.Errorf("%s blocked, want 4", got)
	}
	h.exec(`update contacts set value = 1 where id = $1`, people[5].ContactID)
	if _, err := h.store.ApplySegment(t.Context(), h.campaign.ID, 0, 100); err != nil {
		t.Fatal(err)
	}
	if items, err = h.store.Refill(t.Context(), h.campaign.ID, 10); err != nil || len(items) != 1 || items[0].CandidateID != people[5].CandidateID {
		t.Errorf("after a change of the contact: %+v, %v", items, err)
	}
}
