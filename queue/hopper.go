package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"ringmaster/campaigns"
)

const (
	// batch bounds the candidates of one script call, so that no call blocks
	// Redis for long.
	batch = 500
	// demandStaleMS: a node that has told no demand for this long dials nothing.
	demandStaleMS = 10_000
)

// Push puts candidates into the hopper; those under a lease are left alone and
// those already there get the new score.
func (c *Client) Push(ctx context.Context, campaignID int64, items []campaigns.HopperItem) error {
	return c.runItems(ctx, c.scripts.push, campaignID, items)
}

// Return puts leased candidates back.
func (c *Client) Return(ctx context.Context, campaignID int64, items []campaigns.HopperItem) error {
	return c.runItems(ctx, c.scripts.giveBack, campaignID, items)
}

func (c *Client) runItems(ctx context.Context, script *redis.Script, campaignID int64, items []campaigns.HopperItem) error {
	names := []string{c.keys.hopper(campaignID), c.keys.items(campaignID), c.keys.leases(campaignID)}
	for len(items) > 0 {
		n := min(len(items), batch)
		args := make([]any, 0, 3*n)
		for _, item := range items[:n] {
			body, err := json.Marshal(item)
			if err != nil {
				return fmt.Errorf("hopper item of candidate %d: %w", item.CandidateID, err)
			}
			args = append(args, item.CandidateID, strconv.FormatFloat(item.Score, 'g', -1, 64), body)
		}
		if err := script.Run(ctx, c.rdb, names, args...).Err(); err != nil {
			return fmt.Errorf("hopper of campaign %d: %w", campaignID, err)
		}
		items = items[n:]
	}
	return nil
}

// Claim moves up to n candidates, best first, to the lease set; next are the
// answer probabilities of the n candidates after them, as far as there are so
// many. A lost answer costs nothing but the lease's time.
func (c *Client) Claim(ctx context.Context, campaignID int64, n int) (items []campaigns.HopperItem, next []float64, err error) {
	if n <= 0 {
		return nil, nil, nil
	}
	names := []string{c.keys.hopper(campaignID), c.keys.items(campaignID), c.keys.leases(campaignID)}
	reply, err := c.scripts.claim.Run(ctx, c.rdb, names, min(n, batch), c.lease.Milliseconds()).Slice()
	if err != nil {
		return nil, nil, fmt.Errorf("claim of campaign %d: %w", campaignID, err)
	}
	var found [2][]campaigns.HopperItem
	for i := range min(len(reply), len(found)) {
		bodies, _ := reply[i].([]any)
		for _, body := range bodies {
			var item campaigns.HopperItem
			text, _ := body.(string)
			if err := json.Unmarshal([]byte(text), &item); err != nil {
				return nil, nil, fmt.Errorf("hopper item of campaign %d: %w", campaignID, err)
			}
			found[i] = append(found[i], item)
		}
	}
	for _, item := range found[1] {
		next = append(next, item.AnswerProbability)
	}
	return found[0], next, nil
}

// Hold prolongs the lease of a candidate to d from now; false when it has none
// any more.
func (c *Client) Hold(ctx context.Context, campaignID, candidateID int64, d time.Duration) (bool, error) {
	held, err := c.scripts.hold.Run(ctx, c.rdb, []string{c.keys.leases(campaignID)}, candidateID, d.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("hold in campaign %d: %w", campaignID, err)
	}
	return held, nil
}

// Settle drops the leases of candidates that PostgreSQL has moved on.
func (c *Client) Settle(ctx context.Context, campaignID int64, candidateIDs []int64) error {
	for ids := range chunks(candidateIDs) {
		names := []string{c.keys.items(campaignID), c.keys.leases(campaignID)}
		if err := c.scripts.settle.Run(ctx, c.rdb, names, ids...).Err(); err != nil {
			return fmt.Errorf("settle of campaign %d: %w", campaignID, err)
		}
	}
	return nil
}

// Recover puts candidates with an expired lease back and tells how many.
func (c *Client) Recover(ctx context.Context, campaignID int64) (int, error) {
	names := []string{c.keys.hopper(campaignID), c.keys.items(campaignID), c.keys.leases(campaignID)}
	n, err := c.scripts.recoverLeases.Run(ctx, c.rdb, names, batch).Int()
	if err != nil {
		return 0, fmt.Errorf("lease recovery of campaign %d: %w", campaignID, err)
	}
	return n, nil
}

// Clear empties the hopper, not the leases, and gives the candidates' ids.
func (c *Client) Clear(ctx context.Context, campaignID int64) ([]int64, error) {
	names := []string{c.keys.hopper(campaignID), c.keys.items(campaignID)}
	var all []int64
	for {
		ids, err := c.scripts.clear.Run(ctx, c.rdb, names, batch).Int64Slice()
		if err != nil {
			return all, fmt.Errorf("clearing the hopper of campaign %d: %w", campaignID, err)
		}
		all = append(all, ids...)
		if len(ids) < batch {
			return all, nil
		}
	}
}

// Missing gives those of the candidates that are neither in the hopper nor
// leased.
func (c *Client) Missing(ctx context.Context, campaignID int64, candidateIDs []int64) ([]int64, error) {
	var missing []int64
	names := []string{c.keys.hopper(campaignID), c.keys.leases(campaignID)}
	for ids := range chunks(candidateIDs) {
		some, err := c.scripts.missing.Run(ctx, c.rdb, names, ids...).Int64Slice()
		if err != nil {
			return nil, fmt.Errorf("hopper check of campaign %d: %w", campaignID, err)
		}
		missing = append(missing, some...)
	}
	return missing, nil
}

// Demand notes how many dials per second this node makes in the campaign.
func (c *Client) Demand(ctx context.Context, campaignID int64, perSecond float64) error {
	rate := strconv.FormatFloat(perSecond, 'f', 3, 64)
	return c.scripts.demand.Run(ctx, c.rdb, []string{c.keys.demand(campaignID)}, c.node, rate).Err()
}

// Depth gives the number of candidates in the hopper and under a lease, and
// the dials per second that all nodes make together.
func (c *Client) Depth(ctx context.Context, campaignID int64) (ready, leased int, demand float64, err error) {
	names := []string{c.keys.hopper(campaignID), c.keys.leases(campaignID), c.keys.demand(campaignID)}
	reply, err := c.scripts.depth.Run(ctx, c.rdb, names, demandStaleMS).Slice()
	if err != nil {
		return 0, 0, 0, fmt.Errorf("depth of campaign %d: %w", campaignID, err)
	}
	if len(reply) != 3 {
		return 0, 0, 0, fmt.Errorf("depth of campaign %d: %d values instead of 3", campaignID, len(reply))
	}
	inHopper, _ := reply[0].(int64)
	underLease, _ := reply[1].(int64)
	text, _ := reply[2].(string)
	demand, err = strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("demand of campaign %d: %w", campaignID, err)
	}
	return int(inHopper), int(underLease), demand, nil
}

// chunks yields the ids in script-sized arguments.
func chunks(ids []int64) func(yield func([]any) bool) {
	return func(yield func([]any) bool) {
		for len(ids) > 0 {
			n := min(len(ids), batch)
			args := make([]any, n)
			for i, id := range ids[:n] {
				args[i] = id
			}
			if !yield(args) {
				return
			}
			ids = ids[n:]
		}
	}
}
