package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"ringmaster/campaigns"
)

// Store is what the engine needs of the truth to select candidates.
type Store interface {
	// ActiveCampaigns are those that run or pause, and any other one that still
	// has queued candidates.
	ActiveCampaigns(ctx context.Context) ([]campaigns.Campaign, error)
	// Refill marks up to n of a running campaign's best candidates as queued and
	// gives them, best first.
	Refill(ctx context.Context, campaignID int64, n int) ([]campaigns.HopperItem, error)
	// Promote makes up to limit due candidates ready and gives their number by
	// campaign.
	Promote(ctx context.Context, limit int) (map[int64]int, error)
}

// Ledger is what the reconciler needs of the truth.
type Ledger interface {
	// Queued gives the candidates that have been queued for at least that long.
	Queued(ctx context.Context, campaignID int64, since time.Duration) ([]campaigns.HopperItem, error)
	// Requeue gives those of the candidates that are queued still.
	Requeue(ctx context.Context, campaignID int64, candidateIDs []int64) ([]campaigns.HopperItem, error)
	// Unqueue makes every queued candidate of the campaign ready.
	Unqueue(ctx context.Context, campaignID int64) (int, error)
}

// Hopper is the short queue of candidates about to be dialed.
type Hopper interface {
	// Push puts items in; those there already are overwritten, leased ones left.
	Push(ctx context.Context, campaignID int64, items []campaigns.HopperItem) error
	// Depth counts the candidates that wait and those leased; demand is in dials
	// per second, as told by the dialers.
	Depth(ctx context.Context, campaignID int64) (ready, leased int, demand float64, err error)
	// Recover puts candidates with an expired lease back and gives their number.
	Recover(ctx context.Context, campaignID int64) (int, error)
	// Clear empties the hopper, not the leases, and gives the candidates' ids.
	Clear(ctx context.Context, campaignID int64) ([]int64, error)
	// Epoch changes when the hopper was wiped. An empty one says that it was,
	// and that there is no new one yet.
	Epoch(ctx context.Context) (string, error)
}

// Membership tells what the hopper does not know.
type Membership interface {
	// Missing gives those of the candidates that are neither in the hopper nor
	// leased.
	Missing(ctx context.Context, campaignID int64, candidateIDs []int64) ([]int64, error)
}

// Options of an Engine.
type Options struct {
	Store      Store
	Ledger     Ledger
	Hopper     Hopper
	Membership Membership
	// Events may be nil: then none are served.
	Events Events
	// Rollups may be nil: then another process keeps the reports' counts.
	Rollups Rollups
	// Upkeep may be nil: then another process does it.
	Upkeep Upkeep
	// Models may be nil: then none is trained.
	Models     Models
	Logger     *slog.Logger
	Registerer prometheus.Registerer

	// Poll is how often depths are looked at, Period how often a hopper is
	// filled up although it is above its low-water mark, or tried again although
	// there was nobody to call. Zero: 250 ms and 2 s.
	Poll, Period time.Duration
	// Floor and Cap bound the target depth. Zero: 50 and 5,000.
	Floor, Cap int
	// OrphanAge is how long a candidate may be queued without being in the
	// hopper, longer than a push takes. Zero: 3 s.
	OrphanAge time.Duration
	// Timeout bounds every call. Zero: 10 s.
	Timeout time.Duration
	// Retrain is how often the model of a campaign is trained anew. Zero: 24 h.
	Retrain time.Duration
}

// Validate names what is missing or wrong.
func (o *Options) Validate() error {
	switch {
	case o.Store == nil:
		return campaigns.Invalid("engine.store", "is missing")
	case o.Ledger == nil:
		return campaigns.Invalid("engine.ledger", "is missing")
	case o.Hopper == nil:
		return campaigns.Invalid("engine.hopper", "is missing")
	case o.Membership == nil:
		return campaigns.Invalid("engine.membership", "is missing")
	case o.Poll < 0 || o.Period < 0 || o.OrphanAge < 0 || o.Timeout < 0 || o.Retrain < 0:
		return campaigns.Invalid("engine", "a duration is below zero")
	case o.Floor < 0 || o.Cap < 0 || o.Cap > 0 && o.Cap < o.Floor:
		return campaigns.Invalid("engine.cap", "floor %d and cap %d are no range", o.Floor, o.Cap)
	}
	return nil
}

// Engine keeps the hoppers filled.
type Engine struct {
	options Options
	log     *slog.Logger
	metrics *metrics

	mu sync.Mutex
	// active are the campaigns as last read.
	active []campaigns.Campaign
	// woken are the campaigns that wait for a look; wake tells of them.
	woken map[int64]bool
	wake  chan struct{}
}

// New makes an engine; CodeInvalid names a wrong option.
func New(o Options) (*Engine, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	defaultTo(&o.Poll, 250*time.Millisecond)
	defaultTo(&o.Period, 2*time.Second)
	defaultTo(&o.OrphanAge, 3*time.Second)
	defaultTo(&o.Timeout, 10*time.Second)
	defaultTo(&o.Retrain, 24*time.Hour)
	defaultTo(&o.Floor, 50)
	defaultTo(&o.Cap, max(5000, o.Floor))
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	return &Engine{options: o, log: o.Logger, metrics: m, woken: map[int64]bool{}, wake: make(chan struct{}, 1)}, nil
}

func defaultTo[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// Run does all tasks until ctx ends; it returns nil then.
func (e *Engine) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { e.refillTask(ctx); return nil })
	g.Go(func() error { e.every(ctx, taskPromote, e.options.Poll, e.promote); return nil })
	g.Go(func() error { e.every(ctx, taskRecover, 4*e.options.Poll, e.recoverLeases); return nil })
	if e.options.Events != nil {
		g.Go(func() error { e.hotTask(ctx); return nil })
		g.Go(func() error { e.every(ctx, taskEvents, pendingPeriod, e.applyPending); return nil })
	}
	if e.options.Rollups != nil {
		g.Go(func() error { e.every(ctx, taskRollUp, rollUpPeriod, e.rollUp); return nil })
	}
	if e.options.Upkeep != nil {
		sweeper := &sweeper{Engine: e}
		g.Go(func() error { e.every(ctx, taskCount, foldPeriod, e.foldCounts); return nil })
		g.Go(func() error { e.every(ctx, taskSweep, sweepLook, sweeper.pass); return nil })
		g.Go(func() error { e.every(ctx, taskHours, hoursLook, e.profileHours); return nil })
	}
	if e.options.Models != nil {
		g.Go(func() error { e.trainTask(ctx); return nil })
	}
	reconciler := &reconciler{Engine: e}
	g.Go(func() error { e.every(ctx, taskReconcile, 2*e.options.Poll, reconciler.pass); return nil })
	return g.Wait()
}

// Wake asks for a refill of the campaign at once: it was started, its rules
// were changed, or a list was imported. It never blocks.
func (e *Engine) Wake(campaignID int64) {
	e.mu.Lock()
	e.woken[campaignID] = true
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// every runs a task at once and then once per period, until ctx ends.
func (e *Engine) every(ctx context.Context, task string, period time.Duration, run func(context.Context) error) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		e.attempt(ctx, task, run)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// attempt runs a task once, bounded in time.
func (e *Engine) attempt(ctx context.Context, task string, run func(context.Context) error) {
	e.attemptWithin(ctx, task, e.options.Timeout, run)
}

// attemptWithin runs a task once within a limit of its own.
func (e *Engine) attemptWithin(ctx context.Context, task string, limit time.Duration, run func(context.Context) error) {
	start := time.Now()
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := run(bounded)
	e.metrics.seconds.WithLabelValues(task).Observe(time.Since(start).Seconds())
	if err != nil && ctx.Err() == nil {
		e.metrics.failed.WithLabelValues(task).Inc()
		e.log.Error("engine task failed", "task", task, "error", err)
	}
}

// campaigns gives the active campaigns as last read by the refill task, which
// reads them every period and when woken.
func (e *Engine) campaigns() []campaigns.Campaign {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.active
}

// each runs a step for every campaign; one that fails does not keep the others
// from theirs.
func each(all []campaigns.Campaign, step func(campaigns.Campaign) error) error {
	var failed []error
	for _, c := range all {
		if err := step(c); err != nil {
			failed = append(failed, campaigns.Wrap(campaigns.CodeOf(err), "campaign "+c.Name, err))
		}
	}
	return errors.Join(failed...)
}
