package postgres_test

import (
	"testing"

	"ringmaster/campaigns"
)

func TestAListThatRanOutIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	told := func(want int) {
		t.Helper()
		lists, err := h.store.NewlyExhausted(t.Context())
		if err != nil || len(lists) != want {
			t.Errorf("told of %+v, %v", lists, err)
		}
	}
	told(0)
	people := h.queued(3)
	told(0)
	h.exec(`update candidates set state = 'done', reason = 'sale', queued_at = null where id <> $1`, people[2].CandidateID)
	told(0)
	h.exec(`update candidates set state = 'blocked', reason = 'do_not_call', queued_at = null where id = $1`, people[2].CandidateID)
	lists, err := h.store.Exhausted(t.Context(), h.campaign.ID)
	if err != nil || len(lists) != 1 || lists[0].List != "test" || lists[0].Campaign != "first" || lists[0].Done != 2 || lists[0].Blocked != 1 {
		t.Errorf("exhausted: %+v, %v", lists, err)
	}
	told(1)
	told(0)
	h.queued(1)
	told(0)
	h.exec(`update candidates set state = 'done', reason = 'sale', queued_at = null where state = 'queued'`)
	told(1)
	if _, err := h.store.MoveCampaign(t.Context(), h.campaign.ID, campaigns.CampaignClosed); err != nil {
		t.Error(err)
	}
	told(0)
}
