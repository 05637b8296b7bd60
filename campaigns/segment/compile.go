package segment

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// compiler makes nodes of a checked tree. What it cannot translate becomes a
// problem and a node that is never used.
type compiler struct {
	tree     *ast.AST
	problems []Problem
}

// fail notes a problem at a part of the expression.
func (c *compiler) fail(at ast.Expr, format string, args ...any) {
	c.problems = append(c.problems, problemAt(c.tree.SourceInfo().GetStartLocation(at.ID()), format, args...))
}

// root compiles the whole, which must be a condition.
func (c *compiler) root() node[bool] {
	e := c.tree.Expr()
	if t := c.typeOf(e); t != Flag {
		c.fail(e, "the expression is %s; a segment is a condition, which is true or false", t)
		return node[bool]{}
	}
	return c.flag(e)
}

// typeOf is the type that the checker found.
func (c *compiler) typeOf(e ast.Expr) Type {
	switch t := c.tree.GetType(e.ID()); t.Kind() {
	case types.StringKind:
		return Text
	case types.IntKind, types.DoubleKind:
		return Number
	case types.TimestampKind:
		return Time
	case types.BoolKind:
		return Flag
	default:
		return Type(typeWords(t.String()))
	}
}

// flag compiles a condition.
func (c *compiler) flag(e ast.Expr) node[bool] {
	switch e.Kind() {
	case ast.LiteralKind:
		if value, ok := e.AsLiteral().(types.Bool); ok {
			return constant(bool(value), "boolean")
		}
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			return c.presence(e)
		}
		if f, ok := c.field(e); ok && f.flag != nil {
			return node[bool]{sql: f.write, eval: func(s *subject) bool { return f.flag(s.person) }}
		}
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		switch name := call.FunctionName(); name {
		case operators.LogicalAnd:
			return both(c.flag(args[0]), c.flag(args[1]))
		case operators.LogicalOr:
			return either(c.flag(args[0]), c.flag(args[1]))
		case operators.LogicalNot:
			return not(c.flag(args[0]))
		case operators.Conditional:
			return choose(c.flag(args[0]), c.flag(args[1]), c.flag(args[2]))
		case operators.In:
			return c.in(e, args[0], args[1])
		case "contains", "startsWith", "endsWith":
			return textTest(name, c.text(call.Target()), c.text(args[0]))
		case "matches":
			return c.matches(call.Target(), args[0])
		default:
			if sign, ok := comparisons[name]; ok {
				return c.compare(sign, args[0], args[1])
			}
		}
	}
	return unknown[bool](c, e)
}

// compare compiles a comparison of two operands of one type.
func (c *compiler) compare(sign comparison, a, b ast.Expr) node[bool] {
	switch c.typeOf(a) {
	case Text:
		return compareTexts(sign, c.text(a), c.text(b))
	case Number:
		return compareNumbers(sign, c.number(a), c.number(b))
	case Time:
		return compareTimes(sign, c.time(a), c.time(b))
	default:
		return compareFlags(sign, c.flag(a), c.flag(b))
	}
}

// presence compiles has(contact.x).
func (c *compiler) presence(e ast.Expr) node[bool] {
	s := e.AsSelect()
	if c.isAttributes(s.Operand()) {
		return notEmpty(attributeNode(s.FieldName()))
	}
	f, ok := c.field(e)
	switch {
	case ok && f.text != nil:
		return notEmpty(c.textField(f))
	case ok && f.number != nil:
		return known(c.numberField(f), func(n number) bool { return n.known })
	case ok && f.time != nil:
		return known(c.timeField(f), func(t moment) bool { return t.known })
	case ok:
		c.fail(e, "has(contact.%s) is always true: write contact.%s", f.Name, f.Name)
		return node[bool]{}
	}
	return unknown[bool](c, e)
}

// field finds the field that a selection names.
func (c *compiler) field(e ast.Expr) (Field, bool) {
	s := e.AsSelect()
	if s.Operand().Kind() != ast.IdentKind || s.Operand().AsIdent() != "contact" {
		return Field{}, false
	}
	return fieldNamed(s.FieldName())
}

// isAttributes tells contact.attributes.
func (c *compiler) isAttributes(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() && c.tree.GetType(e.ID()).Kind() == types.MapKind
}

// literal reads a literal text, which what needs it wants to be one.
func (c *compiler) literal(e ast.Expr, what string) string {
	if e.Kind() == ast.LiteralKind {
		if value, ok := e.AsLiteral().(types.String); ok {
			return c.storable(e, string(value))
		}
	}
	c.fail(e, "%s is to be a text in quotes", what)
	return ""
}

// storable refuses the one character that PostgreSQL has no text for.
func (c *compiler) storable(e ast.Expr, text string) string {
	for _, r := range text {
		if r == 0 {
			c.fail(e, "the text has a zero byte in it")
			break
		}
	}
	return text
}

// unknown notes a part that passes the checker but has no meaning here.
func unknown[T any](c *compiler, e ast.Expr) node[T] { //nolint:unparam // what a compiler of any type returns then
	if e.Kind() == ast.LiteralKind && e.AsLiteral() == types.NullValue {
		c.fail(e, "null is not known here; has(contact.x) tells whether something is there")
	} else {
		c.fail(e, "this is not known here")
	}
	return node[T]{}
}

// literalNumber reads a literal number.
func literalNumber(value ref.Val) (float64, bool) {
	switch v := value.(type) {
	case types.Int:
		return float64(v), true
	case types.Double:
		return float64(v), true
	}
	return 0, false
}
