package dialer

import (
	"cmp"
	"slices"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing"
)

// pool is how the campaigns that dial share the agents with an open line.
//
// Campaigns that share agents share the risk: each sees the calls in the air of
// the others, and all keep to the risk that the one with the least credit accepts.
// Whoever holds less than its part of the agents decides first, and one that holds
// its part waits while another could still use its own.
type pool struct {
	campaigns []pooled
	// both counts the agents who work for the i-th and for the j-th campaign.
	both [][]int
}

// pooled is one campaign of a pool.
type pooled struct {
	id     int64
	line   *line
	hungry bool
	// fair is the campaign's part of the agents; held those who work for it now, or
	// will by all that is expected.
	fair, held float64
}

// paced reports whether dials are made for agents of the campaign.
func paced(c *campaigns.Campaign) bool {
	return c.Settings.Mode == campaigns.PacingProgressive || c.Settings.Mode == campaigns.PacingRatio || c.Settings.Mode == campaigns.PacingPredictive
}

// gather makes the pool of the campaigns that dial or have calls in the air, and
// puts the running ones into the order in which they decide.
func (p *pacer) gather(s *scene) *pool {
	g := &pool{}
	for i := range s.all {
		c := &s.all[i]
		l := p.lines[c.ID]
		dials := c.State == campaigns.CampaignRunning && paced(c)
		if dials || l.counts.paced > 0 {
			g.campaigns = append(g.campaigns, pooled{
				id: c.ID, line: l, hungry: dials && !l.starved && l.hungry(s.now), held: l.reach(c) + float64(l.counts.waiting),
			})
		}
	}
	g.both = make([][]int, len(g.campaigns))
	for i := range g.both {
		g.both[i] = make([]int, len(g.campaigns))
	}
	for i := range p.agents {
		if a := &p.agents[i]; a.open && (a.ready || a.busy) {
			g.join(a)
		}
	}
	slices.SortStableFunc(s.running, func(x, y campaigns.Campaign) int {
		return cmp.Compare(g.lack(g.find(y.ID)), g.lack(g.find(x.ID)))
	})
	return g
}

// reach is the number of agents whom the campaign's calls in the air speak for.
func (l *line) reach(c *campaigns.Campaign) float64 {
	inFlight := float64(l.counts.paced + l.claiming)
	switch {
	case c.Settings.Mode == campaigns.PacingPredictive && !l.told.Fallback:
		return l.told.Expected
	case c.Settings.Mode == campaigns.PacingRatio && overdials(l.predictor.Credit()) > 0:
		return inFlight / c.Settings.Ratio
	}
	return inFlight
}

// join counts an agent.
func (g *pool) join(a *agentPace) {
	var serves []int
	hungry := 0
	for i := range g.campaigns {
		c := &g.campaigns[i]
		if !a.serve(c.id) {
			continue
		}
		serves = append(serves, i)
		if c.hungry {
			hungry++
		}
		if a.busy && a.campaignID == c.id {
			c.held++
		}
	}
	for _, i := range serves {
		sharing := hungry
		if !g.campaigns[i].hungry {
			sharing++
		}
		g.campaigns[i].fair += 1 / float64(sharing)
		for _, j := range serves {
			g.both[i][j]++
		}
	}
}

func (g *pool) find(id int64) int {
	return slices.IndexFunc(g.campaigns, func(c pooled) bool { return c.id == id })
}

// lack is how many agents the campaign has fewer than its part.
func (g *pool) lack(i int) float64 {
	if i < 0 {
		return 0
	}
	return g.campaigns[i].fair - g.campaigns[i].held
}

// yields reports whether the campaign leaves the agents to another one.
func (g *pool) yields(i int) bool {
	if g.lack(i) > 0 {
		return false
	}
	for j := range g.campaigns {
		if j != i && g.both[i][j] > 0 && g.campaigns[j].hungry && !g.campaigns[j].line.capped && g.lack(j) >= 1 {
			return true
		}
	}
	return false
}

// shared completes the view of a campaign by what the others do.
func (g *pool) shared(i int, s *scene) {
	v := &g.campaigns[i].line.view
	v.Others, v.Bound = v.Others[:0], 0
	for j := range g.campaigns {
		if j == i || g.both[i][j] == 0 {
			continue
		}
		other := &g.campaigns[j]
		q := other.line.predictor
		part := float64(g.both[i][j]) / float64(g.both[j][j])
		for _, r := range other.line.view.Ringing {
			v.Others = append(v.Others, pacing.Ringing{Since: r.Since, Chance: part * q.Chance(r.Chance)})
		}
		v.Waiting += s.unserved[other.id]
		if other.hungry || len(other.line.view.Ringing) > 0 {
			if least := q.Accepted(); v.Bound == 0 || least < v.Bound {
				v.Bound = least
			}
		}
	}
}
