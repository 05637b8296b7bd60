package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"ringmaster/campaigns"
)

// Kind names a report.
type Kind string

// The kinds of reports.
const (
	KindCampaign Kind = "campaign"
	KindAgents   Kind = "agents"
	KindSLA      Kind = "sla"
	KindLists    Kind = "lists"
	KindScores   Kind = "scores"
)

// Kinds lists every kind.
var Kinds = []Kind{KindCampaign, KindAgents, KindSLA, KindLists, KindScores}

// Format of a written report.
type Format string

// The formats.
const (
	FormatTable Format = "table"
	FormatCSV   Format = "csv"
	FormatJSON  Format = "json"
)

// Report is a set of tables over a time.
type Report struct {
	Kind     Kind   `json:"kind"`
	Campaign string `json:"campaign,omitempty"`
	// From and Until bound the time, half open.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Rolled is when the newest hour was rolled up.
	Rolled time.Time `json:"rolled_at,omitzero"`
	Tables []Table   `json:"tables"`
}

// Table has one cell for each column in each row; a cell is a text, a number,
// or nil where there is nothing to say.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	// Note says what the figures mean where the columns do not.
	Note string `json:"note,omitempty"`
}

// add appends a row.
func (t *Table) add(cells ...any) { t.Rows = append(t.Rows, cells) }

// figures makes the table of ratios, to which ratio adds.
func figures() Table {
	return Table{Name: "figures", Columns: []string{"figure", "value", "unit", "numerator", "denominator"}}
}

// ratio adds a figure with what it is made of; without a denominator it has no
// value.
func (t *Table) ratio(name, unit string, numerator, denominator float64) {
	t.add(name, Over(numerator, denominator), unit, numerator, denominator)
}

// Over divides; nil where the denominator is zero.
func Over(numerator, denominator float64) any {
	if denominator == 0 {
		return nil
	}
	return numerator / denominator
}

// Write writes the report; CodeInvalid for an unknown format.
func (r *Report) Write(w io.Writer, format Format) error {
	for i := range r.Tables {
		if r.Tables[i].Rows == nil {
			r.Tables[i].Rows = [][]any{} // an empty list, not null, in JSON
		}
	}
	switch format {
	case FormatJSON:
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r)
	case FormatCSV:
		return r.writeCSV(w)
	case FormatTable:
		return r.writeText(w)
	default:
		return campaigns.Invalid("format", "%q is not one of table, csv, json", format)
	}
}

// writeCSV writes every table under a line with its name, an empty line between
// them.
func (r *Report) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	for i, t := range r.Tables {
		if i > 0 {
			_ = out.Write(nil) // a csv.Writer keeps its error for Flush
		}
		_ = out.Write(append([]string{"table"}, t.Columns...))
		for _, row := range t.Rows {
			cells := []string{t.Name}
			for _, cell := range row {
				cells = append(cells, text(cell, -1))
			}
			_ = out.Write(cells)
		}
	}
	out.Flush()
	return out.Error()
}

func (r *Report) writeText(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	of := string(r.Kind)
	if r.Campaign != "" {
		of += " " + r.Campaign
	}
	_, _ = fmt.Fprintf(out, "Report %s, from %s until %s\n", of, r.From.Format(time.DateTime), r.Until.Format(time.DateTime))
	for _, t := range r.Tables {
		_, _ = fmt.Fprintf(out, "\n%s\n", t.Name)
		for _, column := range t.Columns {
			_, _ = fmt.Fprintf(out, "%s\t", column)
		}
		_, _ = fmt.Fprintln(out)
		for _, row := range t.Rows {
			for _, cell := range row {
				_, _ = fmt.Fprintf(out, "%s\t", text(cell, 4))
			}
			_, _ = fmt.Fprintln(out)
		}
		if t.Note != "" {
			_, _ = fmt.Fprintln(out, t.Note)
		}
	}
	return out.Flush()
}

// text writes a cell; precision is in significant digits, negative: all.
func text(cell any, precision int) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case float64:
		if precision > 0 && v == float64(int64(v)) {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'g', precision, 64)
	default:
		return fmt.Sprint(v)
	}
}
