package trunk

import (
	"slices"
	"sync"
	"time"

	"ringmaster/campaigns"
)

const (
	// failovers is how many more trunks one attempt may try.
	failovers = 2
	// rotationLimit bounds the campaigns whose caller-id turn is remembered.
	rotationLimit = 10_000
)

// Group selects among trunks.
type Group struct {
	mu     sync.Mutex
	trunks []*route
	turns  map[int64]int
	// pace bounds the starts of calls over all trunks; nil: no bound.
	pace *pace
}

// route is one trunk and its state, guarded by the group's mutex.
type route struct {
	Config
	pace    pace
	breaker breaker
	inUse   int
	// credit of the smooth weighted turn.
	credit                 int
	sent, answered, failed int
}

// New checks the configurations; an error names the key.
func New(configs []Config) (*Group, error) {
	if err := validate(configs); err != nil {
		return nil, err
	}
	g := &Group{turns: make(map[int64]int)}
	for _, c := range configs {
		c.Weight = max(c.Weight, 1)
		c.CallerIDs = slices.Clone(c.CallerIDs)
		g.trunks = append(g.trunks, &route{Config: c, pace: newPace(c.CallsPerSecond)})
	}
	slices.SortStableFunc(g.trunks, func(a, b *route) int { return a.Priority - b.Priority })
	return g, nil
}

// Limit bounds the starts of calls over all trunks together, in calls per
// second, above zero. It is called before the first Acquire.
func (g *Group) Limit(perSecond float64) {
	p := newPace(perSecond)
	g.pace = &p
}

// Lease is one channel of a trunk, from before the INVITE to the call's end.
// Its methods may be called from any goroutine.
type Lease struct {
	group *Group
	route *route
	tried []string
	probe bool
	good  bool
	over  bool
}

// Acquire takes a channel of the best trunk, other than those named, for a call
// that starts now; false when none may send now.
func (g *Group) Acquire(now time.Time, not ...string) (*Lease, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.acquire(now, not)
}

func (g *Group) acquire(now time.Time, tried []string) (*Lease, bool) {
	if g.pace != nil && g.pace.ready(now) == 0 {
		return nil, false
	}
	for _, tier := range g.tiers() {
		best, waits := pick(tier, now, tried)
		if best == nil {
			if waits {
				return nil, false
			}
			continue
		}
		best.pace.take()
		if g.pace != nil {
			g.pace.take()
		}
		best.inUse++
		best.sent++
		l := &Lease{group: g, route: best, tried: append(slices.Clone(tried), best.Name)}
		l.probe = best.breaker.sent()
		return l, true
	}
	return nil, false
}

// tiers gives the trunks by priority.
func (g *Group) tiers() [][]*route {
	var tiers [][]*route
	for i, r := range g.trunks {
		if i == 0 || r.Priority != g.trunks[i-1].Priority {
			tiers = append(tiers, nil)
		}
		tiers[len(tiers)-1] = append(tiers[len(tiers)-1], r)
	}
	return tiers
}

// pick gives the trunk whose turn it is among equals (smooth weighted round
// robin), or whether one of them only waits for its pace.
func pick(tier []*route, now time.Time, tried []string) (best *route, waits bool) {
	total := 0
	for _, r := range tier {
		if slices.Contains(tried, r.Name) || !r.breaker.allows(now) || r.inUse >= r.Channels {
			continue
		}
		if r.pace.ready(now) == 0 {
			waits = true
			continue
		}
		total += r.Weight
		r.credit += r.Weight
		if best == nil || r.credit > best.credit {
			best = r
		}
	}
	if best != nil {
		best.credit -= total
	}
	return best, waits
}

// Capacity gives how many dials may start now.
func (g *Group) Capacity(now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, tier := range g.tiers() {
		sum, waits := 0, false
		for _, r := range tier {
			room := r.breaker.limit(now, max(0, r.Channels-r.inUse))
			ready := r.pace.ready(now)
			waits = waits || (room > 0 && ready == 0)
			sum += min(room, ready)
		}
		if g.pace != nil {
			sum = min(sum, g.pace.ready(now))
		}
		if sum > 0 || waits {
			return sum
		}
	}
	return 0
}

// Wait gives the time until Acquire may succeed as far as pace and rests tell;
// a second when all channels are in use, whose release nobody can foresee.
func (g *Group) Wait(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := time.Second
	for _, r := range g.trunks {
		if r.inUse >= r.Channels || (r.breaker.closed && r.breaker.probing) {
			continue
		}
		wait = min(wait, max(r.pace.wait(now), r.breaker.until.Sub(now)))
	}
	if g.pace != nil {
		wait = max(wait, g.pace.wait(now))
	}
	return wait
}

// Live gives the figures that supervisors watch.
func (g *Group) Live() []campaigns.TrunkLive {
	g.mu.Lock()
	defer g.mu.Unlock()
	live := make([]campaigns.TrunkLive, 0, len(g.trunks))
	for _, r := range g.trunks {
		live = append(live, campaigns.TrunkLive{
			Name: r.Name, InUse: r.inUse, Channels: r.Channels, Healthy: !r.breaker.closed,
			Sent: r.sent, Answered: r.answered, Failed: r.failed,
		})
	}
	return live
}

// Trunk gives the configuration of the leased trunk.
func (l *Lease) Trunk() Config { return l.route.Config }

// Ringing tells that the trunk passed the call on: a 18x or an answer came.
func (l *Lease) Ringing() {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	l.proved()
}

// Answered tells that the call was answered.
func (l *Lease) Answered() {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	if !l.over {
		l.route.answered++
	}
	l.proved()
}

func (l *Lease) proved() {
	if !l.good && !l.over {
		l.good = true
		l.route.breaker.good()
	}
}

// Release gives the channel back when the call or its attempt is over, and lets
// the trunk's health learn from its end. Only the first call counts.
func (l *Lease) Release(now time.Time, end Ended) {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	l.release(now, end)
}

func (l *Lease) release(now time.Time, end Ended) {
	if l.over {
		return
	}
	l.over = true
	r := l.route
	r.inUse--
	if l.good {
		return
	}
	v := Judge(end)
	switch {
	case v.Fault:
		r.failed++
		r.breaker.fault(now, v.Alert == AlertCredentials)
		if end.RetryAfter > 0 {
			r.breaker.pause(now, end.RetryAfter)
		}
	case end.Local || (end.Code == 0 && end.Q850 == 0 && !end.Saw18x && !end.Answered):
		// Nothing came back: it tells nothing of the trunk, and the next call
		// may probe.
		if l.probe {
			r.breaker.probing = false
		}
	default:
		r.breaker.good()
	}
}

// Failover releases a lease whose call ended and, where the end was a definite
// trunk fault before any 18x, leases another trunk for the same attempt: at most
// two more, none twice.
func (l *Lease) Failover(now time.Time, end Ended) (*Lease, bool) {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	if l.over {
		return nil, false
	}
	l.release(now, end)
	if !Judge(end).Failover || l.good || len(l.tried) > failovers {
		return nil, false
	}
	return l.group.acquire(now, l.tried)
}

// CallerID gives the number to show: the campaign's own in turn, as far as this
// trunk may show them; else the trunk's in turn; empty where neither has any.
func (l *Lease) CallerID(campaignID int64, own []string) string {
	l.group.mu.Lock()
	defer l.group.mu.Unlock()
	ids := own
	if may := l.route.CallerIDs; len(may) > 0 {
		ids = nil
		for _, id := range own {
			if slices.Contains(may, id) {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			ids = may
		}
	}
	if len(ids) == 0 {
		return ""
	}
	turns := l.group.turns
	if _, known := turns[campaignID]; !known && len(turns) >= rotationLimit {
		clear(turns)
	}
	turn := turns[campaignID]
	turns[campaignID] = turn + 1
	return ids[turn%len(ids)]
}
