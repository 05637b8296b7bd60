package pacing

import (
	"math"
	"slices"
)

// Demand is one running campaign's wish for agents.
type Demand struct {
	CampaignID int64
	// Lines in flight or waiting, and the lines dialed for each agent.
	Lines int
	Ratio float64
	// Hungry is set while the campaign has candidates to dial.
	Hungry bool
}

// Share gives each campaign its part of the ready agents; agents lists for
// each ready agent the campaigns served, nil for all. turn rotates who is
// dealt first, so that no campaign is always last.
func Share(demands []Demand, agents [][]int64, turn int) map[int64]int {
	shares := make(map[int64]int, len(demands))
	if len(demands) == 0 {
		return shares
	}
	free := slices.Clone(agents)
	// Agents with the fewest campaigns are the least use to others.
	slices.SortStableFunc(free, func(a, b []int64) int { return width(a) - width(b) })
	for _, d := range demands {
		shares[d.CampaignID] = 0
		for range covered(d) {
			i := slices.IndexFunc(free, func(a []int64) bool { return serves(a, d.CampaignID) })
			if i < 0 {
				break
			}
			shares[d.CampaignID]++
			free = slices.Delete(free, i, i+1)
		}
	}
	dealt := make([]int, len(demands))
	for _, a := range free {
		best := -1
		for k := range demands {
			i := (k + turn) % len(demands)
			if d := demands[i]; !d.Hungry || !serves(a, d.CampaignID) {
				continue
			}
			if best < 0 || dealt[i] < dealt[best] {
				best = i
			}
		}
		if best >= 0 {
			dealt[best]++
			shares[demands[best].CampaignID]++
		}
	}
	return shares
}

// covered is the number of agents that a campaign's lines speak for.
func covered(d Demand) int {
	if d.Ratio <= 1 {
		return d.Lines
	}
	return int(math.Ceil(float64(d.Lines)/d.Ratio - 1e-9))
}

func serves(campaigns []int64, id int64) bool {
	return campaigns == nil || slices.Contains(campaigns, id)
}

func width(campaigns []int64) int {
	if campaigns == nil {
		return math.MaxInt32
	}
	return len(campaigns)
}
