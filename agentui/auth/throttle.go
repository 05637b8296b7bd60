package auth

import (
	"strings"
	"sync"
	"time"
)

const (
	// A name may fail five times from one address, then once each twelve
	// seconds; an address may fail fifty times, then once a second.
	nameBurst    = 5
	nameEvery    = 12 * time.Second
	addressBurst = 50
	addressEvery = time.Second
	// throttleLimit is the number of buckets kept.
	throttleLimit = 8192
)

// throttle counts failed sign-ins by name with address, and by address, in
// token buckets. Memory is bounded: when it is full, full buckets (which say
// nothing) go first, then any.
type throttle struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens, burst float64
	every         time.Duration
	at            time.Time
}

func newThrottle() *throttle { return &throttle{buckets: map[string]*bucket{}} }

// take counts a try. It gives the way to take it back, or how long to wait.
func (t *throttle) take(name, address string, now time.Time) (refund func(), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	byName := t.bucket("n "+strings.ToLower(name)+" "+address, nameBurst, nameEvery, now)
	byAddress := t.bucket("a "+address, addressBurst, addressEvery, now)
	if wait = max(byName.wait(), byAddress.wait()); wait > 0 {
		return nil, wait
	}
	byName.tokens--
	byAddress.tokens--
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		byName.tokens = min(byName.tokens+1, byName.burst)
		byAddress.tokens = min(byAddress.tokens+1, byAddress.burst)
	}, 0
}

// bucket finds or makes a bucket and refills it; t.mu is held.
func (t *throttle) bucket(key string, burst float64, every time.Duration, now time.Time) *bucket {
	b, ok := t.buckets[key]
	if !ok {
		if len(t.buckets) >= throttleLimit {
			t.sweep(now)
		}
		b = &bucket{tokens: burst, burst: burst, every: every, at: now}
		t.buckets[key] = b
	}
	b.refill(now)
	return b
}

// sweep makes room; t.mu is held.
func (t *throttle) sweep(now time.Time) {
	for key, b := range t.buckets {
		if b.refill(now); b.tokens >= b.burst {
			delete(t.buckets, key)
		}
	}
	for key := range t.buckets {
		if len(t.buckets) < throttleLimit {
			return
		}
		delete(t.buckets, key)
	}
}

func (b *bucket) refill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(b.burst, b.tokens+float64(passed)/float64(b.every))
		b.at = now
	}
}

// wait is how long it takes until a try is allowed; 0: now.
func (b *bucket) wait() time.Duration {
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - b.tokens) * float64(b.every))
}
