package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ringmaster/campaigns/engine"
)

// steward is the upkeep's side of the store: what it was asked for.
type steward struct {
	mu     sync.Mutex
	deltas int
	asked  []string
	// pages is how many steps each sweep takes, each a tenth of a second long.
	pages int64
	moved int
	down  bool
	// profiled is how often the profiles by hour were asked for.
	profiled int
}

func (s *steward) FoldCounts(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(s.deltas, 100)
	s.deltas -= n
	return n, nil
}

func (s *steward) ProfileHours(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.profiled++
	return 0, nil
}

func (s *steward) step(stage string, campaignID, after int64) (int64, int, error) {
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return 0, 0, errDown
	}
	s.asked = append(s.asked, fmt.Sprint(stage, " ", campaignID, " ", after))
	if after+1 >= s.pages {
		return 0, s.moved, nil
	}
	return after + 1, s.moved, nil
}

func (s *steward) ApplySelection(_ context.Context, campaignID, after int64) (int64, int, error) {
	return s.step("selection", campaignID, after)
}

func (s *steward) SweepSegment(_ context.Context, campaignID, after int64) (int64, int, error) {
	return s.step("segment", campaignID, after)
}

func (s *steward) ScoreCandidates(_ context.Context, campaignID, after int64) (int64, int, error) {
	return s.step("score", campaignID, after)
}

// taken gives what was asked since, and forgets it.
func (s *steward) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

func TestCountsAreFolded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &steward{deltas: 950}
		start(t, newLedger(), func(o *engine.Options) { o.Upkeep = s })
		synctest.Wait()
		if s.deltas != 0 {
			t.Errorf("%d left", s.deltas)
		}
		s.mu.Lock()
		s.deltas = 5
		s.mu.Unlock()
		after(time.Second)
		if s.deltas != 0 {
			t.Errorf("%d left a second later", s.deltas)
		}
	})
}

func TestCampaignsAreSweptWhenTheirRulesChangeAndEveryMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &steward{pages: 2, moved: 1}
		l := newLedger(1, 2)
		r := start(t, l, func(o *engine.Options) { o.Upkeep = s })
		after(10 * time.Second)
		want := []string{
			"score 1 0", "score 1 1", "selection 1 0", "selection 1 1", "segment 1 0", "segment 1 1",
			"score 2 0", "score 2 1", "selection 2 0", "selection 2 1", "segment 2 0", "segment 2 1",
		}
		if got := s.taken(); !slices.Equal(got, want) {
			t.Errorf("asked %v", got)
		}
		if got := r.metric(t, "ringmaster_engine_swept_total"); got != 12 {
			t.Errorf("%v swept", got)
		}
		// New settings are applied at the next look.
		l.set(func(l *ledger) { l.all = slices.Clone(l.all); l.all[1].Revision++ })
		after(5 * time.Second)
		if got := s.taken(); !slices.Equal(got, want[6:]) {
			t.Errorf("asked %v after a change", got)
		}
		after(50 * time.Second)
		if got := s.taken(); !slices.Contains(got, "segment 1 1") {
			t.Errorf("asked %v within a minute", got)
		}
		if s.profiled != 2 {
			t.Errorf("profiles by hour asked for %d times in a minute", s.profiled)
		}
	})
}

// A long list is swept by turns, so that no campaign waits for another's, and
// an outage goes on where it came.
func TestALongSweepGivesWayAndGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &steward{pages: 100}
		start(t, newLedger(1, 2), func(o *engine.Options) { o.Upkeep = s })
		after(6 * time.Second)
		got := s.taken()
		if !slices.Contains(got, "score 1 10") || !slices.Contains(got, "score 2 10") || slices.Contains(got, "segment 1 0") {
			t.Errorf("asked %v", got)
		}
		s.mu.Lock()
		s.down = true
		s.mu.Unlock()
		after(20 * time.Second)
		s.mu.Lock()
		s.down = false
		s.mu.Unlock()
		after(3 * time.Second)
		if again := s.taken(); len(again) == 0 || slices.Contains(again, "score 1 0") {
			t.Errorf("asked %v after an outage", again)
		}
		// Thirty seconds of work, by turns, are rested from for nine minutes.
		after(100 * time.Second)
		s.taken()
		after(5 * time.Minute)
		if again := s.taken(); slices.Contains(again, "score 1 0") {
			t.Errorf("swept again at once: %v", again)
		}
	})
}
