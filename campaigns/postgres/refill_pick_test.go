package postgres_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"ringmaster/campaigns"
)

// ready is a ready candidate as the brute force sees it.
type ready struct {
	id, list       int64
	rank, plain    float64
	zone           string
	callback, open bool
	active         bool
	priority       int
}

// world makes candidates over buckets that are open or closed, and lists that
// are on or off and of several priorities.
func world(i *imports, random *rand.Rand, lists, candidates int) {
	i.exec(`delete from candidates`)
	i.exec(`delete from lists`)
	for k := range lists {
		i.exec(`insert into lists (campaign_id, name, active, priority, expires_at) values ($1, $2, $3, $4, $5::timestamptz + $6 * interval '1 minute')`,
			i.campaign.ID, fmt.Sprint("l", k), random.IntN(4) > 0, []int{0, 0, 0, 2, -1}[random.IntN(5)],
			i.store.Clock().Now(), []any{nil, nil, -1, 10}[random.IntN(4)])
	}
	i.exec(`with b as (select array_agg(id) as ids from buckets), l as (select array_agg(id) as ids from lists), c as (
			select n.id, row_number() over (order by n.id) as k from contacts n limit $2)
		insert into candidates (campaign_id, contact_id, list_id, number_id, bucket_id, rank, event_at, state, state_at)
		select $1, c.id, l.ids[1 + (c.k * c.k) % cardinality(l.ids)], c.id, b.ids[1 + c.k % cardinality(b.ids)],
			1000 + (c.k * 7919 % 10007) / (1 + c.k % 3)::float8, now(), case when c.k % 11 = 0 then 'open' else 'ready' end, now() from c, b, l`,
		i.campaign.ID, candidates)
}

func (i *imports) allReady() []ready {
	i.t.Helper()
	var all []ready
	rows, err := i.conn.Query(i.t.Context(), `select c.id, c.list_id, c.rank, b.kind = 'callback', b.zones[1], b.zones <> '{Asia/Tokyo}', l.active and coalesce(l.expires_at > $1, true), l.priority
		from candidates c join buckets b on b.id = c.bucket_id join lists l on l.id = c.list_id where c.state = 'ready'`, i.store.Clock().Now())
	if err != nil {
		i.t.Fatal(err)
	}
	for rows.Next() {
		var r ready
		if err := rows.Scan(&r.id, &r.list, &r.rank, &r.callback, &r.zone, &r.open, &r.active, &r.priority); err != nil {
			i.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// bruteForce sorts everybody who may be dialed.
func bruteForce(all []ready, offsets []float64) []ready {
	for k := range all {
		all[k].plain = all[k].rank
		// Tuesday, ten in the morning in New York.
		all[k].rank += offsets[48+map[string]int{"America/New_York": 10, "America/Chicago": 9, "America/Denver": 8, "Asia/Tokyo": 0}[all[k].zone]]
	}
	all = slices.DeleteFunc(all, func(r ready) bool { return !r.open || !r.active })
	slices.SortFunc(all, func(a, b ready) int {
		if a.callback != b.callback {
			if a.callback {
				return -1
			}
			return 1
		}
		if a.callback {
			return cmp.Or(cmp.Compare(b.plain, a.plain), cmp.Compare(a.id, b.id))
		}
		if a.priority != b.priority {
			return b.priority - a.priority
		}
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.id, b.id))
	})
	return all
}

// pickingWorld has the contacts, numbers and buckets that the worlds stand on.
func pickingWorld(t testing.TB) *imports {
	t.Helper()
	i := newImports(t)
	i.exec(generate, 700, i.campaign.ID, []string{"America/New_York", "America/Chicago", "Asia/Tokyo", "America/Denver"})
	i.exec(`insert into buckets (campaign_id, kind, zones) values ($1, 'callback', '{America/New_York}'), ($1, 'callback', '{Asia/Tokyo}')`, i.campaign.ID)
	return i
}

func TestThePickIsThatOfBruteForceOverAllBuckets(t *testing.T) {
	t.Parallel()
	i := pickingWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	i.selection(func(s *campaigns.Selection) { s.HourProfile = true })
	for round := range 25 {
		offsets := make([]float64, 168)
		for hour := range offsets {
			offsets[hour] = random.NormFloat64() * 400
		}
		i.exec(`insert into hour_profiles values ($1, $2, now()) on conflict (campaign_id) do update set offsets = excluded.offsets`,
			i.campaign.ID, offsets)
		world(i, random, 1+random.IntN(6), 50+random.IntN(600))
		for range 4 {
			n := 1 + random.IntN(200)
			want := bruteForce(i.allReady(), offsets)
			want = want[:min(n, len(want))]
			items, err := i.store.Refill(t.Context(), i.campaign.ID, n)
			if err != nil {
				t.Fatal(err)
			}
			if len(items) != len(want) {
				t.Fatalf("round %d: %d of %d", round, len(items), len(want))
			}
			for k, item := range items {
				if item.CandidateID != want[k].id {
					t.Fatalf("round %d: place %d of %d has candidate %d, want %+v", round, k, n, item.CandidateID, want[k])
				}
				if k > 0 && item.Score > items[k-1].Score {
					t.Fatalf("round %d: the score rises from %v to %v", round, items[k-1].Score, item.Score)
				}
			}
		}
	}
}

// The best of a list that is off costs nothing: an off list of many more is not
// read through.
func TestAListThatIsOffIsNotReadThrough(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 20_000, i.campaign.ID, []string{"America/New_York"})
	i.exec(`insert into lists (campaign_id, name) values ($1, 'small')`, i.campaign.ID)
	i.exec(`update candidates set list_id = (select id from lists where name = 'small') where id % 2000 = 0`)
	i.exec(`update lists set active = false where name = 'generated'`)
	i.exec(`vacuum analyze candidates`)
	before := blocks(t, i)
	items, err := i.store.Refill(t.Context(), i.campaign.ID, 10)
	if err != nil || len(items) != 10 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	if n := blocks(t, i) - before; n > 400 {
		t.Errorf("%v blocks were touched for ten candidates", n)
	}
	var states []campaigns.CandidateState
	for _, s := range i.rows(`select distinct state from candidates where list_id = (select id from lists where name = 'generated')`) {
		states = append(states, campaigns.CandidateState(s))
	}
	if !slices.Equal(states, []campaigns.CandidateState{campaigns.CandidateReady}) {
		t.Errorf("the list that is off is %v", states)
	}
}

// Lists with a share give the best of their own by it; one that runs out leaves
// its part to the others, and a list without a share comes last.
func TestListsShareByTheirMix(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 2000, i.campaign.ID, []string{"America/New_York", "America/Chicago"})
	i.exec(`update lists set name = 'rest'`)
	i.exec(`insert into lists (campaign_id, name, mix) values ($1, 'half', 0.5), ($1, 'third', 0.3), ($1, 'fifth', 0.2)`, i.campaign.ID)
	i.exec(`insert into lists (campaign_id, name, mix, priority) values ($1, 'first', 0.1, 1)`, i.campaign.ID)
	i.exec(`with c as (select id, row_number() over (order by id) as n from candidates), l as (select array_agg(id order by name) as ids from lists)
		update candidates set list_id = l.ids[case when n <= 5 then 2 when n <= 500 then 1 when n <= 1000 then 3 when n <= 1500 then 5 else 4 end],
			rank = random() * 100 + case when n > 1500 then 1000 else 0 end from c, l where candidates.id = c.id`)
	best := map[string][]string{}
	for _, name := range []string{"first", "half", "third", "fifth", "rest"} {
		best[name] = i.rows(`select c.id from candidates c join lists l on l.id = c.list_id where l.name = $1 order by rank desc`, name)
	}
	names := map[string]string{}
	for name, ids := range best {
		for _, id := range ids {
			names[id] = name
		}
	}
	taken := map[string][]string{}
	take := func(n int) {
		items := i.refill(n)
		slices.SortStableFunc(items, func(a, b campaigns.HopperItem) int { return cmp.Compare(b.Score, a.Score) })
		for _, item := range items {
			id := fmt.Sprint(item.CandidateID)
			taken[names[id]] = append(taken[names[id]], id)
		}
	}
	take(5)
	if len(taken["first"]) != 5 {
		t.Fatalf("first taken: %v", taken)
	}
	for range 60 {
		take(7)
	}
	for name, share := range map[string]float64{"half": 0.5, "third": 0.3, "fifth": 0.2, "rest": 0} {
		if got := float64(len(taken[name])); got < 420*share-40 || got > 420*share+40 {
			t.Errorf("%s gave %v of 420", name, got)
		}
		if !slices.Equal(taken[name], best[name][:len(taken[name])]) {
			t.Errorf("%s gave others than its best", name)
		}
	}
	take(800)
	if a, b, c, d := len(taken["half"]), len(taken["third"]), len(taken["fifth"]), len(taken["rest"]); a+b+c+d != 1220 || d != 0 || a != 500 && c < 100 {
		t.Errorf("taken %d, %d, %d and %d", a, b, c, d)
	}
	take(2000)
	for name, ids := range taken {
		if len(ids) != len(best[name]) {
			t.Errorf("%s gave %d of %d", name, len(ids), len(best[name]))
		}
		sorted := slices.Sorted(slices.Values(ids))
		if all := slices.Sorted(slices.Values(best[name])); !slices.Equal(sorted, all) {
			t.Errorf("%s gave others than its own", name)
		}
	}
}
