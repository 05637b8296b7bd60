package simulation

import (
	"math"
	"slices"

	"ringmaster/dialer/pacing"
)

// state is whether an agent is there.
type state uint8

const (
	off state = iota
	ready
	working
	paused
)

type agent struct {
	worker
	state state
	phase pacing.Phase
	since float64
	// leaving after this call; until is when the pause ends.
	leaving bool
	until   float64
	// wrap is how long the next wrap-up takes, rests whether a pause follows, and
	// free when the agent takes the next call; infinite where none follows.
	wrap, free float64
	rests      bool
	// going are when the agent will leave.
	going []float64
}

// turnOver sends some agents home and has them replaced.
func (d *day) turnOver() {
	for i := range d.s.Turnovers {
		t := &d.s.Turnovers[i]
		for j := range d.agents {
			if d.rng.Float64() < t.Share {
				at := t.At*3600 + t.Within*d.rng.Float64()
				d.goes(at, j)
				d.agenda.push(event{at + t.Away.draw(d.rng), joins, j})
			}
		}
	}
}

func (d *day) goes(at float64, i int) {
	d.agents[i].going = append(d.agents[i].going, at)
	d.agenda.push(event{at, leaves, i})
}

// match gives the longest waiting customer to the longest ready agent.
func (d *day) match() {
	for len(d.ready) > 0 && len(d.waiting) > 0 {
		i, id := d.ready[0], d.waiting[0]
		d.ready, d.waiting = d.ready[1:], d.waiting[1:]
		a := &d.agents[i]
		d.tally.waited(d.now, d.now-a.since)
		d.busy++
		talk := a.talk.draw(d.rng) * d.talkX
		a.wrap = a.worker.wrap.draw(d.rng)
		a.state, a.phase, a.since = working, pacing.Talking, d.now
		a.rests = a.pause.Share > 0 && d.rng.Float64() < a.pause.Share
		a.free = d.now + talk + a.wrap
		if a.rests || slices.ContainsFunc(a.going, func(at float64) bool { return at > d.now && at <= a.free }) {
			a.free = math.Inf(1)
		}
		d.over(id)
		d.onTrunk++ // until the talk ends
		d.agenda.push(event{d.now + talk, talked, i})
		if g := &d.s.Signs; g.Results > 0 && d.rng.Float64() < g.Results {
			if before := g.ResultBefore.draw(d.rng); before < talk {
				d.agenda.push(event{d.now + talk - before, hints, i})
			}
		}
	}
}

// hinted is when the screen tells that the phase is nearly over.
func (d *day) hinted(i int) {
	a := &d.agents[i]
	d.pacer.PhaseOver(i, a.phase, d.now-a.since)
	a.phase, a.since = a.phase+1, d.now
}

func (d *day) talked(i int) {
	a := &d.agents[i]
	d.pacer.PhaseOver(i, a.phase, d.now-a.since)
	a.phase, a.since = pacing.Wrapping, d.now
	d.onTrunk--
	d.agenda.push(event{d.now + a.wrap, wrapped, i})
	if g := &d.s.Signs; g.Wraps > 0 && d.rng.Float64() < g.Wraps {
		if before := g.WrapBefore.draw(d.rng); before < a.wrap {
			d.agenda.push(event{d.now + a.wrap - before, hints, i})
		}
	}
}

func (d *day) wrapped(i int) {
	a := &d.agents[i]
	d.pacer.PhaseOver(i, a.phase, d.now-a.since)
	d.busy--
	d.pacer.Wrapped(!a.leaving && !a.rests)
	switch {
	case a.leaving:
		a.state, a.leaving = off, false
		d.staffed--
	case a.rests:
		a.state, a.until = paused, d.now+a.pause.Length.draw(d.rng)
		d.staffed--
		d.agenda.push(event{a.until, resumes, i})
	default:
		d.isReady(i)
	}
}

func (d *day) isReady(i int) {
	a := &d.agents[i]
	a.state, a.since = ready, d.now
	d.ready = append(d.ready, i)
	d.match()
}

// resumed ends a pause, unless the agent has left since.
func (d *day) resumed(i int) bool {
	a := &d.agents[i]
	if a.state != paused || a.until != d.now {
		return false
	}
	d.staffed++
	d.isReady(i)
	return true
}

func (d *day) leaves(i int) {
	a := &d.agents[i]
	switch a.state {
	case ready:
		at := slices.Index(d.ready, i)
		d.ready = append(d.ready[:at:at], d.ready[at+1:]...)
		a.state = off
		d.staffed--
	case paused:
		a.state = off
	case working:
		a.leaving = true
	case off:
	}
}

// joins signs the agent in, unless the shift is over.
func (d *day) joins(i int) bool {
	a := &d.agents[i]
	if d.now < a.from || d.now >= a.to {
		return false
	}
	a.leaving = false
	if a.state != off {
		return false
	}
	d.staffed++
	d.isReady(i)
	return true
}
