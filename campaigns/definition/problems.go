package definition

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	// Line counts from 1; zero: the file as a whole.
	Line int
	// Key is the path to the setting, such as selection.segment.
	Key     string
	Message string
}

// String gives line, key and message.
func (p Problem) String() string {
	text := p.Message
	if p.Key != "" {
		text = p.Key + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// Error says all that is wrong with a file, first to last.
type Error struct{ Problems []Problem }

// Error implements error: one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems gathers what is wrong.
type problems struct{ all []Problem }

func (p *problems) add(line int, key, format string, args ...any) {
	p.all = append(p.all, Problem{Line: line, Key: key, Message: fmt.Sprintf(format, args...)})
}

// err is nil when nothing is wrong.
func (p *problems) err() error {
	if len(p.all) == 0 {
		return nil
	}
	slices.SortStableFunc(p.all, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{Problems: p.all}
}

// nearest gives the known word that a wrong one is likely meant for: at most
// two letters away.
func nearest(wrong string, known []string) string {
	best, least := "", 3
	for _, word := range known {
		if d := distance(wrong, word); d < least {
			best, least = word, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := before
			if a[i] != b[j] {
				replace++
			}
			before = row[j+1]
			row[j+1] = min(replace, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
