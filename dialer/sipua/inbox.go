package sipua

import "sync"

// inboxLimit bounds the network's items, and as many commands on top.
const inboxLimit = 64

// inbox hands items to the goroutine of one dialog, in order. Putting never
// waits.
type inbox struct {
	mu     sync.Mutex
	items  []any
	closed bool
	// wake holds a token while there are items.
	wake chan struct{}
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put appends an item from the network; it is refused when the inbox is full
// or closed.
func (b *inbox) put(item any) bool { return b.add(item, inboxLimit) }

// command appends an item that must not be lost to a flood from the network.
func (b *inbox) command(item any) { b.add(item, 2*inboxLimit) }

func (b *inbox) add(item any, limit int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.items) >= limit {
		return false
	}
	b.items = append(b.items, item)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return true
}

// take gives what has come since.
func (b *inbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = nil
	return items
}

// close refuses further items and gives those that were not taken.
func (b *inbox) close() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	items := b.items
	b.items = nil
	return items
}
