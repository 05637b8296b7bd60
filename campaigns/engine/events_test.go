package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/engine"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/postgres/postgrestest"
)

// A hot candidate does not wait until a full hopper is used up: it is there
// within a second of its event, and the first to be claimed.
func TestAHotEventReachesAFullHopper(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	campaign := postgrestest.Campaign(t, store, "spring")
	settings := campaign.Settings
	settings.Triggers = []campaigns.Trigger{{On: "cart_abandoned", Do: campaigns.TriggerAdd, Value: 1e6, Propensity: 0.9, Hot: true}}
	if _, err := store.UpdateSettings(t.Context(), campaign.ID, campaign.Revision, settings); err != nil {
		t.Fatal(err)
	}
	h := newHopper()
	e, err := engine.New(engine.Options{Store: store, Ledger: store, Hopper: h, Membership: h, Events: store, Floor: 20,
		Poll: 20 * time.Millisecond, Period: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- e.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	list := strings.Builder{}
	list.WriteString("phone,region\n")
	for k := range 60 {
		fmt.Fprintf(&list, "+1212555%04d,NY\n", k)
	}
	if _, err := ingest.Import(t.Context(), ingest.Options{Campaign: "spring", List: "all", File: strings.NewReader(list.String())}, store); err != nil {
		t.Fatal(err)
	}
	e.Wake(campaign.ID)
	eventually(t, "a full hopper", func() bool { ready, _ := h.depth(campaign.ID); return ready == 20 })
	// The engine may still be joining the notices: each event is of another
	// person, and one of them is to arrive.
	n := 0
	eventually(t, "a hot candidate in the hopper", func() bool {
		receipt, err := store.TellEvent(t.Context(), campaigns.CustomerEvent{
			Key: fmt.Sprint("cart-", n), Type: "cart_abandoned", At: store.Clock().Now(),
			Contact: campaigns.EventContact{Phone: fmt.Sprintf("+1212556%04d", n), Region: "NY"},
		}, "US")
		if err != nil {
			t.Fatal(err)
		}
		n++
		candidate := receipt.Effects[0].CandidateID
		for within := time.After(time.Second); ; {
			if missing, _ := h.Missing(t.Context(), campaign.ID, []int64{candidate}); len(missing) == 0 {
				return h.claim(campaign.ID, 1)[0].CandidateID == candidate
			}
			select {
			case <-within:
				return false
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
}
