package acd

import (
	"slices"
	"time"

	"ringmaster/campaigns"
)

// UrgentTier is above every value tier: answered outbound customers.
const UrgentTier = 100

// Waiting is a call that waits for an agent.
type Waiting struct {
	CallID campaigns.CallID
	// Outbound calls need an agent of CampaignID with an open line; inbound
	// ones an agent of Queue.
	Outbound   bool
	CampaignID int64
	Queue      string
	// Skill and Language are required of the agent where set.
	Skill, Language string
	// Tier is the value tier, higher first.
	Tier  int
	Since time.Time
	// AgentID is preferred where that agent is ready: a personal callback.
	AgentID int64
}

// Agent is an agent who may be reserved now.
type Agent struct {
	ID int64
	// CampaignIDs and Queues the agent serves; empty: all.
	CampaignIDs []int64
	Queues      []string
	Skills      []string
	Languages   []string
	// OpenLine is set while the agent's phone is off-hook; only such agents
	// take outbound calls, whose customers cannot wait for a phone to ring.
	OpenLine bool
	// Since is when the agent became ready.
	Since time.Time
}

// Pair is a call and the agent that gets it.
type Pair struct {
	CallID  campaigns.CallID
	AgentID int64
}

// Match pairs as many calls as possible in the order of service. ageing is
// the wait that lifts a call by one tier; zero: none.
func Match(waiting []Waiting, agents []Agent, now time.Time, ageing time.Duration) []Pair {
	if len(waiting) == 0 || len(agents) == 0 {
		return nil
	}
	calls := slices.Clone(waiting)
	slices.SortStableFunc(calls, func(a, b Waiting) int {
		switch ra, rb := rank(a, now, ageing), rank(b, now, ageing); {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return compare(a.CallID, b.CallID)
	})
	free := slices.Clone(agents)
	slices.SortStableFunc(free, func(a, b Agent) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return compare(a.ID, b.ID)
	})
	var pairs []Pair
	for _, w := range calls {
		i := choose(w, free)
		if i < 0 {
			continue
		}
		pairs = append(pairs, Pair{CallID: w.CallID, AgentID: free[i].ID})
		free = slices.Delete(free, i, i+1)
		if len(free) == 0 {
			break
		}
	}
	return pairs
}

func compare[T int64 | campaigns.CallID](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// rank is the tier, aged.
func rank(w Waiting, now time.Time, ageing time.Duration) float64 {
	r := float64(w.Tier)
	if ageing > 0 {
		r += float64(now.Sub(w.Since)) / float64(ageing)
	}
	return r
}

// choose gives the index of the agent for the call, or -1.
func choose(w Waiting, free []Agent) int {
	best := -1
	for i := range free {
		if !Fits(w, free[i]) {
			continue
		}
		if w.AgentID != 0 && free[i].ID == w.AgentID {
			return i
		}
		if best < 0 {
			best = i
		}
	}
	return best
}

// Fits reports whether the agent may take the call.
func Fits(w Waiting, a Agent) bool {
	if w.Outbound {
		if !a.OpenLine || !Serves(a, w.CampaignID) {
			return false
		}
	} else if len(a.Queues) > 0 && !slices.Contains(a.Queues, w.Queue) {
		return false
	}
	if w.Skill != "" && !slices.Contains(a.Skills, w.Skill) {
		return false
	}
	return w.Language == "" || len(a.Languages) == 0 || slices.Contains(a.Languages, w.Language)
}

// Serves reports whether the agent works for the campaign.
func Serves(a Agent, campaignID int64) bool {
	return len(a.CampaignIDs) == 0 || slices.Contains(a.CampaignIDs, campaignID)
}
