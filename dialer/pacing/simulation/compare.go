package simulation

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Report is what the algorithms came to on the same days.
type Report struct {
	Algorithms []Summary `json:"algorithms"`
}

// Summary is one algorithm over all seeds. Rates are fractions of 1.
type Summary struct {
	Name string `json:"name"`
	// Occupancy is the share of the signed-in time without pauses in calls and
	// wrap-up, DropRate the share of the answers that found no agent in time,
	// both over all seeds together.
	Occupancy float64 `json:"occupancy"`
	DropRate  float64 `json:"drop_rate"`
	// WorstSeedDropRate is that of the worst day, WorstHourDropRate that of the
	// worst rolling hour of any day; zero where days are shorter.
	WorstSeedDropRate float64 `json:"worst_seed_drop_rate"`
	WorstHourDropRate float64 `json:"worst_hour_drop_rate"`
	// Wait is the mean number of seconds that an agent waits for a call.
	Wait           float64 `json:"wait_s"`
	DialsPerAnswer float64 `json:"dials_per_answer"`
	Answers        int     `json:"answers"`

	Seeds []Seed `json:"seeds,omitempty"`
	// Series holds five minutes each, summed up over all seeds.
	Series []Point `json:"-"`
}

// Seed is one day of a summary.
type Seed struct {
	Seed              uint64  `json:"seed"`
	Occupancy         float64 `json:"occupancy"`
	DropRate          float64 `json:"drop_rate"`
	WorstHourDropRate float64 `json:"worst_hour_drop_rate"`
	Wait              float64 `json:"wait_s"`
	Dials             int     `json:"dials"`
	Answers           int     `json:"answers"`
	Drops             int     `json:"drops"`
	Cancels           int     `json:"cancels"`
}

// Compare runs the algorithms of these names, as Algorithms gives them, on so many
// days each, with seeds from first on. It returns an error that names what is wrong
// with the scenario or a name, and the context's error when it is canceled; either
// way its goroutines have stopped.
func Compare(ctx context.Context, s Scenario, names []string, first uint64, seeds int) (*Report, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if seeds < 1 {
		return nil, fmt.Errorf("seeds: %d is below 1", seeds)
	}
	days := make([]Day, len(names)*seeds)
	pacers := make([]Pacer, len(days))
	for i := range pacers {
		var err error
		if pacers[i], err = NewPacer(names[i/seeds], &s); err != nil {
			return nil, err
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(days)) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(days) || ctx.Err() != nil {
					return
				}
				// Its error is the context's, which is looked at below.
				days[i], _ = Run(ctx, &s, first+uint64(i%seeds), pacers[i])
				pacers[i] = nil
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	report := &Report{Algorithms: make([]Summary, len(names))}
	for i, name := range names {
		report.Algorithms[i] = summarize(name, days[i*seeds:(i+1)*seeds])
	}
	return report, nil
}

func summarize(name string, days []Day) Summary {
	s := Summary{Name: name, Series: make([]Point, len(days[0].Series))}
	var sum Point
	for i := range days {
		d := &days[i]
		sum.add(&d.Point)
		s.WorstSeedDropRate = max(s.WorstSeedDropRate, d.DropRate())
		s.WorstHourDropRate = max(s.WorstHourDropRate, d.WorstHour)
		s.Seeds = append(s.Seeds, Seed{
			Seed: d.Seed, Occupancy: d.Occupancy(), DropRate: d.DropRate(), WorstHourDropRate: d.WorstHour,
			Wait: d.Wait(), Dials: d.Dials, Answers: d.Answers, Drops: d.Drops, Cancels: d.Cancels,
		})
		for j := range d.Series {
			s.Series[j].At = d.Series[j].At
			s.Series[j].add(&d.Series[j])
		}
	}
	s.Occupancy, s.DropRate, s.Wait = sum.Occupancy(), sum.DropRate(), sum.Wait()
	s.DialsPerAnswer, s.Answers = ratio(float64(sum.Dials), float64(sum.Answers)), sum.Answers
	return s
}
