package segment

import (
	"math"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// number compiles a number.
func (c *compiler) number(e ast.Expr) node[number] {
	switch e.Kind() {
	case ast.LiteralKind:
		if value, ok := literalNumber(e.AsLiteral()); ok {
			return c.literalNumber(e, value)
		}
	case ast.SelectKind:
		if f, ok := c.field(e); ok && f.number != nil {
			return c.numberField(f)
		}
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		switch name := call.FunctionName(); name {
		case operators.Conditional:
			return choose(c.flag(args[0]), c.number(args[1]), c.number(args[2]))
		case operators.Negate:
			return negative(c.number(args[0]))
		case operators.Add, operators.Subtract, operators.Multiply, operators.Divide:
			return c.arithmetic(e, name, c.number(args[0]), c.number(args[1]))
		case "number":
			return numberAttribute(c.literal(args[0], "the attribute's name"))
		case "size":
			text := call.Target()
			if !call.IsMemberFunction() {
				text = args[0]
			}
			return size(c.text(text))
		case "days_since":
			return since(c.time(args[0]), 24*60*60)
		case "hours_since":
			return since(c.time(args[0]), 60*60)
		case "days_until":
			return negative(since(c.time(args[0]), 24*60*60))
		}
	}
	return unknown[number](c, e)
}

func (c *compiler) literalNumber(e ast.Expr, value float64) node[number] {
	if !numberOf(value).known {
		c.fail(e, "%v is out of range: numbers are 0 or between 1e-15 and 1e15 in magnitude", value)
	}
	n := node[number]{
		sql:   func(w *statement) { w.put(w.arg(value, "float8")) },
		eval:  func(*subject) number { return number{value, true} },
		least: math.Abs(value), most: math.Abs(value),
	}
	if value == 0 {
		n.least = mostComputed // zero bounds nothing from below
	}
	return n
}

// bounded is a number as it is read.
func bounded(sql func(*statement), eval func(*subject) number) node[number] {
	return node[number]{sql: sql, eval: eval, maybe: true, least: leastRead, most: mostRead}
}

func (c *compiler) numberField(f Field) node[number] {
	return bounded(f.write, func(s *subject) number { return f.number(s.person) })
}

func numberAttribute(name string) node[number] {
	return bounded(func(w *statement) { w.put(parsedNumber(w.arg(name, "text"))) },
		func(s *subject) number { return parseNumber(s.person.Attributes[name]) })
}

func negative(a node[number]) node[number] {
	n := a
	n.sql = func(w *statement) { w.put("(- ", a.sql, ")") }
	n.eval = func(s *subject) number {
		v := a.eval(s)
		return number{-v.value, v.known}
	}
	return n
}

// arithmetic computes with two numbers. The bounds of the result follow from
// those of its operands, and PostgreSQL must never meet an overflow or an
// underflow, with which it ends the statement.
func (c *compiler) arithmetic(e ast.Expr, operator string, a, b node[number]) node[number] {
	n := node[number]{maybe: a.maybe || b.maybe}
	var compute func(x, y float64) float64
	switch operator {
	case operators.Add, operators.Subtract:
		// Two doubles that differ do so by at least the last bit of the smaller.
		n.least, n.most = math.Ldexp(min(a.least, b.least), -53), a.most+b.most
		compute = func(x, y float64) float64 { return x + y }
		if operator == operators.Subtract {
			compute = func(x, y float64) float64 { return x - y }
		}
	case operators.Multiply:
		n.least, n.most = a.least*b.least, a.most*b.most
		compute = func(x, y float64) float64 { return x * y }
	default:
		n.least, n.most = a.least/b.most, a.most/b.least
		compute = func(x, y float64) float64 { return x / y }
	}
	if !(n.least >= leastComputed) || !(n.most <= mostComputed) {
		c.fail(e, "too many multiplications and divisions: the result of this %s could leave the range of numbers", signs[operator])
	}
	n.least = min(n.least, mostComputed)
	if operator == operators.Divide {
		n.maybe = true
		n.sql = func(w *statement) { w.put("(", a.sql, " / nullif(", b.sql, ", 0::float8))") }
	} else {
		n.sql = func(w *statement) { w.put("(", a.sql, " ", signs[operator], " ", b.sql, ")") }
	}
	n.eval = func(s *subject) number {
		x, y := a.eval(s), b.eval(s)
		if !x.known || !y.known || operator == operators.Divide && y.value == 0 {
			return number{}
		}
		return number{compute(x.value, y.value), true}
	}
	return n
}
