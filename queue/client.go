package queue

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"ringmaster/campaigns"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

// Options of a Client.
type Options struct {
	// URL is redis://, rediss:// or unix://; several addresses of a cluster or
	// of sentinels are given as query parameters as go-redis reads them.
	URL string
	// Node names this process in demand figures and live copies.
	Node string
	// Prefix of every key; empty: "ringmaster".
	Prefix string
	// Lease of a claimed candidate; zero: ten seconds.
	Lease time.Duration
	// Timeout of one call; zero: one second.
	Timeout time.Duration
}

// Client is the Redis side of one node.
type Client struct {
	rdb     redis.UniversalClient
	keys    keys
	node    string
	lease   time.Duration
	scripts scripts
}

type scripts struct {
	push, claim, hold, settle, giveBack, recoverLeases, clear, missing, demand, depth, live *redis.Script
}

// Open connects to Redis and proves it by a PING; the error names the address,
// never a password.
func Open(ctx context.Context, o Options) (*Client, error) {
	// The library would write to standard error beside our log; its errors come
	// back from each call.
	logging.Disable()
	parsed, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, campaigns.Invalid("redis.url", "%v", err)
	}
	if o.Prefix == "" {
		o.Prefix = "ringmaster"
	}
	if o.Lease == 0 {
		o.Lease = 10 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = time.Second
	}
	parsed.DialTimeout, parsed.ReadTimeout, parsed.WriteTimeout = o.Timeout, o.Timeout, o.Timeout
	parsed.ContextTimeoutEnabled = true
	// A claim whose answer was lost must not be sent again: its items would be
	// leased twice over. The lease recoverer heals it instead.
	parsed.MaxRetries = -1
	loaded, err := loadScripts()
	if err != nil {
		return nil, err
	}
	c := &Client{rdb: redis.NewClient(parsed), keys: keys{o.Prefix}, node: o.Node, lease: o.Lease, scripts: loaded}
	if err := c.Ping(ctx); err != nil {
		_ = c.rdb.Close()
		return nil, campaigns.Wrap(campaigns.CodeUnavailable, "redis at "+parsed.Addr+" cannot be reached", err)
	}
	return c, nil
}

// Ping reports whether Redis answers.
func (c *Client) Ping(ctx context.Context) error { return c.rdb.Ping(ctx).Err() }

// Close releases the connections.
func (c *Client) Close() error { return c.rdb.Close() }

func loadScripts() (scripts, error) {
	var s scripts
	for name, into := range map[string]**redis.Script{
		"push": &s.push, "claim": &s.claim, "hold": &s.hold, "settle": &s.settle, "return": &s.giveBack,
		"recover": &s.recoverLeases, "clear": &s.clear, "missing": &s.missing,
		"demand": &s.demand, "depth": &s.depth, "live": &s.live,
	} {
		source, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
		if err != nil {
			return s, fmt.Errorf("embedded script %s: %w", name, err)
		}
		*into = redis.NewScript(string(source))
	}
	return s, nil
}
