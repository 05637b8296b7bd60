package dialer

import (
	"sync"
	"time"
)

// mailbox is the bounded queue of one actor. Anyone posts, one goroutine
// takes. Ordinary posts fail when the queue is full; posts that end something
// have slots of their own, so that they never fail while the actor lives.
type mailbox struct {
	wake chan struct{}

	mu             sync.Mutex
	queue          []func()
	limit, reserve int
	closed         bool
	full           func() // called when a post fails for want of room
}

func newMailbox(limit, reserve int, full func()) *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), limit: limit, reserve: reserve, full: full}
}

// post queues f; false when the actor is gone or its mailbox full.
func (m *mailbox) post(f func()) bool { return m.put(f, 0) }

// postFinal queues f, using the reserved slots where needed.
func (m *mailbox) postFinal(f func()) bool { return m.put(f, m.reserve) }

func (m *mailbox) put(f func(), extra int) bool {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return false
	}
	if len(m.queue) >= m.limit+extra {
		m.mu.Unlock()
		m.full()
		return false
	}
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return true
}

// take gives everything that is queued.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	queue := m.queue
	m.queue = nil
	return queue
}

// close refuses further posts and gives those that were queued.
func (m *mailbox) close() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	queue := m.queue
	m.queue = nil
	return queue
}

// alarms are the timers of one actor, run by its own goroutine: a stopped
// alarm never goes off.
type alarms[K comparable] struct {
	at    map[K]time.Time
	timer *time.Timer
}

func newAlarms[K comparable]() *alarms[K] {
	return &alarms[K]{at: make(map[K]time.Time), timer: time.NewTimer(time.Hour)}
}

func (a *alarms[K]) start(k K, after time.Duration) { a.at[k] = time.Now().Add(after) }
func (a *alarms[K]) stop(k K)                       { delete(a.at, k) }

// wait arms the timer for the next alarm and gives its channel.
func (a *alarms[K]) wait() <-chan time.Time {
	next := time.Hour
	for _, at := range a.at {
		next = min(next, time.Until(at))
	}
	a.timer.Reset(max(next, 0))
	return a.timer.C
}

// due gives one alarm that went off, and forgets it.
func (a *alarms[K]) due() (K, bool) {
	var first K
	var firstAt time.Time
	found := false
	now := time.Now()
	for k, at := range a.at {
		if !at.After(now) && (!found || at.Before(firstAt)) {
			first, firstAt, found = k, at, true
		}
	}
	if found {
		delete(a.at, first)
	}
	return first, found
}

func (a *alarms[K]) end() { a.timer.Stop() }
