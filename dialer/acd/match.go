package acd

import (
	"cmp"
	"slices"
	"strings"
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
	// Skill and Language are required of an inbound call's agent where set; for an
	// outbound call, whose customer cannot wait, they choose among those who are
	// ready.
	Skill, Language string
	// Tier is the value tier, higher first. Value is that of an outbound call's
	// customer, who goes first among those answered in the same moment.
	Tier, Value int
	Since       time.Time
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
		if c := cmp.Compare(rank(b, now, ageing), rank(a, now, ageing)); c != 0 {
			return c
		}
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(b.Value, a.Value), cmp.Compare(a.CallID, b.CallID))
	})
	free := slices.Clone(agents)
	slices.SortStableFunc(free, func(a, b Agent) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
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

// rank is the tier, aged.
func rank(w Waiting, now time.Time, ageing time.Duration) float64 {
	r := float64(w.Tier)
	if ageing > 0 {
		r += float64(now.Sub(w.Since)) / float64(ageing)
	}
	return r
}

// choose gives the index of the agent for the call, or -1: of those who fit, the
// first of whom it suits best.
func choose(w Waiting, free []Agent) int {
	best, suited := -1, -1
	for i := range free {
		if !Fits(w, free[i]) {
			continue
		}
		if w.AgentID != 0 && free[i].ID == w.AgentID {
			return i
		}
		if s := suits(w, free[i]); s > suited {
			best, suited = i, s
		}
	}
	return best
}

// suits weighs language before skill; an agent of whom no language is known comes
// between one who speaks it and one who does not.
func suits(w Waiting, a Agent) int {
	s := 0
	if w.Language != "" {
		switch {
		case speaks(a, w.Language):
			s += 4
		case len(a.Languages) == 0:
			s += 2
		}
	}
	if w.Skill != "" && slices.Contains(a.Skills, w.Skill) {
		s++
	}
	return s
}

// speaks compares languages without their regions: who speaks es serves es-MX.
func speaks(a Agent, language string) bool {
	base := func(tag string) string { first, _, _ := strings.Cut(tag, "-"); return first }
	return slices.ContainsFunc(a.Languages, func(l string) bool { return strings.EqualFold(base(l), base(language)) })
}

// Fits reports whether the agent may take the call.
func Fits(w Waiting, a Agent) bool {
	if w.Outbound {
		return a.OpenLine && Serves(a, w.CampaignID)
	}
	if len(a.Queues) > 0 && !slices.Contains(a.Queues, w.Queue) {
		return false
	}
	if w.Skill != "" && !slices.Contains(a.Skills, w.Skill) {
		return false
	}
	return w.Language == "" || len(a.Languages) == 0 || speaks(a, w.Language)
}

// Serves reports whether the agent works for the campaign.
func Serves(a Agent, campaignID int64) bool {
	return len(a.CampaignIDs) == 0 || slices.Contains(a.CampaignIDs, campaignID)
}
