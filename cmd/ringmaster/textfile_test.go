package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringmaster/campaigns"
)

// TestATextFileNamesWhatIsWrongAndWhere reads broken variants of the example
// files.
func TestATextFileNamesWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, from, to string
		want           string
	}{
		"field in a block":    {"scripts/win-back.yaml", "{{attr.left_at|a while ago}}", "{{left_at}}", ":12:34: texts.en.sections[0].text: {{left_at}} is no merge field: use one of"},
		"field in a line":     {"scripts/win-back.yaml", "This call is recorded.", "Until {{when}}.", ":20:21: texts.en.disclosures[0].text: {{when}} is no merge field"},
		"field that is open":  {"scripts/win-back.yaml", "{{first_name|amigo}}", "{{first_name|", ":35:16: texts.es.sections[0].text: this is no merge field"},
		"unknown kind":        {"scripts/win-back.yaml", "kind: fud", "kind: fear", `:28:15: texts.en.objections[1].kind: "fear" is not one of`},
		"unknown key":         {"scripts/win-back.yaml", "objections:", "objection:", `:24: there is no key "objection" here`},
		"key twice":           {"scripts/win-back.yaml", "  es:", "  en:", `:31: mapping key "en" already defined at line 7`},
		"text for a list":     {"scripts/win-back.yaml", "for: [sale]", "for: sale", ":23: `sale` is no list"},
		"no default text":     {"scripts/win-back.yaml", "default_language: en", "default_language: fr", `:5:19: default_language: "fr" has no text; there are en, es`},
		"word for an amount":  {"offers/half-price.yaml", "price: 9.95", "price: cheap", `:7:8: "cheap" is no amount such as 19.90`},
		"three decimals":      {"offers/half-price.yaml", "cost: 59.70", "cost: 59.705", `:11:7: "59.705" is no amount such as 19.90`},
		"word for a number":   {"offers/half-price.yaml", "count: 500", "count: many", ":13: `many` is no number"},
		"word for a time":     {"offers/half-price.yaml", "2027-12-31T23:00:00Z", "tomorrow", `:15:13: "tomorrow" is no time such as`},
		"block for a text":    {"offers/half-price.yaml", "period: month", "period: {a: b}", ":9: !!map is no text"},
		"discount above all":  {"offers/half-price.yaml", "max_discount: 20", "max_discount: 120", ":17:15: max_discount: 120 is not between 0 and 100 per cent"},
		"no YAML":             {"offers/half-price.yaml", "name: half-price", "name: [", ":2: did not find expected"},
		"tab":                 {"offers/half-price.yaml", "  count: 500", "\tcount: 500", ":13: found character that cannot start any token"},
		"more than one":       {"offers/free-month.yaml", "texts:", "---\ntexts:", ": holds more than one document"},
		"no keys":             {"offers/free-month.yaml", "", "- a\n", ":1:1: must begin with keys such as name"},
		"nothing":             {"offers/free-month.yaml", "", "", ": is empty"},
		"not UTF-8":           {"offers/free-month.yaml", "", "name: \xff\n", ": is not UTF-8 text"},
		"the example is fine": {"offers/half-price.yaml", "name", "name", "none"},
		"and so is the other": {"scripts/win-back.yaml", "name", "name", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(filepath.Join("../../configs", c.file))
			if err != nil {
				t.Fatal(err)
			}
			broken := c.to
			if c.from != "" {
				broken = strings.Replace(string(source), c.from, c.to, 1)
			}
			path := filepath.Join(t.TempDir(), "broken.yaml")
			if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			told := "none"
			if err := readAndCheck(path, strings.HasPrefix(c.file, "scripts")); err != nil {
				told = err.Error()
			}
			if c.want == "none" && told != "none" || c.want != "none" && !strings.HasPrefix(told, path+c.want) {
				t.Errorf("told %q, want %q", told, c.want)
			}
		})
	}
}

// readAndCheck does what apply does before it opens the store.
func readAndCheck(path string, isScript bool) error {
	var script campaigns.Script
	var offer campaigns.Offer
	var into any = &offer
	validate := offer.Validate
	if isScript {
		into, validate = &script, script.Validate
	}
	file, err := readTextFile(path, into)
	if err != nil {
		return err
	}
	if err := validate(); err != nil {
		return file.located(err)
	}
	return nil
}
