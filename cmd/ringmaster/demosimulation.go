package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/dialer/pacing/simulation"
)

// demoSeeds is how many times the work of a demo is simulated.
const demoSeeds = 40

// reportSimulation sets what happened beside what is simulated of the same work;
// ratios are fractions of 1.
type reportSimulation struct {
	// Measured is what happened while the bots took calls.
	Measured reportPace `json:"measured"`
	// Mean and Deviation are of the Seeds simulated runs.
	Mean      reportPace `json:"mean"`
	Deviation reportPace `json:"deviation"`
	Seeds     int        `json:"seeds"`
}

type reportPace struct {
	Occupancy float64 `json:"occupancy"`
	DropRate  float64 `json:"drop_rate"`
	Answers   float64 `json:"answers"`
}

// shortestSimulated is the least time of work, in hours, that is simulated.
const shortestSimulated = 0.01

// simulateDemo simulates the work for as long as it went on, and measures it; nil
// for one that was too short.
func simulateDemo(ctx context.Context, store *postgres.Store, s simulation.Scenario, shift demoShift) (*reportSimulation, error) {
	s.Hours = shift.until.Sub(shift.from).Hours()
	if s.Hours < shortestSimulated {
		return nil, nil //nolint:nilnil // there is nothing to report
	}
	r := &reportSimulation{Seeds: demoSeeds}
	spent, hold, err := store.AgentTime(ctx, shift.from, shift.until)
	if err != nil {
		return nil, err
	}
	figures, err := store.Figures(ctx, shift.from)
	if err != nil {
		return nil, err
	}
	dropped := 0
	for _, f := range figures {
		dropped += f.Outcomes[campaigns.OutcomeDropped]
		r.Measured.Answers += float64(f.Outcomes[campaigns.OutcomeAnswered] + f.Outcomes[campaigns.OutcomeDropped])
	}
	r.Measured.Occupancy = agentSeconds(spent, hold).occupancy()
	r.Measured.DropRate = float64(dropped) / max(1, r.Measured.Answers)
	days, err := simulation.Compare(ctx, s, []string{"predictive"}, shift.seed, demoSeeds)
	if err != nil {
		return nil, err
	}
	pick := func(of func(simulation.Seed) float64) (mean, deviation float64) {
		sum, squares := 0.0, 0.0
		for _, d := range days.Algorithms[0].Seeds {
			sum += of(d)
			squares += of(d) * of(d)
		}
		return sum / demoSeeds, math.Sqrt(max(0, squares-sum*sum/demoSeeds) / (demoSeeds - 1))
	}
	r.Mean.Occupancy, r.Deviation.Occupancy = pick(func(d simulation.Seed) float64 { return d.Occupancy })
	r.Mean.DropRate, r.Deviation.DropRate = pick(func(d simulation.Seed) float64 { return d.DropRate })
	r.Mean.Answers, r.Deviation.Answers = pick(func(d simulation.Seed) float64 { return float64(d.Answers) })
	return r, nil
}

func (r *reportSimulation) writeText(w io.Writer) {
	line := func(name string, measured, mean, deviation, scale float64, unit string) {
		_, _ = fmt.Fprintf(w, "  %-17s %.1f %s, simulated %.1f ± %.1f %s\n", name, scale*measured, unit, scale*mean, scale*deviation, unit)
	}
	_, _ = fmt.Fprintf(w, "  simulation        of the same work, %d times: mean ± standard deviation of one run\n", r.Seeds)
	line("  occupancy", r.Measured.Occupancy, r.Mean.Occupancy, r.Deviation.Occupancy, 100, "%")
	line("  dropped", r.Measured.DropRate, r.Mean.DropRate, r.Deviation.DropRate, 100, "%")
	line("  answers", r.Measured.Answers, r.Mean.Answers, r.Deviation.Answers, 1, "calls")
}
