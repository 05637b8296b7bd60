package simulation

import "math"

// drifting is a day on which nothing stays as it was: the chance of an answer goes
// up and down by 40 %, with a quarter of an hour of 1.8 times and half an hour of
// half as much, talks grow by 30 %, one agent in twenty pauses after a call, and at
// mid-day 60 % of the agents leave within five minutes and are replaced later.
func drifting(s Scenario) Scenario {
	for quarter := range int(4 * s.Hours) {
		from := float64(quarter) / 4
		s.Drift = append(s.Drift, Drift{From: from, To: from + 0.25, Answer: 1 + 0.4*math.Sin(2*math.Pi*(from+0.125)/s.Hours)})
	}
	s.Drift = append(s.Drift,
		Drift{From: 2, To: 2.25, Answer: 1.8}, Drift{From: 6, To: 6.5, Answer: 0.5}, Drift{From: 5, To: s.Hours, Talk: 1.3})
	s.Pause = Pause{Share: 0.05, Length: Distribution{Kind: Fixed, Mean: 300}}
	s.Turnovers = []Turnover{{
		At: s.Hours / 2, Share: 0.6, Within: 300, Away: Distribution{Kind: Uniform, Min: 120, Max: 1020},
	}}
	return s
}
