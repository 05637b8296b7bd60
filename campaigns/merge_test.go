package campaigns_test

import (
	"strings"
	"testing"

	"ringmaster/campaigns"
)

func TestMergeFillsFields(t *testing.T) {
	t.Parallel()
	ann := &campaigns.Contact{FirstName: "Ann", LastName: "Lee", Attributes: map[string]string{"plan": "gold", "region_name": "Baja"}}
	for text, want := range map[string]string{
		"Hello {{first_name|there}}.":           "Hello Ann.",
		"{{ name }}, {{agent_name}} here":       "Ann Lee, Bob here",
		"{{email|no mail}}":                     "no mail",
		"{{company|}}.":                         "[ask company].",
		"{{company}}":                           "[ask company]",
		"{{attr.plan}} {{plan}} {{attr.since}}": "gold gold [ask since]",
		"{{attr.region_name|there}}":            "Baja",
		"{{campaign}}: 100 % {left} alone }}":   "winback: 100 % {left} alone }}",
		"{{first_name}}{{last_name}}":           "AnnLee",
	} {
		if got := campaigns.Merge(text, campaigns.MergeValues{Contact: ann, Agent: "Bob", Campaign: "winback"}); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	if got := campaigns.Merge("{{ agent_name | me }} and {{first_name|you}}", campaigns.MergeValues{}); got != "{{agent_name}} and you" {
		t.Errorf("while it rings: %q", got)
	}
}

func TestAFieldThatCannotBeFilledIsNamedByItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text         string
		line, column int
		field        string
	}{
		{"Hello {{first_name}}, {{attr.plan}}, {{whatever|fallback}}, {{company|}}", 0, 0, ""},
		{"{{other|}} {{other| }}", 1, 1, "{{other|}}"},
		{"no field { { x } }", 0, 0, ""},
		{"Hello\n  {{frist_name}}", 2, 3, "{{frist_name}}"},
		{"Grüße {{plan}}", 1, 7, "{{plan}}"},
		{"{{first_name}} {{first name}}", 1, 16, "{{first name}}"},
		{"{{first_name", 1, 1, "{{first_name"},
		{"a\n\n{{Name}} b", 3, 1, "{{Name}} b"},
		{"{{attr.}}", 1, 1, "{{attr.}}"},
	} {
		wrong := campaigns.CheckMerge(c.text)
		switch {
		case wrong == nil && c.line == 0:
		case wrong == nil, c.line == 0:
			t.Errorf("%q: %v", c.text, wrong)
		case wrong.Line != c.line || wrong.Column != c.column || wrong.Field != c.field:
			t.Errorf("%q: %d:%d %q, want %d:%d %q", c.text, wrong.Line, wrong.Column, wrong.Field, c.line, c.column, c.field)
		}
	}
	if wrong := campaigns.CheckMerge("{{plan}}"); !strings.Contains(wrong.Error(), "line 1, column 1: {{plan}} is no merge field") || !strings.Contains(wrong.Error(), "attr.plan") {
		t.Error(wrong)
	}
}

// FuzzMerge holds that what the check lets through is filled without a rest.
func FuzzMerge(f *testing.F) {
	for _, seed := range []string{"{{first_name|there}}", "{{attr.a}}{{", "{{{{name}}}}", "{{name|a{b}}", "{{agent_name}}\n{{x|}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		merged := campaigns.Merge(text, campaigns.MergeValues{Contact: &campaigns.Contact{}, Agent: "a", Campaign: "c"})
		if campaigns.CheckMerge(text) == nil && strings.Contains(merged, "{{") && !strings.Contains(text, "{{{") {
			t.Errorf("%q leaves %q", text, merged)
		}
	})
}

func TestChooseLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, wanted []string
		want         string
	}{
		{[]string{"en", "es", "es-MX"}, []string{"es-mx", "en"}, "es-MX"},
		{[]string{"en", "es", "es-MX"}, []string{"es_AR", "en"}, "es"},
		{[]string{"en", "pt-BR"}, []string{"pt", "en"}, "pt-BR"},
		{[]string{"en", "es"}, []string{"", "fr", "en"}, "en"},
		{[]string{"de"}, []string{"fr", "en"}, ""},
	} {
		if got := campaigns.ChooseLanguage(c.have, c.wanted...); got != c.want {
			t.Errorf("%v of %v: %q, want %q", c.wanted, c.have, got, c.want)
		}
	}
}
