package dialer

import (
	"math"
	"slices"
	"time"

	"ringmaster/dialer/pacing"
)

// learn takes in what calls and agents told since the last decision.
func (p *pacer) learn() {
	p.seen = p.d.observed.drain(p.seen[:0])
	for i := range p.seen {
		x := &p.seen[i]
		switch x.sight {
		case sawCaller:
			p.came(x.queue, x.at)
			continue
		case sawPhaseOver, sawWrapped:
			p.learnAgent(x)
			continue
		}
		l := p.lines[x.campaignID]
		if l == nil {
			continue
		}
		switch x.sight {
		case sawAnswer:
			l.predictor.Answered(x.age.Seconds())
		case sawFailure:
			l.predictor.Failed(x.age.Seconds())
		case sawGivenUp:
			l.predictor.GivenUp(x.age.Seconds())
		case sawDrop:
			l.predictor.Dropped()
		}
	}
}

// learnAgent tells the campaign of the call, or all that the agent works for.
func (p *pacer) learnAgent(x *observation) {
	tell := func(q *pacing.Predictor) {
		if x.sight == sawWrapped {
			q.Wrapped(x.ready)
		} else {
			q.PhaseOver(p.number(x.agentID), x.phase, x.age.Seconds())
		}
	}
	if l := p.lines[x.campaignID]; l != nil {
		tell(l.predictor)
		return
	}
	for id, l := range p.lines {
		if len(x.serves) == 0 || slices.Contains(x.serves, id) {
			tell(l.predictor)
		}
	}
}

// callerRate follows how often callers come to a queue, by an average over the
// last rateWindow.
type callerRate struct {
	perSecond float64
	at        time.Time
}

const rateWindow = 10 * time.Minute

func (p *pacer) came(queue string, at time.Time) {
	r := p.callers[queue]
	if r == nil {
		r = &callerRate{}
		p.callers[queue] = r
	}
	r.perSecond, r.at = r.now(at)+1/rateWindow.Seconds(), at
}

// now is the rate at a time, callers a second.
func (r *callerRate) now(t time.Time) float64 {
	return r.perSecond * math.Exp(-max(0, t.Sub(r.at).Seconds())/rateWindow.Seconds())
}

// inbound is the rate of callers whom the agents of the campaign serve: of each
// queue the part that they are of its agents.
func (p *pacer) inbound(campaignID int64, now time.Time) float64 {
	sum := 0.0
	for queue, r := range p.callers {
		ours, all := 0, 0
		for i := range p.agents {
			a := &p.agents[i]
			if !a.ready && !a.busy || len(a.queues) > 0 && !slices.Contains(a.queues, queue) {
				continue
			}
			all++
			if a.open && a.serve(campaignID) {
				ours++
			}
		}
		if ours > 0 {
			sum += r.now(now) * float64(ours) / float64(all)
		}
	}
	return sum
}

// serve reports whether the agent works for the campaign.
func (a *agentPace) serve(campaignID int64) bool {
	return len(a.serves) == 0 || slices.Contains(a.serves, campaignID)
}
