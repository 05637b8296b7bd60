package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/configs"
	"ringmaster/dialer/pacing/simulation"
)

// simulate runs the command and gives its exit code and what it wrote.
func simulate(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), append([]string{"simulate"}, args...), streams{out: &out, err: &err})
	return code, out.String(), err.String()
}

func TestASimulationIsPrintedAsJSON(t *testing.T) {
	t.Parallel()
	code, out, failed := simulate(t, "--agents", "5", "--hours", "0.5", "--seeds", "2", "--algorithm", "progressive,ratio:2", "--what-if", "limit=2%,agents=8", "--json")
	if code != exitDone {
		t.Fatal(failed)
	}
	var whole map[string][]map[string]any
	if err := json.Unmarshal([]byte(out[:strings.Index(out, `,"base":`)]+"}"), &whole); err != nil {
		t.Fatal(err, out)
	}
	lines := whole["algorithms"]
	if len(lines) != 2 || lines[0]["name"] != "progressive" || lines[1]["name"] != "ratio:2" {
		t.Fatalf("algorithms %v", lines)
	}
	for _, key := range []string{"occupancy", "drop_rate", "worst_seed_drop_rate", "worst_hour_drop_rate", "wait_s", "dials_per_answer", "answers"} {
		if _, ok := lines[0][key].(float64); !ok {
			t.Errorf("%s is %v", key, lines[0][key])
		}
	}
	var both struct {
		Algorithms []simulation.Summary
		Base       struct{ Algorithms []simulation.Summary }
	}
	if err := json.Unmarshal([]byte(out), &both); err != nil {
		t.Fatal(err)
	}
	if was, is := both.Base.Algorithms[0].Answers, both.Algorithms[0].Answers; is <= was {
		t.Errorf("8 agents take %d answers, 5 take %d", is, was)
	}
	if again := func() string {
		_, out, _ := simulate(t, "--agents", "5", "--hours", "0.5", "--seeds", "2", "--algorithm", "progressive,ratio:2", "--what-if", "limit=2%,agents=8", "--json")
		return out
	}(); again != out {
		t.Error("the same seeds give other figures")
	}
}

func TestATableMarksWhatBreaksTheLimit(t *testing.T) {
	t.Parallel()
	code, out, failed := simulate(t, "--agents", "5", "--hours", "1", "--seeds", "1", "--algorithm", "progressive,ratio:6")
	if code != exitDone {
		t.Fatal(failed)
	}
	for line := range strings.SplitSeq(out, "\n") {
		switch {
		case strings.Contains(line, "progressive") && strings.Contains(line, "*"),
			strings.Contains(line, "ratio:6") && !strings.Contains(line, "*"):
			t.Errorf("wrongly marked: %s", line)
		}
	}
	if !strings.Contains(out, "* above the drop limit") {
		t.Errorf("no key to the mark:\n%s", out)
	}
}

func TestAChartIsAPictureWithALineForEachAlgorithm(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "day.svg")
	if code, _, failed := simulate(t, "--scenario", "outage", "--hours", "3", "--seeds", "1", "--algorithm", "progressive,predictive", "--chart", path); code != exitDone {
		t.Fatal(failed)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(text, []byte("NaN")) || bytes.Contains(text, []byte("Inf")) {
		t.Error("a number of the chart is none")
	}
	for i := range 2 {
		// One in the legend, one in each panel.
		if n := bytes.Count(text, []byte(stroke(i))); n != 4 {
			t.Errorf("line %d is drawn %d times", i, n)
		}
	}
	if n := bytes.Count(text, []byte("limit 3 %")); n != 1 {
		t.Errorf("the limit stands there %d times", n)
	}
}

func TestWrongFlagsOfASimulationAreNamed(t *testing.T) {
	t.Parallel()
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "day.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--agents", []string{"--agents", "0"}},
		{"--agents", []string{"--agents", "999999"}},
		{"--answer", []string{"--answer", "1.5"}},
		{"--answer", []string{"--answer", "NaN"}},
		{"--hours", []string{"--hours", "0"}},
		{"--seeds", []string{"--seeds", "0"}},
		{"--seeds", []string{"--seeds", "1001"}},
		{`--algorithm: algorithm "clairvoyant"`, []string{"--algorithm", "clairvoyant"}},
		{"--algorithm: algorithm ratio:0", []string{"--algorithm", "ratio:0"}},
		{"--day: needs --campaign", []string{"--day", "2026-11-20"}},
		{`--day: "yesterday"`, []string{"--campaign", "c", "--day", "yesterday"}},
		{"can't be used together", []string{"--campaign", "c", "--scenario", "table"}},
		{`"agnts" is none of limit, agents`, []string{"--what-if", "agnts=25"}},
		{`limit: "2 percent"`, []string{"--what-if", "limit=2 percent"}},
		{`limit: "200%"`, []string{"--what-if", "limit=200%"}},
		{`"limit" is no KEY=VALUE`, []string{"--what-if", "limit"}},
		{`agents: "9999999999"`, []string{"--scenario", "shift-change", "--what-if", "agents=9999999999"}},
		{`agents: "-3"`, []string{"--what-if", "agents=-3"}},
		{"agents stands there twice", []string{"--what-if", "agents=3,agents=4"}},
		{`talk: "long"`, []string{"--what-if", "talk=long"}},
		{"--what-if: connect: 90", []string{"--what-if", "connect=90s"}},
		{"there are demo, drift, heavy-tail", []string{"--scenario", "quiet"}},
		{"no such file", []string{"--scenario", "./quiet.yaml"}},
		{"--scenario", []string{"--scenario", ""}},
		{"is empty", []string{"--scenario", file("")}},
		{`day.yaml:2: there is no key "agnts" here`, []string{"--scenario", file("hours: 8\nagnts: 3\n")}},
		{"day.yaml:2:14: talk.mean", []string{"--scenario", file("hours: 8\ntalk: {mean: -5}\n")}},
		{"day.yaml:3:", []string{"--scenario", file("hours: 8\nshifts:\n  - {agents: 2, from: 5, to: 3}\n")}},
		{"day.yaml:1: `many` is no number", []string{"--scenario", file("agents: many\n")}},
		{"day.yaml:1: `120` is no block of keys", []string{"--scenario", file("talk: 120\n")}},
		{"must begin with keys", []string{"--scenario", file("- a\n")}},
		{"more than one document", []string{"--scenario", file("hours: 1\n---\nhours: 2\n")}},
		{"--chart", []string{"--hours", "0.1", "--seeds", "1", "--algorithm", "progressive", "--chart", filepath.Join(t.TempDir(), "no", "where.svg")}},
	} {
		if code, out, failed := simulate(t, c.args...); code == exitDone || !strings.Contains(failed, c.want) {
			t.Errorf("%v: code %d, %q %q; it does not say %q", c.args, code, out, failed, c.want)
		}
	}
}

func TestEveryExampleOfAScenarioIsOne(t *testing.T) {
	t.Parallel()
	names := configs.ScenarioExamples()
	if len(names) != 9 {
		t.Errorf("%d examples: %v", len(names), names)
	}
	for _, name := range names {
		s, err := readScenario(name)
		if err != nil || s.Name != name {
			t.Errorf("%s is %q: %v", name, s.Name, err)
		}
	}
	// What the example of the table does not name it has by default.
	want := simulation.Default()
	table, err := readScenario("table")
	want.Name = "table"
	a, _ := json.Marshal(table)
	b, _ := json.Marshal(want)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the example table is %s, not %s: %v", a, b, err)
	}
}

func TestAChangeKeepsTheShapeOfTheDay(t *testing.T) {
	t.Parallel()
	s := simulation.Default()
	s.AnswerByHour = []float64{0.2, 0.4}
	s.Shifts = []simulation.Shift{{Agents: 10, To: 8}, {Agents: 10, From: 2, To: 6}}
	s.Talk = simulation.Distribution{Kind: simulation.Mixture, Of: []simulation.Part{
		{Share: 3, Distribution: simulation.Distribution{Kind: simulation.Uniform, Min: 20, Max: 40}},
		{Share: 1, Distribution: simulation.Distribution{Kind: simulation.Fixed, Mean: 110}},
	}}
	before, _ := json.Marshal(s)
	change, err := parseWhatIf("limit=2%, agents=30,answer=0.15,talk=1m40s,ring_timeout=30,cancel_after=0,connect=1s,wrap=10")
	if err != nil {
		t.Fatal(err)
	}
	got, err := change.apply(s)
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := json.Marshal(s); !bytes.Equal(before, after) {
		t.Error("the given scenario was changed, too")
	}
	at := func(hour float64) int {
		n := 0
		for _, shift := range got.Shifts {
			if hour >= shift.From && hour < shift.To {
				n += shift.Agents
			}
		}
		return n
	}
	if at(1) != 15 || at(3) != 30 || at(7.9) != 15 {
		t.Errorf("%d, %d and %d agents", at(1), at(3), at(7.9))
	}
	if math.Abs(got.AnswerByHour[0]-0.1) > 1e-9 || math.Abs(got.AnswerByHour[1]-0.2) > 1e-9 {
		t.Errorf("answers %v", got.AnswerByHour)
	}
	if math.Abs(meanOf(got.Talk)-100) > 1e-9 || got.Talk.Of[0].Min != 40 || got.Wrap.Mean != 10 || got.Wrap.CV != s.Wrap.CV {
		t.Errorf("talk %+v, wrap-up %+v", got.Talk, got.Wrap)
	}
	if got.DropLimit != 0.02 || got.RingLimit != 30 || got.CancelAfter != 0 || got.Connect != 1 {
		t.Errorf("limits %+v", got)
	}
}

// even gives the percentiles of what lies evenly between two durations.
func even(from, to float64) postgres.Quantiles {
	q := make(postgres.Quantiles, 101)
	for i := range q {
		q[i] = from + (to-from)*float64(i)/100
	}
	return q
}

func TestAHistoryBecomesAScenario(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	h := postgres.History{
		From: day, Until: day.AddDate(0, 0, 1), Hours: make([]postgres.HistoryHour, 24), Agents: make([]float64, 96),
		Calls: 1000, Answers: 250, Talks: 240, Answered: even(4, 20), Unanswered: append(even(0, 0)[:21], even(25, 25)[21:]...),
		Talk: even(60, 180), WrapUp: even(0, 30),
	}
	for i := 9 * 4; i < 13*4; i++ {
		h.Agents[i] = 3
	}
	h.Agents[10*4] = 4.6
	h.Hours[9], h.Hours[12] = postgres.HistoryHour{Calls: 480, Answers: 48}, postgres.HistoryHour{Calls: 520, Answers: 202}
	campaign := campaigns.Campaign{Name: "winback", Settings: campaigns.DefaultSettings("")}
	s, err := historyScenario(campaign, 0.02, h)
	if err != nil {
		t.Fatal(err)
	}
	if s.Hours != 4 || len(s.AnswerByHour) != 4 || s.DropLimit != 0.02 || s.Connect != 2 || s.RingLimit != 25 {
		t.Errorf("scenario %+v", s)
	}
	if math.Abs(s.AnswerByHour[0]-0.106) > 1e-9 || s.AnswerByHour[1] != 0.25 || math.Abs(s.RingOut-80.0/101) > 1e-9 {
		t.Errorf("answers %v, %v ring out", s.AnswerByHour, s.RingOut)
	}
	if m := meanOf(s.Talk); math.Abs(m-120) > 0.1 {
		t.Errorf("talk of %v s", m)
	}
	report, err := simulation.Compare(t.Context(), s, []string{"progressive"}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if a := report.Algorithms[0]; a.Answers < 100 {
		t.Errorf("simulated %+v", a)
	}
	// One agent for a few minutes is still one.
	h.Agents = make([]float64, 96)
	h.Agents[50] = 0.2
	if s, err = historyScenario(campaign, 1, h); err != nil || len(s.Shifts) != 1 || s.DropLimit != simulation.Default().DropLimit {
		t.Errorf("of one agent: %+v, %v", s, err)
	}
}
