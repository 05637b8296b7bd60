package simulation

import "ringmaster/dialer/pacing"

// erlang dials at a rate whatever the moment: that at which Erlang's loss formula,
// for as many servers as agents, loses what may be dropped, given the mean handling
// time and the answer rate so far.
type erlang struct {
	deaf
	limit            float64
	handled, seconds float64
	dials, answers   float64
	last, due        float64
	agents           int
	load             float64
}

// A few calls' worth of what is thought before anything is measured.
const (
	erlangCalls              = 10
	erlangHandling, erlangOf = 140, 0.3
)

func newErlang(limit float64) *erlang {
	return &erlang{
		limit: limit, handled: erlangCalls, seconds: erlangCalls * erlangHandling,
		dials: erlangCalls, answers: erlangCalls * erlangOf,
	}
}

// Answered and Failed measure the answer rate.
func (p *erlang) Answered(float64) { p.dials++; p.answers++ }

// Failed counts a dial without an answer.
func (p *erlang) Failed(float64) { p.dials++ }

// PhaseOver and Wrapped measure the handling time.
func (p *erlang) PhaseOver(_ int, _ pacing.Phase, age float64) { p.seconds += age }

// Wrapped counts a call that was handled.
func (p *erlang) Wrapped(bool) { p.handled++ }

// Decide gives the dials that have come due at the rate.
func (p *erlang) Decide(v *View) pacing.Plan {
	if v.Staffed != p.agents {
		p.agents, p.load = v.Staffed, offered(v.Staffed, p.limit)
	}
	if p.agents == 0 {
		p.last, p.due = v.Now, 0
		return pacing.Plan{}
	}
	rate := p.load / (p.seconds / p.handled) / (p.answers / p.dials)
	p.due += rate * (v.Now - p.last)
	p.last = v.Now
	n := int(p.due)
	p.due -= float64(n)
	return pacing.Plan{Dials: n}
}

// offered is the load, in erlangs, of which the servers lose the share given.
func offered(servers int, lost float64) float64 {
	low, high := 0.0, 2*float64(servers)+10
	if lost >= 1 {
		return high
	}
	for range 50 {
		load := (low + high) / 2
		if blocking(servers, load) > lost {
			high = load
		} else {
			low = load
		}
	}
	return low
}

// blocking is Erlang's loss formula, by its recursion over the servers.
func blocking(servers int, load float64) float64 {
	b := 1.0
	for n := range servers {
		b = load * b / (float64(n+1) + load*b)
	}
	return b
}
