package main

import (
	"context"
	"time"
)

const (
	// housekeepingPeriod is how often the store is tidied.
	housekeepingPeriod = time.Hour
	// housekeepingLimit bounds one turn.
	housekeepingLimit = time.Minute
)

// housekeep tidies the store once an hour until ctx ends: it deletes expired
// sessions and sign-in links, and finishes experiments that have reached their
// horizon. Several nodes may do it at once; what failed is done by the next turn.
func (a *app) housekeep(ctx context.Context) error {
	tick := time.NewTicker(housekeepingPeriod)
	defer tick.Stop()
	for {
		a.tidy(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (a *app) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingLimit)
	defer cancel()
	sessions, links, err := a.store.Prune(ctx)
	if err == nil {
		a.log.Debug("expired sign-ins deleted", "sessions", sessions, "links", links)
		err = a.store.FinishExperiments(ctx)
	}
	if err != nil && ctx.Err() == nil {
		a.log.Warn("housekeeping", "error", err)
	}
}
