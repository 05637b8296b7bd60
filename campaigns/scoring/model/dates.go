package model

import (
	"slices"
	"time"
)

// dateForms are the usual ways to write a date or a time.
var dateForms = []string{
	time.DateOnly, time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04",
	"2006/01/02", "02.01.2006", "01/02/2006", "02/01/2006", "20060102",
}

// Date gives the date of a cell as YYYY-MM-DD; ok is false where it is none.
func Date(cell string) (date string, ok bool) {
	if len(cell) < len("20060102") {
		return "", false
	}
	for _, form := range dateForms {
		if at, err := time.Parse(form, cell); err == nil {
			return at.Format(time.DateOnly), true
		}
	}
	return "", false
}

// Dated reports whether a column holds dates, in every row.
func (t *Table) Dated(column string) bool {
	at := slices.Index(t.Columns, column)
	for i := range t.Len() {
		if _, ok := Date(t.cell(i, at)); !ok {
			return false
		}
	}
	return at >= 0 && t.Len() > 0
}

// dates reports whether cells are dates where they are not missing.
func dates(cells []string) bool {
	found := false
	for _, cell := range cells {
		if missing(cell) {
			continue
		}
		if _, ok := Date(cell); !ok {
			return false
		}
		found = true
	}
	return found
}
