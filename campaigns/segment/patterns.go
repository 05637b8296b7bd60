package segment

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"

	"cel.dev/cel-go/common/ast"
)

// Bounds of a regular expression, so that neither side needs much to run it.
const (
	maxPattern = 200
	maxProgram = 1000
	// maxRepeat is PostgreSQL's.
	maxRepeat = 255
)

// matches compiles a regular expression. Go and PostgreSQL differ in dialect,
// so the pattern is read once, by Go's rules (RE2), and written anew for
// PostgreSQL with nothing but what both agree on; the rest is refused.
func (c *compiler) matches(target, pattern ast.Expr) node[bool] {
	a, text := c.text(target), c.literal(pattern, "the regular expression")
	theirs, err := translated(text)
	if err != nil {
		c.fail(pattern, "%q: %v", text, err)
		return node[bool]{}
	}
	ours, err := regexp.Compile(text)
	if err != nil {
		c.fail(pattern, "%q: %v", text, err)
		return node[bool]{}
	}
	return node[bool]{
		sql:  func(w *statement) { w.put("(", a.sql, " ~ ", w.arg(theirs, "text"), ")") },
		eval: func(s *subject) bool { return ours.MatchString(a.eval(s)) },
	}
}

// translated writes a pattern as an advanced regular expression of PostgreSQL.
func translated(pattern string) (string, error) {
	if len(pattern) > maxPattern {
		return "", fmt.Errorf("longer than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return "", err
	}
	if len(program.Inst) > maxProgram {
		return "", errors.New("repeats too much")
	}
	var b strings.Builder
	b.WriteString("***:") // the rest is an advanced regular expression, whatever the server's default
	err = writePattern(&b, tree)
	return b.String(), err
}

func writePattern(b *strings.Builder, re *syntax.Regexp) error {
	switch re.Op {
	case syntax.OpEmptyMatch:
		b.WriteString("(?:)")
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			writeRune(b, r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		return writeClass(b, re.Rune)
	case syntax.OpAnyChar:
		b.WriteString(`(?:.|\n)`)
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\n]`)
	case syntax.OpBeginText:
		b.WriteString("^")
	case syntax.OpEndText:
		b.WriteString("$")
	case syntax.OpCapture:
		return writeAll(b, re.Sub, "")
	case syntax.OpConcat:
		return writeAll(b, re.Sub, "")
	case syntax.OpAlternate:
		return writeAll(b, re.Sub, "|")
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if max(re.Min, re.Max) > maxRepeat {
			return fmt.Errorf("%s repeats more than %d times", re, maxRepeat)
		}
		if err := writeAll(b, re.Sub, ""); err != nil {
			return err
		}
		b.WriteString(repetition(re))
	default:
		return fmt.Errorf("%s is not known here", re)
	}
	return nil
}

// writeAll writes a group.
func writeAll(b *strings.Builder, parts []*syntax.Regexp, separator string) error {
	b.WriteString("(?:")
	for i, part := range parts {
		if i > 0 {
			b.WriteString(separator)
		}
		if err := writePattern(b, part); err != nil {
			return err
		}
	}
	b.WriteString(")")
	return nil
}

// repetition is always the greedy one: whether a text matches at all does not
// depend on it.
func repetition(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpStar:
		return "*"
	case syntax.OpPlus:
		return "+"
	case syntax.OpQuest:
		return "?"
	}
	if re.Max < 0 {
		return fmt.Sprintf("{%d,}", re.Min)
	}
	return fmt.Sprintf("{%d,%d}", re.Min, re.Max)
}

// writeRune writes a character, or a class of those that differ in case only.
func writeRune(b *strings.Builder, r rune, fold bool) {
	other := unicode.SimpleFold(r)
	if !fold || other == r {
		b.WriteString(escaped(r))
		return
	}
	b.WriteString("[" + escaped(r))
	for ; other != r; other = unicode.SimpleFold(other) {
		b.WriteString(escaped(other))
	}
	b.WriteString("]")
}

// writeClass writes ranges, those that reach the last character as their
// complement.
func writeClass(b *strings.Builder, ranges []rune) error {
	if len(ranges) == 0 {
		return errors.New("a class of no character")
	}
	b.WriteString("[")
	if ranges[len(ranges)-1] == unicode.MaxRune {
		b.WriteString("^")
		ranges = complement(ranges)
	}
	if len(ranges) == 0 {
		return errors.New("a class of every character")
	}
	for i := 0; i < len(ranges); i += 2 {
		b.WriteString(escaped(ranges[i]))
		if ranges[i+1] != ranges[i] {
			b.WriteString("-" + escaped(ranges[i+1]))
		}
	}
	b.WriteString("]")
	return nil
}

// complement gives what sorted ranges leave out, but for the zero byte, which is
// in no text.
func complement(ranges []rune) []rune {
	var out []rune
	next := rune(1)
	for i := 0; i < len(ranges); i += 2 {
		if ranges[i] > next {
			out = append(out, next, ranges[i]-1)
		}
		next = max(next, ranges[i+1]+1)
	}
	return out
}

// escaped writes a character by its code unless it is a letter or digit of
// ASCII.
func escaped(r rune) string {
	if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return string(r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
