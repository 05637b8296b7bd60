package dialer

import (
	"maps"
	"sync"
	"time"

	"ringmaster/campaigns"
)

// tally counts what happened at this node since its start.
type tally struct {
	mu        sync.Mutex
	campaigns map[int64]*campaignTally
	queues    map[string]*queueTally
}

type campaignTally struct {
	attempts int
	outcomes map[campaigns.Outcome]int
	results  map[campaigns.Disposition]int
}

type queueTally struct {
	offered, answered, abandoned, within int
}

func newTally(queues []QueueConfig) *tally {
	t := &tally{campaigns: make(map[int64]*campaignTally), queues: make(map[string]*queueTally)}
	for _, q := range queues {
		t.queues[q.Name] = &queueTally{}
	}
	return t
}

func (t *tally) campaign(id int64) *campaignTally {
	c, ok := t.campaigns[id]
	if !ok {
		c = &campaignTally{outcomes: make(map[campaigns.Outcome]int), results: make(map[campaigns.Disposition]int)}
		t.campaigns[id] = c
	}
	return c
}

func (t *tally) attempt(campaignID int64, o campaigns.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.campaign(campaignID)
	c.attempts++
	c.outcomes[o]++
}

func (t *tally) result(campaignID int64, disposition campaigns.Disposition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.campaign(campaignID).results[disposition]++
}

func (t *tally) queue(name string, f func(*queueTally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q, ok := t.queues[name]; ok {
		f(q)
	}
}

func (t *tally) arrived(queue string)   { t.queue(queue, func(q *queueTally) { q.offered++ }) }
func (t *tally) abandoned(queue string) { t.queue(queue, func(q *queueTally) { q.abandoned++ }) }

// bridged counts an inbound call that reached an agent after the wait.
func (t *tally) bridged(inbound bool, q QueueConfig, wait time.Duration) {
	if !inbound {
		return
	}
	t.queue(q.Name, func(c *queueTally) {
		c.answered++
		if wait <= q.ServiceLevel {
			c.within++
		}
	})
}

// fill puts the counts of a campaign into its live figures.
func (t *tally) fill(live *campaigns.CampaignLive) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.campaign(live.ID)
	live.Attempts = c.attempts
	live.Outcomes, live.Results = maps.Clone(c.outcomes), maps.Clone(c.results)
	live.Answered, live.Dropped = c.outcomes[campaigns.OutcomeAnswered], c.outcomes[campaigns.OutcomeDropped]
	if reached := live.Answered + live.Dropped; reached > 0 {
		live.DropRate = float64(live.Dropped) / float64(reached)
	}
}

// fillQueue puts the counts of a queue into its live figures.
func (t *tally) fillQueue(live *campaigns.QueueLive) {
	t.queue(live.Name, func(c *queueTally) {
		live.Offered, live.Answered, live.Abandoned = c.offered, c.answered, c.abandoned
		if c.offered > 0 {
			live.ServiceLevel = float64(c.within) / float64(c.offered)
		}
	})
}
