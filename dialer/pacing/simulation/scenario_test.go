package simulation

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestAnImpossibleScenarioIsNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Scenario){
		"hours: 0 ":                      func(s *Scenario) { s.Hours = 0 },
		"hours: NaN ":                    func(s *Scenario) { s.Hours = math.NaN() },
		"agents: -1 ":                    func(s *Scenario) { s.Agents = -1 },
		"agents: nobody works":           func(s *Scenario) { s.Agents = 0 },
		"agents: 5001 ":                  func(s *Scenario) { s.Agents = 1e9 },
		"answer: 0 ":                     func(s *Scenario) { s.Answer = 0 },
		"answer: 1.5 ":                   func(s *Scenario) { s.Answer = 1.5 },
		"answer_by_hour[1]: 30 ":         func(s *Scenario) { s.AnswerByHour = []float64{0.3, 30} },
		"candidates[0].share: -1 ":       func(s *Scenario) { s.Candidates = []Candidates{{-1, 0.5}} },
		"candidates: nobody":             func(s *Scenario) { s.Candidates = []Candidates{{1, 0}} },
		"drop_limit: 3 ":                 func(s *Scenario) { s.DropLimit = 3 },
		"connect: -2 ":                   func(s *Scenario) { s.Connect = -2 },
		"talk.kind: \"normal\" ":         func(s *Scenario) { s.Talk.Kind = "normal" },
		"talk.mean: 0 ":                  func(s *Scenario) { s.Talk.Mean = 0 },
		"wrap.cv: 0 ":                    func(s *Scenario) { s.Wrap.CV = 0 },
		"fail.max: 1 ":                   func(s *Scenario) { s.Fail.Max = 1 },
		"talk.shape: 1 ":                 func(s *Scenario) { s.Talk = Distribution{Kind: Pareto, Mean: 100, Shape: 1} },
		"talk.of: ":                      func(s *Scenario) { s.Talk = Distribution{Kind: Mixture} },
		"shifts[0].to: 1 ":               func(s *Scenario) { s.Shifts = []Shift{{3, 2, 1}} },
		"shifts[0].agents: 0 ":           func(s *Scenario) { s.Shifts = []Shift{{0, 1, 2}} },
		"classes[0].agents: 0 ":          func(s *Scenario) { s.Classes = []Class{{}} },
		"classes[0].talk.kind: \"\" ":    func(s *Scenario) { s.Classes = []Class{{Agents: 1, Talk: &Distribution{}}} },
		"pause.length.kind: \"\" ":       func(s *Scenario) { s.Pause.Share = 0.1 },
		"turnovers[0].share: 2 ":         func(s *Scenario) { s.Turnovers = []Turnover{{Share: 2}} },
		"outages[0].to: 0 ":              func(s *Scenario) { s.Outages = []Outage{{}} },
		"drift[0].answer: -1 ":           func(s *Scenario) { s.Drift = []Drift{{0, 1, -1, 0}} },
		"trunks.channels: -1 ":           func(s *Scenario) { s.Trunks.Channels = -1 },
		"signs.result_before.kind: \"\"": func(s *Scenario) { s.Signs.Results = 1 },
	} {
		s := Default()
		change(&s)
		if err := s.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
	s := drifting(Default())
	valid(t, &s)
}

func TestWhatIsNotGivenIsTheDefault(t *testing.T) {
	t.Parallel()
	s := Default()
	if err := json.Unmarshal([]byte(`{"agents": 7, "talk": {"mean": 60}}`), &s); err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Agents, want.Talk.Mean = 7, 60
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v", s)
	}
}

func TestDrawsHaveTheirMeans(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for _, d := range []Distribution{
		{Kind: Fixed, Mean: 5}, {Kind: Exponential, Mean: 5}, {Kind: Uniform, Min: 2, Max: 8}, {Kind: Lognormal, Mean: 5, CV: 1},
		{Kind: Gamma, Mean: 5, CV: 0.7}, {Kind: Gamma, Mean: 5, CV: 2}, {Kind: Pareto, Mean: 5, Shape: 3},
		{Kind: Mixture, Of: []Part{{3, Distribution{Kind: Fixed, Mean: 4}}, {1, Distribution{Kind: Fixed, Mean: 8}}}},
	} {
		const draws = 200_000
		sum, squares := 0.0, 0.0
		for range draws {
			x := d.draw(r)
			sum += x
			squares += x * x
		}
		mean := sum / draws
		near(t, string(d.Kind), mean, 5, 0.1)
		near(t, string(d.Kind), d.mean(), 5, 1e-9)
		if d.CV > 0 {
			near(t, string(d.Kind)+" cv", math.Sqrt(squares/draws-mean*mean)/mean, d.CV, 0.1*d.CV)
		}
	}
	if x := (&Distribution{Kind: Fixed, Mean: 30}).under(25, r); x != 25 {
		t.Errorf("a ring of %v s under 25", x)
	}
}

func TestAlgorithmsHaveNames(t *testing.T) {
	t.Parallel()
	got, err := Algorithms("all, ratio:2")
	if err != nil || len(got) != 7 || got[6] != "ratio:2" {
		t.Errorf("%v, %v", got, err)
	}
	for _, name := range []string{"", "best", "ratio:", "ratio:0.5", "ratio:NaN"} {
		if _, err := Algorithms(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

// The load of Erlang's tables: 10 servers lose 3 % of 5.53 erlangs, 100 of 90.79.
func TestErlangsLossFormula(t *testing.T) {
	t.Parallel()
	near(t, "10 servers", offered(10, 0.03), 5.529, 0.01)
	near(t, "100 servers", offered(100, 0.03), 90.79, 0.05)
	near(t, "no server", offered(0, 0.03), 0, 0.001)
}

func TestTheReportIsReadAsAgreed(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Report{Algorithms: []Summary{{Name: "oracle", Series: []Point{{}}}}})
	const want = `{"algorithms":[{"name":"oracle","occupancy":0,"drop_rate":0,"worst_seed_drop_rate":0,"worst_hour_drop_rate":0,"wait_s":0,"dials_per_answer":0,"answers":0}]}`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v", b, err)
	}
}
