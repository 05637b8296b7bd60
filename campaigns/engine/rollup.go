package engine

import (
	"context"
	"time"
)

// Rollups is what the engine needs of the truth to keep the reports' counts.
type Rollups interface {
	// RollUp makes up to limit hours anew that have changed and gives how many.
	RollUp(ctx context.Context, limit int) (int, error)
}

const (
	// rollUpPeriod is how often the hours that changed are rolled up, and
	// rollUpHours how many at a time: each is a transaction of its own.
	rollUpPeriod = time.Minute
	rollUpHours  = 12
)

// rollUp keeps the reports' counts.
func (e *Engine) rollUp(ctx context.Context) error {
	_, err := e.options.Rollups.RollUp(ctx, rollUpHours)
	return err
}
