package model

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"ringmaster/campaigns"
)

// Row is what is known of one person, by column; an absent or empty cell is a
// missing value. Numbers are written as strconv reads them.
type Row map[string]string

// Table holds the rows that a model is trained on or judged by.
type Table struct {
	// Columns are the names of the cells.
	Columns []string
	// Cells are the rows, each with one cell per column; empty is missing.
	Cells [][]string
	// Labels say of each row whether the call was a success.
	Labels []bool
	// Days, where known, say of each row on which day the call was; else nil.
	Days []string
	// Lines, where known, are the lines of the file that the rows came from;
	// errors then name them instead of the row's number.
	Lines []int
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.Cells) }

// Add appends a labelled row; columns that the table does not have yet are
// added, missing in the rows before.
func (t *Table) Add(row Row, success bool) {
	names := make([]string, 0, len(row))
	for name := range row {
		if !slices.Contains(t.Columns, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	t.Columns = append(t.Columns, names...)
	cells := make([]string, len(t.Columns))
	for i, name := range t.Columns {
		cells[i] = row[name]
	}
	t.Cells = append(t.Cells, cells)
	t.Labels = append(t.Labels, success)
}

// Row gives one row by column names.
func (t *Table) Row(i int) Row {
	row := make(Row, len(t.Columns))
	for c, name := range t.Columns {
		if cell := t.cell(i, c); cell != "" {
			row[name] = cell
		}
	}
	return row
}

// Pick gives the table of those rows, in that order, which shares their cells.
func (t *Table) Pick(rows []int) *Table {
	picked := &Table{Columns: t.Columns, Cells: make([][]string, len(rows)), Labels: make([]bool, len(rows))}
	if t.Days != nil {
		picked.Days = make([]string, len(rows))
	}
	if t.Lines != nil {
		picked.Lines = make([]int, len(rows))
	}
	for to, from := range rows {
		picked.Cells[to], picked.Labels[to] = t.Cells[from], t.Labels[from]
		if t.Days != nil {
			picked.Days[to] = t.Days[from]
		}
		if t.Lines != nil {
			picked.Lines[to] = t.Lines[from]
		}
	}
	return picked
}

// Slice gives the table of the rows from, included, to until, excluded; it
// shares their cells.
func (t *Table) Slice(from, until int) *Table {
	rows := make([]int, until-from)
	for i := range rows {
		rows[i] = from + i
	}
	return t.Pick(rows)
}

// Successes counts the rows that are one.
func (t *Table) Successes() int {
	n := 0
	for _, success := range t.Labels {
		if success {
			n++
		}
	}
	return n
}

// Without gives the table without those columns, and names the first that it
// does not have.
func (t *Table) Without(columns ...string) (*Table, error) {
	for _, name := range columns {
		if !slices.Contains(t.Columns, name) {
			return nil, campaigns.Invalid(name, "is no column to exclude: there are %s", strings.Join(t.Columns, ", "))
		}
	}
	kept := &Table{Cells: make([][]string, len(t.Cells)), Labels: t.Labels, Days: t.Days, Lines: t.Lines}
	var from []int
	for i, name := range t.Columns {
		if !slices.Contains(columns, name) {
			kept.Columns = append(kept.Columns, name)
			from = append(from, i)
		}
	}
	for i := range t.Cells {
		kept.Cells[i] = make([]string, len(from))
		for to, c := range from {
			kept.Cells[i][to] = t.cell(i, c)
		}
	}
	return kept, nil
}

// cell is empty where a row is older than the column.
func (t *Table) cell(row, column int) string {
	if cells := t.Cells[row]; column < len(cells) {
		return cells[column]
	}
	return ""
}

// missing reports whether a cell says nothing. "unknown" is no such word: that
// somebody does not tell is a fact of its own, learned as a level, except among
// numbers.
func missing(cell string) bool {
	switch strings.ToLower(cell) {
	case "", "na", "n/a", "nan", "null", "none", "?", "-":
		return true
	}
	return false
}

// number reads a cell of a numeric column; ok is false for text. Missing and
// "unknown" are NaN.
func number(cell string) (value float64, ok bool) {
	cell = strings.TrimSpace(cell)
	if missing(cell) || strings.EqualFold(cell, "unknown") {
		return math.NaN(), true
	}
	if !strings.ContainsRune("+-.0123456789", rune(cell[0])) {
		return math.NaN(), false // most texts end here, without an error made for each
	}
	value, err := strconv.ParseFloat(cell, 64)
	if err != nil || !(math.Abs(value) <= beyondMeasure) {
		return math.NaN(), false
	}
	return value, true
}

// beyondMeasure is a number that no field of a person reaches, small enough to
// be squared.
const beyondMeasure = 1e100
