package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// cellLimit is the longest cell in bytes that is imported.
	cellLimit = 64 << 10
	// recordLimit bounds the memory of one row; a longer one means that a quote
	// was opened and never closed, which would take in the rest of the file.
	recordLimit = 8 << 20
	// sniffed is how much of the file is looked at to tell its format.
	sniffed = 64 << 10
)

var errRecordTooLong = errors.New("row too long")

// record is one row as it stands in the file. problem says what is wrong with
// the row as a whole.
type record struct {
	line    int
	cells   []string
	problem string
}

// source reads records. It is not safe for concurrent use.
type source struct {
	csv *csv.Reader
	// plain is set for files of a preset that has no quotes: a line is a row, and
	// a quote is a letter.
	plain  *bufio.Reader
	budget *budget
	line   int
}

// budget fails a read when one record takes more than recordLimit bytes.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRecordTooLong
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

// newSource tells the format of the file and refuses what is no CSV in UTF-8.
func newSource(file io.Reader, preset Preset) (*source, error) {
	buffered := bufio.NewReaderSize(file, sniffed)
	head, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := buffered.Discard(3); err != nil {
			return nil, err
		}
		head = head[3:]
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0 && len(head) < sniffed-3:
		return nil, fileError("is empty; the first line must name the columns")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fileError("is in UTF-16; save it as CSV in UTF-8")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, fileError("is a spreadsheet or a ZIP archive; save the sheet as CSV in UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, fileError("is compressed; unpack it first, or pipe gunzip's output in")
	case bytes.IndexByte(head, 0) >= 0:
		return nil, fileError("is no text: it holds NUL bytes")
	}
	b := &budget{r: buffered, left: recordLimit}
	r := csv.NewReader(b)
	r.Comma = delimiter(head)
	r.FieldsPerRecord = -1
	s := &source{csv: r, budget: b}
	if firstLine, _, _ := bytes.Cut(head, []byte("\n")); preset != "" && (r.Comma == '\t' || r.Comma == '|') && !bytes.Contains(firstLine, []byte{'"'}) {
		s.plain = bufio.NewReader(b)
	}
	return s, nil
}

// delimiter is the most frequent of comma, semicolon, tab and bar in the first
// line, outside of quotes.
func delimiter(head []byte) rune {
	head = bytes.TrimLeft(head, "\r\n")
	counts := map[byte]int{}
	quoted := false
scan:
	for _, c := range head {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			break scan
		default:
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t', '|'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}

// next gives the next record, io.EOF at the end, or an error that concerns the
// file as a whole. A record with a problem is to be rejected.
func (s *source) next() (record, error) {
	s.budget.left = recordLimit
	if s.plain != nil {
		return s.nextPlain()
	}
	cells, err := s.csv.Read()
	var parse *csv.ParseError
	switch {
	case err == nil:
		s.line, _ = s.csv.FieldPos(0)
		return record{line: s.line, cells: cells}, nil
	case errors.Is(err, io.EOF):
		return record{}, io.EOF
	case errors.Is(err, errRecordTooLong):
		return record{}, fileError("after line %d: a quote is opened and not closed within %d MiB", s.line, recordLimit>>20)
	case errors.As(err, &parse) && parse.Line > parse.StartLine && errors.Is(err, csv.ErrQuote):
		return record{}, fileError("line %d: a quote is opened there and not closed properly up to line %d", parse.StartLine, parse.Line)
	case errors.As(err, &parse):
		s.line = parse.StartLine
		problem := `a quote in the middle of a cell; put the cell in quotes and write "" for each quote inside it`
		if errors.Is(err, csv.ErrQuote) {
			problem = `a quote that is not closed, or text after a closing quote; write "" for a quote inside a quoted cell`
		}
		return record{line: parse.StartLine, cells: cells, problem: problem}, nil
	default:
		return record{}, err
	}
}

// nextPlain gives the next line that is not empty, cut at the delimiters.
func (s *source) nextPlain() (record, error) {
	for {
		line, err := s.plain.ReadString('\n')
		switch {
		case errors.Is(err, errRecordTooLong):
			return record{}, fileError("after line %d: a line of more than %d MiB", s.line, recordLimit>>20)
		case err != nil && !errors.Is(err, io.EOF), err != nil && line == "":
			return record{}, err
		}
		s.line++
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			return record{line: s.line, cells: strings.Split(line, string(s.csv.Comma))}, nil
		}
	}
}

// scan reads the whole file and gives the header and the number of records
// after it, or what is wrong with the file.
func scan(file io.Reader, o Options) (*header, int, error) {
	s, err := newSource(file, o.Preset)
	if err != nil {
		return nil, 0, err
	}
	first, err := s.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, fileError("is empty; the first line must name the columns")
	case err != nil:
		return nil, 0, err
	case first.problem != "":
		return nil, 0, fileError("line %d, the header: %s", first.line, first.problem)
	}
	if err := validText(first, nil); err != nil {
		return nil, 0, err
	}
	h, err := newHeader(first.cells, o)
	if err != nil {
		return nil, 0, err
	}
	s.csv.ReuseRecord = true
	for rows := 0; ; rows++ {
		r, err := s.next()
		switch {
		case errors.Is(err, io.EOF) && rows == 0:
			return nil, 0, fileError("has a header and no rows")
		case errors.Is(err, io.EOF):
			return h, rows, h.foreign.unknown()
		case err != nil:
			return nil, 0, err
		}
		if err := validText(r, h); err != nil {
			return nil, 0, err
		}
		h.foreign.count(r.cells)
	}
}

// validText refuses a record that is not UTF-8.
func validText(r record, h *header) error {
	for i, cell := range r.cells {
		if utf8.ValidString(cell) {
			continue
		}
		name := "column " + columnName(i)
		if h != nil && i < len(h.names) && h.names[i] != "" {
			name += " (" + h.names[i] + ")"
		}
		return fileError("line %d, %s: not UTF-8 text at %q; the file looks like Latin-1 or Windows-1252, "+
			"convert it with: iconv -f WINDOWS-1252 -t UTF-8", r.line, name, around(cell))
	}
	return nil
}

// around gives the place of the first invalid byte of a cell, for a message.
func around(cell string) string {
	at := 0
	for at < len(cell) {
		r, size := utf8.DecodeRuneInString(cell[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return cell[max(0, at-8):min(len(cell), at+8)]
}

// columnName gives the letters by which spreadsheets name a column.
func columnName(i int) string {
	var b strings.Builder
	if i >= 26 {
		b.WriteString(columnName(i/26 - 1))
	}
	b.WriteByte(byte('A' + i%26))
	return b.String()
}
