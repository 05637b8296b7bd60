package engine

import "context"

// promoted is how many candidates are made ready in one transaction, and
// promotions how many transactions one pass may take, so that a backlog does
// not outrun its time limit.
const (
	promoted   = 1000
	promotions = 50
)

// promote makes ready what is due and wakes the campaigns it belongs to.
func (e *Engine) promote(ctx context.Context) error {
	for range promotions {
		byCampaign, err := e.options.Store.Promote(ctx, promoted)
		if err != nil {
			return err
		}
		total := 0
		for id, n := range byCampaign {
			total += n
			e.Wake(id)
		}
		e.metrics.promoted.Add(float64(total))
		if total < promoted {
			return nil
		}
	}
	return nil
}
