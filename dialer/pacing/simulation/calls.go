package simulation

import (
	"math"
	"slices"

	"ringmaster/dialer/pacing"
)

// progress is how far a call has come.
type progress uint8

const (
	gone progress = iota
	rings
	givenUp // its end is still on the agenda
	waits
)

type call struct {
	state progress
	since float64
	place int // among the ringing
	stamp int // among the answers
	// late is set while the agenda holds the end of its wait.
	late bool
}

// capacity is how many calls the trunks take now.
func (d *day) capacity() int {
	most := known
	if n := d.s.Trunks.Channels; n > 0 {
		most = min(most, n-d.onTrunk)
	}
	if n := len(d.placed); n > 0 {
		free := 0
		for _, at := range d.placed {
			if d.now-at >= 1 {
				free++
			}
		}
		most = min(most, free)
	}
	return max(0, most)
}

// place is for the oracle, who sees what becomes of a call.
func (d *day) place() (answer float64, ok bool) {
	if d.view.Most == 0 {
		return 0, false
	}
	d.view.Most--
	d.dial()
	return d.view.Answers[len(d.view.Answers)-1], true
}

// dial places a call to the next candidate.
func (d *day) dial() {
	chance, shown := d.chances[d.head], d.shown[d.head]
	d.head++
	id := len(d.calls)
	if n := len(d.free); n > 0 {
		id = d.free[n-1]
		d.free = d.free[:n-1]
	} else {
		d.calls = append(d.calls, call{})
	}
	d.calls[id] = call{state: rings, since: d.now, place: len(d.ringing)}
	d.ringing = append(d.ringing, id)
	d.view.Ringing = append(d.view.Ringing, pacing.Ringing{Since: d.now, Chance: shown})
	d.onTrunk++
	if n := len(d.placed); n > 0 {
		d.placed[d.dialed%n] = d.now
	}
	d.dialed++
	d.tally.dial(d.now)
	var at float64
	how, answer := fails, math.Inf(1)
	switch {
	case d.rng.Float64() < chance*d.hour*d.answerX:
		at, how = d.now+d.s.AnsweredRing.under(d.s.RingLimit, d.rng), answers
		answer = at
	case d.rng.Float64() < d.s.RingOut:
		at = d.now + d.s.RingLimit
	default:
		at = d.now + d.s.Fail.under(d.s.RingLimit, d.rng)
	}
	d.agenda.push(event{at, how, id})
	d.view.Answers = append(d.view.Answers, answer)
}

// quiet takes a call out of the ringing ones.
func (d *day) quiet(id int) {
	at, last := d.calls[id].place, len(d.ringing)-1
	d.ringing[at] = d.ringing[last]
	d.calls[d.ringing[at]].place = at
	d.view.Ringing[at] = d.view.Ringing[last]
	d.view.Answers[at] = d.view.Answers[last]
	d.ringing, d.view.Ringing, d.view.Answers = d.ringing[:last], d.view.Ringing[:last], d.view.Answers[:last]
}

// over ends a call on this side and frees its place, once the agenda holds
// nothing of it.
func (d *day) over(id int) {
	d.onTrunk--
	d.calls[id].state = gone
	if !d.calls[id].late {
		d.free = append(d.free, id)
	}
}

func (d *day) answered(id int) bool {
	c := &d.calls[id]
	if c.state == givenUp {
		d.forget(id)
		return false
	}
	d.pacer.Answered(d.now - c.since)
	d.quiet(id)
	c.state, c.stamp = waits, d.tally.answer(d.now)
	d.waiting = append(d.waiting, id)
	c.late = len(d.ready) == 0
	if c.late {
		d.agenda.push(event{d.now + d.s.Connect, drops, id})
	}
	d.match()
	return true
}

func (d *day) failed(id int) bool {
	c := &d.calls[id]
	if c.state == givenUp {
		d.forget(id)
		return false
	}
	d.pacer.Failed(d.now - c.since)
	d.quiet(id)
	d.over(id)
	return true
}

// dropped ends a wait that was too long, if it still lasts.
func (d *day) dropped(id int) bool {
	c := &d.calls[id]
	c.late = false
	if c.state != waits {
		d.forget(id)
		return false
	}
	at := slices.Index(d.waiting, id)
	d.waiting = append(d.waiting[:at:at], d.waiting[at+1:]...)
	d.pacer.Dropped()
	d.tally.drop(c.stamp)
	d.over(id)
	return true
}

// forget frees the place of a call that was over before.
func (d *day) forget(id int) {
	d.calls[id].state = gone
	d.free = append(d.free, id)
}

// giveUp cancels ringing calls, given by their places in the view.
func (d *day) giveUp(places []int) {
	ids := make([]int, 0, len(places))
	for _, at := range places {
		ids = append(ids, d.ringing[at])
	}
	for _, id := range ids {
		d.pacer.GivenUp(d.now - d.calls[id].since)
		d.quiet(id)
		d.onTrunk--
		d.calls[id].state = givenUp
		d.tally.cancels()
	}
}
