package engine

import (
	"context"

	"ringmaster/campaigns"
)

// reconciler is the state of the reconcile task, used by its goroutine only.
type reconciler struct {
	*Engine
	// epoch of the hopper in which every queued candidate was pushed.
	epoch string
}

// pass compares the store's queued candidates with the hopper. The store is
// right: the hopper is filled from it after a wipe, and emptied where the
// campaign does not run.
func (r *reconciler) pass(ctx context.Context) error {
	epoch, err := r.options.Hopper.Epoch(ctx)
	if err != nil {
		return err
	}
	all, err := r.options.Store.ActiveCampaigns(ctx)
	if err != nil {
		return err
	}
	wiped := epoch == "" || epoch != r.epoch
	err = each(all, func(c campaigns.Campaign) error {
		switch {
		case c.State != campaigns.CampaignRunning:
			return r.empty(ctx, c)
		case wiped:
			return r.rebuild(ctx, c)
		default:
			return r.orphans(ctx, c)
		}
	})
	if err == nil && wiped {
		if r.epoch != "" {
			r.metrics.wiped.Inc()
			r.log.Warn("hopper was wiped and is filled again")
		}
		r.epoch = epoch
	}
	return err
}

// rebuild pushes every queued candidate again: at the start, for what a crash
// has left between mark and push, and after a wipe. Those being dialed may be
// pushed along; the gate refuses them, since they are not queued any more.
func (r *reconciler) rebuild(ctx context.Context, c campaigns.Campaign) error {
	items, err := r.options.Ledger.Queued(ctx, c.ID, 0)
	if err != nil {
		return err
	}
	if err := r.push(ctx, c.ID, items); err != nil {
		return err
	}
	if len(items) > 0 {
		r.log.Info("queued candidates pushed again", "campaign", c.ID, "candidates", len(items))
	}
	return nil
}

// orphans pushes queued candidates again that the hopper does not know. Between
// the two looks one may have been dialed, so the store is asked again.
func (r *reconciler) orphans(ctx context.Context, c campaigns.Campaign) error {
	items, err := r.options.Ledger.Queued(ctx, c.ID, r.options.OrphanAge)
	if err != nil || len(items) == 0 {
		return err
	}
	ids := make([]int64, len(items))
	for i, item := range items {
		ids[i] = item.CandidateID
	}
	missing, err := r.options.Membership.Missing(ctx, c.ID, ids)
	if err != nil || len(missing) == 0 {
		return err
	}
	orphans, err := r.options.Ledger.Requeue(ctx, c.ID, missing)
	if err != nil || len(orphans) == 0 {
		return err
	}
	if err := r.push(ctx, c.ID, orphans); err != nil {
		return err
	}
	r.metrics.orphans.Add(float64(len(orphans)))
	r.log.Warn("orphans pushed again", "campaign", c.ID, "candidates", len(orphans))
	return nil
}

// empty takes the candidates of a campaign that does not run out of the hopper
// and makes them ready. Those leased by a dialer are refused by the gate.
func (r *reconciler) empty(ctx context.Context, c campaigns.Campaign) error {
	if _, err := r.options.Hopper.Clear(ctx, c.ID); err != nil {
		return err
	}
	n, err := r.options.Ledger.Unqueue(ctx, c.ID)
	if err != nil {
		return err
	}
	if n > 0 {
		r.metrics.unqueued.Add(float64(n))
		r.log.Info("hopper emptied", "campaign", c.ID, "state", c.State, "candidates", n)
	}
	return nil
}
