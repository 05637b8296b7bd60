package model_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// market draws persons whose true log-odds are known: of their plan, their
// tenure, whether it is known at all, how long ago they were called (999 for
// never), and of plan and region together.
func market(seed uint64, n int) (t *model.Table, truth []float64) {
	lot := rand.New(rand.NewPCG(seed, 1))
	t = &model.Table{Columns: []string{"plan", "tenure", "days_since", "region", "name"}}
	plans := []string{"gold", "silver", "basic", "basic", "basic", "basic"}
	for i := range n {
		plan, region := plans[lot.IntN(len(plans))], []string{"north", "south"}[lot.IntN(2)]
		years := math.Round(100*lot.ExpFloat64()) / 10
		since := 999
		if lot.IntN(5) == 0 {
			since = lot.IntN(30)
		}
		z := -2.2 + map[string]float64{"gold": 1.2, "silver": 0.4}[plan] - 0.04*min(years, 40)
		tenure := strconv.FormatFloat(years, 'f', -1, 64)
		if lot.IntN(4) == 0 {
			tenure = ""
			z = -1 + map[string]float64{"gold": 1.2, "silver": 0.4}[plan]
		}
		if since < 999 {
			z += 1.5 - 0.05*float64(since)
		}
		if plan == "gold" && region == "south" {
			z -= 1.5
		}
		p := 1 / (1 + math.Exp(-z))
		t.Cells = append(t.Cells, []string{plan, tenure, strconv.Itoa(since), region, fmt.Sprintf("person %d", i)})
		t.Labels = append(t.Labels, lot.Float64() < p)
		truth = append(truth, p)
	}
	return t, truth
}

var trained = sync.OnceValues(func() (*model.Model, error) {
	rows, _ := market(1, 8000)
	return model.Train(context.Background(), rows, model.Options{Target: "sale"})
})

func sample(t *testing.T) *model.Model {
	t.Helper()
	m, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAModelFindsWhatMakesTheOdds(t *testing.T) {
	t.Parallel()
	m := sample(t)
	fresh, truth := market(2, 8000)
	got, best := model.AUC(m.ScoreAll(fresh), fresh.Labels), model.AUC(truth, fresh.Labels)
	if got < best-0.01 {
		t.Errorf("AUC %.4f, with the truth itself %.4f", got, best)
	}
	rows, truth := market(1, 8000)
	if best = model.AUC(truth, rows.Labels); math.Abs(m.LeftOut.AUC-best) > 0.02 || m.LeftOut.LogLoss >= m.LeftOut.BaseLogLoss {
		t.Errorf("on left-out rows %+v, the truth %.4f", m.LeftOut, best)
	}
	for _, name := range m.Columns() {
		if name == "name" {
			t.Error("names that stand once each are a column of the model")
		}
	}
}

func TestWhatIsPredictedHappens(t *testing.T) {
	t.Parallel()
	m := sample(t)
	fresh, _ := market(3, 20_000)
	scores := m.ScoreAll(fresh)
	for _, band := range [][2]float64{{0, 0.05}, {0.05, 0.1}, {0.1, 0.2}, {0.2, 0.35}, {0.35, 1}} {
		predicted, actual, n := 0.0, 0.0, 0.0
		for i, p := range scores {
			if p >= band[0] && p < band[1] {
				n++
				predicted += p
				if fresh.Labels[i] {
					actual++
				}
			}
		}
		chance := 3 * math.Sqrt(predicted) // three standard errors
		if n < 200 || math.Abs(predicted-actual) > chance+0.1*predicted {
			t.Errorf("between %v and %v: %.0f predicted, %.0f of %.0f happened", band[0], band[1], predicted, actual, n)
		}
	}
}

// The points of an explanation add up to the score's log-odds in doublings, for
// any row: with missing cells, levels never seen, numbers that are none.
func TestAnExplanationAddsUpToTheScore(t *testing.T) {
	t.Parallel()
	m := sample(t)
	rapid.Check(t, func(t *rapid.T) {
		row := model.Row{}
		for column, cells := range map[string]*rapid.Generator[string]{
			"plan":       rapid.SampledFrom([]string{"gold", "silver", "basic", "platinum", "", "unknown", "n/a"}),
			"region":     rapid.SampledFrom([]string{"north", "south", "east", ""}),
			"tenure":     rapid.OneOf(rapid.Just(""), rapid.Just("long"), rapid.Map(rapid.Float64(), func(f float64) string { return fmt.Sprint(f) })),
			"days_since": rapid.OneOf(rapid.Just("999"), rapid.Map(rapid.IntRange(-5, 2000), strconv.Itoa)),
			"other":      rapid.String(),
		} {
			if rapid.Bool().Draw(t, "has "+column) {
				row[column] = cells.Draw(t, column)
			}
		}
		p := m.Score(row)
		if !(p > 0 && p < 1) {
			t.Fatalf("score %v", p)
		}
		sum := 0.0
		factors := m.Explain(row)
		for i, f := range factors {
			sum += f.Points
			if f.Name == "" || f.Text == "" {
				t.Fatalf("factor %+v says nothing", f)
			}
			if i > 1 && math.Abs(f.Points) > math.Abs(factors[i-1].Points) {
				t.Fatalf("%s is stronger than the one before it", f.Name)
			}
		}
		if want := math.Log2(p / (1 - p)); math.Abs(sum-want) > 1e-9 {
			t.Fatalf("the factors add up to %v, the score is %v: %+v", sum, want, factors)
		}
	})
}

func TestAnExplanationIsInPlainWords(t *testing.T) {
	t.Parallel()
	m := sample(t)
	said := map[string]string{}
	for _, f := range m.Explain(model.Row{"plan": "gold", "region": "north", "days_since": "2"}) {
		said[f.Name] = f.Text
	}
	for name, want := range map[string]string{
		"base": "the average person: ", "plan": "plan is gold: ", "days_since": "days since is 2: ", "tenure": "tenure is not known: ",
	} {
		if !strings.HasPrefix(said[name], want) {
			t.Errorf("%s says %q, want %q…", name, said[name], want)
		}
	}
	if !strings.Contains(said["plan"], "times the odds") {
		t.Errorf("gold in the north sells: %q", said["plan"])
	}
	if of := m.Explain(model.Row{"plan": "platinum"}); !strings.Contains(fmt.Sprint(of), "plan is platinum, which is rare or new") {
		t.Errorf("a new plan: %+v", of)
	}
}

// A missing value has an effect of its own, a sentinel such as 999 too, and a
// level never seen leaves the rest of the score standing.
func TestMissingSentinelAndUnseen(t *testing.T) {
	t.Parallel()
	m := sample(t)
	base := model.Row{"plan": "basic", "region": "north", "tenure": "20", "days_since": "999"}
	score := func(column, cell string) float64 {
		row := model.Row{column: cell}
		for k, v := range base {
			if k != column {
				row[k] = v
			}
		}
		return m.Score(row)
	}
	if p, q := score("tenure", ""), score("tenure", "20"); p < 2*q {
		t.Errorf("unknown tenure %.3f, 20 years %.3f: the data say 4 to 1", p, q)
	}
	if p, q := score("days_since", "1"), score("days_since", "999"); p < 2*q {
		t.Errorf("called yesterday %.3f, never %.3f: the data say 4 to 1", p, q)
	}
	if p, q := score("days_since", "25"), score("days_since", "1"); p > 0.7*q {
		t.Errorf("called 25 days ago %.3f, yesterday %.3f", p, q)
	}
	if p, q := score("plan", "platinum"), score("plan", "basic"); p < q/2 || p > 4*q {
		t.Errorf("a new plan %.3f, basic %.3f", p, q)
	}
	if p, q := score("tenure", "twenty"), score("tenure", ""); p != q {
		t.Errorf("a number that is none scores %v, missing %v", p, q)
	}
}

func TestOneRowScoresAsInATable(t *testing.T) {
	t.Parallel()
	m := sample(t)
	fresh, _ := market(4, 200)
	for i, want := range m.ScoreAll(fresh) {
		if got := m.Score(fresh.Row(i)); math.Abs(got-want) > 1e-12 {
			t.Fatalf("row %d: %v alone, %v in the table", i, got, want)
		}
	}
}

func TestTheSameRowsGiveTheSameModel(t *testing.T) {
	t.Parallel()
	var first []byte
	for range 3 {
		rows, _ := market(5, 1500)
		m, err := model.Train(t.Context(), rows, model.Options{TimeOrder: true})
		if err != nil {
			t.Fatal(err)
		}
		data, err := model.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Fatal("trained again it differs")
		}
	}
}

func TestNewerRowsCountMoreAndTheWindowCuts(t *testing.T) {
	t.Parallel()
	// Plan a sells in the first half, plan b in the second.
	table := &model.Table{Columns: []string{"plan"}}
	lot := rand.New(rand.NewPCG(1, 1))
	for i := range 4000 {
		plan := []string{"a", "b"}[lot.IntN(2)]
		p := 0.1
		if (plan == "a") == (i < 2000) {
			p = 0.4
		}
		table.Cells = append(table.Cells, []string{plan})
		table.Labels = append(table.Labels, lot.Float64() < p)
	}
	gap := func(o model.Options) float64 {
		m, err := model.Train(t.Context(), table, o)
		if err != nil {
			t.Fatal(err)
		}
		if o.Window > 0 && m.Rows != o.Window {
			t.Errorf("%d rows in a window of %d", m.Rows, o.Window)
		}
		return m.Score(model.Row{"plan": "b"}) - m.Score(model.Row{"plan": "a"})
	}
	all, ordered, window := gap(model.Options{}), gap(model.Options{TimeOrder: true}), gap(model.Options{Window: 1500})
	if math.Abs(all) > 0.05 || ordered < 0.04 || window < 0.25 {
		t.Errorf("b leads a by %.3f over all, %.3f in the order of time, %.3f in the window", all, ordered, window)
	}
}

func TestModelsAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	m := sample(t)
	data, err := model.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	read, err := model.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _ := market(8, 300)
	for i := range fresh.Len() {
		if a, b := m.Score(fresh.Row(i)), read.Score(fresh.Row(i)); a != b {
			t.Fatalf("row %d scores %v, read back %v", i, a, b)
		}
	}
	for name, broken := range map[string]string{
		"no JSON":        "model",
		"another kind":   strings.Replace(string(data), "ringmaster.logistic", "forest", 1),
		"a later format": strings.Replace(string(data), `"format":1`, `"format":2`, 1),
		"a lost weight":  strings.Replace(string(data), `"weights":[`, `"weights":[0,`, 1),
		"empty":          "{}",
	} {
		if _, err := model.Unmarshal([]byte(broken)); campaigns.CodeOf(err) != campaigns.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A wide table, with a hundred columns of many levels, is learned more coarsely
// and in bounded time; dates are left out, and said so.
func TestWideTablesAreBounded(t *testing.T) {
	t.Parallel()
	table, _ := market(10, 3000)
	lot := rand.New(rand.NewPCG(10, 10))
	for c := range 100 {
		widen(table, fmt.Sprint("attribute_", c), func(int) string { return fmt.Sprint("level ", lot.IntN(60)) })
	}
	widen(table, "left_on", func(i int) string { return fmt.Sprintf("2026-03-%02d", 1+i%28) })
	m, err := model.Train(t.Context(), table, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Weights) > 1500 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "left_on holds dates") {
		t.Errorf("%d features, warnings %q", len(m.Weights), m.Warnings)
	}
	fresh, truth := market(11, 3000)
	if got, best := model.AUC(m.ScoreAll(fresh), fresh.Labels), model.AUC(truth, fresh.Labels); got < best-0.06 {
		t.Errorf("AUC %.3f among a hundred columns of noise, the truth %.3f", got, best)
	}
}

func TestTrainingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rows, _ := market(9, 500)
	if _, err := model.Train(ctx, rows, model.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestRowsAddedByName(t *testing.T) {
	t.Parallel()
	var table model.Table
	table.Add(model.Row{"b": "1"}, true)
	table.Add(model.Row{"a": "x", "b": "2"}, false)
	if fmt.Sprint(table.Columns) != "[b a]" || table.Len() != 2 || table.Successes() != 1 {
		t.Fatalf("%+v", table)
	}
	if row := table.Row(0); len(row) != 1 || row["b"] != "1" {
		t.Errorf("row 0 is %v", row)
	}
	kept, err := table.Without("b")
	if err != nil || fmt.Sprint(kept.Columns, kept.Cells) != "[a] [[] [x]]" {
		t.Errorf("%+v, %v", kept, err)
	}
	if _, err := table.Without("c"); err == nil || !strings.HasPrefix(err.Error(), "c:") {
		t.Errorf("a column that is none: %v", err)
	}
}
