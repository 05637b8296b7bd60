package segment

import (
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// contactType is the checker's name of what contact is.
const contactType = "contact"

// signs are the operators as they are written.
var signs = map[string]string{
	operators.Conditional: "?:", operators.LogicalAnd: "&&", operators.LogicalOr: "||", operators.LogicalNot: "!",
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=",
	operators.Greater: ">", operators.GreaterEquals: ">=", operators.Add: "+", operators.Subtract: "-",
	operators.Multiply: "*", operators.Divide: "/", operators.Modulo: "%", operators.Negate: "-",
	operators.Index: "[ ]", operators.In: "in",
}

// Function is one function of the language.
type Function struct {
	Name string
	// Usage shows its arguments.
	Usage string
	Doc   string

	overloads []cel.FunctionOpt
}

// functions is the one table of functions: what the checker knows, and what
// Functions lists. What each means stands where its result is compiled: in
// texts.go, numbers.go and times.go, and in compile.go for conditions.
var functions = []Function{
	{"attr", `attr("x")`, `the attribute x as text, "" where there is none; also contact.attributes["x"]`,
		global("attr", []*cel.Type{cel.StringType}, cel.StringType)},
	{"number", `number("x")`, "the attribute x as a number; missing where it is none", global("number", []*cel.Type{cel.StringType}, cel.DoubleType)},
	{"time", `time("x")`, "the attribute x as a time (2026-01-31, or 2026-01-31T18:00:00+01:00); missing where it is none",
		global("time", []*cel.Type{cel.StringType}, cel.TimestampType)},
	{"timestamp", `timestamp("2026-01-31")`, "a fixed time; UTC without an offset", global("timestamp", []*cel.Type{cel.StringType}, cel.TimestampType)},
	{"now", `now`, "the business time of the evaluation; also now()", global("now", nil, cel.TimestampType)},
	{"days_since", `days_since(t)`, "days from a time until now, with fractions; below zero for a time to come",
		global("days_since", []*cel.Type{cel.TimestampType}, cel.DoubleType)},
	{"hours_since", `hours_since(t)`, "the same in hours", global("hours_since", []*cel.Type{cel.TimestampType}, cel.DoubleType)},
	{"days_until", `days_until(t)`, "days from now until a time", global("days_until", []*cel.Type{cel.TimestampType}, cel.DoubleType)},
	{"lower", `lower(s)`, "a text with its capitals as small letters", global("lower", []*cel.Type{cel.StringType}, cel.StringType)},
	{"upper", `upper(s)`, "a text with its small letters as capitals", global("upper", []*cel.Type{cel.StringType}, cel.StringType)},
	{"size", `s.size()`, "how many characters a text has; also size(s)",
		append(global("size", []*cel.Type{cel.StringType}, cel.DoubleType), cel.MemberOverload("text_size", []*cel.Type{cel.StringType}, cel.DoubleType))},
	{"contains", `s.contains(t)`, "whether a text has another in it", member("contains")},
	{"startsWith", `s.startsWith(t)`, "whether a text begins with another", member("startsWith")},
	{"endsWith", `s.endsWith(t)`, "whether a text ends with another", member("endsWith")},
	{"matches", `s.matches("[A-Z]{2}[0-9]+")`, "whether a regular expression fits a part of a text; ^ and $ stand for its ends", member("matches")},
}

// Functions gives the functions of the language, has first, which the parser
// knows by itself.
func Functions() []Function {
	has := Function{Name: "has", Usage: "has(contact.x)", Doc: `whether a field or an attribute (contact.attributes.x) is there: no empty text, no missing number or time`}
	return append([]Function{has}, functions...)
}

func global(name string, args []*cel.Type, result *cel.Type) []cel.FunctionOpt {
	return []cel.FunctionOpt{cel.Overload(name, args, result)}
}

func member(name string) []cel.FunctionOpt {
	return []cel.FunctionOpt{cel.MemberOverload("text_"+name, []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType)}
}

func functionNames() []string {
	var names []string
	for _, f := range Functions() {
		names = append(names, f.Name)
	}
	return names
}

// contactProvider tells the checker the fields of contact.
type contactProvider struct{ *types.Registry }

// FindStructType implements types.Provider.
func (p contactProvider) FindStructType(name string) (*types.Type, bool) {
	if name == contactType {
		return types.NewTypeTypeWithParam(types.NewObjectType(contactType)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (p contactProvider) FindStructFieldType(structType, name string) (*types.FieldType, bool) {
	if structType != contactType {
		return p.Registry.FindStructFieldType(structType, name)
	}
	if name == "attributes" {
		return &types.FieldType{Type: types.NewMapType(types.StringType, types.StringType)}, true
	}
	f, known := fieldNamed(name)
	if !known {
		return nil, false
	}
	return &types.FieldType{Type: checkerType[f.Type]}, true
}

var checkerType = map[Type]*types.Type{Text: types.StringType, Number: types.DoubleType, Time: types.TimestampType, Flag: types.BoolType}

// language is the checker's environment: none of CEL's standard library, so
// that nothing passes that does not mean the same on both sides.
var language = sync.OnceValues(func() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(contactProvider{registry}),
		cel.Variable("contact", cel.ObjectType(contactType)), cel.Variable("now", cel.TimestampType),
		cel.Macros(cel.HasMacro),
		cel.ParserExpressionSizeLimit(maxLength), cel.ExpressionNodeLimit(maxNodes), cel.ParserRecursionLimit(maxDepth),
		cel.ParserErrorRecoveryLimit(4),
	}
	for _, f := range functions {
		options = append(options, cel.Function(f.Name, f.overloads...))
	}
	return cel.NewCustomEnv(append(options, operatorOptions()...)...)
})

// operatorOptions declares the operators for the types that they work on.
func operatorOptions() []cel.EnvOption {
	numbers := []*cel.Type{cel.DoubleType, cel.IntType}
	options := map[string][]cel.FunctionOpt{}
	declare := func(operator string, result *cel.Type, args ...*cel.Type) {
		id := fmt.Sprintf("%s_%d", operator, len(options[operator]))
		options[operator] = append(options[operator], cel.Overload(id, args, result))
	}
	same := func(operator string, result, of *cel.Type) { declare(operator, result, of, of) }
	for _, o := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals} {
		for _, a := range numbers {
			for _, b := range numbers {
				declare(o, cel.BoolType, a, b)
			}
		}
		same(o, cel.BoolType, cel.StringType)
		same(o, cel.BoolType, cel.TimestampType)
	}
	for _, o := range []string{operators.Equals, operators.NotEquals, operators.LogicalAnd, operators.LogicalOr} {
		same(o, cel.BoolType, cel.BoolType)
	}
	declare(operators.LogicalNot, cel.BoolType, cel.BoolType)
	for _, o := range []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide} {
		for _, a := range numbers {
			for _, b := range numbers {
				declare(o, cel.DoubleType, a, b)
			}
		}
	}
	same(operators.Add, cel.StringType, cel.StringType)
	for _, a := range numbers {
		declare(operators.Negate, cel.DoubleType, a)
		for _, of := range numbers {
			declare(operators.In, cel.BoolType, a, cel.ListType(of))
		}
		for _, b := range numbers {
			if a != b {
				declare(operators.Conditional, cel.DoubleType, cel.BoolType, a, b)
			}
		}
		declare(operators.Conditional, a, cel.BoolType, a, a)
	}
	for _, t := range []*cel.Type{cel.StringType, cel.BoolType, cel.TimestampType} {
		declare(operators.Conditional, t, cel.BoolType, t, t)
	}
	declare(operators.In, cel.BoolType, cel.StringType, cel.ListType(cel.StringType))
	declare(operators.In, cel.BoolType, cel.StringType, cel.MapType(cel.StringType, cel.StringType))
	declare(operators.Index, cel.StringType, cel.MapType(cel.StringType, cel.StringType), cel.StringType)
	var all []cel.EnvOption
	for name, overloads := range options {
		all = append(all, cel.Function(name, overloads...))
	}
	return all
}

// parse reads and checks a text.
func parse(text string) (*ast.AST, error) {
	env, err := language()
	if err != nil {
		return nil, err
	}
	tree, found := env.Compile(text)
	if found.Err() != nil {
		return nil, issues(text, slices.Clone(found.Errors()))
	}
	return tree.NativeRep(), nil
}
