package ingest

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shownCell is how many bytes of a cell a rejects file repeats of a row that
// was rejected for its size.
const shownCell = 1 << 10

// rejectColumns head a rejects file; an import leaves them out, so that a mended
// rejects file can be imported.
var rejectColumns = [3]string{"reject_row", "reject_column", "reject_reason"}

// rejectsWriter writes rejected rows as CSV: row, column and reason, then the
// row's own cells.
type rejectsWriter struct {
	csv     *csv.Writer
	columns []string
	started bool
	// told are the columns of an earlier rejects file, which are left out: the
	// rejects of rejects have them once.
	told []bool
}

func newRejectsWriter(w io.Writer, h *header) *rejectsWriter {
	if w == nil {
		return &rejectsWriter{}
	}
	return &rejectsWriter{csv: csv.NewWriter(w), columns: h.names, told: h.told}
}

func (w *rejectsWriter) write(rejects []reject) error {
	if w.csv == nil || len(rejects) == 0 {
		return nil
	}
	if !w.started {
		w.started = true
		if err := w.line(rejectColumns[0], rejectColumns[1], rejectColumns[2], w.columns); err != nil {
			return err
		}
	}
	for _, r := range rejects {
		if err := w.line(strconv.Itoa(r.line), r.column, r.reason, r.cells); err != nil {
			return err
		}
	}
	w.csv.Flush()
	return w.csv.Error()
}

func (w *rejectsWriter) line(line, column, reason string, cells []string) error {
	out := make([]string, 0, 3+len(cells))
	out = append(out, line, harmless(column), harmless(reason))
	for i, cell := range cells {
		if i >= len(w.told) || !w.told[i] {
			out = append(out, harmless(cell))
		}
	}
	return w.csv.Write(out)
}

// harmless keeps a spreadsheet from running a cell as a formula: one that
// starts with = + - @, tab or carriage return gets an apostrophe in front, as
// spreadsheets write text themselves (OWASP, CSV injection). An import of the
// rejects reads it back without (asItWas).
func harmless(cell string) string {
	if len(cell) > cellLimit {
		cell = strings.ToValidUTF8(cell[:shownCell], "") + "…"
	}
	if !utf8.ValidString(cell) {
		cell = strings.ToValidUTF8(cell, "\ufffd")
	}
	if runs(cell) {
		return "'" + cell
	}
	return cell
}

// runs reports whether a spreadsheet would run the cell, but for apostrophes
// in front: a cell that has one already gets another, so that all of them can be
// read back.
func runs(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	return cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0
}

// asItWas takes back from a cell of a rejects file what harmless has added.
func asItWas(cell string) string {
	if bare, ok := strings.CutPrefix(cell, "'"); ok && runs(cell) {
		return bare
	}
	return cell
}
