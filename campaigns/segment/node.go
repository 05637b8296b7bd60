package segment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// node is one part of an expression with its two meanings, which must agree:
// sql writes it, eval computes it.
type node[T any] struct {
	sql  func(*statement)
	eval func(*subject) T
	// maybe is set where the value can be missing, null in SQL.
	maybe bool
	// simple is set where the SQL may be written several times: a text that is
	// read, not computed.
	simple bool
	// least and most bound the magnitude of a number other than zero.
	least, most float64
}

// number is a number that may be missing.
type number struct {
	value float64
	known bool
}

// moment is a time that may be missing, in microseconds as PostgreSQL has it.
type moment struct {
	time  time.Time
	known bool
}

// The magnitude of a number that is read, and of one that is computed.
const (
	leastRead, mostRead         = 1e-15, 1e15
	leastComputed, mostComputed = 1e-300, 1e300
)

// numberOf gives a number as it is read: missing where its magnitude is out of
// bounds.
func numberOf(v float64) number {
	if a := math.Abs(v); v == 0 || a >= leastRead && a <= mostRead {
		return number{v, true}
	}
	return number{}
}

// subject is whom an evaluation is about.
type subject struct {
	person *Person
	now    time.Time
}

// statement is SQL in the making.
type statement struct {
	strings.Builder
	args  []any
	first int
	now   time.Time
	// nowArg is the placeholder of now, once it was asked for.
	nowArg string
	// joined are the sets that the fields are read of; nil: they are looked up.
	joined map[string]bool
	joins  strings.Builder
	// from and to are the contacts that the sets are read for.
	from, to int64
}

// join joins one of sets to the contacts, once.
func (w *statement) join(set string) {
	if w.joined[set] {
		return
	}
	w.joined[set] = true
	within := strings.NewReplacer("@from", strconv.FormatInt(w.from, 10), "@to", strconv.FormatInt(w.to, 10))
	fmt.Fprintf(&w.joins, " left join (%s) %s on %s.contact_id = p.id", within.Replace(w.at(sets[set])), set, set)
}

// at puts now into SQL of ours.
func (w *statement) at(sql string) string {
	if strings.Contains(sql, "@now") {
		return strings.ReplaceAll(sql, "@now", w.moment())
	}
	return sql
}

// moment gives the placeholder of now.
func (w *statement) moment() string {
	if w.nowArg == "" {
		w.nowArg = w.arg(w.now, "timestamptz")
	}
	return w.nowArg
}

// arg adds a parameter and gives its placeholder.
func (w *statement) arg(value any, sqlType string) string {
	w.args = append(w.args, value)
	return fmt.Sprintf("$%d::%s", w.first+len(w.args)-1, sqlType)
}

// put writes texts and, where it is given a part's function, that part.
func (w *statement) put(parts ...any) {
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			w.WriteString(p)
		case func(*statement):
			p(w)
		}
	}
}

// constant is a literal.
func constant[T any](value T, sqlType string) node[T] {
	return node[T]{
		sql:  func(w *statement) { w.put(w.arg(value, sqlType)) },
		eval: func(*subject) T { return value },
	}
}

// settled makes a condition that SQL may find null false.
func settled(maybe bool, condition func(*statement)) func(*statement) {
	if !maybe {
		return condition
	}
	return func(w *statement) { w.put("coalesce(", condition, ", false)") }
}

// choose is the ternary operator.
func choose[T any](when node[bool], yes, no node[T]) node[T] {
	return node[T]{
		sql: func(w *statement) {
			w.put("(case when ", when.sql, " then ", yes.sql, " else ", no.sql, " end)")
		},
		eval: func(s *subject) T {
			if when.eval(s) {
				return yes.eval(s)
			}
			return no.eval(s)
		},
		maybe: yes.maybe || no.maybe,
		least: min(yes.least, no.least), most: max(yes.most, no.most),
	}
}
