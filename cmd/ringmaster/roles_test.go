package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ringmaster/configs"
	"ringmaster/dialer"
)

// TestMetricsHaveAnAddressOfTheirOwn starts the engine alone, which has no
// pages, and then all roles: metrics.listen serves /metrics, http.listen does
// not.
func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	metrics := fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])
	o := newOffice(t, fmt.Sprintf("metrics: { listen: %q }\n", metrics))
	for _, roles := range []string{"engine", "engine,dialer,web"} {
		o.servesMetrics(roles, "http://"+metrics+"/metrics")
	}
}

// servesMetrics runs serve with the roles until its metrics were seen.
func (o *office) servesMetrics(roles, metrics string) {
	t := o.t
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan int, 1)
	go func() {
		served <- run(ctx, []string{"--config", o.config, "serve", "--roles", roles}, streams{out: t.Output(), err: t.Output()})
	}()
	o.eventually("page of metrics of "+roles, func() bool {
		code, page := get(t, metrics)
		return code == http.StatusOK && strings.Contains(page, "ringmaster_")
	})
	if roles == "engine" {
		if code, _ := get(t, o.base+"/healthz"); code != 0 {
			t.Errorf("the engine alone answers at http.listen: %d", code)
		}
	} else {
		o.ready(http.StatusOK)
		if code, _ := get(t, o.base+"/metrics"); code != http.StatusNotFound {
			t.Errorf("http.listen answers %d to /metrics", code)
		}
	}
	stop()
	select {
	case code := <-served:
		if code != exitDone {
			t.Errorf("%s ended with %d", roles, code)
		}
	case <-time.After(seatLimit):
		t.Fatalf("%s does not end", roles)
	}
	if code, _ := get(t, metrics); code != 0 {
		t.Errorf("/metrics outlives its process: %d", code)
	}
}

// get fetches a page; the code is 0 where nobody answers.
func get(t *testing.T, url string) (code int, page string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestQueuesOfTheInboundNumbers(t *testing.T) {
	t.Parallel()
	a := &app{cfg: &configs.Config{Inbound: []configs.Inbound{
		{Number: "+12125550100", Queue: "service", Campaign: "winback", ServiceLevelSeconds: 30},
		{Number: "+12125550101", Queue: "sales", ServiceLevelSeconds: 20},
		{Number: "+12125550102", Queue: "service", Campaign: "spring", ServiceLevelSeconds: 30},
	}}}
	got := a.queues()
	if len(got) != 2 {
		t.Fatalf("queues %+v", got)
	}
	want := dialer.QueueConfig{
		Name: "service", Numbers: []string{"+12125550100", "+12125550102"}, Default: true, ServiceLevel: 30 * time.Second,
		Campaigns: map[string]string{"+12125550100": "winback", "+12125550102": "spring"},
	}
	if fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("got %+v\nwant %+v", got[0], want)
	}
	if sales := got[1]; sales.Name != "sales" || sales.Default || len(sales.Campaigns) != 0 {
		t.Errorf("queue %+v", sales)
	}
}

func TestNoTimeIsNotTheDefaultTime(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	if got := timings(cfg); got.Drain != time.Minute || got.Grace != 30*time.Second || got.ConnectLimit != 2*time.Second || got.RingTimeout != 25*time.Second {
		t.Errorf("defaults %+v", got)
	}
	cfg.Limits.Drain, cfg.Agents.Grace = 0, 0
	if got := timings(cfg); got.Drain != 1 || got.Grace != 1 {
		t.Errorf("zeros become %+v", got)
	}
}

// TestTheRegionOfTheInstallationIsTheCampaigns reads a national number as the
// configuration says.
func TestTheRegionOfTheInstallationIsTheCampaigns(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "phone: { default_region: DE }\n")
	o.do("campaign", "create", "winback", "--caller-id", "030 1234567")
	o.do("campaign", "create", "spring", "--region", "US", "--caller-id", "212 555 0101")
	for name, want := range map[string]string{"winback": "+49301234567", "spring": "+12125550101"} {
		campaign, err := o.store().CampaignByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if got := campaign.Settings.CallerIDs; len(got) != 1 || got[0] != want {
			t.Errorf("%s shows %v, want %s", name, got, want)
		}
	}
}
