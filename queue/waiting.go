package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"ringmaster/campaigns"
)

// WaitingCalls shares the inbound calls that wait for an agent.
type WaitingCalls struct{ c *Client }

// Waiting gives the client's side of the waiting calls.
func (c *Client) Waiting() WaitingCalls { return WaitingCalls{c} }

// Offer publishes an inbound call that waits for an agent of any node.
func (w WaitingCalls) Offer(ctx context.Context, call campaigns.WaitingCall) error {
	body, err := json.Marshal(call)
	if err != nil {
		return fmt.Errorf("waiting call %s: %w", call.CallID, err)
	}
	return w.c.rdb.HSet(ctx, w.c.keys.waiting(call.Queue), string(call.CallID), body).Err()
}

// Claim takes a waiting call; false when another node was quicker or the call
// is gone. HDEL is the compare-and-set: one caller deletes the field.
func (w WaitingCalls) Claim(ctx context.Context, queue string, id campaigns.CallID) (bool, error) {
	n, err := w.c.rdb.HDel(ctx, w.c.keys.waiting(queue), string(id)).Result()
	return n == 1, err
}

// Withdraw removes a call that ended or was served.
func (w WaitingCalls) Withdraw(ctx context.Context, queue string, id campaigns.CallID) error {
	return w.c.rdb.HDel(ctx, w.c.keys.waiting(queue), string(id)).Err()
}

// List gives the waiting calls of all living nodes, highest priority and
// longest wait first. A node lives while its live copy is fresh.
func (w WaitingCalls) List(ctx context.Context, queue string) ([]campaigns.WaitingCall, error) {
	fields, err := w.c.rdb.HGetAll(ctx, w.c.keys.waiting(queue)).Result()
	if err != nil {
		return nil, fmt.Errorf("waiting calls of %s: %w", queue, err)
	}
	nodes, err := w.c.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	calls := make([]campaigns.WaitingCall, 0, len(fields))
	for id, body := range fields {
		var call campaigns.WaitingCall
		if err := json.Unmarshal([]byte(body), &call); err != nil {
			return nil, fmt.Errorf("waiting call %s of %s: %w", id, queue, err)
		}
		if slices.ContainsFunc(nodes, func(n campaigns.NodeLive) bool { return n.Node == call.Node }) {
			calls = append(calls, call)
		}
	}
	slices.SortFunc(calls, func(a, b campaigns.WaitingCall) int {
		if a.Priority != b.Priority {
			return b.Priority - a.Priority
		}
		return a.Since.Compare(b.Since)
	})
	return calls, nil
}
