package segment

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
)

// The parser speaks in the terms of its grammar: these are its sentences.
var (
	wrongToken   = regexp.MustCompile(`(?s)^(?:mismatched|extraneous) input '(.*)' expecting (.*)$`)
	missingToken = regexp.MustCompile(`(?s)^missing '(.*)' at '(.*)'$`)
	noToken      = regexp.MustCompile(`(?s)^token recognition error at: '(.*)'$`)
	noWay        = regexp.MustCompile(`(?s)^no viable alternative at input '(.*)'$`)
	reserved     = regexp.MustCompile(`^reserved identifier: (.*)$`)
	noNumber     = regexp.MustCompile(`^invalid (?:int|uint|double) literal$`)
)

// endOfText is the parser's name of the end of the expression.
const endOfText = "<EOF>"

// syntaxWords says in plain words what does not parse; before is the text in
// front of it.
func syntaxWords(message, before string) string {
	if m := wrongToken.FindStringSubmatch(message); m != nil {
		return found(m[1]) + " where " + expected(m[2]) + " is expected" + habit(m[1], before)
	}
	if m := missingToken.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%q is missing: %s", m[1], found(m[2]))
	}
	if m := noToken.FindStringSubmatch(message); m != nil {
		return strange(strings.TrimSpace(m[1]), before)
	}
	if m := noWay.FindStringSubmatch(message); m != nil {
		if rest, afterPoint := strings.CutPrefix(m[1], "."); afterPoint {
			return fmt.Sprintf("found %q where a name is expected after the point", strings.TrimSpace(rest))
		}
		return fmt.Sprintf("%q is not understood", m[1])
	}
	if m := reserved.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%q is a reserved word and names nothing here", m[1])
	}
	if noNumber.MatchString(message) {
		return "the number is out of range: numbers are 0 or between 1e-15 and 1e15 in magnitude"
	}
	if strings.HasPrefix(message, "invalid argument to has()") {
		return "has needs one field, such as has(contact.left_at)"
	}
	return message
}

// found names the offending text.
func found(token string) string {
	if token == endOfText {
		return "the expression ends"
	}
	return fmt.Sprintf("found %q", token)
}

// expected puts the parser's list of tokens into words.
func expected(tokens string) string {
	list := strings.Split(strings.Trim(tokens, "{}"), ", ")
	switch {
	case strings.Contains(tokens, "IDENTIFIER") && len(list) > 1:
		return `a value (contact.value, 300, "lapsed")`
	case strings.Contains(tokens, "IDENTIFIER"):
		return "a name"
	case strings.Contains(tokens, endOfText):
		return "an operator such as && or the end of the expression"
	}
	for i, token := range list {
		list[i] = strings.ReplaceAll(token, "'", `"`)
	}
	return strings.Join(list, " or ")
}

// habit guesses what was meant by somebody who thinks of another language.
func habit(token, before string) string {
	word := before[strings.LastIndexFunc(strings.TrimSpace(before), unicode.IsSpace)+1:]
	switch {
	case strings.EqualFold(token, "and"):
		return "; write && for and"
	case strings.EqualFold(token, "or"):
		return "; write || for or"
	case strings.EqualFold(strings.TrimSpace(word), "not"):
		return "; write ! for not"
	case token == ">" && strings.HasSuffix(before, "<"):
		return "; write != for <>"
	case token == "," && endsInDigit(before):
		return "; write decimals with a point"
	}
	return ""
}

func endsInDigit(text string) bool {
	return text != "" && text[len(text)-1] >= '0' && text[len(text)-1] <= '9'
}

// strange explains what is not even a word of the language.
func strange(token, before string) string {
	switch {
	case strings.HasPrefix(token, `"`) || strings.HasPrefix(token, `'`):
		hint := ""
		if strings.Contains(token, `\`) {
			hint = `, or a single \ in it: write \\ for one`
		}
		return fmt.Sprintf("the text %s has no closing quote%s", short(token), hint)
	case strings.HasPrefix(token, "="):
		if strings.HasSuffix(before, "==") || strings.HasSuffix(before, "!=") {
			return `found "=" where a value is expected: there is no ===`
		}
		return `found "=": write == to compare`
	case strings.HasPrefix(token, "&"):
		return `found "&": write && for and`
	case strings.HasPrefix(token, "|"):
		return `found "|": write || for or`
	case strings.ContainsAny(token, "“”„‘’«»"):
		return fmt.Sprintf(`found %s: write texts in straight quotes, "so"`, token)
	}
	return fmt.Sprintf("found %q, which means nothing here", token)
}

// short cuts a text that may be the rest of the expression.
func short(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// textBefore is what stands before a place.
func textBefore(text string, place common.Location) string {
	lines := strings.Split(text, "\n")
	if place.Line() < 1 || place.Line() > len(lines) {
		return ""
	}
	line := []rune(lines[place.Line()-1])
	return strings.Join(lines[:place.Line()-1], "\n") + string(line[:max(0, min(place.Column(), len(line)))])
}
