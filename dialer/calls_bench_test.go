package dialer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
	"ringmaster/dialer/trunk"
)

// BenchmarkCalls runs whole calls through the actors at 50 agents, on fakes in
// place of network and stores: claim, reserve, INVITE, answer, bridge, pop,
// hang-up, result. It reports the time from answer to bridge and to pop.
func BenchmarkCalls(b *testing.B) {
	store, phones := newFakeStore(), &fakePhones{scripts: make(map[string]script)}
	settings := campaigns.DefaultSettings(campaigns.KindProspecting)
	store.campaigns = []campaigns.Campaign{{ID: 1, Name: "Autumn", State: campaigns.CampaignRunning, Settings: settings}}
	trunks, err := trunk.New([]trunk.Config{{Name: "alpha", Address: "carrier:5060", Channels: 1000, CallsPerSecond: 10_000}})
	if err != nil {
		b.Fatal(err)
	}
	d, err := New(Options{
		Node: "n1", Carriers: phones, Phones: phones, Trunks: trunks, Media: &fakeMedia{}, Gate: store, Recorder: store,
		Directory: store, Nodes: store, Hopper: store, Clock: store, Logger: slog.New(slog.DiscardHandler),
		Registerer: prometheus.NewRegistry(), Timings: Timings{Drain: time.Second},
	})
	if err != nil {
		b.Fatal(err)
	}
	phones.set(number(customer), answers(0, 500*time.Millisecond))
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	for !d.Ready() {
		time.Sleep(time.Millisecond)
	}
	finished := make(chan struct{}, b.N+1)
	for range b.N {
		store.add(1, customer)
	}
	b.ResetTimer()
	for id := int64(1); id <= 50; id++ {
		benchAgent(b, d, phones, id, finished)
	}
	deadline := time.After(time.Minute)
	for range b.N {
		select {
		case <-finished:
		case <-deadline:
			b.Fatalf("calls did not end: %+v", d.Live())
		}
	}
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
	phones.wg.Wait()
	var bridge, pop []time.Duration
	for _, e := range store.written() {
		switch e.Kind {
		case campaigns.CallBridged:
			bridge = append(bridge, e.Latency)
		case campaigns.CallOffered:
			pop = append(pop, e.Latency)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	for name, all := range map[string][]time.Duration{"bridge": bridge, "pop": pop} {
		slices.Sort(all)
		for _, p := range []int{50, 99} {
			b.ReportMetric(float64(all[len(all)*p/100].Microseconds()), fmt.Sprintf("%s-p%d-us", name, p))
		}
	}
}

// benchAgent signs in an agent who gives every result at once.
func benchAgent(b *testing.B, d *Dialer, phones *fakePhones, id int64, finished chan<- struct{}) {
	b.Helper()
	u := campaigns.User{ID: id, Name: "bob", Phone: fmt.Sprintf("sip:agent%d@phones", id), PhoneMode: campaigns.PhoneNailed}
	phones.set(u.Phone, answers(0, 0))
	command := func(c campaigns.AgentCommand) {
		ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second)
		defer cancel()
		if _, err := d.Command(ctx, id, "s", c); err != nil {
			b.Errorf("%s: %v", c.Kind, err)
		}
	}
	_, err := d.Attach(b.Context(), u, "s", func(n campaigns.AgentNotice) {
		if n.Kind != "call.ended" || n.Snapshot.State != campaigns.AgentWrapUp {
			return
		}
		phones.wg.Go(func() {
			command(campaigns.AgentCommand{ID: string(n.Snapshot.Call.CallID), Kind: "call.result", Result: campaigns.Result{
				CallID: n.Snapshot.Call.CallID, Disposition: campaigns.DispositionSale,
			}})
			finished <- struct{}{}
		})
	}, func() {})
	if err != nil {
		b.Fatal(err)
	}
	command(campaigns.AgentCommand{Kind: "state.set", State: campaigns.AgentReady})
}
