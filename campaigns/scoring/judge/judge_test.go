package judge_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/judge"
	"ringmaster/campaigns/scoring/model"
)

// The AUC, over all rows and within days, against counting every pair.
func TestAUCCountsPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "rows")
		scores, labels, days := make([]float64, n), make([]bool, n), make([]string, n)
		for i := range n {
			scores[i] = float64(rapid.IntRange(0, 8).Draw(t, "score")) / 8
			labels[i] = rapid.Bool().Draw(t, "label")
			days[i] = rapid.SampledFrom([]string{"mon", "tue", "wed"}).Draw(t, "day")
		}
		count := func(counts func(i, j int) bool) float64 {
			won, pairs := 0.0, 0.0
			for i := range n {
				for j := range n {
					if !labels[i] || labels[j] || !counts(i, j) {
						continue
					}
					pairs++
					switch {
					case scores[i] > scores[j]:
						won++
					case scores[i] == scores[j]:
						won += 0.5
					}
				}
			}
			return won / pairs
		}
		same := func(a, b float64) bool {
			return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b)
		}
		if got, want := judge.AUC(scores, labels), count(func(int, int) bool { return true }); !same(got, want) {
			t.Fatalf("AUC %v, want %v", got, want)
		}
		if got, want := judge.WithinDayAUC(scores, labels, days), count(func(i, j int) bool { return days[i] == days[j] }); !same(got, want) {
			t.Fatalf("within days %v, want %v", got, want)
		}
	})
	if got := judge.WithinDayAUC([]float64{1, 2}, []bool{true, false}, nil); !math.IsNaN(got) {
		t.Errorf("without days: %v", got)
	}
}

// The standard error against the spread over samples.
func TestStandardError(t *testing.T) {
	t.Parallel()
	lot := rand.New(rand.NewPCG(2, 2))
	var aucs []float64
	told := 0.0
	const samples = 400
	for range samples {
		scores, labels := make([]float64, 300), make([]bool, 300)
		for i := range scores {
			labels[i] = i%5 == 0
			scores[i] = lot.NormFloat64()
			if labels[i] {
				scores[i]++
			}
		}
		aucs = append(aucs, judge.AUC(scores, labels))
		told += judge.StandardError(scores, labels) / samples
	}
	mean, spread := 0.0, 0.0
	for _, a := range aucs {
		mean += a / samples
	}
	for _, a := range aucs {
		spread += (a - mean) * (a - mean) / samples
	}
	if spread = math.Sqrt(spread); math.Abs(told/spread-1) > 0.1 {
		t.Errorf("told %v, the spread is %v", told, spread)
	}
}

func TestDeciles(t *testing.T) {
	t.Parallel()
	scores, labels := make([]float64, 100), make([]bool, 100)
	for i := range scores {
		scores[i] = float64(i) / 100
		labels[i] = i >= 90 || i == 5 || i == 15
	}
	d := judge.Deciles(scores, labels)
	if len(d) != 10 || d[0].Successes != 10 || math.Abs(d[0].Predicted-0.945) > 1e-9 || d[0].Actual != 1 || math.Abs(d[0].Lift-1/0.12) > 1e-9 || d[9].Successes != 1 || d[4].Lift != 0 {
		t.Errorf("%+v", d)
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	table := func(columns string, rows ...string) *model.Table {
		made := &model.Table{Columns: strings.Fields(columns)}
		for _, row := range rows {
			made.Cells = append(made.Cells, strings.Split(row, "|"))
			made.Labels = append(made.Labels, false)
		}
		return made
	}
	ordered := []string{"may|mon|a", "may|mon|b", "may|mon|a", "may|tue|c", "may|tue|c", "may|tue|d", "jun|tue|d", "jun|tue|a", "jun|tue|a"}
	for _, tc := range []struct {
		name    string
		table   *model.Table
		columns []string
		days    string
	}{
		{"by dates, in any order", table("at plan", "2026-03-02|x", "2026-03-03|x", "2026-03-02|y"), []string{"at"}, "[2026-03-02 2026-03-03 2026-03-02]"},
		{"dates found by themselves", table("plan at", "x|2026-03-02T10:00:00Z", "x|2026-03-03T10:00:00Z"), nil, "[2026-03-02 2026-03-03]"},
		{"runs of a weekday and a month", table("month day_of_week plan", ordered...), nil, "[1 1 1 2 2 2 3 3 3]"},
		{"runs of a column that is named", table("month day_of_week plan", ordered...), []string{"month"}, "[1 1 1 1 1 1 2 2 2]"},
		{"weekdays in no order tell nothing", table("day_of_week plan", "mon|x", "tue|x", "mon|x", "wed|y"), nil, "[]"},
		{"a month alone is no day", table("month plan", "may|x", "may|y", "may|z"), nil, "[]"},
	} {
		days, by, err := judge.DaysOf(tc.table, tc.columns...)
		if err != nil || fmt.Sprint(days) != tc.days || (by == "") != (len(days) == 0) {
			t.Errorf("%s: %v by %q, %v; want %s", tc.name, days, by, err, tc.days)
		}
	}
	if _, _, err := judge.DaysOf(table("a b", "1|2"), "c"); err == nil || !strings.Contains(err.Error(), `no column "c"`) {
		t.Errorf("a column that is none: %v", err)
	}
}

// streams of calls: whoever has plan gold buys; the level of all moves with the day.
func calls(seed uint64, n int) *model.Table {
	lot := rand.New(rand.NewPCG(seed, 3))
	t := &model.Table{Columns: []string{"plan", "age"}}
	for i := range n {
		plan := []string{"gold", "basic"}[lot.IntN(2)]
		p := 0.1 + 0.1*math.Sin(float64(i/50))
		if plan == "gold" {
			p += 0.3
		}
		t.Cells = append(t.Cells, []string{plan, fmt.Sprint(18 + lot.IntN(60))})
		t.Labels = append(t.Labels, lot.Float64() < p)
		t.Days = append(t.Days, fmt.Sprint(i/50))
	}
	return t
}

func TestEvaluateByFoldsAndRolling(t *testing.T) {
	t.Parallel()
	table := calls(1, 2000)
	old, err := model.Train(t.Context(), calls(2, 500), model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []judge.Options{
		{Folds: 4, Workers: 2, Seed: 3, Against: old},
		{Rolling: 500, Refit: 200, Last: 0.4, Workers: 2, Against: old},
	} {
		var first *judge.Report
		for range 2 {
			r, err := judge.Evaluate(t.Context(), table, o)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = r
			}
			if !reflect.DeepEqual(first, r) {
				t.Fatalf("judged again it differs: %+v, %+v", first, r)
			}
		}
		scored, models := 2000, 4
		if o.Rolling > 0 {
			scored, models = 800, 4
		}
		r := first
		if r.Rows != 2000 || r.Scored != scored || r.Models != models || r.InUse == nil || len(r.Deciles) != 10 {
			t.Errorf("%+v", r)
		}
		for name, f := range map[string]judge.Figures{"trained": r.Figures, "plain": r.Plain, "in use": *r.InUse} {
			if f.AUC < 0.64 || f.AUC > 0.78 || f.WithinDayAUC < 0.64 || !f.AUCSD.Known() || f.LiftTopDecile < 1.2 || f.Calibration < 0.8 || f.Calibration > 1.25 {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

// A model that could see the rows that it scores would find the names in here,
// each of which tells its own result.
func TestNoModelSeesWhatItScores(t *testing.T) {
	t.Parallel()
	lot := rand.New(rand.NewPCG(4, 4))
	table := &model.Table{Columns: []string{"pair", "noise"}}
	for i := range 1200 {
		table.Cells = append(table.Cells, []string{fmt.Sprint("p", i/12), fmt.Sprint(lot.IntN(9))})
		table.Labels = append(table.Labels, lot.IntN(2) == 0)
	}
	for _, o := range []judge.Options{{Folds: 5, Workers: 2}, {Rolling: 400, Refit: 100, Workers: 2}} {
		r, err := judge.Evaluate(t.Context(), table, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.AUC > 0.56 {
			t.Errorf("%s: AUC %v from noise", r.Method, r.AUC)
		}
	}
}

func TestWhatCannotBeJudged(t *testing.T) {
	t.Parallel()
	late := calls(5, 1000)
	for i := 700; i < 1000; i++ {
		late.Labels[i] = false
	}
	for field, tc := range map[string]struct {
		table   *model.Table
		options judge.Options
	}{
		"folds":   {calls(5, 1000), judge.Options{Folds: 1}},
		"rolling": {calls(5, 1000), judge.Options{Rolling: 900}},
		"refit":   {calls(5, 1000), judge.Options{Rolling: 300, Refit: -1}},
		"last":    {calls(5, 1000), judge.Options{Rolling: 300, Last: 1.5}},
		"sale":    {late, judge.Options{Rolling: 300, Refit: 300, Train: model.Options{Target: "sale"}}},
		"gender":  {func() *model.Table { t := calls(5, 1000); t.Columns[1] = "gender"; return t }(), judge.Options{}},
	} {
		_, err := judge.Evaluate(t.Context(), tc.table, tc.options)
		if campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(fmt.Sprint(err), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestUnknownFiguresAreNull(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(judge.Figures{AUC: judge.Figure(math.NaN()), WithinDayAUC: 0.5})
	if err != nil || !strings.Contains(string(data), `"auc":null`) || !strings.Contains(string(data), `"within_day_auc":0.5`) {
		t.Errorf("%s, %v", data, err)
	}
}
