package segment_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/segment"
)

var now = time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC)

// jane is a lapsed customer.
func jane() *segment.Person {
	return &segment.Person{
		Contact: campaigns.Contact{
			ID: 7, ExternalID: "crm-7", FirstName: "Jane", LastName: "MÜLLER", Region: "NY", Value: 420,
			Attributes: map[string]string{"status": "lapsed", "left_at": "2026-02-01", "price": "19.90", "bad": "many", "owned": "dsl,tv"},
			Numbers:    []campaigns.ContactNumber{{Region: "US"}, {Bad: true}},
		},
		CreatedAt: now.AddDate(-1, 0, 0), Attempts: 3, LastOutcome: campaigns.OutcomeBusy,
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		expression string
		want       bool
	}{
		{"", true},
		{"  \n", true},
		{`contact.status == "lapsed" && contact.value > 300.0 && days_since(contact.left_at) < 60 && !contact.open_complaint`, true},
		{`contact.status == "lapsed" && contact.value > 300 && days_since(contact.left_at) < 30`, false},
		{`contact.value == 420 && contact.value == 420.0 && contact.value in [1, 420]`, true},
		{`contact.region in ["NJ", "NY"]`, true},
		{`contact.region in []`, false},
		{`contact.attributes["price"] == "19.90" && contact.attributes.price == attr("price")`, true},
		{`number("price") > 19.8 && number("price") * 2 == 39.8 && 3 / 2 == 1.5`, true},
		{`"owned" in contact.attributes && !("x" in contact.attributes)`, true},
		{`has(contact.left_at) && !has(contact.contract_end) && has(contact.attributes.owned)`, true},
		{`contact.numbers == 1 && contact.country == "US"`, true},
		{`lower(contact.last_name) == "müller" && upper("straße") == "STRAßE"`, true},
		{`contact.last_name.size() == 6 && size("ß") == 1`, true},
		{`contact.owned.contains("tv") && contact.owned.startsWith("dsl") && contact.owned.endsWith("tv")`, true},
		{`contact.external_id.matches("^crm-[0-9]+$") && "A\nB".matches("(?i)a.?\\nb")`, true},
		{`contact.open_complaint ? false : contact.attempts == 3`, true},
		{`(contact.value > 400 ? "high" : "low") == "high"`, true},
		{`contact.left_at < now && contact.left_at == timestamp("2026-02-01T01:00:00+01:00")`, true},
		{`days_since(timestamp("2026-03-02T15:00:00Z")) == 1 && hours_since(now()) == 0 && days_until(timestamp("2026-03-04T15:00:00Z")) == 1.0`, true},
		// What is missing makes every comparison false.
		{`contact.contract_end < now || contact.contract_end >= now || contact.contract_end != now`, false},
		{`!(contact.contract_end < now)`, true},
		{`number("bad") != 1 || number("nothing") < 1 || number("nothing") in [0, 1] || number("bad") + 1 > 0`, false},
		{`1 / (contact.attempts - 3) > 0 || 1 / (contact.attempts - 3) <= 0`, false},
		{`contact.language == "" && contact.language != "en"`, true},
		{`contact.last_contact_at < now || days_since(contact.last_contact_at) > 0`, false},
	} {
		s, err := segment.Compile(tc.expression)
		if err != nil {
			t.Errorf("%s: %v", tc.expression, err)
			continue
		}
		if got := s.Holds(jane(), now); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.expression, got, tc.want)
		}
	}
}

func TestErrorsNamePlaceAndName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ expression, want string }{
		{`contact.statuss == "lapsed"`, `line 1, column 8: contact has no field "statuss"; did you mean "contact.status"?`},
		{"contact.value > 3 &&\n  contact.region == 5", `line 2, column 18: == does not work on text and number; number("x") reads the attribute x as a number`},
		{`contact.value > "300"`, `line 1, column 15: > does not work on number and text`},
		{`contact.left_at > "2026-01-01"`, `> does not work on time and text; time("x")`},
		{`contact.left_at == null`, `line 1, column 20: null is not known here; has(contact.x) tells`},
		{`status == "lapsed"`, `line 1, column 1: "status" is not known; did you mean "contact.status"?`},
		{`day_since(contact.left_at) < 3`, `line 1, column 10: "day_since" is not known; did you mean "days_since"?`},
		{`days_since(contact.value) < 3`, `days_since does not work on number`},
		{`contact.value`, `line 1, column 8: the expression is number; a segment is a condition, which is true or false`},
		{`contact.value > `, `line 1, column 17: the expression ends where a value (contact.value, 300, "lapsed") is expected`},
		{`contact.value % 2 == 0`, `the operator % is not known here`},
		{`contact.value.x == 0`, `number has no fields`},
		{`contact.region in ["NY", 5]`, "each of the list is to be a text in quotes"},
		{`contact.value in [1, contact.id]`, "line 1, column 29: each of the list is to be a number"},
		{`contact.value > 1e16`, "1e+16 is out of range"},
		{`contact.owned.matches("(")`, "missing closing )"},
		{`contact.owned.matches("\\bx")`, `\b is not known here`},
		{`contact.owned.matches("x{300}")`, "repeats more than 255 times"},
		{`contact.owned.matches(contact.need)`, "the regular expression is to be a text in quotes"},
		{`timestamp("2026-02-30") < now`, `"2026-02-30" is no time`},
		{`attr(contact.need) == ""`, "the attribute's name is to be a text in quotes"},
		{`contact.first_name == "\x00"`, "the text has a zero byte in it"},
		{`has(contact.open_complaint)`, "is always true: write contact.open_complaint"},
		{`contact == contact`, `== does not work on contact and contact`},
		{`[1].exists(x, x > 0)`, `"exists" is not known`},
		{"contact.value" + strings.Repeat("* contact.value", 20) + "> 1", "too many multiplications and divisions"},
		{strings.Repeat("(", 400) + "true" + strings.Repeat(")", 400), "limit"},
		{"true" + strings.Repeat(" && true", 4000), "size exceeds limit"},
		{"true || \xff", "not UTF-8"},
	} {
		err := segment.Check(tc.expression)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%.80s: %v, want %q", tc.expression, err, tc.want)
		}
	}
	err := segment.Check(`contact.a == "" && contact.b == ""`)
	if e, ok := errors.AsType[*segment.Error](err); !ok || len(e.Problems) != 2 || e.Problems[1].Column != 27 {
		t.Errorf("both problems: %v", err)
	}
}

// What does not parse is told in plain words, the first thing alone, with its
// place, the offending text and what was expected.
func TestSyntaxErrorsAreToldInPlainWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ expression, want string }{
		{`contact.value > && true`, `line 1, column 17: found "&&" where a value (contact.value, 300, "lapsed") is expected`},
		{"contact.value > 3 &&\n  && x", `line 2, column 3: found "&&" where a value (contact.value, 300, "lapsed") is expected`},
		{`contact.region = "NY"`, `line 1, column 16: found "=": write == to compare`},
		{`contact.value === 3`, `line 1, column 17: found "=" where a value is expected: there is no ===`},
		{`contact.region <> "NY"`, `line 1, column 17: found ">" where a value (contact.value, 300, "lapsed") is expected; write != for <>`},
		{`contact.region == "NY`, `line 1, column 19: the text "NY has no closing quote`},
		{`contact.region == "a\q"`, `line 1, column 19: the text "a\q has no closing quote, or a single \ in it: write \\ for one`},
		{`contact.region == "` + strings.Repeat("x", 90), `line 1, column 19: the text "` + strings.Repeat("x", 39) + `… has no closing quote`},
		{`contact.region == “NY”`, `line 1, column 19: found “: write texts in straight quotes, "so"`},
		{`(contact.value > 3`, `line 1, column 19: ")" is missing: the expression ends`},
		{`contact.value > 3)`, `line 1, column 18: found ")" where an operator such as && or the end of the expression is expected`},
		{`contact.region in ["NY", "NJ"`, `line 1, column 30: the expression ends where "]" or "," is expected`},
		{`contact.value > 3 ? true`, `line 1, column 25: the expression ends where ":" is expected`},
		{`contact.value > 3 AND true`, `line 1, column 19: found "AND" where an operator such as && or the end of the expression is expected; write && for and`},
		{`contact.value > 3 or true`, `line 1, column 19: found "or" where an operator such as && or the end of the expression is expected; write || for or`},
		{`not contact.open_complaint`, `line 1, column 5: found "contact" where an operator such as && or the end of the expression is expected; write ! for not`},
		{`contact.value > 1,5`, `line 1, column 18: found "," where an operator such as && or the end of the expression is expected; write decimals with a point`},
		{`contact.value > 3 & true`, `line 1, column 19: found "&": write && for and`},
		{`contact.value > 3 | true`, `line 1, column 19: found "|": write || for or`},
		{`contact.value > 3;`, `line 1, column 18: found ";", which means nothing here`},
		{`contact..value > 3`, `line 1, column 9: found "." where a name is expected after the point`},
		{`contact. > 3`, `line 1, column 10: found ">" where a name is expected after the point`},
		{`has(contact)`, `line 1, column 5: has needs one field, such as has(contact.left_at)`},
		{`for`, `line 1, column 1: "for" is a reserved word and names nothing here`},
		{`contact.value > 99999999999999999999`, `line 1, column 17: the number is out of range: numbers are 0 or between 1e-15 and 1e15 in magnitude`},
	} {
		if err := segment.Check(tc.expression); err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", tc.expression, err, tc.want)
		}
	}
}

// Every function that is told of compiles as it is shown.
func TestFunctionsAreShownAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	shown := strings.NewReplacer("(s", "(contact.need", "(t)", "(contact.left_at)", "s.", "contact.need.", "contact.x", "contact.need")
	texts := strings.NewReplacer("(t)", `("t")`, "s.", "contact.need.")
	for _, f := range segment.Functions() {
		usage := shown.Replace(f.Usage)
		if strings.HasPrefix(f.Usage, "s.") {
			usage = texts.Replace(f.Usage)
		}
		text, number, at := segment.Check(usage+` == ""`), segment.Check(usage+` == 0`), segment.Check(usage+` == now`)
		if f.Doc == "" || segment.Check(usage) != nil && text != nil && number != nil && at != nil {
			t.Errorf("%s (%s): %v, %v, %v", f.Usage, usage, text, number, at)
		}
	}
}

// Literals are parameters and never text of the statement.
func TestSQLHasParameters(t *testing.T) {
	t.Parallel()
	s, err := segment.Compile(`contact.status == "x'); drop table contacts; --" && attr("a'b") != "" && contact.value in [2.5] && now > timestamp("2026-01-01")`)
	if err != nil {
		t.Fatal(err)
	}
	text, args := s.SQL(now, 3)
	if strings.Contains(text, "drop") || strings.Contains(text, "a'b") || strings.Contains(text, "2.5") || strings.Contains(text, "2026") {
		t.Errorf("literals in %s", text)
	}
	if len(args) != 6 || !strings.Contains(text, "$3::text") || !strings.Contains(text, "$8::timestamptz") || strings.Contains(text, "$2") {
		t.Errorf("%s with %v", text, args)
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`contact.status == "lapsed" && contact.value > 300.0 && days_since(contact.left_at) < 60 && !contact.open_complaint`,
		`has(contact.left_at) ? number("x") in [1, -2.5] : lower(attr("y") + "z").matches("^(?i)a[^b-d]{2,3}$")`,
		`"x" in contact.attributes || contact.attributes["k"].size() / 3 >= -1`, `contact.x.y[0](`, "`", `"\u00e9"`, `1u == b"x"`, `{}`, `contact{}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := segment.Compile(expression)
		if err != nil {
			if e, ok := errors.AsType[*segment.Error](err); !ok || len(e.Problems) == 0 || e.Problems[0].Line < 1 || e.Problems[0].Column < 1 {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		s.Holds(jane(), now)
		if text, args := s.SQL(now, 1); text == "" || len(text) > 1<<20 || len(args) > 1<<12 {
			t.Fatalf("%d bytes of SQL, %d parameters", len(text), len(args))
		}
	})
}
