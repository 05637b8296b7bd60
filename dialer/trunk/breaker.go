package trunk

import "time"

const (
	// faultLimit is the number of trunk faults in a row that close a trunk.
	faultLimit = 5
	// firstRest and longestRest bound the time that a closed trunk rests; it
	// doubles with each failed probe.
	firstRest   = 5 * time.Second
	longestRest = time.Minute
	// retryAfterLimit bounds what a single 503 may ask for.
	retryAfterLimit = 30 * time.Second
)

// breaker judges a trunk's health by its calls.
type breaker struct {
	faults int
	// until is the end of the rest of a closed trunk.
	until time.Time
	rest  time.Duration
	// closed: resting or probed.
	closed bool
	// probing: one call is on its way through a closed trunk.
	probing bool
}

// allows reports whether a call may be sent; a closed trunk takes one at a time
// after its rest.
func (b *breaker) allows(now time.Time) bool {
	if now.Before(b.until) {
		return false
	}
	return !b.closed || !b.probing
}

// limit bounds the calls that may start now.
func (b *breaker) limit(now time.Time, n int) int {
	switch {
	case !b.allows(now):
		return 0
	case b.closed:
		return min(n, 1)
	}
	return n
}

// sent marks a probe.
func (b *breaker) sent() (probe bool) {
	if b.closed {
		b.probing = true
		return true
	}
	return false
}

// good is a response that proves the trunk.
func (b *breaker) good() { *b = breaker{} }

// fault counts a trunk fault; at once closes the trunk without counting.
func (b *breaker) fault(now time.Time, atOnce bool) {
	b.faults++
	if !b.closed && b.faults < faultLimit && !atOnce {
		return
	}
	b.rest = min(max(2*b.rest, firstRest), longestRest)
	if atOnce {
		b.rest = longestRest
	}
	b.until = now.Add(b.rest)
	b.closed, b.probing = true, false
}

// pause heeds a Retry-After.
func (b *breaker) pause(now time.Time, d time.Duration) {
	if until := now.Add(min(d, retryAfterLimit)); until.After(b.until) {
		b.until = until
	}
}
