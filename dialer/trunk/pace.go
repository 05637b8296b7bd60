package trunk

import (
	"math"
	"time"
)

// pace spreads the starts of calls: a token bucket whose burst is a tenth of a
// second's calls, refilled so slowly that burst and refill together stay within
// the limit in any one second: burst + (rate × 1 s) = limit + 1, and one second
// holds both its ends only once.
type pace struct {
	burst, rate float64
	tokens      float64
	at          time.Time
}

func newPace(perSecond float64) pace {
	burst := max(1, math.Floor(perSecond/10))
	return pace{burst: burst, rate: perSecond - (burst - 1), tokens: burst}
}

// refill brings the bucket up to now.
func (p *pace) refill(now time.Time) {
	if p.at.IsZero() {
		p.at = now
	}
	if d := now.Sub(p.at); d > 0 {
		p.tokens = min(p.burst, p.tokens+d.Seconds()*p.rate)
		p.at = now
	}
}

// ready gives the calls that may start now.
func (p *pace) ready(now time.Time) int {
	p.refill(now)
	// A rounding error must not cost a tick.
	return int(p.tokens + 1e-9)
}

// take uses one token.
func (p *pace) take() { p.tokens = max(0, p.tokens-1) }

// wait gives the time to the next token.
func (p *pace) wait(now time.Time) time.Duration {
	if p.ready(now) > 0 {
		return 0
	}
	return time.Duration(math.Ceil((1 - p.tokens) / p.rate * float64(time.Second)))
}
