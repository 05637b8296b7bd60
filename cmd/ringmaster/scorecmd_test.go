package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// callsFile writes calls of three weeks, in which plan gold sells best, and an
// honest column besides; more changes each line.
func callsFile(t *testing.T, rows int, more func(i int, sold bool) string) string {
	t.Helper()
	lot := rand.New(rand.NewPCG(11, 11))
	var b strings.Builder
	fmt.Fprint(&b, `"called_on";"plan";"tenure";"talk";"sold"`, "\n")
	for i := range rows {
		plan := []string{"gold", "basic", "basic"}[lot.IntN(3)]
		tenure := lot.IntN(20)
		sold := lot.Float64() < map[string]float64{"gold": 0.5, "basic": 0.15}[plan]-0.005*float64(tenure)
		fmt.Fprintf(&b, "2026-03-%02d;%q;%d;%s;%q\n", 2+i*21/rows, plan, tenure, more(i, sold), map[bool]string{true: "yes", false: "no"}[sold])
	}
	path := filepath.Join(t.TempDir(), "calls.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func honest(i int, _ bool) string { return fmt.Sprint(i % 7) }

func TestScoreEvaluatePrintsJSON(t *testing.T) {
	t.Parallel()
	calls := callsFile(t, 1500, honest)
	for _, how := range [][]string{{"--folds", "3"}, {"--rolling", "400", "--refit", "200", "--last", "0.4", "--day", "called_on"}} {
		code, out, said := commandLine(t, append([]string{"score", "evaluate", "--csv", calls, "--target", "sold", "--exclude", "talk", "--json"}, how...)...)
		if code != exitDone {
			t.Fatalf("%v: exit code %d: %s", how, code, said)
		}
		var report map[string]any
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("%v: %v: %s", how, err, out)
		}
		for _, key := range []string{"auc", "auc_sd", "within_day_auc", "lift_top_decile", "calibration", "rows", "seconds"} {
			if v, ok := report[key].(float64); !ok || v <= 0 {
				t.Errorf("%v: %s is %v", how, key, report[key])
			}
		}
		if report["rows"] != 1500.0 || report["auc"].(float64) < 0.62 || report["plain"] == nil || report["days"] != "the dates of called_on" {
			t.Errorf("%v: %s", how, out)
		}
	}
	// A column that is excluded tells the day all the same.
	code, out, said := commandLine(t, "score", "evaluate", "--csv", calls, "--target", "sold", "--exclude", "called_on,talk", "--folds", "3")
	if code != exitDone || !strings.Contains(out, "days: the dates of called_on") {
		t.Errorf("exit code %d: %s%s", code, out, said)
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(calls, []byte(strings.ReplaceAll(string(text), "2026-03-", "day ")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, said = commandLine(t, "score", "evaluate", "--csv", calls, "--target", "sold", "--exclude", "talk", "--folds", "3")
	if code != exitDone || !strings.Contains(out, "days: n/a") || !strings.Contains(out, "plain logistic regression") {
		t.Errorf("without a day: exit code %d: %s%s", code, out, said)
	}
}

func TestScoreTrainWritesAModelThatExplains(t *testing.T) {
	t.Parallel()
	calls := callsFile(t, 1500, honest)
	file := filepath.Join(t.TempDir(), "model.json")
	code, out, said := commandLine(t, "score", "train", "--csv", calls, "--target", "sold", "--exclude", "called_on", "--time-order", "--out", file)
	if code != exitDone || !strings.Contains(out, "Trained on 1500 rows") || !strings.Contains(out, file) {
		t.Fatalf("exit code %d: %s%s", code, out, said)
	}
	code, out, said = commandLine(t, "score", "explain", "--model", file, "--csv", calls, "--row", "3", "--json")
	var explained struct {
		Propensity float64
		Factors    []struct {
			Name, Text string
			Points     float64
		}
	}
	if err := json.Unmarshal([]byte(out), &explained); code != exitDone || err != nil || len(explained.Factors) < 3 {
		t.Fatalf("exit code %d: %s%s", code, out, said)
	}
	sum := 0.0
	for _, f := range explained.Factors {
		sum += f.Points
	}
	if p := explained.Propensity; math.Abs(sum-math.Log2(p/(1-p))) > 1e-9 {
		t.Errorf("factors add up to %v for a propensity of %v", sum, p)
	}
	code, out, said = commandLine(t, "score", "evaluate", "--csv", calls, "--target", "sold", "--exclude", "called_on", "--folds", "2", "--against", file)
	if code != exitDone || !strings.Contains(out, "model in use") {
		t.Errorf("exit code %d: %s%s", code, out, said)
	}
}

func TestScoreTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := callsFile(t, 300, honest)
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, now string, n int) string {
		path := filepath.Join(t.TempDir(), "bad.csv")
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, now, n)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	leaked := callsFile(t, 300, func(_ int, sold bool) string { return fmt.Sprint(sold) })
	for name, c := range map[string]struct {
		args  []string
		want  int
		names []string
	}{
		"no rows":           {[]string{}, exitUsage, []string{"--campaign", "--csv"}},
		"no target":         {[]string{"--csv", good}, exitFailed, []string{"--target"}},
		"no such file":      {[]string{"--csv", good + "x", "--target", "sold"}, exitUsage, []string{good + "x"}},
		"no such target":    {[]string{"--csv", good, "--target", "bought"}, exitFailed, []string{`"bought"`, "called_on, plan"}},
		"no such exclude":   {[]string{"--csv", good, "--target", "sold", "--exclude", "duration"}, exitFailed, []string{"--exclude", "duration"}},
		"target excluded":   {[]string{"--csv", good, "--target", "sold", "--exclude", "sold"}, exitFailed, []string{"sold is the target"}},
		"one class":         {[]string{"--csv", with(`"yes"`, `"no"`, -1), "--target", "sold"}, exitFailed, []string{"sold", "one class"}},
		"a leaked column":   {[]string{"--csv", leaked, "--target", "sold"}, exitFailed, []string{"talk", "leaked"}},
		"a protected field": {[]string{"--csv", with(`"plan"`, `"Ethnicity"`, 1), "--target", "sold"}, exitFailed, []string{"Ethnicity", "protected"}},
		"a bad number":      {[]string{"--csv", with(";0;yes", ";0;yes", 1), "--target", "tenure"}, exitFailed, []string{"tenure", "line 2"}},
		"a missing cell":    {[]string{"--csv", with(";\"yes\"\n", "\n", 1), "--target", "sold"}, exitFailed, []string{"line ", "4 cells", "5"}},
	} {
		for _, command := range []string{"train", "evaluate"} {
			t.Run(command+" "+name, func(t *testing.T) {
				t.Parallel()
				code, _, said := commandLine(t, append([]string{"score", command}, c.args...)...)
				if code != c.want || strings.Contains(said, "goroutine") {
					t.Errorf("exit code %d, want %d: %s", code, c.want, said)
				}
				for _, n := range c.names {
					if !strings.Contains(said, n) {
						t.Errorf("%q is not named: %s", n, said)
					}
				}
			})
		}
	}
}

// The registry and the campaign form, on a real database.
func TestScoreTrainOnACampaign(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback", "--caller-id", ourNumber)
	code, _, said := o.tryIn(t, "score", "train", "--campaign", "winback")
	if code != exitFailed || !strings.Contains(said, "campaign winback") || !strings.Contains(said, "only 0 rows") {
		t.Errorf("without results: exit code %d: %s", code, said)
	}
	code, _, said = o.tryIn(t, "score", "evaluate", "--campaign", "winback")
	if code != exitFailed || !strings.Contains(said, "campaign winback") {
		t.Errorf("without results: exit code %d: %s", code, said)
	}
	if code, _, said = o.tryIn(t, "score", "train", "--campaign", "nowhere"); code != exitFailed || !strings.Contains(said, `no campaign "nowhere"`) {
		t.Errorf("no campaign: exit code %d: %s", code, said)
	}
	calls := callsFile(t, 600, honest)
	if out := o.do("score", "models"); !strings.Contains(out, "No models yet") {
		t.Errorf("models: %s", out)
	}
	for version := 1; version <= 2; version++ {
		out := o.do("score", "train", "--csv", calls, "--target", "sold", "--exclude", "called_on", "--save", "spring")
		if !strings.Contains(out, fmt.Sprintf("Saved as model spring version %d;", version)) {
			t.Errorf("train: %s", out)
		}
	}
	o.do("score", "use", "spring", "2")
	if out := o.do("score", "evaluate", "--csv", calls, "--target", "sold", "--exclude", "called_on", "--folds", "2", "--model", "spring"); !strings.Contains(out, "model in use") {
		t.Errorf("evaluate: %s", out)
	}
	out := o.do("score", "models", "spring")
	if lines := strings.Split(out, "\n"); len(lines) != 3 || !strings.Contains(lines[1], "yes") || strings.Contains(lines[2], "yes") {
		t.Errorf("models: %s", out)
	}
	if code, _, said = o.tryIn(t, "score", "use", "spring", "9"); code != exitFailed || !strings.Contains(said, "no version 9") {
		t.Errorf("no such version: exit code %d: %s", code, said)
	}
}
