package engine

import (
	"context"
	"math"
	"time"

	"ringmaster/campaigns"
)

// pushed is how many items go into one push.
const pushed = 500

// lowWater is the share of the target depth below which a hopper is filled.
const lowWater = 0.6

// refillTask looks at all depths every Poll, and at woken campaigns at once.
func (e *Engine) refillTask(ctx context.Context) {
	tick := time.NewTicker(e.options.Poll)
	defer tick.Stop()
	r := &refiller{Engine: e, next: map[int64]time.Time{}, empty: map[int64]bool{}}
	for {
		e.attempt(ctx, taskRefill, r.pass)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-e.wake:
		}
	}
}

// refiller is the state of the refill task, used by its goroutine only.
type refiller struct {
	*Engine
	// read is when the campaigns were read last.
	read time.Time
	// next is when a campaign is filled up even above its low-water mark, and
	// until when one is left alone that had nobody to call.
	next map[int64]time.Time
	// empty campaigns had fewer ready candidates than were wanted.
	empty map[int64]bool
}

func (r *refiller) pass(ctx context.Context) error {
	r.mu.Lock()
	woken := r.woken
	r.woken = map[int64]bool{}
	r.mu.Unlock()
	if len(woken) > 0 || time.Since(r.read) >= r.options.Period/2 {
		active, err := r.options.Store.ActiveCampaigns(ctx)
		if err != nil {
			r.wakeAgain(woken)
			return err
		}
		r.read = time.Now()
		r.mu.Lock()
		r.active = active
		r.mu.Unlock()
		r.forget(active)
	}
	return each(r.campaigns(), func(c campaigns.Campaign) error {
		if c.State != campaigns.CampaignRunning {
			return nil
		}
		err := r.refill(ctx, c, woken[c.ID])
		if err != nil && woken[c.ID] {
			r.wakeAgain(map[int64]bool{c.ID: true})
		}
		return err
	})
}

// wakeAgain keeps wakes that could not be served for the next pass.
func (r *refiller) wakeAgain(ids map[int64]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range ids {
		r.woken[id] = true
	}
}

// forget drops the state of campaigns that are not active any more.
func (r *refiller) forget(active []campaigns.Campaign) {
	kept := map[int64]time.Time{}
	empty := map[int64]bool{}
	for _, c := range active {
		if at, ok := r.next[c.ID]; ok {
			kept[c.ID] = at
		}
		if r.empty[c.ID] {
			empty[c.ID] = true
		}
	}
	r.next, r.empty = kept, empty
}

// target is the depth to keep: HopperSeconds of dialing, within the bounds.
func (o *Options) target(s campaigns.Settings, demand float64) int {
	if !(demand > 0) {
		demand = 0
	}
	return int(math.Min(float64(o.Cap), math.Max(float64(o.Floor), math.Ceil(demand*float64(s.HopperSeconds)))))
}

func (r *refiller) refill(ctx context.Context, c campaigns.Campaign, woken bool) error {
	due := !time.Now().Before(r.next[c.ID])
	if r.empty[c.ID] && !due && !woken {
		return nil
	}
	ready, _, demand, err := r.options.Hopper.Depth(ctx, c.ID)
	if err != nil {
		return err
	}
	target := r.options.target(c.Settings, demand)
	missing := target - ready
	if missing <= 0 || !due && !woken && float64(ready) >= lowWater*float64(target) {
		return nil
	}
	r.next[c.ID] = time.Now().Add(r.options.Period)
	items, err := r.options.Store.Refill(ctx, c.ID, missing)
	if err != nil {
		return err
	}
	r.empty[c.ID] = len(items) < missing
	if len(items) == 0 {
		return nil
	}
	if err := r.push(ctx, c.ID, items); err != nil {
		return err
	}
	r.metrics.refilled.Add(float64(len(items)))
	r.log.Debug("hopper refilled", "campaign", c.ID, "candidates", len(items), "depth", ready, "target", target)
	return nil
}

// push puts items into the hopper, a few hundred at a time.
func (e *Engine) push(ctx context.Context, campaignID int64, items []campaigns.HopperItem) error {
	for len(items) > 0 {
		n := min(pushed, len(items))
		if err := e.options.Hopper.Push(ctx, campaignID, items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}
