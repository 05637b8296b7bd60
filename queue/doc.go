// Package queue holds in Redis what may be lost: the hopper of candidates
// about to be dialed with its leases, the inbound calls that any node may
// serve, the published copies of the nodes' live figures, and the event stream
// for screens. PostgreSQL stays the truth; a wiped Redis is told by a changed
// Epoch and filled again by the engine and the nodes.
//
// Every move between two sets is one Lua script under scripts/, whose clock is
// Redis TIME; every key comes from keys.go and is hash-tagged by campaign or
// queue, so that each script stays in one slot of a cluster.
//
// # Concurrency and shutdown
//
// A Client is safe for concurrent use and starts no goroutine of its own.
// Every call takes a context and is bounded by the client's time-outs; a call
// that timed out is never repeated blindly, because a claim that was lost on
// the way back is healed by its lease. Close releases the connections.
package queue
