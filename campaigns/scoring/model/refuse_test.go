package model_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

func TestWhatCannotBeTrained(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, field, says string
		change            func(*model.Table)
	}{
		{"all successes", "sale", "one class", func(t *model.Table) { fill(t, true) }},
		{"all failures", "sale", "one class: all 600 rows are failures", func(t *model.Table) { fill(t, false) }},
		{"hardly a success", "sale", "3 successes", func(t *model.Table) { fill(t, false); t.Labels[3], t.Labels[5], t.Labels[8] = true, true, true }},
		{"few rows", "sale", "only 50 rows", func(t *model.Table) { *t = *t.Slice(0, 50) }},
		{"the result as text", "outcome", "leaked", func(t *model.Table) {
			widen(t, "outcome", func(i int) string { return map[bool]string{true: "bought", false: "left"}[t.Labels[i]] })
		}},
		{"the result as a number, filled in for sales only", "amount", "leaked", func(t *model.Table) {
			widen(t, "amount", func(i int) string {
				if t.Labels[i] {
					return strconv.Itoa(10 + i%90)
				}
				return ""
			})
		}},
		{"a protected field", "Ethnic_Origin", "protected field (race or ethnic origin)", func(t *model.Table) { widen(t, "Ethnic_Origin", func(int) string { return "x" }) }},
		{"a word among numbers", "tenure", `line 102: "ten" is not a number`, func(t *model.Table) {
			t.Cells[100][1] = "ten"
			for i := range t.Len() {
				t.Lines = append(t.Lines, i+2)
			}
		}},
		{"no column that says anything", "columns", "none says anything", func(t *model.Table) {
			t.Columns = []string{"name"}
			for i := range t.Cells {
				t.Cells[i] = t.Cells[i][4:]
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			table, _ := market(6, 600)
			tc.change(table)
			_, err := model.Train(t.Context(), table, model.Options{Target: "sale"})
			wrong, ok := errors.AsType[*campaigns.Error](err)
			if !ok || wrong.Code != campaigns.CodeInvalid || wrong.Field != tc.field || !strings.Contains(wrong.Message, tc.says) {
				t.Fatalf("%v, want %s: …%s…", err, tc.field, tc.says)
			}
			// Excluded, a wrong column does no harm.
			if _, err := model.Train(t.Context(), table, model.Options{Exclude: []string{tc.field}}); tc.field != "sale" && tc.field != "columns" && err != nil {
				t.Errorf("excluded: %v", err)
			}
		})
	}
}

func fill(t *model.Table, success bool) {
	for i := range t.Labels {
		t.Labels[i] = success
	}
}

func widen(t *model.Table, name string, cell func(int) string) {
	t.Columns = append(t.Columns, name)
	for i := range t.Cells {
		t.Cells[i] = append(t.Cells[i], cell(i))
	}
}

func TestSuspiciousColumnsAreTold(t *testing.T) {
	t.Parallel()
	table, _ := market(7, 4000)
	lot := rand.New(rand.NewPCG(9, 9))
	if warnings, err := model.Leaks(table); err != nil || len(warnings) != 0 {
		t.Fatalf("of honest columns: %v, %v", warnings, err)
	}
	widen(table, "talk_seconds", func(i int) string {
		if table.Labels[i] {
			return strconv.Itoa(200 + lot.IntN(400))
		}
		return strconv.Itoa(lot.IntN(350))
	})
	widen(table, "note", func(i int) string {
		if table.Labels[i] && i%4 == 0 {
			return "sent contract"
		}
		return "called"
	})
	warnings, err := model.Leaks(table)
	if err != nil || len(warnings) != 2 || !strings.Contains(warnings[0], "talk_seconds") || !strings.Contains(warnings[1], `note is "sent contract" only`) {
		t.Errorf("%q, %v", warnings, err)
	}
	m, err := model.Train(t.Context(), table, model.Options{})
	if err != nil || len(m.Warnings) != 2 {
		t.Errorf("training warns of %q, %v", m.Warnings, err)
	}
}

func TestProtectedNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"race": true, "RACE": true, "customer_race": true, "ethnicity": true, "EthnicOrigin": true, "ethnicorigin": true,
		"religion": true, "Religious.Affiliation": true, "health-status": true, "sexualOrientation": true, "gender": true, "Sex": true,
		"political_opinion": true, "trade union": true, "union_membership": true, "disability_flag": true, "nationality": true, "country_of_birth": true,
		"biometric_id": true, "pregnant": true,
		"age": false, "marital": false, "job": false, "education": false, "contact": false, "month": false, "poutcome": false, "default": false,
		"trace_id": false, "sussex": false, "union_square_store": false, "healthy_basket": false, "country": false, "language": false, "cons.conf.idx": false,
	} {
		if got := model.Protected(name); (got != "") != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
