package dialer

import (
	"context"
	"time"

	"ringmaster/campaigns"
)

const (
	// livePeriod is how often the live figures are published at least,
	// liveGap how often at most.
	livePeriod = time.Second
	liveGap    = 100 * time.Millisecond
)

// Live gives this node's share of the floor as it is now.
func (d *Dialer) Live() campaigns.NodeLive {
	now := time.Now()
	live := campaigns.NodeLive{Node: d.o.Node, Floor: campaigns.Floor{
		At: d.now(), Agents: d.agents.live(), Trunks: d.o.Trunks.Live(),
		Campaigns: []campaigns.CampaignLive{}, Queues: []campaigns.QueueLive{},
	}}
	lines := d.calls.byCampaign()
	for _, c := range d.book.list() {
		l, why := lines[c.ID], d.book.reason(c.ID)
		figures := campaigns.CampaignLive{
			ID: c.ID, Name: c.Name, State: c.State, Mode: c.Settings.Mode, Dialing: l.dialing, Ringing: l.ringing,
			Waiting: l.waiting, Talking: l.talking, Why: why.words, Pacing: why.pacing,
		}
		d.tally.fill(&figures)
		live.Campaigns = append(live.Campaigns, figures)
	}
	queues := d.calls.byQueue(now)
	for _, q := range d.o.Queues {
		l := queues[q.Name]
		figures := campaigns.QueueLive{
			Name: q.Name, Waiting: l.waiting, LongestSeconds: l.longest.Seconds(), Talking: l.talking,
			ServiceLevelSeconds: int(q.ServiceLevel.Seconds()),
		}
		d.tally.fillQueue(&figures)
		live.Queues = append(live.Queues, figures)
	}
	return live
}

// Changed gives a channel on which a value waits whenever live figures have
// changed since it was last taken. It serves one reader.
func (d *Dialer) Changed() <-chan struct{} { return d.changed }

// total sums the lines of all campaigns and queues.
func (d *Dialer) total() lines {
	var sum lines
	for _, l := range d.calls.byCampaign() {
		sum.dialing += l.dialing
		sum.ringing += l.ringing
		sum.waiting += l.waiting
		sum.talking += l.talking
	}
	for _, q := range d.calls.byQueue(time.Now()) {
		sum.waiting += q.waiting
	}
	return sum
}

// runLive publishes the live figures once a second and at changes, at most
// every liveGap, until ctx ends.
func (d *Dialer) runLive(ctx context.Context) {
	if d.o.Publisher == nil {
		return
	}
	tick := time.NewTicker(livePeriod)
	defer tick.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, d.o.Timings.Store)
		err := d.o.Publisher.PublishLive(within, d.Live())
		cancel()
		if err != nil && ctx.Err() == nil {
			d.log.Debug("live figures not published", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(liveGap):
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.news:
		}
	}
}
