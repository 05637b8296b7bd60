package simulation

import (
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Of random days with at least 300 answers, fewer than one in a hundred end with more
// drops than the limit. The days are the same in every run, so this holds or it does
// not; there are as many as a test may take, and fewer with the race detector.
func TestTheLimitHoldsOnDaysOfAnyKind(t *testing.T) {
	t.Parallel()
	days := 200
	if underRace {
		days = 2
	}
	random := rapid.Custom(scenarios)
	var mu sync.Mutex
	var group sync.WaitGroup
	turns := make(chan int, days)
	for i := range days {
		turns <- i
	}
	close(turns)
	counted, over, share := 0, 0, 0.0
	for range 2 {
		group.Go(func() {
			for i := range turns {
				s := random.Example(i)
				p, err := NewPacer("predictive", &s)
				if err == nil {
					err = s.Validate()
				}
				if err != nil {
					t.Error(err)
					return
				}
				d, err := Run(t.Context(), &s, uint64(i), p)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if d.Answers >= 300 {
					counted++
					share += d.DropRate() / s.DropLimit
					if d.DropRate() > s.DropLimit {
						over++
						t.Logf("day %d: %d drops of %d answers, limit %.2f %%; %d agents, %.1f h", i, d.Drops, d.Answers, 100*s.DropLimit, s.Agents, s.Hours)
					}
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	t.Logf("%d of %d days over their limit; on average %.0f %% of it were used", over, counted, 100*share/float64(counted))
	if counted < days/2 {
		t.Errorf("only %d of %d days have 300 answers", counted, days)
	}
	if over > days/100 {
		t.Errorf("%d of %d days are over their limit", over, counted)
	}
}
