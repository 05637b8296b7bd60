package model

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ringmaster/campaigns"
)

// CSV says how a file of labelled rows is read.
type CSV struct {
	// Target is the column of results; empty: the rows are not labelled.
	Target string
	// Positive is the target's value that is a success; empty: found among yes,
	// true, 1, sale and the like.
	Positive string
}

// ReadCSV reads a CSV file with a header row, separated by commas, semicolons or
// tabs, whichever the header has most of. Errors name the line and the column.
func ReadCSV(r io.Reader, c CSV) (*Table, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // Peek has just read them
	}
	head, _ := buffered.Peek(64 << 10)
	reader := csv.NewReader(buffered)
	reader.Comma = separator(head)
	reader.ReuseRecord = true
	header, err := reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, campaigns.Invalid("csv", "is empty: the first line must name the columns")
	case err != nil:
		return nil, campaigns.Wrap(campaigns.CodeInvalid, "the header cannot be read", err)
	}
	names := make([]string, len(header))
	for i, name := range header {
		names[i] = strings.TrimSpace(name)
		switch {
		case names[i] == "":
			return nil, campaigns.Invalid("csv", "line 1: column %d has no name", i+1)
		case slices.Contains(names[:i], names[i]):
			return nil, campaigns.Invalid(names[i], "line 1: names two columns")
		}
	}
	target := -1
	if c.Target != "" {
		target = slices.Index(names, c.Target)
	}
	if c.Target != "" && target < 0 {
		return nil, campaigns.Invalid("target", "there is no column %q: there are %s", c.Target, strings.Join(names, ", "))
	}
	return readRows(reader, names, target, c)
}

// readRows reads what follows the header.
func readRows(reader *csv.Reader, names []string, target int, c CSV) (*Table, error) {
	t := &Table{}
	for i, name := range names {
		if i != target {
			t.Columns = append(t.Columns, name)
		}
	}
	texts := map[string]string{} // one copy of each text
	keep := func(s string) string {
		s = strings.TrimSpace(s)
		if known, ok := texts[s]; ok {
			return known
		}
		s = strings.Clone(s)
		texts[s] = s
		return s
	}
	var results []string
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if parse, ok := errors.AsType[*csv.ParseError](err); ok {
				if errors.Is(err, csv.ErrFieldCount) {
					return nil, campaigns.Invalid(fmt.Sprintf("line %d", parse.Line), "has %d cells, the header has %d", len(record), len(names))
				}
				return nil, campaigns.Wrap(campaigns.CodeInvalid, fmt.Sprintf("line %d, column %d", parse.Line, parse.Column), parse.Err)
			}
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		cells := make([]string, 0, len(t.Columns))
		for i, cell := range record {
			if i == target {
				results = append(results, keep(cell))
			} else {
				cells = append(cells, keep(cell))
			}
		}
		t.Cells = append(t.Cells, cells)
		t.Lines = append(t.Lines, line)
	}
	if target < 0 {
		t.Labels = make([]bool, len(t.Cells))
		return t, nil
	}
	var err error
	t.Labels, err = labels(results, t.Lines, c)
	return t, err
}

// positives and negatives are the words of results that need no --positive.
var (
	positives = []string{"yes", "y", "true", "t", "1", "sale", "success", "won", "converted"}
	negatives = []string{"no", "n", "false", "f", "0", "no_sale", "failure", "lost", "none"}
)

// labels turns results into successes.
func labels(results []string, lines []int, c CSV) ([]bool, error) {
	out := make([]bool, len(results))
	seen := false
	for i, result := range results {
		low := strings.ToLower(result)
		switch {
		case result == "":
			return nil, campaigns.Invalid(c.Target, "line %d: the result is missing", lines[i])
		case c.Positive != "":
			out[i] = result == c.Positive
			seen = seen || out[i]
		case slices.Contains(positives, low):
			out[i] = true
		case !slices.Contains(negatives, low):
			return nil, campaigns.Invalid(c.Target, "line %d: %q is neither yes nor no; say with --positive which value is a success", lines[i], result)
		}
	}
	if c.Positive != "" && !seen {
		return nil, campaigns.Invalid(c.Target, "no row has the value %q", c.Positive)
	}
	return out, nil
}

// separator is the one that the header has most of, outside of quotes.
func separator(head []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range string(head) {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
