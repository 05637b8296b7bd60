package segment

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// time compiles a time.
func (c *compiler) time(e ast.Expr) node[moment] {
	switch e.Kind() {
	case ast.IdentKind:
		if e.AsIdent() == "now" {
			return now()
		}
	case ast.SelectKind:
		if f, ok := c.field(e); ok && f.time != nil {
			return c.timeField(f)
		}
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case operators.Conditional:
			return choose(c.flag(args[0]), c.time(args[1]), c.time(args[2]))
		case "now":
			return now()
		case "time":
			return timeAttribute(c.literal(args[0], "the attribute's name"))
		case "timestamp":
			return c.literalTime(args[0])
		}
	}
	return unknown[moment](c, e)
}

func now() node[moment] {
	return node[moment]{
		sql:  func(w *statement) { w.put(w.moment()) },
		eval: func(s *subject) moment { return moment{s.now, true} },
	}
}

func (c *compiler) timeField(f Field) node[moment] {
	return node[moment]{sql: f.write, eval: func(s *subject) moment { return f.time(s.person) }, maybe: true}
}

func timeAttribute(name string) node[moment] {
	return node[moment]{
		sql:   func(w *statement) { w.put(parsedTime(w.arg(name, "text"))) },
		eval:  func(s *subject) moment { return parseTime(s.person.Attributes[name]) },
		maybe: true,
	}
}

func (c *compiler) literalTime(e ast.Expr) node[moment] {
	text := c.literal(e, "the time")
	at := parseTime(text)
	if !at.known && text != "" {
		c.fail(e, `%q is no time such as "2026-01-31" or "2026-01-31T18:00:00+01:00"; time("x") reads the attribute x`, text)
	}
	return node[moment]{
		sql:  func(w *statement) { w.put(w.arg(at.time, "timestamptz")) },
		eval: func(*subject) moment { return at },
	}
}

// since is the time from a moment until now in units of so many seconds. Both
// sides subtract seconds since 1970 as doubles.
func since(from node[moment], seconds int64) node[number] {
	unit := float64(seconds)
	n := bounded(
		func(w *statement) {
			w.put("((date_part('epoch', ", w.moment(), ") - date_part('epoch', ", from.sql, ")) / ", w.arg(unit, "float8"), ")")
		},
		func(s *subject) number {
			t := from.eval(s)
			return number{(epoch(moment{s.now, true}) - epoch(t)) / unit, t.known}
		})
	n.maybe = from.maybe
	return n
}

// epoch is date_part('epoch', …) of a time.
func epoch(t moment) float64 { return float64(t.time.UnixMicro()) / 1e6 }
