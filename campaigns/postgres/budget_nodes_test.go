package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// floorCount counts what has really happened at all nodes, recorded or not.
type floorCount struct {
	mu             sync.Mutex
	answers, drops int
	// worst is the most drops that there were above the limit.
	worst float64
}

const lawLimit = 0.03

func (f *floorCount) add(answers, drops int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers += answers
	f.drops += drops
	f.worst = max(f.worst, float64(f.drops)-lawLimit*float64(f.answers))
}

// simulated is a node that spends at most what it is given.
type simulated struct {
	h     *house
	conn  *pgx.Conn
	r     *rand.Rand
	floor *floorCount
	owner postgres.Owner
	// credit is what the node may still drop, by its own count; it has none, and its
	// answers add nothing to it, unless it was given a share since it last slept.
	credit float64
	given  bool
	// unrecorded facts, and the attempts behind them, all still open.
	facts []campaigns.Event
}

func (n *simulated) exec(ctx context.Context, sql string, args ...any) error {
	_, err := n.conn.Exec(ctx, sql, args...)
	return err
}

// join begins the node anew, with a lease that does not lapse by itself.
func (n *simulated) join(ctx context.Context, name string) error {
	epoch, err := n.h.store.Join(ctx, name, time.Hour)
	n.owner, n.credit, n.given, n.facts = postgres.Owner{Node: name, Epoch: epoch}, 0, false, nil
	return err
}

// call makes an attempt and ends it, dropped as soon as the credit allows that.
func (n *simulated) call(ctx context.Context) error {
	f := campaigns.Event{Kind: campaigns.AttemptEnded, Node: n.owner.Node, Epoch: n.owner.Epoch, At: n.h.began,
		End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeAnswered}}
	person := n.r.Int64()
	if err := n.conn.QueryRow(ctx, `insert into attempts (campaign_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by)
		values ($1, $2, $2, true, $3, $4, $5, $5) returning id`, n.h.campaign.ID, person, n.owner.Node, n.owner.Epoch, n.h.began).Scan(&f.AttemptID); err != nil {
		return err
	}
	drops := 0
	if n.credit >= 1 {
		f.End.Outcome, drops = campaigns.OutcomeDropped, 1
	}
	if n.given {
		n.credit += lawLimit - float64(drops)
	}
	n.floor.add(1, drops)
	n.facts = append(n.facts, f)
	return nil
}

// pending counts the answers and drops that are not recorded.
func (n *simulated) pending() (answers, drops int) {
	for _, f := range n.facts {
		answers++
		if f.End.Outcome == campaigns.OutcomeDropped {
			drops++
		}
	}
	return answers, drops
}

// record writes some of the facts, the oldest first.
func (n *simulated) record(ctx context.Context, some int) error {
	err := n.h.store.Record(ctx, n.facts[:some])
	n.facts = slices.Delete(n.facts, 0, some)
	return err
}

func (n *simulated) renew(ctx context.Context) error {
	answers, drops := n.pending()
	held := max(0, n.credit) + float64(drops)
	budgets, err := n.h.store.DropBudgets(ctx, n.owner.Node, []campaigns.DropHolding{{CampaignID: n.h.campaign.ID, Held: held}})
	if err != nil {
		return err
	}
	n.credit, n.given = budgets[0].Credit+lawLimit*float64(answers)-float64(drops), true
	return nil
}

// die ends the node with facts that nobody will ever record, lets another
// reconcile, and begins a new one. Until it is reconciled, what it did counts.
func (n *simulated) die(ctx context.Context, name string) error {
	answers, drops := n.pending()
	if err := n.exec(ctx, `update nodes set lease_until = clock_timestamp() - interval '1 second' where name = $1`, n.owner.Node); err != nil {
		return err
	}
	if err := n.exec(ctx, `update drop_shares set renewed_at = renewed_at - interval '1 minute' where node = $1`, n.owner.Node); err != nil {
		return err
	}
	n.floor.mu.Lock() // what is lost leaves the count while nobody counts
	_, err := n.h.store.Reconcile(ctx)
	n.floor.answers -= answers
	n.floor.drops -= drops
	n.floor.mu.Unlock()
	if err != nil {
		return err
	}
	return n.join(ctx, name)
}

// sleep lets the node give up dialing for the campaign for long.
func (n *simulated) sleep(ctx context.Context) error {
	if err := n.record(ctx, len(n.facts)); err != nil {
		return err
	}
	n.credit, n.given = 0, false
	return n.exec(ctx, `update drop_shares set renewed_at = renewed_at - interval '5 minutes' where node = $1`, n.owner.Node)
}

func (n *simulated) live(ctx context.Context, number int) error {
	if err := n.join(ctx, fmt.Sprintf("node-%d-0", number)); err != nil {
		return err
	}
	for life, step := 1, 0; step < 250; step++ {
		var err error
		switch x := n.r.IntN(100); {
		case x < 70:
			err = n.call(ctx)
		case x < 84:
			err = n.record(ctx, n.r.IntN(len(n.facts)+1))
		case x < 97:
			err = n.renew(ctx)
		case x < 98:
			err = n.sleep(ctx)
		default:
			err = n.die(ctx, fmt.Sprintf("node-%d-%d", number, life))
			life++
		}
		if err != nil {
			return err
		}
	}
	return n.record(ctx, len(n.facts))
}

// Nodes come and go, ask, spend all that they are given at once, record late, and
// die with what they did not record: the drops of all never pass the limit, and
// hardly any that it allows is left unused.
func TestNodesThatComeAndGoNeverPassTheLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		h := newHouse(t)
		h.counted(h.began, 500, 0, 0)
		floor := &floorCount{answers: 500}
		ctx := t.Context()
		failed := make(chan error)
		const nodes = 4
		for i := range nodes {
			n := &simulated{h: h, conn: postgrestest.Connect(t, h.url), r: rand.New(rand.NewPCG(seed, uint64(i))), floor: floor}
			go func() { failed <- n.live(ctx, i) }()
		}
		for range nodes {
			if err := <-failed; err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
		if floor.worst > 1e-6 {
			t.Errorf("seed %d: %v drops above the limit", seed, floor.worst)
		}
		// A drop needs a whole credit at one node, so that each may be left with a part of one.
		if left := lawLimit*float64(floor.answers) - float64(floor.drops); left > 2*nodes {
			t.Errorf("seed %d: %d drops of %d answers, %v more were allowed", seed, floor.drops, floor.answers, left)
		}
		if got, want := h.read(`select sum(live_answered)::bigint, sum(dropped)::bigint from drop_ledger`), fmt.Sprintf("%d %d", floor.answers, floor.drops); got != want {
			t.Errorf("seed %d: the ledger says %s, it was %s", seed, got, want)
		}
	}
}

// BenchmarkDropBudgets asks for twenty campaigns of thirty days with four nodes.
func BenchmarkDropBudgets(b *testing.B) {
	h := newHouse(b)
	ids, asked := []int64{h.campaign.ID}, []campaigns.DropHolding{{CampaignID: h.campaign.ID}}
	for i := range 19 {
		ids = append(ids, postgrestest.Campaign(b, h.store, fmt.Sprintf("c%d", i)).ID)
		asked = append(asked, campaigns.DropHolding{CampaignID: ids[i+1]})
	}
	h.exec(`insert into drop_ledger (campaign_id, hour, live_answered, dropped, machines)
		select c, date_trunc('hour', $2::timestamptz) - n * interval '1 hour', 100, 1, 20 from unnest($1::bigint[]) c, generate_series(0, 719) n`, ids, h.began)
	h.exec(`insert into buckets (campaign_id, kind, zones, region)
		select c, 'rank', array['America/New_York'], 'US,US-' || n from unnest($1::bigint[]) c, unnest(array['NY', 'FL', 'CA', 'TX', 'WA', 'OK', 'NJ', 'MA', 'IL', 'OH']) n`, ids)
	for i := range 4 {
		node := fmt.Sprintf("n%d", i+1)
		h.join(node, time.Hour)
		_, err := h.store.DropBudgets(b.Context(), node, asked)
		h.must(err)
	}
	h.exec(`analyze`)
	for b.Loop() {
		if budgets, err := h.store.DropBudgets(b.Context(), "n1", asked); err != nil || len(budgets) != 20 {
			b.Fatal(budgets, err)
		}
	}
}
