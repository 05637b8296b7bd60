package segment

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
)

// Problem is one thing that is wrong with an expression.
type Problem struct {
	// Line and Column count from 1, columns in characters.
	Line, Column int
	Message      string
}

// Error says all that is wrong with an expression, first to last.
type Error struct{ Problems []Problem }

// Error implements error.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
	}
	return strings.Join(lines, "; ")
}

func newError(problems []Problem) *Error {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{Problems: slices.Compact(problems)}
}

// problemAt places a message; a location that is unknown is the beginning.
func problemAt(l common.Location, format string, args ...any) Problem {
	return Problem{Line: max(l.Line(), 1), Column: max(l.Column(), 0) + 1, Message: fmt.Sprintf(format, args...)}
}

// The sentences of the checker that have better words here.
var (
	undefinedField = regexp.MustCompile(`^undefined field '(.*)'$`)
	undeclared     = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`)
	noSelection    = regexp.MustCompile(`^type '(.*)' does not support field selection$`)
)

// syntaxError begins the sentences of the parser.
const syntaxError = "Syntax error: "

// issues turns what the parser or the checker found in a text into an Error. Of
// a text that does not parse it tells the first thing: the parser guesses how to
// go on, and what it finds then mostly follows from that.
func issues(text string, found []*common.Error) *Error {
	var problems, syntax []Problem
	for _, f := range found {
		message, unparsed := strings.CutPrefix(f.Message, syntaxError)
		p := problemAt(f.Location, "%s", plainWords(message))
		if unparsed {
			p.Message = syntaxWords(message, textBefore(text, f.Location))
			syntax = append(syntax, p)
		}
		problems = append(problems, p)
	}
	if len(syntax) > 0 {
		return &Error{Problems: newError(syntax).Problems[:1]}
	}
	return newError(problems)
}

func plainWords(message string) string {
	if m := undefinedField.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("contact has no field %q%s", m[1], suggestion(m[1], fieldNames(), "contact."))
	}
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return unknownName(m[1])
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		return mismatch(m[1], m[2])
	}
	if m := noSelection.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s has no fields", typeWords(m[1]))
	}
	return syntaxWords(message, "")
}

// unknownName explains a name that is neither a function nor contact.
func unknownName(name string) string {
	if sign, isOperator := signs[name]; isOperator {
		return fmt.Sprintf("the operator %s is not known here", sign)
	}
	if _, isField := fieldNamed(name); isField {
		return fmt.Sprintf("%q is not known; did you mean \"contact.%s\"?", name, name)
	}
	return fmt.Sprintf("%q is not known%s", name, suggestion(name, append(functionNames(), "contact", "now"), ""))
}

// mismatch explains operands of types that do not go together; signature lists
// them as the checker prints them, such as "(string, double)" or
// "string.size(int)".
func mismatch(function, signature string) string {
	target, rest, isMethod := strings.Cut(signature, ".(")
	list := strings.Trim(signature, "()")
	if isMethod {
		list = strings.Trim(target, "()") + ", " + strings.TrimSuffix(rest, ")")
	}
	var operands []string
	for _, t := range splitTypes(list) {
		operands = append(operands, typeWords(t))
	}
	hint := ""
	switch {
	case slices.Contains(operands, "null"):
		hint = "; has(contact.x) tells whether something is there"
	case slices.Contains(operands, "text") && slices.Contains(operands, "number"):
		hint = `; number("x") reads the attribute x as a number`
	case slices.Contains(operands, "text") && slices.Contains(operands, "time"):
		hint = `; time("x") reads the attribute x as a time, timestamp("2026-01-31") is a fixed one`
	}
	name := function
	if sign, isOperator := signs[function]; isOperator {
		name = sign
	}
	if len(operands) == 0 {
		return fmt.Sprintf("%s needs something to work on", name)
	}
	return fmt.Sprintf("%s does not work on %s%s", name, strings.Join(operands, " and "), hint)
}

// splitTypes splits at the commas outside of brackets.
func splitTypes(list string) []string {
	var types []string
	depth, start := 0, 0
	for i, r := range list {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			types, start = append(types, strings.TrimSpace(list[start:i])), i+1
		}
	}
	if last := strings.TrimSpace(list[start:]); last != "" {
		types = append(types, last)
	}
	return types
}

// typeWords names a type of the checker.
func typeWords(t string) string {
	switch t {
	case "string":
		return "text"
	case "int", "double":
		return "number"
	case "bool":
		return "true or false"
	case "timestamp", "google.protobuf.Timestamp":
		return "time"
	case "map(string, string)":
		return "all attributes"
	}
	if elements, isList := strings.CutPrefix(t, "list("); isList {
		return "a list of " + typeWords(strings.TrimSuffix(elements, ")"))
	}
	if t == "dyn" {
		return "anything"
	}
	return t
}

// suggestion names the nearest of the known names, if one is near.
func suggestion(wrong string, known []string, prefix string) string {
	best, least := "", 1+max(len([]rune(wrong)), 3)/3
	for _, name := range known {
		if d := distance(strings.ToLower(wrong), name); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", prefix+best)
}

// distance is that of Levenshtein.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

func fieldNames() []string {
	names := make([]string, 0, len(fields)+1)
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return append(names, "attributes")
}
