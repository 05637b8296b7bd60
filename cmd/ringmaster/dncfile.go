package main

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"

	"ringmaster/campaigns/phone"
)

// dncFile reads numbers out of a do-not-call file. Registries deliver one number
// a line, some of them the area code and the number as two columns; of other
// CSV files the first column counts, and a first line without digits is a
// header.
type dncFile struct {
	file    io.Reader
	region  string
	rejects io.Writer

	line, rejected int64
	firstLine      int64
	firstReason    string
}

// numbers gives the numbers in E.164; what is none goes to the rejects.
func (f *dncFile) numbers() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lines := bufio.NewScanner(f.file)
		lines.Buffer(make([]byte, 0, 64<<10), 64<<10)
		parser := phone.NewParser(f.region)
		for lines.Scan() {
			f.line++
			text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
			if text == "" || f.line == 1 && !strings.ContainsAny(text, "0123456789") {
				continue
			}
			number, err := parser.Parse(firstNumber(text))
			if err != nil {
				if err := f.reject(text, err); err != nil {
					yield("", err)
					return
				}
				continue
			}
			if !yield(number.E164, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield("", fmt.Errorf("line %d: %w", f.line+1, err))
		}
	}
}

func (f *dncFile) reject(text string, why error) error {
	if f.rejected++; f.rejected == 1 {
		f.firstLine, f.firstReason = f.line, why.Error()
	}
	_, err := fmt.Fprintf(f.rejects, "%d\t%s\t%s\n", f.line, why, text)
	return err
}

// firstNumber gives the number of a line: its first column, or the first two
// where those are an area code of three digits and a number of seven.
func firstNumber(line string) string {
	at := strings.IndexAny(line, ",;\t")
	if at < 0 {
		return line
	}
	first, rest := unquote(line[:at]), line[at+1:]
	if end := strings.IndexAny(rest, ",;\t"); end >= 0 {
		rest = rest[:end]
	}
	if rest = unquote(rest); len(first) == 3 && len(rest) == 7 {
		return first + rest
	}
	return first
}

func unquote(cell string) string { return strings.Trim(strings.TrimSpace(cell), `"`) }
