package segment

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of an expression, in code points and in nodes of its syntax tree.
const (
	maxLength = 8192
	maxNodes  = 500
	maxDepth  = 100
)

// Segment is a compiled expression.
type Segment struct {
	text string
	root node[bool]
}

// Check reports what is wrong with an expression, as an *Error; nil when it is
// right. An empty one is: everybody belongs.
func Check(expression string) error {
	_, err := Compile(expression)
	return err
}

// Compile reads an expression. The error is an *Error with every problem found,
// or with the first of a text that does not parse, and its line and column. An empty expression holds for everybody.
func Compile(expression string) (*Segment, error) {
	if strings.TrimSpace(expression) == "" {
		return &Segment{root: constant(true, "boolean")}, nil
	}
	if !utf8.ValidString(expression) {
		return nil, &Error{Problems: []Problem{{Line: 1, Column: 1, Message: "the expression is not UTF-8"}}}
	}
	tree, err := parse(expression)
	if err != nil {
		return nil, err
	}
	c := compiler{tree: tree}
	root := c.root()
	if len(c.problems) > 0 {
		return nil, newError(c.problems)
	}
	return &Segment{text: expression, root: root}, nil
}

// String gives the expression as it was written.
func (s *Segment) String() string { return s.text }

// Everybody reports whether the expression is empty.
func (s *Segment) Everybody() bool { return s.text == "" }

// Holds reports whether the person belongs to the segment at a business time. It
// is the plain meaning of an expression, by which the SQL is tested.
func (s *Segment) Holds(p *Person, now time.Time) bool {
	return s.root.eval(&subject{person: p, now: now.Truncate(time.Microsecond)})
}

// SQL gives the predicate over the row p of table contacts, never null, and its
// parameters, of which the first is numbered first: SQL(now, 3) refers to $3,
// $4 and so on. The other tables of the schema must be on the search path.
func (s *Segment) SQL(now time.Time, first int) (predicate string, args []any) {
	w := &statement{now: now.Truncate(time.Microsecond), first: first}
	s.root.sql(w)
	return w.String(), w.args
}

// SQLWithin gives the same predicate for a statement that judges most of the
// contacts with the ids from to to: joins are to follow "contacts p", and read
// their histories in one go where SQL looks each of them up. The parameters are
// those of both texts, and the same for any ids.
func (s *Segment) SQLWithin(now time.Time, first int, from, to int64) (joins, predicate string, args []any) {
	w := &statement{now: now.Truncate(time.Microsecond), first: first, joined: map[string]bool{}, from: from, to: to}
	s.root.sql(w)
	return w.joins.String(), w.String(), w.args
}
