package queue_test

import (
	"testing"
	"time"
)

func TestAHeldLeaseOutlivesOthers(t *testing.T) {
	t.Parallel()
	c := open(t, time.Millisecond)
	ctx := t.Context()
	if err := c.Push(ctx, 7, items(7, 2)); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.Claim(ctx, 7, 2)
	if err != nil || len(got) != 2 {
		t.Fatalf("claimed %v, %v", got, err)
	}
	if held, err := c.Hold(ctx, 7, got[0].CandidateID, time.Hour); err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	recovered := 0
	for end := time.Now().Add(5 * time.Second); recovered == 0 && time.Now().Before(end); {
		if recovered, err = c.Recover(ctx, 7); err != nil {
			t.Fatal(err)
		}
	}
	if ready, leased := depth(t, c); recovered != 1 || ready != 1 || leased != 1 {
		t.Errorf("%d recovered, %d ready, %d leased", recovered, ready, leased)
	}
	if held, err := c.Hold(ctx, 7, got[1].CandidateID, time.Hour); err != nil || held {
		t.Errorf("a lease that is gone was held: %v, %v", held, err)
	}
}
