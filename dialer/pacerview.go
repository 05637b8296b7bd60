package dialer

import (
	"math"
	"slices"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/acd"
	"ringmaster/dialer/call"
	"ringmaster/dialer/pacing"
)

// scene is what one decision for all campaigns sees.
type scene struct {
	now time.Time
	// all campaigns that are not closed, and the running ones in the order in which
	// they decide.
	all, running []campaigns.Campaign
	ready        []acd.Agent
	waiting      []acd.Waiting
	// callers are those of waiting whom some ready agent could serve; they go
	// first.
	callers int
	// unserved are the answered customers without an agent, by campaign.
	unserved map[int64]int
	shares   map[int64]int
	pool     *pool
	// stop says why nothing may be dialed at all, empty: dial.
	stop string
	// capacity is the number of INVITEs that the trunks take, room the number of
	// calls that the node takes.
	capacity, room int
}

// look takes in the floor and the calls.
func (p *pacer) look(now time.Time) *scene {
	s := &scene{now: now, unserved: make(map[int64]int), all: p.all}
	for _, c := range p.all {
		if c.State == campaigns.CampaignRunning {
			s.running = append(s.running, c)
		}
	}
	s.ready, s.waiting = p.d.floor.snapshot()
	for _, w := range s.waiting {
		if w.Outbound {
			s.unserved[w.CampaignID]++
		} else if slices.ContainsFunc(s.ready, func(a acd.Agent) bool { return acd.Fits(w, a) }) {
			s.callers++
		}
	}
	p.agents = p.d.agents.paced(p.agents[:0])
	s.capacity = p.d.o.Trunks.Capacity(now) - p.ringing(now)
	p.share(s)
	s.pool = p.gather(s)
	s.room = p.d.o.Limits.Calls - p.d.calls.len()
	if _, fresh := p.d.lease.fresh(); !fresh {
		s.stop = "the node's lease is not fresh"
	} else {
		s.stop = p.d.facts.behind()
	}
	return s
}

// share deals the ready agents with an open line out to the campaigns.
func (p *pacer) share(s *scene) {
	var served [][]int64
	for _, a := range s.ready {
		switch {
		case !a.OpenLine:
		case len(a.CampaignIDs) == 0:
			served = append(served, nil)
		default:
			served = append(served, a.CampaignIDs)
		}
	}
	var demands []pacing.Demand
	for i := range s.running {
		c := &s.running[i]
		l := p.lines[c.ID]
		demand := pacing.Demand{CampaignID: c.ID, Lines: l.counts.paced + l.counts.waiting + l.claiming, Ratio: 1, Hungry: l.hungry(s.now)}
		switch c.Settings.Mode {
		case campaigns.PacingRatio:
			if overdials(l.predictor.Credit()) > 0 {
				demand.Ratio = c.Settings.Ratio
			}
		case campaigns.PacingPredictive:
			// The agents whom its lines speak for are those whom they will need.
			demand.Lines = int(math.Ceil(l.told.Expected)) + l.counts.waiting
		case campaigns.PacingProgressive:
		default:
			continue
		}
		demands = append(demands, demand)
	}
	s.shares = pacing.Share(demands, served, p.turn)
}

// hungry reports whether the campaign has candidates, for all that is known.
func (l *line) hungry(now time.Time) bool { return !now.Before(l.emptyUntil) && !now.Before(l.until) }

// ringing counts the calls, puts those in the air into the views of their
// campaigns, and gives the number of dials that will take a trunk's channel.
func (p *pacer) ringing(now time.Time) int {
	unrouted := 0
	for _, l := range p.lines {
		l.counts, l.view.Ringing, l.calls = lines{}, l.view.Ringing[:0], l.calls[:0]
	}
	p.d.calls.survey(func(id campaigns.CallID, n *callNote) {
		if n.unrouted() {
			unrouted++
		}
		l := p.lines[n.campaignID]
		if l == nil {
			return
		}
		l.counts.count(n)
		if n.kind != call.Outbound || !n.unanswered() || n.paced.stopping {
			return
		}
		l.calls = append(l.calls, id)
		l.view.Ringing = append(l.view.Ringing, pacing.Ringing{
			Since: p.seconds(n.paced.placed), Chance: n.paced.chance, Kept: !n.paced.mayEnd(now),
		})
	})
	for _, l := range p.lines {
		unrouted += l.claiming
		p.claim(l, now)
	}
	return unrouted
}

// claim adds the dials under way in the store, after the calls.
func (p *pacer) claim(l *line, now time.Time) {
	for range l.claiming {
		l.view.Ringing = append(l.view.Ringing, pacing.Ringing{Since: p.seconds(now), Kept: true})
	}
}

// sight completes the view of a running campaign.
func (p *pacer) sight(c *campaigns.Campaign, l *line, s *scene) {
	v := &l.view
	l.ready = 0
	for i := range s.ready {
		if s.ready[i].OpenLine && acd.Serves(s.ready[i], c.ID) {
			l.ready++
		}
	}
	v.Now, v.Ready = p.seconds(s.now), l.ready
	v.Waiting = min(s.callers, l.ready) + s.unserved[c.ID]
	v.Busy = v.Busy[:0]
	for i := range p.agents {
		a := &p.agents[i]
		if a.busy && a.open && a.serve(c.ID) {
			v.Busy = append(v.Busy, pacing.Busy{
				Agent: p.number(a.id), Phase: a.phase, Since: p.seconds(a.since), Leaving: a.leaving,
			})
		}
	}
	v.Inbound = p.inbound(c.ID, s.now)
	if i := s.pool.find(c.ID); i >= 0 {
		s.pool.shared(i, s)
	}
	v.Most = max(0, min(s.capacity, p.room(c, l, s)))
}

// staffed counts the agents with an open line who work for the campaign and are
// ready or busy.
func (l *line) staffed() int { return l.ready + len(l.view.Busy) }

// number gives an agent's small number.
func (p *pacer) number(id int64) int {
	n, ok := p.numbers[id]
	if !ok {
		n = len(p.numbers)
		p.numbers[id] = n
	}
	return n
}

func (p *pacer) seconds(t time.Time) float64 { return t.Sub(p.began).Seconds() }
