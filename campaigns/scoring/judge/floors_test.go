package judge_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"ringmaster/campaigns/scoring/judge"
	"ringmaster/campaigns/scoring/model"
)

// bank reads 41,188 real calls of a bank's campaigns (S. Moro, P. Cortez, P.
// Rita, "A data-driven approach to predict the success of bank telemarketing",
// Decision Support Systems 62, 2014), in the order of time. They are not part of
// the project; without them there is nothing to hold.
func bank(t *testing.T) *model.Table {
	t.Helper()
	table, err := readBank()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the bank's calls are not on this machine")
	}
	if err != nil {
		t.Fatal(err)
	}
	return table
}

var readBank = sync.OnceValues(func() (*model.Table, error) {
	f, err := os.Open("../../../../shared/data/bank-additional-full.csv")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := model.ReadCSV(f, model.CSV{Target: "y"})
	if err != nil {
		return nil, err
	}
	table.Days, _, err = judge.DaysOf(table)
	return table, err
})

// withoutDuration leaves out what is known only after the call.
func withoutDuration(t *testing.T) *model.Table {
	t.Helper()
	table, err := bank(t).Without("duration")
	if err != nil || len(table.Days) != table.Len() {
		t.Fatalf("%d days, %v", len(table.Days), err)
	}
	return table
}

// Of all columns, only the call's duration is known after it.
func TestDurationIsSuspicious(t *testing.T) {
	t.Parallel()
	warnings, err := model.Leaks(bank(t))
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "column duration ") {
		t.Errorf("%q, %v", warnings, err)
	}
}

// BenchmarkTrain trains on all of the bank's 41,188 calls.
func BenchmarkTrain(b *testing.B) {
	table, err := readBank()
	if err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		if _, err := model.Train(b.Context(), table, model.Options{Exclude: []string{"duration"}}); err != nil {
			b.Fatal(err)
		}
	}
}

func beats(t *testing.T, r *judge.Report, auc, lift, withinDay judge.Figure) {
	t.Helper()
	t.Logf("%s: AUC %.4f +-%.4f, lift %.2f, within a day %.4f; plain %.4f, %.2f, %.4f",
		r.Method, r.AUC, r.AUCSD, r.LiftTopDecile, r.WithinDayAUC, r.Plain.AUC, r.Plain.LiftTopDecile, r.Plain.WithinDayAUC)
	for name, f := range map[string][3]judge.Figure{
		"AUC":                    {r.AUC, auc, r.Plain.AUC},
		"lift of the best tenth": {r.LiftTopDecile, lift, r.Plain.LiftTopDecile},
		"AUC within a day":       {r.WithinDayAUC, withinDay, r.Plain.WithinDayAUC},
	} {
		if !(f[0] > f[1]) || !(f[0] > f[2]) {
			t.Errorf("%s %.4f, want above %.4f and above the plain regression's %.4f", name, f[0], f[1], f[2])
		}
	}
	// Between refits 2,000 rows apart this market outruns its model.
	if !underRace && (r.Calibration < 0.9 || r.Calibration > 1.1) {
		t.Errorf("%.3f predicted for each that happened", r.Calibration)
	}
}

// Beyond the figures of a plain logistic regression on the same calls. Under
// the race detector the rows are dealt into two parts, not ten: harder, for each
// model sees half of the rows.
func TestFloorByFolds(t *testing.T) {
	t.Parallel()
	o := judge.Options{Folds: 10, Seed: 1, Workers: 2}
	if underRace {
		o.Folds = 2
	}
	r, err := judge.Evaluate(t.Context(), withoutDuration(t), o)
	if err != nil {
		t.Fatal(err)
	}
	beats(t, r, 0.791, 4.36, 0.54)
}

// Under the race detector models are refitted every 2,000 rows, not every 500:
// harder, for each scores rows further from those that it knows.
func TestFloorRolling(t *testing.T) {
	t.Parallel()
	o := judge.Options{Rolling: 5000, Refit: 500, Last: 0.3, Workers: 2}
	floor := [3]judge.Figure{0.750, 2.37, 0.594}
	if underRace {
		o.Refit = 2000
		floor[0] = 0.745
	}
	r, err := judge.Evaluate(t.Context(), withoutDuration(t), o)
	if err != nil {
		t.Fatal(err)
	}
	beats(t, r, floor[0], floor[1], floor[2])
}
