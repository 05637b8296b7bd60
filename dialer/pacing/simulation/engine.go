package simulation

import (
	"context"
	"math/rand/v2"

	"ringmaster/dialer/pacing"
)

const (
	// tick is the longest time between two decisions.
	tick = 0.5 // seconds
	// Decisions of large teams are not made more often than this, as on a node.
	manyAgents, manyGap = 50, 0.2 // seconds
	mostGap, hugeGap    = 200, 0.5
	// known is how many candidates ahead are known to a pacer.
	known = 400
	// looks is after how many events the context is looked at.
	looks = 4096
)

// day is one scenario under way with one pacer.
type day struct {
	s       *Scenario
	rng     *rand.Rand
	pacer   Pacer
	agenda  agenda
	now     float64
	end     float64
	agents  []agent
	ready   []int // agents, the longest ready first
	busy    int
	staffed int
	calls   []call
	free    []int // places in calls that may be used again
	ringing []int // calls, in the order of the view
	waiting []int // calls, the longest waiting first
	onTrunk int
	placed  []float64 // when the last dials were, around
	dialed  int
	// chances of the next candidates and what is shown of them, from head on.
	chances, shown []float64
	head           int
	hour           float64 // factor of the hour
	answerX, talkX float64
	view           View
	tally          tally
}

// Run simulates one day. It returns the context's error when it is canceled
// and otherwise nil; the scenario has to be valid.
func Run(ctx context.Context, s *Scenario, seed uint64, p Pacer) (Day, error) {
	return begin(s, seed, p).run(ctx)
}

func (d *day) run(ctx context.Context) (Day, error) {
	gap := 0.0
	switch {
	case len(d.agents) >= mostGap:
		gap = hugeGap
	case len(d.agents) >= manyAgents:
		gap = manyGap
	}
	last := -1.0
	for n := 0; len(d.agenda) > 0; n++ {
		if n%looks == 0 && ctx.Err() != nil {
			return Day{}, ctx.Err()
		}
		e := d.agenda.pop()
		if e.at > d.end {
			break
		}
		d.advance(e.at)
		if d.handle(e) && d.now-last >= gap {
			d.decide()
			last = d.now
		}
	}
	d.advance(d.end)
	d.tally.close(len(d.waiting))
	return d.tally.Day, nil
}

func begin(s *Scenario, seed uint64, p Pacer) *day {
	d := &day{s: s, rng: rand.New(rand.NewPCG(seed, 77)), pacer: p, end: s.Hours * 3600, hour: s.byHour(0)}
	d.answerX, d.talkX = s.drifted(0)
	d.placed = make([]float64, s.Trunks.CallsPerSecond)
	for i := range d.placed {
		d.placed[i] = -2
	}
	d.tally.begin(d.end, seed)
	d.view.Place = d.place
	for i, w := range s.roster() {
		d.agents = append(d.agents, agent{worker: w})
		d.agenda.push(event{w.from, joins, i})
		if w.to < d.end {
			d.goes(w.to, i)
		}
	}
	d.turnOver()
	d.agenda.push(event{0, ticks, 0})
	return d
}

// advance moves the clock and counts the time of the agents.
func (d *day) advance(to float64) {
	d.tally.time(d.now, to, d.busy, d.staffed)
	d.now = to
}

// handle lets an event happen and tells whether anything changed.
func (d *day) handle(e event) bool {
	switch e.kind {
	case answers:
		return d.answered(e.id)
	case fails:
		return d.failed(e.id)
	case drops:
		return d.dropped(e.id)
	case hints:
		d.hinted(e.id)
	case talked:
		d.talked(e.id)
	case wrapped:
		d.wrapped(e.id)
	case resumes:
		return d.resumed(e.id)
	case leaves:
		d.leaves(e.id)
	case joins:
		return d.joins(e.id)
	case ticks:
		d.answerX, d.talkX = d.s.drifted(d.now)
		if hour := d.s.byHour(d.now); hour != d.hour {
			d.hour = hour
			d.show()
		}
		d.agenda.push(event{d.now + tick, ticks, 0})
	}
	return true
}

// decide asks the pacer and does as it says, as far as the trunks allow.
func (d *day) decide() {
	v := &d.view
	v.Now, v.Ready, v.Waiting, v.Most = d.now, len(d.ready), len(d.waiting), d.capacity()
	v.Busy, v.Free, v.Staffed = v.Busy[:0], v.Free[:0], d.staffed
	for i := range d.agents {
		if a := &d.agents[i]; a.state == working {
			v.Busy = append(v.Busy, pacing.Busy{Agent: i, Phase: a.phase, Since: a.since, Leaving: a.leaving})
			v.Free = append(v.Free, a.free)
		}
	}
	d.lookAhead()
	plan := d.pacer.Decide(v)
	for range min(plan.Dials, v.Most) {
		d.dial()
	}
	d.giveUp(plan.Cancel)
}
