package acd

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
)

var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func TestMatch(t *testing.T) {
	t.Parallel()
	open := Agent{ID: 1, OpenLine: true, Since: ago(time.Minute)}
	for name, c := range map[string]struct {
		waiting []Waiting
		agents  []Agent
		want    []Pair
	}{
		"longest ready first": {
			[]Waiting{{CallID: "a", Outbound: true, CampaignID: 1}},
			[]Agent{open, {ID: 2, OpenLine: true, Since: ago(time.Hour)}},
			[]Pair{{"a", 2}},
		},
		"outbound needs an open line": {
			[]Waiting{{CallID: "a", Outbound: true, CampaignID: 1}}, []Agent{{ID: 1}}, nil,
		},
		"inbound does not": {
			[]Waiting{{CallID: "a", Queue: "q"}}, []Agent{{ID: 1}}, []Pair{{"a", 1}},
		},
		"campaign and queue": {
			[]Waiting{{CallID: "a", Outbound: true, CampaignID: 1}, {CallID: "b", Queue: "q"}},
			[]Agent{{ID: 1, OpenLine: true, CampaignIDs: []int64{2}, Queues: []string{"r"}}}, nil,
		},
		"skill and language": {
			[]Waiting{{CallID: "a", Queue: "q", Skill: "gold", Language: "fr"}},
			[]Agent{
				{ID: 1, Since: ago(time.Hour), Languages: []string{"fr"}},
				{ID: 2, Since: ago(time.Minute), Skills: []string{"gold"}, Languages: []string{"en"}},
				{ID: 3, Since: ago(time.Second), Skills: []string{"gold"}, Languages: []string{"fr", "en"}},
			},
			[]Pair{{"a", 3}},
		},
		"value first": {
			[]Waiting{{CallID: "a", Queue: "q", Tier: 1, Since: ago(30 * time.Second)}, {CallID: "b", Queue: "q", Tier: 2, Since: noon}},
			[]Agent{{ID: 1}}, []Pair{{"b", 1}},
		},
		"unless the wait was longer": {
			[]Waiting{{CallID: "a", Queue: "q", Tier: 1, Since: ago(2 * time.Minute)}, {CallID: "b", Queue: "q", Tier: 2, Since: noon}},
			[]Agent{{ID: 1}}, []Pair{{"a", 1}},
		},
		"answered customers before callers": {
			[]Waiting{{CallID: "a", Queue: "q", Tier: 3, Since: ago(time.Hour)}, {CallID: "b", Outbound: true, Tier: UrgentTier, Since: noon}},
			[]Agent{open}, []Pair{{"b", 1}},
		},
		"the customer's language before the longest ready": {
			[]Waiting{{CallID: "a", Outbound: true, Language: "es-MX", Skill: "gold"}},
			[]Agent{
				{ID: 1, OpenLine: true, Since: ago(time.Hour), Languages: []string{"en"}, Skills: []string{"gold"}},
				{ID: 2, OpenLine: true, Since: ago(time.Minute)},
				{ID: 3, OpenLine: true, Since: ago(time.Second), Languages: []string{"en", "es"}},
			},
			[]Pair{{"a", 3}},
		},
		"the campaign's skill before the longest ready": {
			[]Waiting{{CallID: "a", Outbound: true, Skill: "gold"}},
			[]Agent{{ID: 1, OpenLine: true, Since: ago(time.Hour)}, {ID: 2, OpenLine: true, Since: ago(time.Minute), Skills: []string{"gold"}}},
			[]Pair{{"a", 2}},
		},
		"anyone of the campaign rather than nobody": {
			[]Waiting{{CallID: "a", Outbound: true, Skill: "gold", Language: "fr"}},
			[]Agent{{ID: 1, OpenLine: true, Languages: []string{"en"}}}, []Pair{{"a", 1}},
		},
		"answers in their order, value decides between two of a moment": {
			[]Waiting{
				{CallID: "a", Outbound: true, Tier: UrgentTier, Since: ago(time.Second), Value: 1},
				{CallID: "b", Outbound: true, Tier: UrgentTier, Since: ago(time.Second), Value: 3},
				{CallID: "c", Outbound: true, Tier: UrgentTier, Since: noon, Value: 3},
			},
			[]Agent{open, {ID: 2, OpenLine: true, Since: noon}}, []Pair{{"b", 1}, {"a", 2}},
		},
		"personal callback": {
			[]Waiting{{CallID: "a", Outbound: true, AgentID: 1}},
			[]Agent{open, {ID: 2, OpenLine: true, Since: ago(time.Hour)}}, []Pair{{"a", 1}},
		},
		"personal callback, agent busy": {
			[]Waiting{{CallID: "a", Outbound: true, AgentID: 9}}, []Agent{open}, []Pair{{"a", 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Match(c.waiting, c.agents, noon, time.Minute); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Every pair fits, nobody is paired twice, and no fitting pair is left over.
func TestMatchIsSoundAndLeavesNoPair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var waiting []Waiting
		for i := range rapid.IntRange(0, 8).Draw(t, "calls") {
			waiting = append(waiting, Waiting{
				CallID: campaigns.CallID(rune('a' + i)), Outbound: rapid.Bool().Draw(t, "outbound"),
				CampaignID: rapid.Int64Range(1, 2).Draw(t, "campaign"), Queue: rapid.SampledFrom([]string{"q", "r"}).Draw(t, "queue"),
				Skill: rapid.SampledFrom([]string{"", "gold"}).Draw(t, "skill"), Tier: rapid.IntRange(0, 3).Draw(t, "tier"),
				Since: ago(time.Duration(rapid.IntRange(0, 100).Draw(t, "wait")) * time.Second),
			})
		}
		var agents []Agent
		for i := range rapid.IntRange(0, 8).Draw(t, "agents") {
			agents = append(agents, Agent{
				ID: int64(i + 1), OpenLine: rapid.Bool().Draw(t, "open"),
				CampaignIDs: rapid.SampledFrom([][]int64{nil, {1}, {2}}).Draw(t, "campaigns"),
				Queues:      rapid.SampledFrom([][]string{nil, {"q"}}).Draw(t, "queues"),
				Skills:      rapid.SampledFrom([][]string{nil, {"gold"}}).Draw(t, "skills"),
			})
		}
		calls, taken := make(map[campaigns.CallID]bool), make(map[int64]bool)
		for _, p := range Match(waiting, agents, noon, time.Minute) {
			if calls[p.CallID] || taken[p.AgentID] {
				t.Fatalf("%v paired twice", p)
			}
			calls[p.CallID], taken[p.AgentID] = true, true
			w := waiting[slices.IndexFunc(waiting, func(w Waiting) bool { return w.CallID == p.CallID })]
			if !Fits(w, agents[p.AgentID-1]) {
				t.Fatalf("%v does not fit", p)
			}
		}
		for _, w := range waiting {
			for _, a := range agents {
				if !calls[w.CallID] && !taken[a.ID] && Fits(w, a) {
					t.Fatalf("call %s and agent %d are left over", w.CallID, a.ID)
				}
			}
		}
	})
}

// A caller of the lowest tier is served before a fresh one of the highest
// after so many ageing intervals as there are tiers between them.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	low := Waiting{CallID: "low", Queue: "q", Tier: 0, Since: ago(3*time.Minute + time.Second)}
	fresh := Waiting{CallID: "new", Queue: "q", Tier: 3, Since: noon}
	if got := Match([]Waiting{fresh, low}, []Agent{{ID: 1}}, noon, time.Minute); got[0].CallID != "low" {
		t.Errorf("served first: %v", got)
	}
}
