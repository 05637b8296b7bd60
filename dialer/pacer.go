package dialer

import (
	"context"
	"slices"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing"
)

const (
	// emptyPause is how long an empty hopper is left alone, awayPause a store
	// or hopper that does not answer.
	emptyPause = 300 * time.Millisecond
	awayPause  = time.Second
	// demandWindow is the time over which the rate of dials is measured.
	demandWindow = 5 * time.Second
)

// pacer decides for all campaigns together how many dials to start, since
// they share agents, and has each campaign's batch reserved and dialed beside
// it, one at a time. It learns in every mode, so that a campaign that becomes
// predictive starts with what is known.
type pacer struct {
	d     *Dialer
	began time.Time // zero of the seconds of package pacing
	all   []campaigns.Campaign
	lines map[int64]*line
	done  chan batchDone
	turn  int

	seen    []observation
	agents  []agentPace
	numbers map[int64]int // of agents, for package pacing
	callers map[string]*callerRate
	credits credits
}

// line is what the pacer keeps of one campaign that is not closed.
type line struct {
	busy bool
	// claiming dials are under way in the store and in no call yet.
	claiming          int
	emptyUntil, until time.Time
	stop              string // why until
	// starved is set while the last claim found nobody.
	starved  bool
	dialed   []time.Time
	demandAt time.Time

	predictor *pacing.Predictor
	limits    pacing.Limits
	view      pacing.View
	// counts are the campaign's calls, ready the agents who serve it, whomever they
	// are dealt to.
	counts lines
	ready  int
	// capped is set while trunks or caps allowed no dial at the last decision.
	capped bool
	// told explains the last decision.
	told pacing.Explanation
	// calls are those of view.Ringing, but for the claiming ones at its end.
	calls []campaigns.CallID
	// budget was asked for at granted, zero: never.
	budget  campaigns.DropBudget
	granted time.Time
	logged  pacingLog
}

func newPacer(d *Dialer) *pacer {
	return &pacer{
		d: d, began: time.Now(), lines: make(map[int64]*line), done: make(chan batchDone),
		numbers: make(map[int64]int), callers: make(map[string]*callerRate), credits: credits{answers: make(chan creditAnswer)},
	}
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
		case a := <-p.credits.answers:
			p.granted(a)
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
	if p.credits.asking {
		<-p.credits.answers
	}
	p.d.observed.close()
}

func (p *pacer) finished(b batchDone) {
	l := p.lines[b.campaignID]
	l.busy, l.claiming, l.view.Next = false, 0, b.next
	now := time.Now()
	for range b.dialed {
		l.dialed = append(l.dialed, now)
	}
	l.starved = b.away == "" && b.claimed == 0
	switch {
	case b.away != "":
		l.until, l.stop = now.Add(awayPause), b.away
	case b.claimed == 0:
		l.emptyUntil = now.Add(emptyPause)
	}
}

func (p *pacer) decide() {
	now := time.Now()
	p.learn()
	p.open()
	s := p.look(now)
	for i := range s.running {
		c := &s.running[i]
		l := p.lines[c.ID]
		p.sight(c, l, s)
		d := p.plan(c, l, s)
		n := min(d.dials, dialBatch)
		if n > 0 && !l.busy && !now.Before(l.emptyUntil) {
			s.capacity, s.room = s.capacity-n, s.room-n
			p.start(*c, n)
		}
		p.tell(c, l, d, now)
		p.demand(c.ID, l, s.shares[c.ID], now)
	}
	p.turn++
	p.askCredits(now, s.running)
}

// open keeps a line for every campaign that is not closed.
func (p *pacer) open() {
	p.all = p.d.book.list()
	for _, c := range p.all {
		if c.State != campaigns.CampaignRunning {
			p.d.book.explain(c.ID, "the campaign is "+string(c.State), nil)
		}
		if p.lines[c.ID] == nil {
			p.lines[c.ID] = &line{predictor: pacing.NewPredictor(pacing.Limits{})}
		}
	}
	for id, l := range p.lines {
		if !l.busy && !slices.ContainsFunc(p.all, func(c campaigns.Campaign) bool { return c.ID == id }) {
			delete(p.lines, id)
		}
	}
}

func (p *pacer) start(c campaigns.Campaign, n int) {
	l := p.lines[c.ID]
	l.busy, l.claiming = true, n
	p.claim(l, time.Now())
	if !p.d.spawn(func() { p.done <- p.d.dialSome(c, n) }) {
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
