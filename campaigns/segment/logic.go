package segment

import (
	"cmp"

	"cel.dev/cel-go/common/operators"
)

// comparison is an operator of comparison.
type comparison struct {
	sql string
	// holds takes the sign of a compared with b.
	holds func(order int) bool
}

var comparisons = map[string]comparison{
	operators.Equals:        {"=", func(o int) bool { return o == 0 }},
	operators.NotEquals:     {"<>", func(o int) bool { return o != 0 }},
	operators.Less:          {"<", func(o int) bool { return o < 0 }},
	operators.LessEquals:    {"<=", func(o int) bool { return o <= 0 }},
	operators.Greater:       {">", func(o int) bool { return o > 0 }},
	operators.GreaterEquals: {">=", func(o int) bool { return o >= 0 }},
}

func both(a, b node[bool]) node[bool] {
	return node[bool]{
		sql:  func(w *statement) { w.put("(", a.sql, " and ", b.sql, ")") },
		eval: func(s *subject) bool { return a.eval(s) && b.eval(s) },
	}
}

func either(a, b node[bool]) node[bool] {
	return node[bool]{
		sql:  func(w *statement) { w.put("(", a.sql, " or ", b.sql, ")") },
		eval: func(s *subject) bool { return a.eval(s) || b.eval(s) },
	}
}

func not(a node[bool]) node[bool] {
	return node[bool]{
		sql:  func(w *statement) { w.put("(not ", a.sql, ")") },
		eval: func(s *subject) bool { return !a.eval(s) },
	}
}

// known tells whether a number or a time is there.
func known[T any](of node[T], there func(T) bool) node[bool] {
	return node[bool]{
		sql:  func(w *statement) { w.put("(", of.sql, " is not null)") },
		eval: func(s *subject) bool { return there(of.eval(s)) },
	}
}

func compareFlags(c comparison, a, b node[bool]) node[bool] {
	return node[bool]{
		sql: func(w *statement) { w.put("(", a.sql, " ", c.sql, " ", b.sql, ")") },
		eval: func(s *subject) bool {
			order := 0
			if x, y := a.eval(s), b.eval(s); x != y {
				order = 1
			}
			return c.holds(order)
		},
	}
}

// compareTexts compares by code points, whatever the collation of the database.
func compareTexts(c comparison, a, b node[string]) node[bool] {
	return node[bool]{
		sql:  func(w *statement) { w.put("(", a.sql, ` collate "C" `, c.sql, " ", b.sql, ")") },
		eval: func(s *subject) bool { return c.holds(cmp.Compare(a.eval(s), b.eval(s))) },
	}
}

func compareNumbers(c comparison, a, b node[number]) node[bool] {
	return node[bool]{
		sql: settled(a.maybe || b.maybe, func(w *statement) { w.put("(", a.sql, " ", c.sql, " ", b.sql, ")") }),
		eval: func(s *subject) bool {
			x, y := a.eval(s), b.eval(s)
			return x.known && y.known && c.holds(cmp.Compare(x.value, y.value))
		},
	}
}

func compareTimes(c comparison, a, b node[moment]) node[bool] {
	return node[bool]{
		sql: settled(a.maybe || b.maybe, func(w *statement) { w.put("(", a.sql, " ", c.sql, " ", b.sql, ")") }),
		eval: func(s *subject) bool {
			x, y := a.eval(s), b.eval(s)
			return x.known && y.known && c.holds(x.time.Compare(y.time))
		},
	}
}
