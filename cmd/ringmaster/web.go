package main

import (
	"context"
	"net"
	"time"

	"ringmaster/agentui"
	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// version is told by the API; the build sets it.
var version = "dev"

// webServer serves pages, API and sockets.
type webServer struct {
	floor    *floorSource
	server   *agentui.Server
	listener net.Listener
}

// newWebServer makes the server and takes its address, so that a port in use
// is told before anything is dialed.
func newWebServer(ctx context.Context, a *app) (*webServer, error) {
	within := map[string]time.Duration{}
	for _, q := range a.queues() {
		within[q.Name] = q.ServiceLevel
	}
	w := &webServer{floor: &floorSource{store: a.store, queue: a.queue, dialer: a.dialer, changed: a.dialer.Changed(), within: within}}
	rights := rightsDesk{a.store, a.cfg.Phone.DefaultRegion, a.log}
	options := agentui.Options{
		PublicURL: a.cfg.HTTP.PublicURL, Origins: a.cfg.HTTP.Origins, Version: version,
		Users: a.store, Sessions: a.store, Agents: a.dialer, Floor: w.floor,
		Campaigns:  campaignDesk{a},
		Protection: rights, DNC: rights, Rights: rights,
		Reports: reportDesk{a.store}, Lists: a.store, Forecasts: newForecastDesk(a.store), Events: eventDesk{a.store, a.cfg.Phone.DefaultRegion}, Discounts: discountDesk{a.store, a.log},
		Ready: a.notReady, Logger: a.log.With("part", "web"), Registerer: a.registry,
	}
	if a.cfg.Metrics.Listen == "" {
		options.Gatherer = a.registry
	}
	var err error
	if w.server, err = agentui.New(options); err != nil {
		return nil, err
	}
	w.listener, err = agentui.Listen(ctx, a.cfg.HTTP.Listen)
	return w, err
}

// run serves until ctx ends.
func (w *webServer) run(ctx context.Context) error { return w.server.Run(ctx, w.listener) }

// notReady names the parts that are not ready, with the reason.
func (a *app) notReady(ctx context.Context) map[string]string {
	reasons := map[string]string{}
	if err := a.store.Ping(ctx); err != nil {
		reasons["database"] = "does not answer"
	}
	if err := a.queue.Ping(ctx); err != nil {
		reasons["redis"] = "does not answer"
	}
	if a.dialer != nil && !a.dialer.Ready() {
		reasons["dialer"] = "has not joined yet, or is draining"
	}
	return reasons
}

// campaignDesk moves campaigns and tells the dialer and the engine at once.
type campaignDesk struct{ a *app }

// Campaigns gives every campaign that is not closed.
func (d campaignDesk) Campaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return d.a.store.Campaigns(ctx)
}

// Campaign finds one by id.
func (d campaignDesk) Campaign(ctx context.Context, id int64) (campaigns.Campaign, error) {
	return d.a.store.Campaign(ctx, id)
}

// ChangePacing changes how a campaign dials.
func (d campaignDesk) ChangePacing(ctx context.Context, id int64, change campaigns.PacingChange, by campaigns.User) (campaigns.Campaign, error) {
	changed, err := d.a.store.ChangePacing(ctx, id, change)
	if err != nil {
		return changed, err
	}
	d.a.log.Info("pacing changed", "campaign", changed.Name, "by", by.Name, "mode", changed.Settings.Mode)
	d.a.dialer.CampaignMoved(id)
	return changed, nil
}

// MoveCampaign starts, pauses or closes a campaign.
func (d campaignDesk) MoveCampaign(ctx context.Context, id int64, to campaigns.CampaignState, by campaigns.User) (campaigns.Campaign, error) {
	moved, err := d.a.store.MoveCampaign(ctx, id, to)
	if err != nil {
		return moved, err
	}
	d.a.log.Info("campaign moved", "campaign", id, "state", to, "by", by.ID)
	d.a.dialer.CampaignMoved(id)
	if d.a.engine != nil {
		d.a.engine.Wake(id)
	}
	return moved, nil
}

// Why explains a campaign's candidates, or one person.
func (d campaignDesk) Why(ctx context.Context, id, contactID int64) (any, error) {
	if contactID != 0 {
		return d.a.store.WhyContact(ctx, id, contactID)
	}
	return d.a.store.Why(ctx, id)
}

// eventDesk takes the events of other systems.
type eventDesk struct {
	store  *postgres.Store
	region string
}

// TellEvent keeps and applies an event; its source is who told it, unless it
// names another.
func (d eventDesk) TellEvent(ctx context.Context, event campaigns.CustomerEvent, by campaigns.User) (campaigns.EventReceipt, error) {
	if event.Source == "" {
		event.Source = by.Name
	}
	return d.store.TellEvent(ctx, event, d.region)
}
