package dialer

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
)

// pickyStore refuses the fact of attempt 13 for ever, and everything while
// away.
type pickyStore struct {
	Recorder
	mu   sync.Mutex
	away bool
	got  []int64
}

func (s *pickyStore) Record(_ context.Context, facts []campaigns.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errAway
	}
	for _, f := range facts {
		if f.AttemptID == 13 {
			return errors.New("violates a constraint")
		}
	}
	for _, f := range facts {
		s.got = append(s.got, f.AttemptID)
	}
	return nil
}

func (s *pickyStore) written() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

type ledgerBench struct {
	t *testing.T
	l *ledger
	s *pickyStore
}

func testLedger(t *testing.T, limit int, f func(ledgerBench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := newMetrics(prometheus.NewRegistry(), &Dialer{})
		if err != nil {
			t.Fatal(err)
		}
		store := &pickyStore{}
		l := newLedger(store, limit, time.Second, slog.New(slog.DiscardHandler), m)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { l.run(ctx) })
		f(ledgerBench{t, l, store})
		cancel()
		wg.Wait()
	})
}

func TestOneRefusedFactHoldsUpNoOther(t *testing.T) {
	testLedger(t, 100, func(b ledgerBench) {
		t, l, s := b.t, b.l, b.s
		want := []int64{}
		for id := range int64(30) {
			l.put(campaigns.Event{AttemptID: id})
			if id != 13 {
				want = append(want, id)
			}
		}
		time.Sleep(time.Minute)
		if got := s.written(); !slices.Equal(got, want) {
			t.Errorf("written %v", got)
		}
		if why := l.behind(); why != "" {
			t.Errorf("behind: %s", why)
		}
	})
}

func TestOutageHoldsDialsAndLosesNothing(t *testing.T) {
	testLedger(t, 20, func(b ledgerBench) {
		t, l, s := b.t, b.l, b.s
		s.mu.Lock()
		s.away = true
		s.mu.Unlock()
		for id := range int64(10) {
			l.put(campaigns.Event{AttemptID: 100 + id})
		}
		time.Sleep(time.Minute)
		if why := l.behind(); why != "the store is away" {
			t.Errorf("behind: %q", why)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.flush(ctx); campaigns.CodeOf(err) != campaigns.CodeUnavailable {
			t.Errorf("flush: %v", err)
		}
		s.mu.Lock()
		s.away = false
		s.mu.Unlock()
		if err := l.flush(t.Context()); err != nil {
			t.Errorf("flush: %v", err)
		}
		if got := s.written(); len(got) != 10 || !slices.IsSorted(got) {
			t.Errorf("written %v", got)
		}
	})
}

func TestFullLedgerStopsDials(t *testing.T) {
	t.Parallel()
	l := newLedger(&pickyStore{}, 2, time.Second, slog.New(slog.DiscardHandler), nil)
	l.put(campaigns.Event{})
	if why := l.behind(); why != "" {
		t.Errorf("behind: %s", why)
	}
	l.put(campaigns.Event{})
	if why := l.behind(); why != "the store is behind with writing" {
		t.Errorf("behind: %q", why)
	}
}
