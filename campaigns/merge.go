package campaigns

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// mergeField is {{name}} or {{name|fallback}}; attr.name is an attribute of the
// contact.
var mergeField = regexp.MustCompile(`\{\{\s*((?:attr\.)?[a-z0-9_]+)\s*(?:\|([^{}]*))?\}\}`)

// agentField stays in a text that is merged before it is known who will speak.
const agentField = "{{agent_name}}"

// attributeMark begins the fields that are attributes of the contact.
const attributeMark = "attr."

// MergeValues fill the fields of a text.
type MergeValues struct {
	Contact         *Contact
	Agent, Campaign string
}

// fields gives the values of all fields but the contact's attributes.
func (v *MergeValues) fields() map[string]string {
	c := v.Contact
	return map[string]string{
		"first_name": c.FirstName, "last_name": c.LastName, "name": c.Name(), "company": c.Company, "email": c.Email,
		"region": c.Region, "agent_name": v.Agent, "campaign": v.Campaign,
	}
}

// MergeFields lists the fields that a text may use without a fallback, besides
// the contact's attributes (attr.NAME).
func MergeFields() []string {
	v := MergeValues{Contact: &Contact{}}
	return slices.Sorted(maps.Keys(v.fields()))
}

// Merge fills the fields of a text. One without a value takes its fallback; one
// without either becomes "[ask first name]" for the agent. The agent's name stays
// a field while nobody is known.
func Merge(text string, v MergeValues) string {
	if v.Contact == nil {
		v.Contact = &Contact{}
	}
	known := v.fields()
	return mergeField.ReplaceAllStringFunc(text, func(field string) string {
		parts := mergeField.FindStringSubmatch(field)
		name, plain := parts[1], strings.TrimPrefix(parts[1], attributeMark)
		if name == "agent_name" && v.Agent == "" {
			return agentField
		}
		value, isField := known[name]
		if !isField {
			value = v.Contact.Attributes[plain]
		}
		if value == "" {
			value = strings.TrimSpace(parts[2])
		}
		if value == "" {
			return "[ask " + strings.ReplaceAll(plain, "_", " ") + "]"
		}
		return value
	})
}

// MergeError is a field that cannot be filled for sure.
type MergeError struct {
	// Line and Column of the field in the text, in characters from one.
	Line, Column int
	// Field as it is written.
	Field   string
	Problem string
}

// Error implements error.
func (e *MergeError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// CheckMerge names the first field of the text that is ill-formed, or that is
// not known and has no fallback; nil where there is none.
func CheckMerge(text string) *MergeError {
	values := MergeValues{Contact: &Contact{}}
	known := values.fields()
	for at := 0; ; {
		i := strings.Index(text[at:], "{{")
		if i < 0 {
			return nil
		}
		at += i
		found := mergeField.FindStringSubmatchIndex(text[at:])
		if len(found) == 0 || found[0] != 0 {
			line, _, _ := strings.Cut(text[at:], "\n")
			return mergeErrorAt(text, at, line, "this is no merge field such as {{first_name|there}} or {{attr.plan}}")
		}
		field, name := text[at:at+found[1]], text[at+found[2]:at+found[3]]
		if _, ok := known[name]; !ok && !strings.HasPrefix(name, attributeMark) && !hasFallback(text[at:], found) {
			return mergeErrorAt(text, at, field, fmt.Sprintf(
				"%s is no merge field: use one of %s, or %s%s for an attribute of the contact, or give a fallback as in {{%s|…}}",
				field, strings.Join(MergeFields(), ", "), attributeMark, name, name))
		}
		at += found[1]
	}
}

// hasFallback reports whether the field found gives a text for want of a value.
func hasFallback(text string, found []int) bool {
	return found[4] >= 0 && strings.TrimSpace(text[found[4]:found[5]]) != ""
}

func mergeErrorAt(text string, at int, field, problem string) *MergeError {
	before := text[:at]
	return &MergeError{
		Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1,
		Field: field, Problem: problem,
	}
}

// ChooseLanguage gives the first of the wanted languages that there is: the very
// one, else its base ("es" for "es-MX"), else another variety of it. Empty:
// there is none of them.
func ChooseLanguage(have []string, wanted ...string) string {
	base := func(tag string) string {
		first, _, _ := strings.Cut(tag, "-")
		return strings.ToLower(first)
	}
	sorted := slices.Sorted(slices.Values(have))
	for _, want := range wanted {
		if want == "" {
			continue
		}
		want = strings.ReplaceAll(want, "_", "-")
		for _, fits := range []func(string) bool{
			func(tag string) bool { return strings.EqualFold(tag, want) },
			func(tag string) bool { return strings.EqualFold(tag, base(want)) },
			func(tag string) bool { return base(tag) == base(want) },
		} {
			if i := slices.IndexFunc(sorted, fits); i >= 0 {
				return sorted[i]
			}
		}
	}
	return ""
}
