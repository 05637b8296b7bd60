package queue_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ringmaster/campaigns"
	"ringmaster/configs/stores/storestest"
	"ringmaster/queue"
)

func TestMain(m *testing.M) { storestest.Run(m, storestest.RedisOnly) }

// open gives a client with a key prefix of its own.
func open(t testing.TB, lease time.Duration) *queue.Client {
	t.Helper()
	c, err := queue.Open(t.Context(), queue.Options{
		URL: storestest.RedisURL(t), Node: "n1", Prefix: "test:" + t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36), Lease: lease,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func items(campaign int64, n int) []campaigns.HopperItem {
	all := make([]campaigns.HopperItem, n)
	for i := range all {
		all[i] = campaigns.HopperItem{CampaignID: campaign, CandidateID: int64(i + 1), ContactID: int64(i + 1), NumberID: int64(i + 1), Score: float64(i), AnswerProbability: float64(i+1) / 2000}
	}
	return all
}

func depth(t *testing.T, c *queue.Client) (ready, leased int) {
	t.Helper()
	ready, leased, _, err := c.Depth(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	return ready, leased
}

func TestClaimGivesTheBestFirstAndOnce(t *testing.T) {
	t.Parallel()
	c := open(t, time.Minute)
	if err := c.Push(t.Context(), 7, items(7, 1200)); err != nil {
		t.Fatal(err)
	}
	best, next, err := c.Claim(t.Context(), 7, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(best) != 3 || best[0].CandidateID != 1200 || best[2].CandidateID != 1198 {
		t.Fatalf("claimed %+v", best)
	}
	if !slices.Equal(next, []float64{1197. / 2000, 1196. / 2000, 1195. / 2000}) {
		t.Errorf("those after them answer with chances %v", next)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[int64]int{}
	for range 8 {
		wg.Go(func() {
			for {
				got, _, err := c.Claim(context.WithoutCancel(t.Context()), 7, 20)
				if err != nil || len(got) == 0 {
					return
				}
				mu.Lock()
				for _, item := range got {
					seen[item.CandidateID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 1197 {
		t.Fatalf("%d distinct candidates claimed, want 1197", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("candidate %d claimed %d times", id, n)
		}
	}
	if ready, leased := depth(t, c); ready != 0 || leased != 1200 {
		t.Errorf("depth %d, %d leased", ready, leased)
	}
}

func TestALeaseIsSettledReturnedOrRecovered(t *testing.T) {
	t.Parallel()
	c := open(t, time.Millisecond)
	ctx := t.Context()
	if err := c.Push(ctx, 7, items(7, 3)); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.Claim(ctx, 7, 3)
	if err != nil {
		t.Fatal(err)
	}
	// A push while leased must not make a second copy.
	if err := c.Push(ctx, 7, got); err != nil {
		t.Fatal(err)
	}
	if ready, leased := depth(t, c); ready != 0 || leased != 3 {
		t.Fatalf("after a push of leased ones: %d ready, %d leased", ready, leased)
	}
	if err := c.Settle(ctx, 7, []int64{got[0].CandidateID}); err != nil {
		t.Fatal(err)
	}
	if err := c.Return(ctx, 7, got[:2]); err != nil {
		t.Fatal(err)
	}
	if ready, leased := depth(t, c); ready != 1 || leased != 1 {
		t.Fatalf("settled one, returned two of which one was settled: %d ready, %d leased", ready, leased)
	}
	recovered := 0
	for deadline := time.Now().Add(5 * time.Second); recovered == 0 && time.Now().Before(deadline); {
		if recovered, err = c.Recover(ctx, 7); err != nil {
			t.Fatal(err)
		}
	}
	if ready, leased := depth(t, c); recovered != 1 || ready != 2 || leased != 0 {
		t.Fatalf("recovered %d: %d ready, %d leased", recovered, ready, leased)
	}
	missing, err := c.Missing(ctx, 7, []int64{1, 2, 3, 99})
	if err != nil || !slices.Equal(missing, []int64{got[0].CandidateID, 99}) {
		t.Fatalf("missing %v, %v", missing, err)
	}
	ids, err := c.Clear(ctx, 7)
	if err != nil || len(ids) != 2 {
		t.Fatalf("cleared %v, %v", ids, err)
	}
}

func TestDemandOfNodesIsSummed(t *testing.T) {
	t.Parallel()
	c := open(t, time.Minute)
	if err := c.Demand(t.Context(), 7, 2.5); err != nil {
		t.Fatal(err)
	}
	if err := c.Demand(t.Context(), 7, 1.25); err != nil {
		t.Fatal(err)
	}
	_, _, demand, err := c.Depth(t.Context(), 7)
	if err != nil || demand != 1.25 {
		t.Fatalf("demand %v, %v: the node's last word counts", demand, err)
	}
}

func TestAWaitingCallIsClaimedOnceAndGoneWithItsNode(t *testing.T) {
	t.Parallel()
	c := open(t, time.Minute)
	ctx := t.Context()
	w := c.Waiting()
	older := time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	for _, call := range []campaigns.WaitingCall{
		{CallID: "b", Node: "n1", Queue: "sales", Since: older.Add(time.Second)},
		{CallID: "a", Node: "n1", Queue: "sales", Since: older},
		{CallID: "vip", Node: "n1", Queue: "sales", Priority: 3, Since: older.Add(time.Minute)},
		{CallID: "lost", Node: "gone", Queue: "sales", Priority: 9, Since: older},
	} {
		if err := w.Offer(ctx, call); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.PublishLive(ctx, campaigns.NodeLive{Node: "n1"}); err != nil {
		t.Fatal(err)
	}
	calls, err := w.List(ctx, "sales")
	if err != nil || len(calls) != 3 || calls[0].CallID != "vip" || calls[1].CallID != "a" {
		t.Fatalf("%+v, %v", calls, err)
	}
	first, err1 := w.Claim(ctx, "sales", "vip")
	second, err2 := w.Claim(ctx, "sales", "vip")
	if !first || second || err1 != nil || err2 != nil {
		t.Fatalf("claims %v %v, %v %v", first, second, err1, err2)
	}
}

func TestEventsAreFollowedInOrder(t *testing.T) {
	t.Parallel()
	c := open(t, time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := c.Publish(ctx, []campaigns.Event{{Kind: campaigns.CallArrived}}); err != nil {
		t.Fatal(err)
	}
	got := make(chan campaigns.Event, 64)
	done := make(chan error, 1)
	go func() { done <- c.Follow(ctx, func(e campaigns.Event) { got <- e }) }()
	// The follower starts at the newest fact it finds, so facts are published
	// until the first arrives; their order is what counts.
	var last int64
	for n := int64(1); last < 5; n++ {
		if err := c.Publish(ctx, []campaigns.Event{{Kind: campaigns.AttemptSent, AttemptID: n}}); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			select {
			case e := <-got:
				if e.Kind != campaigns.AttemptSent || e.AttemptID <= last {
					t.Fatalf("%+v after %d", e, last)
				}
				last = e.AttemptID
			default:
				more = false
			}
		}
	}
	stop()
	<-done
}

func TestTheEpochChangesWithAWipe(t *testing.T) {
	t.Parallel()
	c, prefix := open(t, time.Minute), "epoch-of-its-own"
	own, err := queue.Open(t.Context(), queue.Options{URL: storestest.RedisURL(t), Node: "n1", Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close() }()
	first, err := own.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := own.Epoch(t.Context()); err != nil || again != first {
		t.Fatalf("epoch %q became %q, %v", first, again, err)
	}
	parsed, err := redis.ParseURL(storestest.RedisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(parsed)
	defer func() { _ = rdb.Close() }()
	if err := rdb.Del(t.Context(), prefix+":{epoch}").Err(); err != nil {
		t.Fatal(err)
	}
	if after, err := own.Epoch(t.Context()); err != nil || after == first {
		t.Fatalf("epoch after a wipe is %q, %v", after, err)
	}
	if other, err := c.Epoch(t.Context()); err != nil || other == first {
		t.Fatalf("another installation's epoch %q, %v", other, err)
	}
}

func TestOpenNamesAnUnreachableServer(t *testing.T) {
	t.Parallel()
	_, err := queue.Open(t.Context(), queue.Options{URL: "redis://:secret@127.0.0.1:1/0"})
	if campaigns.CodeOf(err) != campaigns.CodeUnavailable {
		t.Fatalf("error %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "127.0.0.1:1") || strings.Contains(text, "secret") {
		t.Fatalf("error text %q", text)
	}
}
