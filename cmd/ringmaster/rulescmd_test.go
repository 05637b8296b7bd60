package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
