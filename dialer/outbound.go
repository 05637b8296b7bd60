package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// dialBatch bounds the candidates of one reserve transaction.
const dialBatch = 20

// batchDone is what became of one batch.
type batchDone struct {
	campaignID int64
	claimed    int
	dialed     int
	// next are the chances of the candidates that come next.
	next []float64
	away string // what did not answer, empty: all well
}

// dialSome claims, reserves and dials up to n candidates of one campaign.
func (d *Dialer) dialSome(c campaigns.Campaign, n int) batchDone {
	result := batchDone{campaignID: c.ID}
	ctx, cancel := context.WithTimeout(context.Background(), d.o.Timings.Store)
	defer cancel()
	claimedAt := time.Now()
	items, next, err := d.o.Hopper.Claim(ctx, c.ID, n)
	if err != nil {
		d.log.Warn("nothing claimed", "campaign", c.ID, "error", err)
		result.away = "the hopper is away"
		return result
	}
	result.claimed, result.next = len(items), next
	if len(items) == 0 {
		return result
	}
	epoch, _ := d.lease.fresh()
	attempts, refusals, err := d.o.Gate.Reserve(ctx, Reservation{Node: d.o.Node, Epoch: epoch, Items: items})
	if err != nil {
		d.log.Warn("nothing reserved", "campaign", c.ID, "candidates", len(items), "error", err)
		d.background(func(ctx context.Context) error { return d.o.Hopper.Return(ctx, c.ID, items) }, "return candidates")
		result.away = "the store is away"
		return result
	}
	settled := make([]int64, 0, len(items))
	for _, a := range attempts {
		d.dial(a, claimedAt)
		settled = append(settled, a.CandidateID)
	}
	for _, r := range refusals {
		settled = append(settled, r.CandidateID)
	}
	result.dialed = len(attempts)
	d.background(func(ctx context.Context) error { return d.o.Hopper.Settle(ctx, c.ID, settled) }, "settle leases")
	return result
}

// dial starts the call of a committed attempt. An attempt that cannot become
// a call is ended all the same.
func (d *Dialer) dial(a campaigns.Attempt, claimedAt time.Time) {
	c := d.newCall(call.Outbound, call.Plan{
		RingTimeout: a.Settings.RingTimeout.Std(), ConnectLimit: a.Settings.ConnectLimit.Std(),
	})
	c.begun(a)
	c.claimedAt = claimedAt
	// The pacer left room; inbound calls that came since may go over a little.
	if !c.launch(d.o.Limits.Calls + dialBatch) {
		c.emit(campaigns.Event{Kind: campaigns.AttemptEnded, End: &campaigns.AttemptEnd{
			Outcome: campaigns.OutcomeFailed, Detail: "no room for the call on this node",
		}})
		c.alarms.end()
	}
}
