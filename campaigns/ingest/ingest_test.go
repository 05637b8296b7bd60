package ingest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/scoring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store that keeps the rows.
type memory struct {
	defaults ingest.Defaults
	target   ingest.Target
	rows     []ingest.Row
	batches  int
	begun    bool
	finished bool
	closed   bool
	fail     error
	failAt   int
}

func (m *memory) BeginImport(_ context.Context, t ingest.Target) (ingest.Batches, error) {
	m.begun, m.target = true, t
	return m, nil
}
func (m *memory) Defaults() ingest.Defaults {
	m.defaults.Region = "US"
	return m.defaults
}
func (m *memory) Merge(_ context.Context, rows []ingest.Row) (ingest.Merged, error) {
	m.batches++
	if m.fail != nil && m.batches == m.failAt {
		return ingest.Merged{}, m.fail
	}
	m.rows = append(m.rows, rows...)
	var uncallable []ingest.Uncallable
	if m.target.Campaign == "nowhere" {
		for _, r := range rows {
			uncallable = append(uncallable, ingest.Uncallable{Line: r.Line, Reason: campaigns.ReasonZoneUnknown})
		}
	}
	return ingest.Merged{Imported: len(rows), Uncallable: uncallable, Candidates: map[campaigns.CandidateState]int{campaigns.CandidateReady: len(rows)}}, nil
}
func (m *memory) Finish(context.Context, ingest.Summary) error { m.finished = true; return nil }
func (m *memory) Close()                                       { m.closed = true }

// read imports a text and gives the rows, the rejects and the summary.
func read(t testing.TB, text string, change func(*ingest.Options)) (*memory, [][]string, ingest.Summary, error) {
	t.Helper()
	var rejects bytes.Buffer
	o := ingest.Options{Campaign: "spring", FileName: "/lists/leads.csv", File: strings.NewReader(text), Rejects: &rejects}
	if change != nil {
		change(&o)
	}
	m := &memory{}
	s, err := ingest.Import(t.Context(), o, m)
	if m.begun != m.closed {
		t.Errorf("begun %v, closed %v", m.begun, m.closed)
	}
	r := csv.NewReader(&rejects)
	r.FieldsPerRecord = -1
	lines, cerr := r.ReadAll()
	if cerr != nil {
		t.Fatalf("the rejects file is no CSV: %v", cerr)
	}
	return m, lines, s, err
}

func TestAllFieldsAreRead(t *testing.T) {
	t.Parallel()
	m, rejects, s, err := read(t, "\ufeffExternal ID;First-Name;last_name;COMPANY;phone;phone_2;phone_3;email;language;time_zone;region;postal_code;source;value;event_at;propensity;Plan;;tier\r\n"+
		"c-1; Ada ;Lovelace;Engines;(208) 555-0123;+49 30 123456;208-555-0123;Ada@Example.COM;en;America/Boise;ID;83702;web;12.5;2026-03-01 10:00;20%;gold;x;\r\n", nil)
	if err != nil || len(rejects) > 0 || len(m.rows) != 1 {
		t.Fatalf("%v, %v, %v", m.rows, rejects, err)
	}
	r := m.rows[0]
	if r.Line != 2 || r.ExternalID != "c-1" || r.FirstName != "Ada" || r.LastName != "Lovelace" || r.Company != "Engines" ||
		r.Email != "ada@example.com" || r.Language != "en" || r.TimeZone != "America/Boise" || r.Region != "ID" ||
		r.PostalCode != "83702" || r.Value != 12.5 || r.Propensity != 0.2 {
		t.Errorf("row %+v", r)
	}
	if !r.EventAt.Equal(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("event at %v", r.EventAt)
	}
	if len(r.Numbers) != 2 || r.Numbers[0].E164 != "+12085550123" || r.Numbers[1].E164 != "+4930123456" {
		t.Errorf("numbers %+v", r.Numbers)
	}
	if !maps.Equal(r.Attributes, map[string]string{"Plan": "gold", "source": "web"}) {
		t.Errorf("attributes %v", r.Attributes)
	}
	if s.Rows != 1 || s.Imported != 1 || s.UnnamedColumns != 1 || !m.finished || m.target.List != "leads.csv" {
		t.Errorf("%+v into %+v, finished %v", s, m.target, m.finished)
	}
}

func TestColumnsAreMapped(t *testing.T) {
	t.Parallel()
	m, _, _, err := read(t, "Mobile\tphone\tWho\n2085550123\tdesk 4\tAda\n", func(o *ingest.Options) {
		o.Map = map[string]string{"phone": "mobile", "first_name": "Who"}
	})
	if err != nil || len(m.rows) != 1 {
		t.Fatal(m.rows, err)
	}
	r := m.rows[0]
	if r.Numbers[0].E164 != "+12085550123" || r.FirstName != "Ada" || r.Attributes["phone"] != "desk 4" {
		t.Errorf("row %+v", r)
	}
}

// A file that is wrong as a whole is refused with the reason, before the store
// is asked for anything.
func TestAFileThatIsWrongChangesNothing(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("2085550123,Ada\n", 5000)
	for name, c := range map[string]struct {
		text, say string
		columns   map[string]string
	}{
		"empty":              {"", "is empty", nil},
		"only a mark":        {"\ufeff", "is empty", nil},
		"only blank lines":   {"\n\r\n \n", "", nil},
		"only a header":      {"phone,first_name\n", "no rows", nil},
		"no phone":           {"Mobile,Name\n1,2\n", `"Mobile", "Name"`, nil},
		"twice":              {"phone,Name,name\n1,2,3\n", `"name" twice, in columns 2 and 3`, nil},
		"no names":           {",,\n1,2,3\n", "names no column", nil},
		"UTF-16":             {"\xff\xfep\x00h\x00", "UTF-16", nil},
		"a spreadsheet":      {"PK\x03\x04 phone\n1\n", "spreadsheet", nil},
		"compressed":         {"\x1f\x8b phone\n1\n", "compressed", nil},
		"binary":             {"phone\n1\x002\n", "NUL", nil},
		"Latin-1":            {"phone,first_name\n" + good + "2085550123,Ren\xe9e\n", "line 5002, column B (first_name): not UTF-8", nil},
		"Latin-1 header":     {"phone,Stra\xdfe\n1,2\n", "line 1, column B: not UTF-8", nil},
		"open quote":         {"phone,first_name\n" + good + "2085550123,\"Ada\n" + good, "line 5002: a quote is opened", nil},
		"huge open quote":    {"phone,first_name\n2085550123,\"Ada\n" + strings.Repeat(good, 150), "not closed", nil},
		"quote in header":    {"phone,na\"me\n1,2\n", "the header", nil},
		"unknown field":      {"phone\n1\n", `"fone" is no field; the fields are external_id`, map[string]string{"fone": "phone"}},
		"unknown column":     {"phone\n1\n", `email=E-Mail: the file has no such column; its columns are "phone"`, map[string]string{"email": "E-Mail"}},
		"mapped to the same": {"phone\n1\n", "mapped to both", map[string]string{"phone": "phone", "phone_2": "phone"}},
	} {
		m, _, _, err := read(t, c.text, func(o *ingest.Options) { o.Map = c.columns })
		if err == nil || campaigns.CodeOf(err) != campaigns.CodeInvalid || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v, want %q", name, err, c.say)
		}
		if m.begun {
			t.Errorf("%s: the store was asked", name)
		}
	}
}

func TestARowThatIsWrongIsRejectedAlone(t *testing.T) {
	t.Parallel()
	const ok = ",Ada,,,,,\n"
	text := "phone,first_name,email,value,event_at,propensity,time_zone\n" + // line 1
		"2085550100" + ok +
		"12" + ok + // 3
		",Ada,,,,,\n" + // 4
		"2085550101,Ada,none,,,,\n" + // 5
		"2085550102,Ada,,\"1,234\",,,\n" + // 6
		"2085550103,Ada,,-1,,,\n" + // 7
		"2085550104,Ada,,,yesterday,,\n" + // 8
		"2085550105,Ada,,,,1.5,\n" + // 9
		"2085550106,Ada,,,,,EST\n" + // 10
		"2085550107,Ada,,\n" + // 11
		"2085550108,A\"da,,,,,\n" + // 12
		"2085550109,\"Ada\"x,,,,,\n" + // 13
		"2085550110,\"A\nd\",,,,,\n" + // 14 and 15, good
		"2085550111," + strings.Repeat("x", 1<<20) + ",,,,,\n" + // 16
		"2085550112," + strings.Repeat("y", 2000) + ",,,,,\n" + // 17
		"=cmd|' /C calc'!A0,@Ada,,,,,\n" + // 18
		"2085550113,Ada,,NaN,,,\n" + // 19
		"\n" +
		"2085550114" + ok // 21, good
	m, rejects, s, err := read(t, text, func(o *ingest.Options) { o.BatchRows = 3 })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range m.rows {
		got = append(got, fmt.Sprintf("%d %s", r.Line, r.Numbers[0].E164))
	}
	if want := []string{"2 +12085550100", "14 +12085550110", "21 +12085550114"}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	want := []struct{ line, column, say string }{
		{"3", "phone", "too short"}, {"4", "phone", "no number"}, {"5", "email", "no e-mail"}, {"6", "value", "no figure"},
		{"7", "value", "below zero"}, {"8", "event_at", "no time"}, {"9", "propensity", "probability"},
		{"10", "time_zone", "no IANA time zone"}, {"11", "", "4 cells, the header has 7"}, {"12", "", "in the middle of a cell"},
		{"13", "", "not closed"}, {"16", "first_name", "cell of 1048576 bytes; the limit is 65536"},
		{"17", "first_name", "limit of first_name is 1000"}, {"18", "phone", "no part of a number"}, {"19", "value", "no figure"},
	}
	if len(rejects) != len(want)+1 || s.Rejected != len(want) || s.Rows != len(want)+3 {
		t.Fatalf("%d rejects, summary %+v", len(rejects), s)
	}
	if !slices.Equal(rejects[0][:4], []string{"reject_row", "reject_column", "reject_reason", "phone"}) {
		t.Errorf("header %v", rejects[0])
	}
	for i, w := range want {
		r := rejects[i+1]
		if r[0] != w.line || r[1] != w.column || !strings.Contains(r[2], w.say) {
			t.Errorf("reject %d: %.200q, want %v", i, r, w)
		}
	}
	if formula := rejects[14]; !strings.HasPrefix(formula[3], "'=cmd") || formula[4] != "'@Ada" {
		t.Errorf("a formula was passed on: %q", formula)
	}
	if huge := rejects[12]; len(huge[4]) > 2000 {
		t.Errorf("a cell of %d bytes was passed on", len(huge[4]))
	}
	if s.RejectedBy["value"] != 3 || s.RejectedBy[""] != 3 {
		t.Errorf("rejected by column: %v", s.RejectedBy)
	}
}

func TestAMendedRejectsFileCanBeImported(t *testing.T) {
	t.Parallel()
	_, rejects, _, err := read(t, "phone,first_name,age\n+1 208 555 0123,Ada,x\n12,Bob,7\n+1 208 555,Cy,8\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	rejects[1][3], rejects[2][3] = "2085550124", "'+12085550125"
	if err := w.WriteAll(rejects); err != nil {
		t.Fatal(err)
	}
	m, again, _, err := read(t, b.String(), nil)
	if err != nil || len(again) > 0 || len(m.rows) != 2 {
		t.Fatal(m.rows, again, err)
	}
	if a := m.rows[0].Attributes; len(a) != 1 || a["age"] != "7" || m.rows[1].Numbers[0].E164 != "+12085550125" {
		t.Errorf("rows %+v", m.rows)
	}
}

// Every row comes back from a rejects file as it was, through any number of
// rejects of rejects, whose own columns stand there once.
func TestRejectsOfRejectsAreRowsOfTheFile(t *testing.T) {
	t.Parallel()
	text := "phone,handle,-5%,\n12,@ada,=1+1,x\n13,'@bob,''-2,y\n14,+cy,'plain,z\n"
	file := func(lines [][]string) string {
		var b strings.Builder
		if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := text
	for range 3 {
		_, rejects, s, err := read(t, text, nil)
		if err != nil || s.Rejected != 3 || len(rejects) != 4 {
			t.Fatalf("%+v, %q, %v", s, rejects, err)
		}
		if got := strings.Join(rejects[0], ","); got != "reject_row,reject_column,reject_reason,phone,handle,'-5%," {
			t.Errorf("header %q", got)
		}
		text = file(rejects)
	}
	for i, number := range []string{"2085550120", "2085550121", "2085550122"} {
		text = strings.Replace(text, fmt.Sprintf(",%d,", 12+i), ","+number+",", 1)
		first = strings.Replace(first, fmt.Sprintf("\n%d,", 12+i), "\n"+number+",", 1)
	}
	mended, again, s, err := read(t, text, nil)
	if err != nil || len(again) > 0 || s.Imported != 3 {
		t.Fatalf("%+v, %q, %v", s, again, err)
	}
	original, _, _, err := read(t, first, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range mended.rows {
		if want := original.rows[i]; !maps.Equal(row.Attributes, want.Attributes) || row.Numbers[0].E164 != want.Numbers[0].E164 {
			t.Errorf("row %d comes back as %v, was %v", i, row.Attributes, want.Attributes)
		}
	}
}

// The header is read once: where files were joined, it is a row that is wrong.
func TestTheHeaderOnceMoreIsRejected(t *testing.T) {
	t.Parallel()
	m, rejects, s, err := read(t, "phone,first_name\n2085550123,Ada\nphone, first_name\n2085550124,Bob\n", func(o *ingest.Options) { o.BatchRows = 1 })
	if err != nil || len(m.rows) != 2 || s.Rejected != 1 || len(rejects) != 2 {
		t.Fatalf("%+v, %q, %v", s, rejects, err)
	}
	if r := rejects[1]; r[0] != "3" || r[2] != "the header once more" {
		t.Errorf("reject %q", r)
	}
}

func TestAValueOfNothingIsOne(t *testing.T) {
	t.Parallel()
	m, rejects, _, err := read(t, "phone,value\n2085550123,0\n2085550124,0.00\n2085550125,\n2085550126,2\n2085550127,-0.5\n", nil)
	if err != nil || len(m.rows) != 4 || len(rejects) != 2 {
		t.Fatalf("%+v, %q, %v", m.rows, rejects, err)
	}
	for i, want := range []float64{scoring.LeastValue, scoring.LeastValue, 0, 2} {
		if got := m.rows[i].Value; got != want {
			t.Errorf("row %d has value %v, want %v", i, got, want)
		}
	}
}

func TestTheSummaryNamesSomeWhoWillNeverBeCalled(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("phone\n")
	for i := range 20 {
		fmt.Fprintf(&b, "+1208555%04d\n", i)
	}
	_, _, s, err := read(t, b.String(), func(o *ingest.Options) { o.BatchRows = 4; o.Campaign = "nowhere" })
	if err != nil || s.Uncallable[campaigns.ReasonZoneUnknown] != 20 || len(s.Uncallable) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	if len(s.UncallableExamples) != 5 || s.UncallableExamples[0].Line != 2 || s.UncallableExamples[4].Line != 6 {
		t.Errorf("examples %+v", s.UncallableExamples)
	}
}

// A pipe cannot be read twice.
type pipe struct{ io.Reader }

func TestAPipeIsCopiedFirst(t *testing.T) {
	t.Parallel()
	m, _, s, err := read(t, "", func(o *ingest.Options) { o.File = pipe{strings.NewReader("phone\n2085550123\n")} })
	if err != nil || len(m.rows) != 1 || s.Rows != 1 {
		t.Error(m.rows, s, err)
	}
	broken := errors.New("gone")
	m, _, _, err = read(t, "", func(o *ingest.Options) {
		o.File = pipe{io.MultiReader(strings.NewReader("phone\n2085550123\n"), failing{broken})}
	})
	if !errors.Is(err, broken) || m.begun {
		t.Errorf("a broken pipe: %v, begun %v", err, m.begun)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestOrderAndProgressOfManyBatches(t *testing.T) {
	t.Parallel()
	const rows = 5000
	var b strings.Builder
	b.WriteString("phone,n\n")
	for i := range rows {
		fmt.Fprintf(&b, "+1208555%04d,%d\n", i, i)
	}
	var seen []ingest.Progress
	m, _, s, err := read(t, b.String(), func(o *ingest.Options) {
		o.BatchRows = 64
		o.Progress = func(p ingest.Progress) { seen = append(seen, p) }
	})
	if err != nil || s.Rows != rows || len(m.rows) != rows {
		t.Fatal(s, err)
	}
	for i, r := range m.rows {
		if r.Line != i+2 || r.Attributes["n"] != fmt.Sprint(i) {
			t.Fatalf("row %d is %+v", i, r)
		}
	}
	if last := seen[len(seen)-1]; len(seen) != m.batches || last.Rows != rows || last.Total != rows {
		t.Errorf("%d reports, the last %+v", len(seen), last)
	}
}

func TestAFailingStoreAndACancelEndTheImport(t *testing.T) {
	t.Parallel()
	text := "phone\n" + strings.Repeat("2085550123\n", 3000)
	gone := errors.New("gone")
	m := &memory{fail: gone, failAt: 3}
	s, err := ingest.Import(t.Context(), ingest.Options{Campaign: "c", List: "l", File: strings.NewReader(text), BatchRows: 10}, m)
	if !errors.Is(err, gone) || s.Rows != 20 || m.finished || !m.closed {
		t.Errorf("%+v, %v, finished %v", s, err, m.finished)
	}
	ctx, cancel := context.WithCancel(t.Context())
	m = &memory{}
	s, err = ingest.Import(ctx, ingest.Options{Campaign: "c", List: "l", File: strings.NewReader(text), BatchRows: 10,
		Progress: func(ingest.Progress) { cancel() }}, m)
	if !errors.Is(err, context.Canceled) || m.finished || !m.closed || s.Rows >= 3000 {
		t.Errorf("%+v, %v, finished %v", s, err, m.finished)
	}
}

func TestOptionsNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	file := strings.NewReader("phone\n1\n")
	for field, o := range map[string]ingest.Options{
		"campaign": {List: "l", File: file}, "file": {Campaign: "c", List: "l"}, "list": {Campaign: "c", File: file},
		"batch_rows": {Campaign: "c", List: "l", File: file, BatchRows: -1},
	} {
		_, err := ingest.Import(t.Context(), o, &memory{})
		var e *campaigns.Error
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, s := range []string{"phone\n2085550123\n", "\ufeffphone;x\n1;\"a\nb\"\n", "phone\tn\n\"\n", "phone,a\n\"1\"x,2\n3,4\n",
		"phone\n=1+1\n", "PHONE,phone_2\n2085550123,2085550124\n\n\n1,2,3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, rejects, s, err := read(t, string(text), nil)
		if err != nil {
			if m.begun {
				t.Fatalf("the store was asked: %v", err)
			}
			return
		}
		if s.Rows != len(m.rows)+s.Rejected || s.Rejected > 0 && len(rejects) != s.Rejected+1 {
			t.Fatalf("%d rows, %d rejects, summary %+v", len(m.rows), len(rejects), s)
		}
		for _, r := range m.rows {
			if len(r.Numbers) == 0 {
				t.Fatalf("row %+v has no number", r)
			}
		}
		for _, line := range rejects {
			for _, cell := range line {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Fatalf("a formula was passed on: %q", cell)
				}
			}
		}
	})
}
