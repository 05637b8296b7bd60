package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// TestTheRulebookByCommand needs no stores: the book comes with the program.
func TestTheRulebookByCommand(t *testing.T) {
	t.Parallel()
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good.json", `{"rules": [{"id": "at", "jurisdiction": "AT", "hours": {"mon-fri": ["09:00-18:00"]}, "sources": ["a lawyer"], "verified": "by letter"}]}`)
	bad := file("bad.json", `{"rules": [{"id": "at", "jurisdiction": "AT", "hours": {"mon-fri": ["18:00-09:00"]}, "sources": ["a lawyer"], "verified": "by letter"}]}`)
	for _, c := range []struct {
		args  []string
		code  int
		wants []string
	}{
		{[]string{"rules", "list"}, exitDone, []string{"us-fl", "Fla. Stat. 501.616(6)", "(by name)", "2026-08-11"}},
		{[]string{"rules", "list", "--json"}, exitDone, []string{`"id":"gb-ofcom","jurisdiction":"GB"`}},
		{[]string{"rules", "show", "us-fl"}, exitDone, []string{"mon-sun 08:00-20:00", "us-fl", "3 in 24h", "us-tsr"}},
		{[]string{"rules", "show", "FR", "--date", "2026-12-01"}, exitDone, []string{"fr-opt-in", "mon-fri 10:00-13:00 14:00-20:00, sat-sun closed", "2026-12-25"}},
		{[]string{"rules", "show", "FR", "--business"}, exitDone, []string{"No rule binds such calls"}},
		{[]string{"rules", "show", "DE", "--json"}, exitDone, []string{`{"what":"consent","value":"needed","rule":"de-uwg"}`}},
		{[]string{"rules", "show", "ZZ"}, exitFailed, []string{"no rules are known for all of ZZ"}},
		{[]string{"rules", "show", "US", "--rule", "nowhere"}, exitFailed, []string{`no rule "nowhere" is known`}},
		{[]string{"rules", "show", "US", "--date", "soon"}, exitFailed, []string{"--date"}},
		{[]string{"rules", "check", good}, exitDone, []string{"Rules: 1,"}},
		{[]string{"rules", "check"}, exitFailed, []string{"name a file of rules, or --campaign"}},
		{[]string{"rules", "show", "US"}, exitDone, []string{"register of US", "no file older than 31 days"}},
		{[]string{"rules", "show", "FR", "--date", "2026-12-01"}, exitDone, []string{"no call any more", "the hours that a proven consent names"}},
		{[]string{"rules", "show", "FR", "--date", "2026-12-01", "--contract", "--json"}, exitDone, []string{`"what":"person cap"`}},
		{[]string{"rules", "check", bad}, exitFailed, []string{"bad.json", "rules.at.hours", "mon-fri", "18:00-09:00"}},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), c.args, streams{out: &out, err: &out}); code != c.code {
			t.Errorf("%v: exit %d, want %d\n%s", c.args, code, c.code, out.String())
		}
		for _, want := range c.wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%v: %q is not in:\n%s", c.args, want, out.String())
			}
		}
	}
}

func TestACampaignIsCheckedForItsRegisters(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	says(t, o.do("rules", "check", "--campaign", "winback"), "No rule wants a national register")
	o.do("import", "--campaign", "winback", o.write("l.csv", "phone\n2125550101\n"))
	never := "Register of US (rule us-tsr, 31 days): no file was ever imported"
	says(t, o.do("rules", "check", "--campaign", "winback"), never, "calls go on unchecked")
	says(t, o.do("campaign", "why", "winback"), never)
	o.do("dnc", "import", o.write("registry.txt", "3105550000\n"), "--list", "us-national", "--national")
	says(t, o.do("rules", "check", "--campaign", "winback"), `Register of US (rule us-tsr, 31 days): list "us-national" is of `)
	if said := o.do("campaign", "why", "winback"); strings.Contains(said, "Register of") {
		t.Errorf("a fresh register is told:\n%s", said)
	}
	code, _, said := o.tryIn(t, "rules", "check", "--campaign", "nowhere")
	checkTold(t, code, exitFailed, said, "nowhere")
}

func TestARegisterIsToldInOneLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC)
	of := postgres.RegisterCheck{Country: "GB", Rule: "gb-ofcom", MaxAge: campaigns.Duration(28 * 24 * time.Hour), List: "gb-tps", CheckedAt: &at}
	old, elsewhere, never := of, of, postgres.RegisterCheck{Country: "GB", Rule: "gb-ofcom", MaxAge: of.MaxAge, Elsewhere: true}
	old.Old, elsewhere.Old, elsewhere.Elsewhere = true, true, true
	for want, check := range map[string]postgres.RegisterCheck{
		`(rule gb-ofcom, 28 days): list "gb-tps" is of 2026-03-03 15:00 UTC.`:          of,
		"nobody is called there meanwhile (register_old).":                             old,
		"looked into elsewhere (compliance.registers_checked_elsewhere).":              elsewhere,
		"--list gb-national; looked into elsewhere (compliance.registers_checked_else": never,
	} {
		if got := registerText(check); !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}
