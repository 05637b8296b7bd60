package model_test

import (
	"fmt"
	"strings"
	"testing"

	"ringmaster/campaigns/scoring/model"
)

func TestReadCSV(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"commas":              "plan,note,y\ngold,\"a, b\",yes\n,,no\n",
		"semicolons":          "plan;note;y\ngold;a, b;yes\n;;no\n",
		"tabs":                "plan\tnote\ty\ngold\ta, b\tyes\n\t\tno\n",
		"quotes and CRLF":     "\"plan\";\"note\";\"y\"\r\n\"gold\";\"a, b\";\"Yes\"\r\n\"\";\"\";\"NO\"\r\n",
		"a byte order mark":   "\ufeffplan,note,y\ngold,\"a, b\",1\n,,0\n",
		"separators in names": "\"plan\",\"note\",y\ngold,\"a, b\",true\n,,false\n",
	} {
		table, err := model.ReadCSV(strings.NewReader(file), model.CSV{Target: "y"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprintf("%q %q %v %v", table.Columns, table.Cells, table.Labels, table.Lines); got != `["plan" "note"] [["gold" "a, b"] ["" ""]] [true false] [2 3]` {
			t.Errorf("%s: %s", name, got)
		}
	}
	table, err := model.ReadCSV(strings.NewReader("a,r\n1,won\n2,open\n"), model.CSV{Target: "r", Positive: "won"})
	if err != nil || fmt.Sprint(table.Labels) != "[true false]" {
		t.Errorf("%+v, %v", table, err)
	}
	if table, err = model.ReadCSV(strings.NewReader("a,r\n1,won\n"), model.CSV{}); err != nil || table.Len() != 1 || len(table.Columns) != 2 {
		t.Errorf("without a target: %+v, %v", table, err)
	}
}

func TestABadFileIsToldByLineAndColumn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, positive, says string }{
		{"empty", "", "", "is empty"},
		{"no such target", "a,b\n1,2\n", "", `there is no column "y": there are a, b`},
		{"a name twice", "a,a,y\n", "", "a: line 1: names two columns"},
		{"a column without a name", "a,,y\n", "", "column 2 has no name"},
		{"a short row", "a,y\n1,yes\n2\n", "", "line 3: has 1 cells, the header has 2"},
		{"a quote that does not end", "a,y\n1,yes\n\"2,no\n", "", "line "},
		{"no result", "a,y\n1,yes\n2,\n", "", "y: line 3: the result is missing"},
		{"a third result", "a,y\n1,yes\n2,maybe\n", "", `y: line 3: "maybe" is neither yes nor no`},
		{"no row is positive", "a,y\n1,yes\n", "won", `no row has the value "won"`},
	} {
		_, err := model.ReadCSV(strings.NewReader(tc.file), model.CSV{Target: "y", Positive: tc.positive})
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want …%s…", tc.name, err, tc.says)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("a;b;y\n1;x;yes\n2;;no\n")
	f.Add("\"a\",y\n\"1\n2\",1\n")
	f.Fuzz(func(t *testing.T, file string) {
		table, err := model.ReadCSV(strings.NewReader(file), model.CSV{Target: "y"})
		if err != nil {
			return
		}
		if len(table.Labels) != table.Len() || len(table.Lines) != table.Len() {
			t.Fatalf("%d rows, %d labels, %d lines", table.Len(), len(table.Labels), len(table.Lines))
		}
		for _, cells := range table.Cells {
			if len(cells) != len(table.Columns) {
				t.Fatalf("%d cells in %d columns", len(cells), len(table.Columns))
			}
		}
	})
}
