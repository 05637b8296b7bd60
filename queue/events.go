package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/redis/go-redis/v9"

	"ringmaster/campaigns"
)

const (
	// streamLength bounds the event stream: about ten minutes of a busy node.
	streamLength = 20_000
	// liveStaleMS: a node whose copy is older is taken for gone.
	liveStaleMS = 5_000
)

// Publish appends facts to the event stream; the oldest fall out beyond its
// bound, and readers that missed some ask for a snapshot.
func (c *Client) Publish(ctx context.Context, facts []campaigns.Event) error {
	if len(facts) == 0 {
		return nil
	}
	pipe := c.rdb.Pipeline()
	for _, fact := range facts {
		body, err := json.Marshal(fact)
		if err != nil {
			return fmt.Errorf("fact %s: %w", fact.Kind, err)
		}
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: c.keys.events(), MaxLen: streamLength, Approx: true, Values: []any{"d", body}})
	}
	_, err := pipe.Exec(ctx)
	return err
}

// Follow gives f every fact published from now on, in order, until ctx ends,
// which is its error then. An error of Redis is returned at once; facts
// published before the next Follow are missed.
func (c *Client) Follow(ctx context.Context, f func(campaigns.Event)) error {
	newest, err := c.rdb.XRevRangeN(ctx, c.keys.events(), "+", "-", 1).Result()
	if err != nil {
		return fmt.Errorf("event stream: %w", err)
	}
	last := "0"
	if len(newest) > 0 {
		last = newest[0].ID
	}
	for ctx.Err() == nil {
		const wait = 500 * time.Millisecond
		streams, err := c.rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{c.keys.events(), last}, Count: batch, Block: wait}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return fmt.Errorf("event stream: %w", err)
		}
		for _, message := range streams[0].Messages {
			last = message.ID
			body, _ := message.Values["d"].(string)
			var fact campaigns.Event
			if err := json.Unmarshal([]byte(body), &fact); err != nil {
				return fmt.Errorf("event %s: %w", message.ID, err)
			}
			f(fact)
		}
	}
	return ctx.Err()
}

// PublishLive publishes this node's live figures; they count as fresh for five
// seconds.
func (c *Client) PublishLive(ctx context.Context, live campaigns.NodeLive) error {
	body, err := json.Marshal(live)
	if err != nil {
		return fmt.Errorf("live figures of %s: %w", live.Node, err)
	}
	return c.scripts.live.Run(ctx, c.rdb, []string{c.keys.live(), c.keys.liveAt()}, liveStaleMS, live.Node, body).Err()
}

// Nodes gives the fresh live figures of all nodes.
func (c *Client) Nodes(ctx context.Context) ([]campaigns.NodeLive, error) {
	bodies, err := c.scripts.live.Run(ctx, c.rdb, []string{c.keys.live(), c.keys.liveAt()}, liveStaleMS, "", "").StringSlice()
	if err != nil {
		return nil, fmt.Errorf("live figures: %w", err)
	}
	nodes := make([]campaigns.NodeLive, 0, len(bodies))
	for _, body := range bodies {
		var n campaigns.NodeLive
		if err := json.Unmarshal([]byte(body), &n); err != nil {
			return nil, fmt.Errorf("live figures: %w", err)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// Epoch gives a text that stays the same until Redis is wiped; the first call
// after a wipe sets a new one.
func (c *Client) Epoch(ctx context.Context) (string, error) {
	fresh := ulid.Make().String()
	set, err := c.rdb.SetNX(ctx, c.keys.epoch(), fresh, 0).Result()
	if err != nil {
		return "", fmt.Errorf("redis epoch: %w", err)
	}
	if set {
		return fresh, nil
	}
	epoch, err := c.rdb.Get(ctx, c.keys.epoch()).Result()
	if err != nil {
		return "", fmt.Errorf("redis epoch: %w", err)
	}
	return epoch, nil
}
