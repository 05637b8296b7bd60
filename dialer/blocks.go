package dialer

import (
	"context"
	"sync"
	"time"

	"ringmaster/dialer/call"
)

// blockMemory is how long a block is remembered for attempts that were
// committed before it and are not sent yet; well above their dial_by.
const blockMemory = 5 * time.Second

// blocks remembers who may no longer be called until the gates are sure to
// see it.
type blocks struct {
	mu     sync.Mutex
	recent map[Block]time.Time
}

func newBlocks() *blocks { return &blocks{recent: make(map[Block]time.Time)} }

func (b *blocks) add(block Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for k, at := range b.recent {
		if now.Sub(at) > blockMemory {
			delete(b.recent, k)
		}
	}
	b.recent[block] = now
}

// covers reports whether an attempt at the person or number may no longer be
// sent.
func (b *blocks) covers(contactID, numberID int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for block, at := range b.recent {
		if time.Since(at) <= blockMemory && block.hits(contactID, numberID) {
			return true
		}
	}
	return false
}

func (b Block) hits(contactID, numberID int64) bool {
	return b.NumberID != 0 && b.NumberID == numberID || b.ContactID != 0 && b.ContactID == contactID
}

// watchBlocks cancels what rings or is about to, as DNC entries and
// complaints are committed. After a lost connection (Resync) it cannot tell
// what it missed, and cancels all that is not answered: their candidates come
// back through the gates in a few minutes.
func (d *Dialer) watchBlocks(ctx context.Context) {
	for ctx.Err() == nil {
		err := d.o.Nodes.Watch(ctx, d.blocked)
		if ctx.Err() != nil {
			return
		}
		d.log.Warn("the watch on do-not-call entries ended", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (d *Dialer) blocked(b Block) {
	if !b.Resync {
		d.blocks.add(b)
	}
	d.calls.each(func(c *callActor, n callNote) {
		if n.unanswered() && (b.Resync || b.hits(n.contactID, n.numberID)) {
			c.step(call.Input{Kind: call.Blocked})
		}
	})
}
