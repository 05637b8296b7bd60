package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"ringmaster/campaigns/engine"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
	"ringmaster/configs"
	"ringmaster/dialer"
	"ringmaster/dialer/media"
	"ringmaster/dialer/sipua"
	"ringmaster/dialer/trunk"
	"ringmaster/queue"
)

// app is one process of Ringmaster: it makes the parts, joins them, and owns
// the order of start and stop.
type app struct {
	cfg      *configs.Config
	log      *slog.Logger
	registry *prometheus.Registry

	store  *postgres.Store
	queue  *queue.Client
	engine *engine.Engine // nil without the role
	media  *media.Factory
	sip    *sipua.UA
	dialer *dialer.Dialer // nil without the role
	web    *webServer     // nil without the role

	metrics *metricsServer // nil where the pages' server has /metrics
}

// newApp makes the parts and undoes it when one fails.
func newApp(ctx context.Context, cfg *configs.Config, logger *slog.Logger) (*app, error) {
	if cfg.HasRole(configs.RoleWeb) && !cfg.HasRole(configs.RoleDialer) {
		return nil, errors.New("roles: web needs dialer in the same process in this version")
	}
	if err := phone.CheckRegion(cfg.Phone.DefaultRegion); err != nil {
		return nil, fmt.Errorf("phone.default_region: %w", err)
	}
	a := &app{cfg: cfg, log: logger, registry: prometheus.NewRegistry()}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.make(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// make makes the parts in the order in which they need each other.
func (a *app) make(ctx context.Context) error {
	cfg, logger := a.cfg, a.log
	var err error
	if a.store, err = openStore(ctx, cfg, logger); err != nil {
		return err
	}
	if a.queue, err = queue.Open(ctx, queue.Options{URL: cfg.Redis.URL, Node: cfg.Node}); err != nil {
		return err
	}
	if cfg.HasRole(configs.RoleEngine) {
		a.engine, err = engine.New(engine.Options{
			Store: a.store, Ledger: a.store, Hopper: a.queue, Membership: a.queue, Events: a.store, Upkeep: a.store, Rollups: a.store, Models: a.store,
			Logger: logger.With("part", "engine"), Registerer: a.registry,
		})
		if err != nil {
			return err
		}
	}
	if cfg.HasRole(configs.RoleDialer) {
		if err := a.makeDialer(); err != nil {
			return err
		}
	}
	if cfg.HasRole(configs.RoleWeb) {
		if a.web, err = newWebServer(ctx, a); err != nil {
			return err
		}
	}
	if cfg.Metrics.Listen != "" {
		if a.metrics, err = newMetricsServer(ctx, cfg.Metrics.Listen, a.registry); err != nil {
			return err
		}
	}
	return nil
}

// makeDialer makes media, signalling and the dialer on top of them.
func (a *app) makeDialer() error {
	cfg := a.cfg
	var err error
	if a.media, err = media.NewFactory(media.Options{
		BindIP: cfg.Media.BindIP, AdvertisedIP: cfg.Media.AdvertisedIP, PortMin: cfg.Media.PortMin, PortMax: cfg.Media.PortMax,
		MaxLegs: cfg.Media.MaxLegs, Logger: a.log.With("part", "media"),
	}); err != nil {
		return err
	}
	message, err := safeHarbor(cfg.SafeHarbor.File)
	if err != nil {
		return err
	}
	routes := make([]trunk.Config, 0, len(cfg.Trunks))
	peers := make([]sipua.TrunkPeer, 0, len(cfg.Trunks))
	for _, t := range cfg.Trunks {
		routes = append(routes, trunk.Config{
			Name: t.Name, Address: t.Address, Username: t.Username, Password: t.Password.Reveal(),
			Channels: t.Channels, CallsPerSecond: t.CallsPerSecond, CallerIDs: t.CallerIDs,
		})
		peers = append(peers, sipua.TrunkPeer{Name: t.Name, Address: t.Address, Allow: t.Allow})
	}
	trunks, err := trunk.New(routes)
	if err != nil {
		return err
	}
	trunks.Limit(cfg.Limits.CallsPerSecond)
	if a.sip, err = sipua.New(sipua.Options{
		Listen: cfg.SIP.Listen, PhonesListen: cfg.SIP.PhonesListen, AdvertisedHost: cfg.SIP.AdvertisedIP, UserAgent: cfg.SIP.UserAgent,
		Trunks: peers, MaxCalls: cfg.Limits.MaxCalls, Logger: a.log.With("part", "sip"), Registerer: a.registry,
	}); err != nil {
		return err
	}
	store := dialerStore{a.store, cfg.Phone.DefaultRegion}
	if a.dialer, err = dialer.New(dialer.Options{
		Node: cfg.Node, Carriers: a.sip, Phones: a.sip.Phones(), Trunks: trunks, Media: dialer.NewMedia(a.media, message),
		Gate: store, Drops: a.store, Recorder: a.store, Directory: store, Nodes: store, Hopper: a.queue, Waiting: a.queue.Waiting(), Publisher: a.queue,
		Clock: a.store.Clock(), Queues: a.queues(), Limits: dialer.Limits{Calls: cfg.Limits.MaxCalls},
		Timings: timings(cfg),
		Logger:  a.log.With("part", "dialer"), Registerer: a.registry,
	}); err != nil {
		return err
	}
	a.sip.SetTakeCall(a.dialer.TakeCall)
	return nil
}

// timings gives those that an installation sets. Its zeros mean at once, which
// is the shortest time here: a zero would be the dialer's default.
func timings(cfg *configs.Config) dialer.Timings {
	return dialer.Timings{
		Drain: max(cfg.Limits.Drain, 1), Grace: max(cfg.Agents.Grace, 1),
		ConnectLimit: cfg.Limits.ConnectLimit, RingTimeout: cfg.Limits.RingTimeout,
	}
}

// queues gives the inbound entries; the first one takes numbers that are not
// named.
func (a *app) queues() []dialer.QueueConfig {
	var queues []dialer.QueueConfig
	for _, entry := range a.cfg.Inbound {
		i := 0
		for i < len(queues) && queues[i].Name != entry.Queue {
			i++
		}
		if i == len(queues) {
			queues = append(queues, dialer.QueueConfig{
				Name: entry.Queue, Default: i == 0, ServiceLevel: time.Duration(entry.ServiceLevelSeconds) * time.Second,
				Campaigns: map[string]string{},
			})
		}
		queues[i].Numbers = append(queues[i].Numbers, entry.Number)
		if entry.Campaign != "" {
			queues[i].Campaigns[entry.Number] = entry.Campaign
		}
	}
	return queues
}

// safeHarbor loads the message for dropped customers; nil: the built-in one.
func safeHarbor(path string) (*media.Prompt, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safe_harbor.file: %w", err)
	}
	defer func() { _ = file.Close() }()
	prompt, err := media.LoadWAV(file)
	if err != nil {
		return nil, fmt.Errorf("safe_harbor.file %s: %w", path, err)
	}
	return prompt, nil
}

// run works until ctx ends, then stops in order: no new dials, live calls go on
// up to the drain limit while pages and signalling stay up, then the rest.
func (a *app) run(ctx context.Context) error {
	rest, stopRest := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRest()
	g, failing := errgroup.WithContext(rest)
	background := func(name string, f func(context.Context) error) {
		g.Go(func() error {
			if err := f(failing); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	background("database clock", a.store.Run)
	background("housekeeping", a.housekeep)
	if a.web != nil {
		background("web", a.web.run)
	}
	if a.metrics != nil {
		background("metrics", a.metrics.run)
	}
	if a.engine != nil {
		background("engine", a.engine.Run)
	}
	if a.dialer != nil {
		background("sip", a.sip.Run)
		g.Go(func() error {
			defer stopRest()
			dialing, stop := context.WithCancel(ctx)
			defer stop()
			unhook := context.AfterFunc(failing, stop)
			defer unhook()
			return a.dialer.Run(dialing)
		})
	} else {
		unhook := context.AfterFunc(ctx, stopRest)
		defer unhook()
	}
	err := g.Wait()
	a.close()
	return err
}

// close releases what the parts hold, in the reverse order of their making.
func (a *app) close() {
	if a.web != nil && a.web.listener != nil {
		// Run has closed it; where run never came this frees the port.
		_ = a.web.listener.Close()
	}
	if a.metrics != nil {
		_ = a.metrics.listener.Close()
	}
	if a.media != nil {
		if err := a.media.Close(); err != nil {
			a.log.Warn("media", "error", err)
		}
	}
	if a.queue != nil {
		if err := a.queue.Close(); err != nil {
			a.log.Warn("redis", "error", err)
		}
	}
	if a.store != nil {
		a.store.Close()
	}
}
