package queue

import "strconv"

// keys builds every Redis key of one installation under its prefix.
type keys struct{ prefix string }

func (k keys) campaign(id int64, part string) string {
	return k.prefix + ":{c:" + strconv.FormatInt(id, 10) + "}:" + part
}

// hopper is a sorted set of candidate ids by score; higher is dialed first.
func (k keys) hopper(campaign int64) string { return k.campaign(campaign, "hopper") }

// items is a hash of candidate id to the item's JSON, for hopper and leases.
func (k keys) items(campaign int64) string { return k.campaign(campaign, "items") }

// leases is a sorted set of candidate ids by the lease's end in Redis
// milliseconds.
func (k keys) leases(campaign int64) string { return k.campaign(campaign, "leases") }

// demand is a hash of node to "dials per second:Redis milliseconds".
func (k keys) demand(campaign int64) string { return k.campaign(campaign, "demand") }

// waiting is a hash of call id to the waiting call's JSON.
func (k keys) waiting(queue string) string { return k.prefix + ":{q:" + queue + "}:waiting" }

// live is a hash of node to the JSON of its live figures, liveAt a sorted set
// of nodes by the Redis milliseconds of their last publication.
func (k keys) live() string   { return k.prefix + ":{live}:copies" }
func (k keys) liveAt() string { return k.prefix + ":{live}:at" }

// events is the stream of facts.
func (k keys) events() string { return k.prefix + ":{events}:stream" }

// epoch is a random text that is gone after a wipe.
func (k keys) epoch() string { return k.prefix + ":{epoch}" }
