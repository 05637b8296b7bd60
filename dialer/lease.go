package dialer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"ringmaster/campaigns"
)

// lease keeps this node's claim on its epoch. While it is not fresh no INVITE
// is sent, because another node may take over what we left open.
type lease struct {
	nodes   Nodes
	node    string
	timings Timings
	log     *slog.Logger

	mu    sync.Mutex
	epoch int64
	until time.Time
	// joined is closed once the first epoch was taken.
	joined chan struct{}
}

func newLease(nodes Nodes, node string, t Timings, log *slog.Logger) *lease {
	return &lease{nodes: nodes, node: node, timings: t, log: log, joined: make(chan struct{})}
}

// fresh gives the epoch, and whether an INVITE may be sent under it now.
func (l *lease) fresh() (epoch int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch, l.epoch != 0 && time.Now().Before(l.until.Add(-l.timings.LeaseMargin))
}

// run joins, renews every third of the ttl, and reconciles what nodes with a
// lapsed lease left, until ctx ends.
func (l *lease) run(ctx context.Context) {
	if !l.join(ctx) {
		return
	}
	close(l.joined)
	renew := time.NewTicker(l.timings.Lease / 3)
	defer renew.Stop()
	reconcile := time.NewTicker(l.timings.Reconcile)
	defer reconcile.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-renew.C:
			if !l.renew(ctx) && !l.join(ctx) {
				return
			}
		case <-reconcile.C:
			l.reconcile(ctx)
		}
	}
}

// join takes a new epoch, however long that takes; false when ctx ended.
func (l *lease) join(ctx context.Context) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, l.timings.Store)
		epoch, err := l.nodes.Join(within, l.node, l.timings.Lease)
		cancel()
		if err == nil {
			l.mu.Lock()
			l.epoch, l.until = epoch, began.Add(l.timings.Lease)
			l.mu.Unlock()
			l.log.Info("node joined", "node", l.node, "epoch", epoch)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		l.log.Warn("node cannot join", "node", l.node, "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// renew prolongs the lease; false when another epoch took over.
func (l *lease) renew(ctx context.Context) bool {
	began := time.Now()
	within, cancel := context.WithTimeout(ctx, l.timings.Lease/3)
	defer cancel()
	epoch, _ := l.fresh()
	err := l.nodes.Renew(within, l.node, epoch, l.timings.Lease)
	switch {
	case err == nil:
		l.mu.Lock()
		l.until = began.Add(l.timings.Lease)
		l.mu.Unlock()
		return true
	case campaigns.CodeOf(err) == campaigns.CodeConflict:
		l.log.Error("another epoch of this node took over", "node", l.node, "epoch", epoch)
		l.mu.Lock()
		l.until = time.Time{}
		l.mu.Unlock()
		return false
	default:
		if ctx.Err() == nil {
			l.log.Warn("lease not renewed", "node", l.node, "error", err)
		}
		return true
	}
}

// reconcile leaves everything alone while our own lease is not fresh: after an
// outage of the store our calls would look like those of a lost node.
func (l *lease) reconcile(ctx context.Context) {
	if _, fresh := l.fresh(); !fresh {
		return
	}
	within, cancel := context.WithTimeout(ctx, l.timings.Store)
	defer cancel()
	n, err := l.nodes.Reconcile(within)
	switch {
	case err != nil && ctx.Err() == nil:
		l.log.Warn("cannot reconcile", "error", err)
	case n > 0:
		l.log.Info("attempts of lapsed nodes closed as unknown", "attempts", n)
	}
}
