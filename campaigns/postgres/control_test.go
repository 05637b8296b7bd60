package postgres_test

import (
	"fmt"
	"math"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

// selection sets the campaign's selection.
func (i *imports) selection(change func(*campaigns.Selection)) {
	i.t.Helper()
	c, err := i.store.Campaign(i.t.Context(), i.campaign.ID)
	if err != nil {
		i.t.Fatal(err)
	}
	change(&c.Settings.Selection)
	if _, err := i.store.UpdateSettings(i.t.Context(), c.ID, c.Revision, c.Settings); err != nil {
		i.t.Fatal(err)
	}
}

// apply applies the selection to the end, until nothing moves.
func (i *imports) apply() (moved int) {
	i.t.Helper()
	for {
		after, n := int64(0), 0
		for {
			next, m, err := i.store.ApplySelection(i.t.Context(), i.campaign.ID, after)
			if err != nil {
				i.t.Fatal(err)
			}
			n += m
			if after = next; next == 0 {
				break
			}
		}
		moved += n
		if n == 0 {
			return moved
		}
	}
}

func (i *imports) states() string {
	return fmt.Sprint(i.rows(`select state, reason, count(*) from candidates group by 1, 2 order by 1, 2`))
}

func (i *imports) refill(n int) []campaigns.HopperItem {
	i.t.Helper()
	items, err := i.store.Refill(i.t.Context(), i.campaign.ID, n)
	if err != nil {
		i.t.Fatal(err)
	}
	return items
}

// The cut-off is a rank that moves with time; what agents promised is kept.
func TestTheCutOffIsARangeOfRanks(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 100, i.campaign.ID, []string{"America/New_York", "Asia/Tokyo"})
	rules := scoring.RulesOf(i.campaign.Settings)
	now := scoring.Reference(i.store.Clock().Now(), rules)
	// Worth 1, 2, 3 … 100 now.
	i.exec(`with c as (select id, row_number() over (order by id) as n from candidates)
		update candidates set rank = $1::float8 + ln(c.n::float8) / ln(2.0::float8) from c where c.id = candidates.id`, now)
	i.exec(`insert into buckets (campaign_id, kind, zones) values ($1, 'callback', '{America/New_York}')`, i.campaign.ID)
	i.exec(`update candidates set bucket_id = (select id from buckets where kind = 'callback') where id in (select id from candidates order by id limit 2)`)
	i.selection(func(s *campaigns.Selection) { s.CostPerAttempt, s.MinExpectedValue = 2.9, 17.5 })

	// Without any sweep the refill takes nobody below: 21 … 100 of New York, and
	// the callbacks.
	items := i.refill(1000)
	if len(items) != 42 {
		t.Errorf("%d items", len(items))
	}
	if _, err := i.store.Unqueue(t.Context(), i.campaign.ID); err != nil {
		t.Fatal(err)
	}
	if moved := i.apply(); moved != 18 {
		t.Errorf("%d moved", moved)
	}
	if got := i.states(); got != "[blocked below_cut_off 18 ready  82]" {
		t.Errorf("states %s", got)
	}
	// A half-life later what was worth 40.9 is worth 20.45.
	i.exec(`update candidates set rank = rank - 1`)
	i.apply()
	if got := i.states(); got != "[blocked below_cut_off 38 ready  62]" {
		t.Errorf("states after a half-life %s", got)
	}
	i.selection(func(s *campaigns.Selection) { s.MinExpectedValue = 0 })
	i.apply() // worth 2.9 or more now: 6 … 100
	if got := i.states(); got != "[blocked below_cut_off 3 ready  97]" {
		t.Errorf("states with a lower cut-off %s", got)
	}
	i.selection(func(s *campaigns.Selection) { s.CostPerAttempt = 0 })
	i.apply()
	if got := i.states(); got != "[ready  100]" {
		t.Errorf("states without a cut-off %s", got)
	}
}

// The control group is the same at every look, grows and shrinks with the share,
// never takes in who was tried, and is logged with its probability.
func TestTheControlGroupIsNeverQueued(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 2000, i.campaign.ID, []string{"America/New_York"})
	i.selection(func(s *campaigns.Selection) { s.ControlShare = 0.2 })
	queued := map[int64]bool{}
	for range 30 { // the refill itself keeps it back, without any sweep
		for _, item := range i.refill(60) {
			queued[item.CandidateID] = true
		}
	}
	held := i.rows(`select id from candidates where state = 'blocked' and reason = 'control_group'`)
	if n := float64(len(held)); len(queued)+len(held) != 2000 || math.Abs(n-400) > 4*math.Sqrt(2000*0.2*0.8) {
		t.Fatalf("%d queued, %d held", len(queued), len(held))
	}
	if got := i.rows(`select kind, probability, count(*), count(distinct candidate_id) from selection_log group by 1, 2`); len(got) != 1 ||
		got[0] != fmt.Sprintf("control 0.2 %d %d", len(held), len(held)) {
		t.Errorf("logged %v", got)
	}
	if moved := i.apply(); moved != 0 {
		t.Errorf("%d moved with nothing changed", moved)
	}
	group := func() string {
		return fmt.Sprint(i.rows(`select id from candidates where reason = 'control_group' order by id`))
	}
	before := group()
	i.selection(func(s *campaigns.Selection) { s.ControlShare = 0 })
	if moved := i.apply(); moved != len(held) || group() != "[]" {
		t.Errorf("%d moved, of the group %s", moved, group())
	}
	if _, err := i.store.Unqueue(t.Context(), i.campaign.ID); err != nil {
		t.Fatal(err)
	}
	i.selection(func(s *campaigns.Selection) { s.ControlShare = 0.2 })
	if i.apply(); group() != before {
		t.Error("the group is another one")
	}
	i.selection(func(s *campaigns.Selection) { s.ControlShare = 0.1 })
	i.apply()
	half := i.rows(`select id from candidates where reason = 'control_group'`)
	if n := float64(len(half)); math.Abs(n-200) > 4*math.Sqrt(2000*0.1*0.9) {
		t.Errorf("%v in the half group", n)
	}
	i.exec(`update candidates set attempts = 1`)
	i.apply()
	if got := i.states(); got != "[ready  2000]" {
		t.Errorf("tried ones: %s", got)
	}
}

// Nobody is offered what they own, once they own it and as long.
func TestNobodyIsOfferedWhatTheyOwn(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 10, i.campaign.ID, []string{"America/New_York"})
	i.exec(`with c as (select id, row_number() over (order by id) as n from contacts)
		update contacts set attributes = jsonb_build_object('products', case when n <= 2 then 'dsl; Fiber 100 |tv' when n = 3 then 'FIBER 100' when n = 4 then 'fiber' end)
		from c where c.id = contacts.id`)
	i.selection(func(s *campaigns.Selection) { s.OwnedAttribute, s.Product = "products", "fiber 100" })
	if items := i.refill(4); len(items) != 4 {
		t.Errorf("%d items", len(items))
	}
	if got := i.states(); got != "[blocked already_owned 3 queued  4 ready  3]" {
		t.Errorf("states %s", got)
	}
	i.exec(`update contacts set attributes = '{"products": "tv"}' where id = (select min(id) from contacts)`)
	i.exec(`update contacts set attributes = '{"products": "fiber 100"}' where id = (select max(id) from contacts)`)
	if moved := i.apply(); moved != 2 {
		t.Errorf("%d moved", moved)
	}
	if got := i.states(); got != "[blocked already_owned 3 queued  4 ready  3]" {
		t.Errorf("states %s", got)
	}
	i.selection(func(s *campaigns.Selection) { s.OwnedAttribute, s.Product = "", "" })
	i.apply()
	if got := i.states(); got != "[queued  4 ready  6]" {
		t.Errorf("states without the rule %s", got)
	}
}

// Exploring picks are a share of all, and an estimate weighted by the logged
// probabilities finds the mean of everybody, where that of the best would not.
func TestExploringPicksMeasureEverybody(t *testing.T) {
	t.Parallel()
	i := newImports(t)
	i.exec(generate, 3000, i.campaign.ID, []string{"America/New_York", "America/Chicago"})
	i.exec(`update candidates set rank = id`)
	i.selection(func(s *campaigns.Selection) { s.ExplorationShare = 0.25 })
	const rounds, n = 150, 20
	for range rounds {
		if items := i.refill(n); len(items) != n {
			t.Fatalf("%d items", len(items))
		}
		i.exec(`update candidates set state = 'ready', queued_at = null where state = 'queued'`)
	}
	logged := i.rows(`select count(*) from selection_log where kind = 'exploration'`)
	var explored float64
	if _, err := fmt.Sscan(logged[0], &explored); err != nil || math.Abs(explored-rounds*n/4) > 5*math.Sqrt(rounds) {
		t.Errorf("%v exploring picks of %d", explored, rounds*n)
	}
	// The value of each is its place; of all that are not always picked it is 0
	// to 2985, 1492 in the mean.
	var weighted, weights float64
	row := i.conn.QueryRow(t.Context(), `select sum((c.id - (select min(id) from candidates)) / probability), sum(1 / probability)
		from selection_log g join candidates c on c.id = g.candidate_id where kind = 'exploration'`)
	if err := row.Scan(&weighted, &weights); err != nil {
		t.Fatal(err)
	}
	if mean := weighted / weights; math.Abs(mean-1492) > 5*866/math.Sqrt(explored) {
		t.Errorf("the estimate is %v", mean)
	}
	if total := weights / rounds; math.Abs(total-2985) > 150 {
		t.Errorf("the weights stand for %v candidates", total)
	}
}
