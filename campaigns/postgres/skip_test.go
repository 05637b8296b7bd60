package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
)

func TestASkippedCandidateRests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	skip := campaigns.Skip{CampaignID: h.campaign.ID, CandidateID: p.CandidateID, AgentID: 1, Reason: "later", Delay: time.Hour}
	if err := h.store.Skip(t.Context(), skip); err != nil {
		t.Fatal(err)
	}
	if got := h.read(`select state, reason, due_at - state_at = interval '1 hour', queued_at is null from candidates where id = $1`, p.CandidateID); got != "resting skipped true true" {
		t.Errorf("candidate %s", got)
	}
	// What is not in the hopper any more stays as it is.
	if err := h.store.Skip(t.Context(), skip); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("skipped twice: %v", err)
	}
	skip.CampaignID++
	if err := h.store.Skip(t.Context(), skip); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("skipped in another campaign: %v", err)
	}
}
