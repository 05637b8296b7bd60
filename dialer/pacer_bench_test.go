package dialer

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
	"ringmaster/dialer/pacing"
	"ringmaster/dialer/trunk"
)

// BenchmarkPacer decides for one predictive campaign with 300 agents and 3,000 calls
// in the air, looking at all of them included.
func BenchmarkPacer(b *testing.B) {
	store, phones := newFakeStore(), &fakePhones{scripts: make(map[string]script)}
	settings := campaigns.DefaultSettings(campaigns.KindProspecting)
	settings.Mode = campaigns.PacingPredictive
	trunks, err := trunk.New([]trunk.Config{{Name: "alpha", Address: "carrier:5060", Channels: 1, CallsPerSecond: 1}})
	if err != nil {
		b.Fatal(err)
	}
	d, err := New(Options{
		Node: "n1", Carriers: phones, Phones: phones, Trunks: trunks, Media: &fakeMedia{}, Gate: store, Drops: store, Recorder: store,
		Directory: store, Nodes: store, Hopper: store, Clock: store, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		b.Fatal(err)
	}
	d.book.set([]campaigns.Campaign{{ID: 1, Name: "Autumn", State: campaigns.CampaignRunning, Settings: settings}})
	now := time.Now()
	for i := range 3000 {
		id := campaigns.CallID(fmt.Sprint(i))
		d.calls.all[id] = noted{note: &callNote{kind: call.Outbound, phase: call.Dialing, ringing: true, routed: true, campaignID: 1, paced: pacedNote{
			placed: now.Add(-time.Duration(i) * 8 * time.Millisecond), rang: now.Add(-time.Duration(i) * 8 * time.Millisecond), chance: float64(i%30) / 100,
		}}}
	}
	for i := range int64(300) {
		d.agents.paces[i] = agentPace{id: i, open: true, busy: true, phase: pacing.Phase(i % 4), since: now.Add(-time.Duration(i) * time.Second / 3), campaignID: 1}
	}
	p := newPacer(d)
	p.credits.asking = true
	b.ReportAllocs()
	for b.Loop() {
		p.decide()
	}
}
