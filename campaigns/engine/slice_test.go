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
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// eventually polls until ok, for what a real store does in its own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// The whole way of a list with the real store: imported, ranked, queued, in the
// hopper, back after a pause, back after a wipe.
func TestAListReachesTheHopper(t *testing.T) {
	t.Parallel()
	store, url := postgrestest.NewWithURL(t)
	conn := postgrestest.Connect(t, url)
	campaign := postgrestest.Campaign(t, store, "spring")
	h := newHopper()
	e, err := engine.New(engine.Options{Store: store, Ledger: store, Hopper: h, Membership: h, Floor: 40,
		Poll: 20 * time.Millisecond, Period: 100 * time.Millisecond})
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

	var list strings.Builder
	list.WriteString("phone,first_name,region,value\n")
	for k := range 100 {
		fmt.Fprintf(&list, "+1212555%04d,P%d,NY,%d\n", k, k, k+1)
	}
	list.WriteString("+12085550100,Sleeper,CA,1000000\n") // seven in the morning there
	if _, err := ingest.Import(t.Context(), ingest.Options{Campaign: "spring", List: "all", File: strings.NewReader(list.String())}, store); err != nil {
		t.Fatal(err)
	}
	e.Wake(campaign.ID)
	depth := func(want int) func() bool {
		return func() bool { ready, _ := h.depth(campaign.ID); return ready == want }
	}
	eventually(t, "40 candidates in the hopper", depth(40))
	best := h.claim(campaign.ID, 5)
	for k, item := range best {
		var value float64
		if err := conn.QueryRow(t.Context(), `select value from candidates where id = $1 and state = 'queued'`, item.CandidateID).Scan(&value); err != nil {
			t.Fatal(err)
		}
		if value != float64(100-k) {
			t.Errorf("place %d has value %v", k, value)
		}
	}
	h.wipe()
	wiped := time.Now()
	eventually(t, "the hopper again after a wipe", func() bool {
		ready, _ := h.depth(campaign.ID)
		return ready >= 40 // and those that were leased, as the case may be
	})
	if took := time.Since(wiped); took > 5*time.Second {
		t.Errorf("the hopper was back after %v", took)
	}
	if _, err := store.MoveCampaign(t.Context(), campaign.ID, campaigns.CampaignPaused); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an empty hopper of the paused campaign", func() bool {
		lines, err := store.Why(t.Context(), campaign.ID)
		return err == nil && depth(0)() && len(lines) == 1 && lines[0] == postgres.WhyLine{State: "ready", Reason: "campaign_not_running", Count: 101}
	})
	if _, err := store.MoveCampaign(t.Context(), campaign.ID, campaigns.CampaignRunning); err != nil {
		t.Fatal(err)
	}
	e.Wake(campaign.ID)
	eventually(t, "the hopper again after the start", depth(40))
}
