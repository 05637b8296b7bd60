package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/dialer"
	"ringmaster/queue"
)

// floorSource joins the nodes' live figures with the day's counts of the
// store. The counts are read at most once a second.
type floorSource struct {
	store   *postgres.Store
	queue   *queue.Client
	dialer  *dialer.Dialer
	changed <-chan struct{}
	within  map[string]time.Duration // T of the service level by queue

	mu     sync.Mutex
	readAt time.Time // monotonic
	counts dayCounts
}

// dayCounts are the figures of the business day so far.
type dayCounts struct {
	campaigns []campaigns.Campaign
	figures   map[int64]postgres.CampaignFigures
	queues    map[string]postgres.QueueFigures
}

// Changed wakes the watchers before the second is over.
func (f *floorSource) Changed() <-chan struct{} { return f.changed }

// Floor gives the floor now. The own node's figures are live; those of other
// nodes are their published copies, and missing while Redis is away.
func (f *floorSource) Floor(ctx context.Context) (campaigns.Floor, error) {
	counts, err := f.day(ctx)
	if err != nil {
		return campaigns.Floor{}, err
	}
	own := f.dialer.Live()
	nodes := []campaigns.NodeLive{own}
	if others, err := f.queue.Nodes(ctx); err == nil {
		for _, n := range others {
			if n.Node != own.Node {
				nodes = append(nodes, n)
			}
		}
	}
	floor := mergeNodes(nodes)
	floor.At = f.store.Clock().Now()
	floor.Campaigns = f.withCounts(ctx, floor.Campaigns, counts)
	for i := range floor.Queues {
		q := &floor.Queues[i]
		figures := counts.queues[q.Name]
		q.Offered, q.Answered, q.Abandoned = figures.Offered, figures.Answered, figures.Abandoned
		if figures.Offered > 0 {
			q.ServiceLevel = float64(figures.InTime) / float64(figures.Offered)
		}
	}
	return floor, nil
}

// day reads the counts unless they are fresh.
func (f *floorSource) day(ctx context.Context) (dayCounts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.readAt.IsZero() && time.Since(f.readAt) < time.Second {
		return f.counts, nil
	}
	now := f.store.Clock().Now()
	since := now.Truncate(24 * time.Hour)
	var counts dayCounts
	var err error
	if counts.campaigns, err = f.store.Campaigns(ctx); err != nil {
		return counts, err
	}
	if counts.figures, err = f.store.Figures(ctx, since); err != nil {
		return counts, err
	}
	counts.queues = map[string]postgres.QueueFigures{}
	for queue, within := range f.within {
		figures, err := f.store.QueueFigures(ctx, since, within)
		if err != nil {
			return counts, err
		}
		counts.queues[queue] = figures[queue]
	}
	f.counts, f.readAt = counts, time.Now()
	return counts, nil
}

// withCounts gives every campaign that is not closed, with what is live of it.
func (f *floorSource) withCounts(ctx context.Context, live []campaigns.CampaignLive, counts dayCounts) []campaigns.CampaignLive {
	all := make([]campaigns.CampaignLive, 0, len(counts.campaigns))
	for _, c := range counts.campaigns {
		row := campaigns.CampaignLive{ID: c.ID}
		if i := slices.IndexFunc(live, func(l campaigns.CampaignLive) bool { return l.ID == c.ID }); i >= 0 {
			row = live[i]
		}
		figures := counts.figures[c.ID]
		row.Name, row.State, row.Mode = c.Name, c.State, c.Settings.Mode
		row.Attempts, row.DropRate = figures.Attempts(), figures.DropRate()
		row.Answered, row.Dropped = figures.Outcomes[campaigns.OutcomeAnswered], figures.Outcomes[campaigns.OutcomeDropped]
		row.Outcomes, row.Results, row.Candidates = figures.Outcomes, figures.Results, figures.Candidates
		if depth, _, _, err := f.queue.Depth(ctx, c.ID); err == nil {
			row.Hopper = depth
		}
		all = append(all, row)
	}
	return all
}

// mergeNodes adds the nodes' figures up.
func mergeNodes(nodes []campaigns.NodeLive) campaigns.Floor {
	var floor campaigns.Floor
	for _, n := range nodes {
		for _, c := range n.Campaigns {
			i := slices.IndexFunc(floor.Campaigns, func(have campaigns.CampaignLive) bool { return have.ID == c.ID })
			if i < 0 {
				floor.Campaigns = append(floor.Campaigns, c)
				continue
			}
			have := &floor.Campaigns[i]
			have.Dialing += c.Dialing
			have.Ringing += c.Ringing
			have.Waiting += c.Waiting
			have.Talking += c.Talking
		}
		for _, q := range n.Queues {
			i := slices.IndexFunc(floor.Queues, func(have campaigns.QueueLive) bool { return have.Name == q.Name })
			if i < 0 {
				floor.Queues = append(floor.Queues, q)
				continue
			}
			have := &floor.Queues[i]
			have.Waiting += q.Waiting
			have.Talking += q.Talking
			have.LongestSeconds = max(have.LongestSeconds, q.LongestSeconds)
		}
		floor.Agents = append(floor.Agents, n.Agents...)
		floor.Trunks = append(floor.Trunks, n.Trunks...)
	}
	slices.SortFunc(floor.Agents, func(a, b campaigns.AgentLive) int { return strings.Compare(a.Name, b.Name) })
	return floor
}
