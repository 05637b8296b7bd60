package dialer

import (
	"context"
	"slices"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/acd"
	"ringmaster/dialer/call"
	"ringmaster/dialer/pacing"
)

const (
	// dialBatch bounds the candidates of one reserve transaction.
	dialBatch = 20
	// emptyPause is how long an empty hopper is left alone, awayPause a store
	// or hopper that does not answer.
	emptyPause = 300 * time.Millisecond
	awayPause  = time.Second
	// demandWindow is the time over which the rate of dials is measured.
	demandWindow = 5 * time.Second
)

// pacer decides for all campaigns together how many dials to start, since
// they share agents, and has each campaign's batch reserved and dialed beside
// it, one at a time.
type pacer struct {
	d     *Dialer
	lines map[int64]*line
	done  chan batchDone
	turn  int
}

// line is what the pacer keeps of one running campaign.
type line struct {
	busy bool
	// claiming dials are under way in the store and in no call yet.
	claiming          int
	emptyUntil, until time.Time
	stop              string // why until
	dialed            []time.Time
	demandAt          time.Time
}

type batchDone struct {
	campaignID int64
	claimed    int
	dialed     int
	away       string // what did not answer, empty: all well
}

func newPacer(d *Dialer) *pacer {
	return &pacer{d: d, lines: make(map[int64]*line), done: make(chan batchDone)}
}

// run decides at every event and at every tick, until ctx ends and the batches
// under way are done.
func (p *pacer) run(ctx context.Context) {
	tick := time.NewTicker(p.d.o.Timings.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.settle()
			return
		case <-tick.C:
		case <-p.d.pace:
		case b := <-p.done:
			p.finished(b)
		}
		p.decide()
	}
}

func (p *pacer) settle() {
	for _, l := range p.lines {
		if l.busy {
			p.finished(<-p.done)
		}
	}
}

func (p *pacer) finished(b batchDone) {
	l := p.lines[b.campaignID]
	l.busy, l.claiming = false, 0
	now := time.Now()
	for range b.dialed {
		l.dialed = append(l.dialed, now)
	}
	switch {
	case b.away != "":
		l.until, l.stop = now.Add(awayPause), b.away
	case b.claimed == 0:
		l.emptyUntil = now.Add(emptyPause)
	default:
		p.explain(b.campaignID, "")
	}
}

func (p *pacer) explain(id int64, why string) {
	if p.d.book.explain(id, why) {
		p.d.touch()
	}
}

func (p *pacer) decide() {
	now := time.Now()
	running := p.running()
	agents, inbound := p.d.floor.snapshot()
	lines := p.d.calls.byCampaign()
	shares := p.share(running, agents, lines, now)
	callers := p.callers(agents, inbound)
	capacity := p.d.o.Trunks.Capacity(now) - p.claiming() - p.d.calls.unrouted()
	room := p.d.o.Limits.Calls - p.d.calls.len()
	_, fresh := p.d.lease.fresh()
	behind := p.d.facts.behind()
	for _, c := range running {
		l := p.lines[c.ID]
		s := pacing.Snapshot{
			Mode: c.Settings.Mode, Ratio: c.Settings.Ratio, Ready: shares[c.ID],
			InFlight: lines[c.ID].paced + l.claiming, Waiting: lines[c.ID].waiting,
			Inbound: min(callers, shares[c.ID]), Capacity: capacity, Room: room,
		}
		switch {
		case !fresh:
			s.Stop = "the node's lease is not fresh"
		case behind != "":
			s.Stop = behind
		case now.Before(l.until):
			s.Stop = l.stop
		}
		decision := pacing.Decide(s)
		why := decision.Why
		if s.Stop == "" && now.Before(l.emptyUntil) && anyServes(agents, c.ID) {
			// A campaign without candidates is dealt no agents.
			why = "the hopper is empty"
		}
		n := min(decision.Dials, dialBatch)
		if n > 0 && !l.busy && !now.Before(l.emptyUntil) {
			// Whether there is anything to dial is known when the batch is done.
			capacity, room = capacity-n, room-n
			p.start(c, n)
		} else if why != "" || !l.busy {
			p.explain(c.ID, why)
		}
		p.demand(c.ID, l, shares[c.ID], now)
	}
	p.turn++
}

// anyServes reports whether an agent with an open line works for the campaign.
func anyServes(agents []acd.Agent, campaignID int64) bool {
	return slices.ContainsFunc(agents, func(a acd.Agent) bool { return a.OpenLine && acd.Serves(a, campaignID) })
}

// running gives the campaigns that dial, and forgets the lines of others.
func (p *pacer) running() []campaigns.Campaign {
	var running []campaigns.Campaign
	seen := make(map[int64]bool)
	for _, c := range p.d.book.list() {
		if c.State != campaigns.CampaignRunning {
			p.d.book.explain(c.ID, "the campaign is "+string(c.State))
			continue
		}
		seen[c.ID] = true
		running = append(running, c)
		if p.lines[c.ID] == nil {
			p.lines[c.ID] = &line{}
		}
	}
	for id, l := range p.lines {
		if !seen[id] && !l.busy {
			delete(p.lines, id)
		}
	}
	return running
}

// share deals the ready agents with an open line out to the campaigns.
func (p *pacer) share(running []campaigns.Campaign, agents []acd.Agent, lines map[int64]lines, now time.Time) map[int64]int {
	var served [][]int64
	for _, a := range agents {
		if !a.OpenLine {
			continue
		}
		ids := a.CampaignIDs
		if len(ids) == 0 {
			ids = nil
		}
		served = append(served, ids)
	}
	var demands []pacing.Demand
	for _, c := range running {
		l := p.lines[c.ID]
		demand := pacing.Demand{
			CampaignID: c.ID, Lines: lines[c.ID].paced + lines[c.ID].waiting + l.claiming, Ratio: 1,
			Hungry: !now.Before(l.emptyUntil) && !now.Before(l.until),
		}
		switch c.Settings.Mode {
		case campaigns.PacingRatio:
			demand.Ratio = c.Settings.Ratio
		case campaigns.PacingProgressive:
		default:
			continue
		}
		demands = append(demands, demand)
	}
	return pacing.Share(demands, served, p.turn)
}

// callers counts the waiting callers whom some ready agent could serve; they
// go first.
func (p *pacer) callers(agents []acd.Agent, inbound []acd.Waiting) int {
	n := 0
	for _, w := range inbound {
		for _, a := range agents {
			if acd.Fits(w, a) {
				n++
				break
			}
		}
	}
	return n
}

// claiming counts the dials under way in the store, which the trunks do not
// know of yet.
func (p *pacer) claiming() int {
	n := 0
	for _, l := range p.lines {
		n += l.claiming
	}
	return n
}

func (p *pacer) start(c campaigns.Campaign, n int) {
	l := p.lines[c.ID]
	l.busy, l.claiming = true, n
	if !p.d.spawn(func() { p.done <- p.d.dialBatch(c, n) }) {
		l.busy, l.claiming = false, 0
	}
}

// demand tells the engine once a second how fast this node dials, or would.
func (p *pacer) demand(id int64, l *line, share int, now time.Time) {
	if now.Sub(l.demandAt) < time.Second {
		return
	}
	l.demandAt = now
	for len(l.dialed) > 0 && now.Sub(l.dialed[0]) > demandWindow {
		l.dialed = l.dialed[1:]
	}
	rate := max(float64(len(l.dialed)), float64(share)) / demandWindow.Seconds()
	p.d.background(func(ctx context.Context) error { return p.d.o.Hopper.Demand(ctx, id, rate) }, "tell demand")
}

// dialBatch claims, reserves and dials up to n candidates of one campaign.
func (d *Dialer) dialBatch(c campaigns.Campaign, n int) batchDone {
	result := batchDone{campaignID: c.ID}
	ctx, cancel := context.WithTimeout(context.Background(), d.o.Timings.Store)
	defer cancel()
	claimedAt := time.Now()
	items, err := d.o.Hopper.Claim(ctx, c.ID, n)
	if err != nil {
		d.log.Warn("nothing claimed", "campaign", c.ID, "error", err)
		result.away = "the hopper is away"
		return result
	}
	result.claimed = len(items)
	if len(items) == 0 {
		return result
	}
	epoch, _ := d.lease.fresh()
	attempts, refusals, err := d.o.Gate.Reserve(ctx, Reservation{Node: d.o.Node, Epoch: epoch, Items: items})
	if err != nil {
		d.log.Warn("nothing reserved", "campaign", c.ID, "candidates", len(items), "error", err)
		d.background(func(ctx context.Context) error { return d.o.Hopper.Return(ctx, c.ID, items) }, "return candidates")
		result.away = "the store is away"
		return result
	}
	settled := make([]int64, 0, len(items))
	for _, a := range attempts {
		d.dial(a, claimedAt)
		settled = append(settled, a.CandidateID)
	}
	for _, r := range refusals {
		settled = append(settled, r.CandidateID)
	}
	result.dialed = len(attempts)
	d.background(func(ctx context.Context) error { return d.o.Hopper.Settle(ctx, c.ID, settled) }, "settle leases")
	return result
}

// dial starts the call of a committed attempt. An attempt that cannot become
// a call is ended all the same.
func (d *Dialer) dial(a campaigns.Attempt, claimedAt time.Time) {
	c := d.newCall(call.Outbound, call.Plan{
		RingTimeout: a.Settings.RingTimeout.Std(), ConnectLimit: a.Settings.ConnectLimit.Std(),
	})
	c.begun(a)
	c.claimedAt = claimedAt
	// The pacer left room; inbound calls that came since may go over a little.
	if !c.launch(d.o.Limits.Calls + dialBatch) {
		c.emit(campaigns.Event{Kind: campaigns.AttemptEnded, End: &campaigns.AttemptEnd{
			Outcome: campaigns.OutcomeFailed, Detail: "no room for the call on this node",
		}})
		c.alarms.end()
	}
}
