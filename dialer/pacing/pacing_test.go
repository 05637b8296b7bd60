package pacing

import (
	"testing"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	progressive := Snapshot{Mode: campaigns.PacingProgressive, Ready: 5, Capacity: 100, Room: 100}
	with := func(f func(*Snapshot)) Snapshot { s := progressive; f(&s); return s }
	ratio := with(func(s *Snapshot) { s.Mode, s.Ratio, s.Overdials = campaigns.PacingRatio, 1.5, 5 })
	for name, c := range map[string]struct {
		in   Snapshot
		want Decision
	}{
		"one dial per ready agent":     {progressive, Decision{Dials: 5}},
		"less what is in flight":       {with(func(s *Snapshot) { s.InFlight, s.Waiting = 2, 1 }), Decision{Dials: 2}},
		"all covered":                  {with(func(s *Snapshot) { s.InFlight = 9 }), Decision{}},
		"callers first":                {with(func(s *Snapshot) { s.Inbound = 3 }), Decision{Dials: 2}},
		"only callers":                 {with(func(s *Snapshot) { s.Inbound = 5 }), Decision{Why: "ready agents are needed by waiting callers"}},
		"capped by the trunks":         {with(func(s *Snapshot) { s.Capacity = 3 }), Decision{Dials: 3}},
		"no channel":                   {with(func(s *Snapshot) { s.Capacity = 0 }), Decision{Why: "the trunks have no free channel"}},
		"no room":                      {with(func(s *Snapshot) { s.Room = 0 }), Decision{Why: "the limit of calls is reached"}},
		"nobody ready":                 {with(func(s *Snapshot) { s.Ready = 0 }), Decision{Why: "no agent is ready"}},
		"stopped":                      {with(func(s *Snapshot) { s.Stop = "the store is away" }), Decision{Why: "the store is away"}},
		"by hand":                      {with(func(s *Snapshot) { s.Mode = campaigns.PacingManual }), Decision{Why: "agents dial by hand"}},
		"ratio rounds down":            {ratio, Decision{Dials: 7}},
		"ratio less what is in flight": {func() Snapshot { s := ratio; s.InFlight = 6; return s }(), Decision{Dials: 1}},
		"ratio within the drop limit":  {func() Snapshot { s := ratio; s.Overdials = 1; return s }(), Decision{Dials: 6}},
		"ratio at the drop limit": {func() Snapshot { s := ratio; s.Overdials, s.InFlight = 0, 5; return s }(),
			Decision{Why: "the limit on dropped calls allows no more lines than agents"}},
		"predicted elsewhere":           {with(func(s *Snapshot) { s.Mode = campaigns.PacingPredictive }), Decision{Why: "mode predictive has no fixed number of lines"}},
		"dialing goes on, none is free": {with(func(s *Snapshot) { s.Ready, s.InFlight = 0, 1 }), Decision{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Decide(c.in); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// Lines never exceed what the mode allows, nor the caps.
func TestDecideKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.IntRange(0, 50).Draw(t, name) }
		s := Snapshot{
			Mode:  rapid.SampledFrom([]campaigns.PacingMode{campaigns.PacingProgressive, campaigns.PacingRatio}).Draw(t, "mode"),
			Ready: n("ready"), InFlight: n("in flight"), Waiting: n("waiting"), Inbound: n("inbound"),
			Capacity: n("capacity"), Room: n("room"), Ratio: rapid.Float64Range(1, 10).Draw(t, "ratio"),
			Overdials: rapid.IntRange(-3, 50).Draw(t, "overdials"),
		}
		d := Decide(s)
		if d.Dials > 0 && d.Dials+s.InFlight+s.Waiting > s.Ready+max(0, s.Overdials) {
			t.Fatalf("%+v gives %+v, more than the limit on drops allows", s, d)
		}
		if d.Dials < 0 || d.Dials > s.Capacity || d.Dials > s.Room {
			t.Fatalf("%+v gives %+v", s, d)
		}
		factor := 1.0
		if s.Mode == campaigns.PacingRatio {
			factor = s.Ratio
		}
		if d.Dials > 0 && float64(d.Dials+s.InFlight+s.Waiting) > factor*float64(s.Ready)+1e-6 {
			t.Fatalf("%+v gives %+v", s, d)
		}
	})
}

// No agent is dealt twice, covered lines come first, and no agent whom a
// hungry campaign could use is left out.
func TestShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var demands []Demand
		for i := range rapid.IntRange(0, 4).Draw(t, "campaigns") {
			demands = append(demands, Demand{
				CampaignID: int64(i + 1), Lines: rapid.IntRange(0, 6).Draw(t, "lines"),
				Ratio: rapid.SampledFrom([]float64{1, 1.5, 3}).Draw(t, "ratio"), Hungry: rapid.Bool().Draw(t, "hungry"),
			})
		}
		var agents [][]int64
		for range rapid.IntRange(0, 8).Draw(t, "agents") {
			agents = append(agents, rapid.SampledFrom([][]int64{nil, {1}, {2}, {1, 2}, {3}}).Draw(t, "serves"))
		}
		shares := Share(demands, agents, rapid.IntRange(0, 9).Draw(t, "turn"))
		sum := 0
		for _, n := range shares {
			sum += n
		}
		if sum > len(agents) {
			t.Fatalf("%d agents dealt, %d there", sum, len(agents))
		}
		all := len(demands) > 0
		for _, d := range demands {
			all = all && d.Hungry
		}
		useful := 0
		for _, a := range agents {
			for _, d := range demands {
				if serves(a, d.CampaignID) {
					useful++
					break
				}
			}
		}
		if all && sum != useful {
			t.Fatalf("%d of %d useful agents dealt", sum, useful)
		}
	})
}

func TestShareDealsEvenlyAndInTurn(t *testing.T) {
	t.Parallel()
	demands := []Demand{{CampaignID: 1, Ratio: 1, Hungry: true}, {CampaignID: 2, Ratio: 1, Hungry: true}}
	if s := Share(demands, make([][]int64, 4), 0); s[1] != 2 || s[2] != 2 {
		t.Errorf("four agents: %v", s)
	}
	if s := Share(demands, make([][]int64, 1), 0); s[1] != 1 {
		t.Errorf("one agent, first turn: %v", s)
	}
	if s := Share(demands, make([][]int64, 1), 1); s[2] != 1 {
		t.Errorf("one agent, second turn: %v", s)
	}
	demands[0].Lines = 1
	if s := Share(demands, make([][]int64, 1), 1); s[1] != 1 || s[2] != 0 {
		t.Errorf("one agent whom a line of the first speaks for: %v", s)
	}
}
