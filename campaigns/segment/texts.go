package segment

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// text compiles a text.
func (c *compiler) text(e ast.Expr) node[string] {
	switch e.Kind() {
	case ast.LiteralKind:
		if value, ok := e.AsLiteral().(types.String); ok {
			return constant(c.storable(e, string(value)), "text")
		}
	case ast.SelectKind:
		s := e.AsSelect()
		if c.isAttributes(s.Operand()) {
			return attributeNode(s.FieldName())
		}
		if f, ok := c.field(e); ok && f.text != nil {
			return c.textField(f)
		}
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case operators.Conditional:
			return choose(c.flag(args[0]), c.text(args[1]), c.text(args[2]))
		case operators.Add:
			return joined(c.text(args[0]), c.text(args[1]))
		case operators.Index:
			return attributeNode(c.literal(args[1], "the attribute's name"))
		case "attr":
			return attributeNode(c.literal(args[0], "the attribute's name"))
		case "lower":
			return recased(c.text(args[0]), capitals, smalls)
		case "upper":
			return recased(c.text(args[0]), smalls, capitals)
		}
	}
	return unknown[string](c, e)
}

func (c *compiler) textField(f Field) node[string] {
	return node[string]{sql: f.write, eval: func(s *subject) string { return f.text(s.person) }, simple: true}
}

func attributeNode(name string) node[string] {
	return node[string]{
		sql:    func(w *statement) { w.put(textOf(w.arg(name, "text"))) },
		eval:   func(s *subject) string { return s.person.Attributes[name] },
		simple: true,
	}
}

func notEmpty(a node[string]) node[bool] {
	return node[bool]{
		sql:  func(w *statement) { w.put("(", a.sql, " <> '')") },
		eval: func(s *subject) bool { return a.eval(s) != "" },
	}
}

func joined(a, b node[string]) node[string] {
	return node[string]{
		sql:  func(w *statement) { w.put("(", a.sql, " || ", b.sql, ")") },
		eval: func(s *subject) string { return a.eval(s) + b.eval(s) },
	}
}

func size(a node[string]) node[number] {
	n := bounded(func(w *statement) { w.put("length(", a.sql, ")::float8") },
		func(s *subject) number { return number{float64(utf8.RuneCountInString(a.eval(s))), true} })
	n.maybe = false
	return n
}

func textTest(name string, a, b node[string]) node[bool] {
	switch name {
	case "contains":
		return node[bool]{
			sql:  func(w *statement) { w.put("(strpos(", a.sql, ", ", b.sql, ") > 0)") },
			eval: func(s *subject) bool { return strings.Contains(a.eval(s), b.eval(s)) },
		}
	case "startsWith":
		return node[bool]{
			sql:  func(w *statement) { w.put("starts_with(", a.sql, ", ", b.sql, ")") },
			eval: func(s *subject) bool { return strings.HasPrefix(a.eval(s), b.eval(s)) },
		}
	default:
		return node[bool]{
			sql:  func(w *statement) { w.put("starts_with(reverse(", a.sql, "), reverse(", b.sql, "))") },
			eval: func(s *subject) bool { return strings.HasSuffix(a.eval(s), b.eval(s)) },
		}
	}
}

// capitals and smalls are the letters of two cases that are each other's only
// counterpart, from A to the end of Armenian: what translate and recase do must
// not depend on a server's locale.
var capitals, smalls = letterPairs()

func letterPairs() (capitals, smalls []rune) {
	for r := 'A'; r <= 'Ֆ'; r++ {
		if small := unicode.ToLower(r); small != r && unicode.ToUpper(small) == r && unicode.IsUpper(r) {
			capitals, smalls = append(capitals, r), append(smalls, small)
		}
	}
	return capitals, smalls
}

// recased changes the case of a text. PostgreSQL's translate looks each
// character up in the whole alphabet, so that texts of ASCII take a shorter way.
// A text that is computed is so once, in a query of its own, with which
// PostgreSQL does not share the work among its workers.
func recased(a node[string], from, to []rune) node[string] {
	pairs := make(map[rune]rune, len(from))
	for i, r := range from {
		pairs[r] = to[i]
	}
	plain := "lower"
	if from[0] == smalls[0] {
		plain = "upper"
	}
	change := func(w *statement, text any) {
		w.put("case when octet_length(", text, ") = length(", text, ") then "+plain+"((", text, `) collate "C") else translate(`, text, ", ",
			w.arg(string(from), "text"), ", ", w.arg(string(to), "text"), ") end")
	}
	return node[string]{
		sql: func(w *statement) {
			if a.simple {
				w.put("(")
				change(w, a.sql)
				w.put(")")
				return
			}
			w.put("(select ")
			change(w, "t")
			w.put(" from (select ", a.sql, " as t offset 0) as cased)")
		},
		eval: func(s *subject) string {
			return strings.Map(func(r rune) rune {
				if other, ok := pairs[r]; ok {
					return other
				}
				return r
			}, a.eval(s))
		},
	}
}

// in compiles membership in a list of literals or among the attributes.
func (c *compiler) in(e, of, list ast.Expr) node[bool] {
	if c.isAttributes(list) {
		return notEmpty(attributeNode(c.literal(of, "the attribute's name")))
	}
	if list.Kind() != ast.ListKind {
		return unknown[bool](c, e)
	}
	elements := list.AsList().Elements()
	if c.typeOf(of) == Text {
		texts := make([]string, len(elements))
		for i, element := range elements {
			texts[i] = c.literal(element, "each of the list")
		}
		a := c.text(of)
		return node[bool]{
			sql:  func(w *statement) { w.put("(", a.sql, " = any(", w.arg(texts, "text[]"), "))") },
			eval: func(s *subject) bool { return slices.Contains(texts, a.eval(s)) },
		}
	}
	numbers := make([]float64, len(elements))
	for i, element := range elements {
		value, ok := 0.0, false
		if element.Kind() == ast.LiteralKind {
			value, ok = literalNumber(element.AsLiteral())
		}
		if !ok {
			c.fail(element, "each of the list is to be a number")
			continue
		}
		c.literalNumber(element, value)
		numbers[i] = value
	}
	a := c.number(of)
	return node[bool]{
		sql: settled(a.maybe, func(w *statement) { w.put("(", a.sql, " = any(", w.arg(numbers, "float8[]"), "))") }),
		eval: func(s *subject) bool {
			n := a.eval(s)
			return n.known && slices.Contains(numbers, n.value)
		},
	}
}
