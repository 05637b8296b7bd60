package engine

import (
	"context"

	"ringmaster/campaigns"
)

// recoverLeases puts candidates back whose dialer did not finish with them in time.
func (e *Engine) recoverLeases(ctx context.Context) error {
	return each(e.campaigns(), func(c campaigns.Campaign) error {
		n, err := e.options.Hopper.Recover(ctx, c.ID)
		if err != nil {
			return err
		}
		if n > 0 {
			e.metrics.recovered.Add(float64(n))
			e.log.Warn("leases ran out", "campaign", c.ID, "candidates", n)
		}
		return nil
	})
}
