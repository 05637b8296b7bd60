package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"ringmaster/campaigns"
)

// CampaignTables are the figures of one campaign. rate gives the drop rate by
// the rule that binds the campaign, and the rule's name.
func CampaignTables(c Counts, costs Costs, rate func(drops, humans, machines float64) (float64, string)) []Table {
	t := c.total(nil, func(k CallCount) bool { return k.Direction == campaigns.Outbound })
	f := figures()
	f.ratio("contact_rate", "share", t.reached(), t.sent)
	f.ratio("right_party_rate", "share", t.right, t.reached())
	f.ratio("conversion", "share", t.sales, t.reached())
	f.ratio("response", "share", t.positive, t.first)
	f.ratio("penetration", "share", t.first, c.records())
	f.ratio("saturation", "attempts per record", t.attempts, c.records())
	f.ratio("sales_per_agent_hour", "per hour", t.sales, c.Manned.Hours())
	if costs != (Costs{}) {
		f.ratio("cost_per_sale", "money", t.cost(c, costs), t.sales)
	}
	f.ratio("handling_time", "seconds", t.handling().Seconds(), t.handled)
	f.ratio("opt_out_rate", "share", t.optOut, t.right)
	f.ratio("complaint_rate", "share", t.complaints, t.right)
	if value, rule := rate(t.drops, t.humans, t.machines); !math.IsNaN(value) {
		f.add("drop_rate ("+rule+")", value, "share", t.drops, t.drops+t.humans)
	}
	tables := []Table{f, c.outcomes(), c.firstCall(), c.callerIDs(), c.bestHours()}
	if decay, ok := c.decay(); ok {
		tables = append(tables, decay)
	}
	return tables
}

func (t *totals) cost(c Counts, costs Costs) float64 {
	return costs.PerAttempt*t.sent + costs.PerTalkMinute*(t.talk+t.hold).Minutes() + costs.PerAgentHour*c.Manned.Hours() +
		costs.PerRecord*t.first + costs.PerSale*t.sales
}

func (c *Counts) outcomes() Table {
	t := Table{Name: "outcomes", Columns: []string{"outcome", "attempts", "share"}}
	var all int64
	n := map[campaigns.Outcome]int64{}
	for _, a := range c.Attempts {
		n[a.Outcome] += a.Attempts
		all += a.Attempts
	}
	for _, outcome := range campaigns.Outcomes {
		if n[outcome] > 0 {
			t.add(string(outcome), n[outcome], Over(float64(n[outcome]), float64(all)))
		}
	}
	return t
}

func (c *Counts) firstCall() Table {
	t := Table{Name: "first_call_after_event", Columns: []string{"quantile", "seconds"},
		Note: "From the receipt of an event on which a trigger of the campaign acted to the person's first call after it; who came by a list alone does not count."}
	for _, q := range []float64{0.5, 0.9, 0.99} {
		if seconds, ok := FirstCallQuantile(c.Bins["first_call"], q); ok {
			t.add(fmt.Sprintf("p%g", 100*q), seconds)
		}
	}
	return t
}

func (c *Counts) callerIDs() Table {
	t := Table{Name: "answer_rate_by_caller_id", Columns: []string{"caller_id", "answer_rate", "answers", "dials"}}
	by := map[string]*totals{}
	for _, a := range c.Attempts {
		if by[a.CallerID] == nil {
			by[a.CallerID] = &totals{}
		}
		by[a.CallerID].attempt(a)
	}
	for _, id := range sortedKeys(by) {
		if s := by[id]; s.sent > 0 {
			t.add(id, Over(s.reached()+s.machines, s.sent), s.reached()+s.machines, s.sent)
		}
	}
	return t
}

// fewDials is below how many dials an hour's rate says little.
const fewDials = 30

func (c *Counts) bestHours() Table {
	t := Table{Name: "best_hours", Columns: []string{"weekday", "hour", "contact_rate", "low", "high", "contacts", "dials", "says_little"},
		Note: fmt.Sprintf("Local time where the phone rings; 95 %% credible interval; fewer than %d dials say little.", fewDials)}
	for _, b := range slices.SortedFunc(slices.Values(c.Bins["local_hour"]), func(a, b Bin) int { return a.At - b.At }) {
		low, high := Interval(b.Hits, b.N)
		t.add(time.Weekday(b.At/24).String(), b.At%24, Over(float64(b.Hits), float64(b.N)), low, high, b.Hits, b.N, b.N < fewDials)
	}
	return t
}

func (c *Counts) decay() (Table, bool) {
	d, ok := FitDecay(c.Bins["age"])
	t := Table{Name: "decay", Columns: []string{"half_life_days", "low", "high", "first_week_over_fourth", "sales", "conversations"},
		Note: "How the chance of a sale falls with the age of the reason to call; nothing under half_life_days: it does not fall."}
	t.add(finite(d.HalfLifeDays), finite(d.Low), finite(d.High), d.WeekRatio, d.Hits, d.N)
	return t, ok
}

func finite(v float64) any {
	if math.IsInf(v, 0) {
		return nil
	}
	return v
}

// AgentTables are the figures of each agent and of all of them.
func AgentTables(c Counts) []Table {
	t := Table{Name: "agents", Columns: []string{"agent", "calls", "handling_seconds", "occupancy", "busy_seconds", "manned_seconds",
		"sales", "expected_sales", "adjusted", "sales_per_hour"},
		Note: "adjusted: sales over those that the leads' propensities led to expect, drawn towards all agents' mean; 1 is what was expected."}
	all := c.total(nil, nil)
	var team [3]time.Duration
	names := map[int64]string{}
	for _, a := range c.Agents {
		names[a.AgentID] = a.Name
	}
	for _, id := range sortedKeys(names) {
		own := c.total(none, func(k CallCount) bool { return k.AgentID == id })
		busy, manned := c.spent(id)
		team[0], team[1] = team[0]+busy, team[1]+manned
		t.add(names[id], own.handled, Over(own.handling().Seconds(), own.handled), Over(busy.Seconds(), manned.Seconds()), busy.Seconds(), manned.Seconds(),
			own.sales, own.expected, AdjustedSales(own.sales, own.expected, all.sales, all.expected), Over(own.sales, manned.Hours()))
	}
	t.add("all", all.handled, Over(all.handling().Seconds(), all.handled), Over(team[0].Seconds(), team[1].Seconds()), team[0].Seconds(), team[1].Seconds(),
		all.sales, all.expected, Over(all.sales, all.expected), Over(all.sales, team[1].Hours()))
	return []Table{t}
}

func none(AttemptCount) bool { return false }

// spent gives an agent's busy and manned time: the parts of occupancy.
func (c *Counts) spent(agentID int64) (busy, manned time.Duration) {
	for _, a := range c.Agents {
		if a.AgentID != agentID {
			continue
		}
		switch a.State {
		case campaigns.AgentTalking, campaigns.AgentWrapUp:
			busy, manned = busy+a.Spent, manned+a.Spent
		case campaigns.AgentReady, campaigns.AgentPreview, campaigns.AgentReserved:
			manned += a.Spent
		}
	}
	return busy, manned
}

// ListTables are the figures of each list.
func ListTables(c Counts) []Table {
	t := Table{Name: "lists", Columns: []string{"list", "campaign", "records", "tried", "penetration", "attempts", "saturation", "contacts", "contact_rate", "sales", "conversion"}}
	for _, l := range c.Lists {
		own := c.total(func(a AttemptCount) bool { return a.ListID == l.ID },
			func(k CallCount) bool { return k.ListID == l.ID && k.Direction == campaigns.Outbound })
		records := float64(l.Records)
		t.add(l.Name, l.Campaign, l.Records, own.first, Over(own.first, records), own.attempts, Over(own.attempts, records),
			own.reached(), Over(own.reached(), own.sent), own.sales, Over(own.sales, own.reached()))
	}
	return []Table{t}
}

// ScoreTables judge the propensities by what came of the conversations.
func ScoreTables(c Counts) []Table {
	bins := c.Bins["score"]
	var hits, n int64
	expected := 0.0
	for _, b := range bins {
		hits, n, expected = hits+b.Hits, n+b.N, expected+b.Weight
	}
	f := figures()
	f.ratio("calibration", "expected per actual sale", expected, float64(hits))
	if auc, ok := AUC(bins); ok {
		f.add("auc", auc, "share", hits, n-hits)
	}
	t := Table{Name: "deciles", Columns: []string{"group", "conversations", "sales", "conversion", "expected", "lift"}, Note: "Best scores first."}
	for i, g := range Groups(bins, 10) {
		t.add(i+1, g.N, g.Hits, Over(float64(g.Hits), float64(g.N)), g.Expected, g.Lift)
	}
	return []Table{f, t}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
