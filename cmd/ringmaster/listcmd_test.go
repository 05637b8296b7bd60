package main

import "testing"

// TestListsByCommand does what the README says of lists.
func TestListsByCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	says(t, o.do("list", "create", "winback", "autumn", "--priority", "10", "--mix", "30%", "--source", "lapsed", "--provenance", "own CRM"), `List "autumn" made.`)
	says(t, o.do("import", "--campaign", "winback", "--list", "autumn", o.write("l.csv", "phone\n2125550101\n2125550102\n")), "Imported 2 of 2 rows")
	says(t, o.do("list", "ls"), "winback", "autumn", "on", "10", "30 %", "0.0 %", "lapsed")
	says(t, o.do("list", "set", "winback", "autumn", "--mix", "0.5", "--expires", "2199-12-31"), `List "autumn" is on until 2200-01-01 00:00 UTC.`)
	says(t, o.do("list", "off", "winback", "autumn"), `List "autumn" is off.`)
	says(t, o.do("list", "on", "winback", "autumn"), `List "autumn" is on until 2200-01-01`)
	says(t, o.do("list", "expire", "winback", "autumn"), `List "autumn" is expired since `)
	says(t, o.do("list", "set", "winback", "autumn", "--expires", "never"), `List "autumn" is on.`)
	says(t, o.do("list", "show", "winback", "autumn"), `"mix": 0.5`, `"provenance": "own CRM"`, `"records": 2`, `"penetration": 0`)
	says(t, o.do("list", "reset", "winback", "autumn", "--dry-run"), `Would reset 0 candidates of list "autumn": none`, "Kept 2: ready 2")
	for want, args := range map[string][]string{
		"--mix 130%: is no share":             {"list", "set", "winback", "autumn", "--mix", "130%"},
		"priority: 999 is not between":        {"list", "set", "winback", "autumn", "--priority", "999"},
		`source: "found" is not one of`:       {"list", "set", "winback", "autumn", "--source", "found"},
		`--expires: "soon" is no day`:         {"list", "set", "winback", "autumn", "--expires", "soon"},
		"nothing to set":                      {"list", "set", "winback", "autumn"},
		`no list "spring"`:                    {"list", "off", "winback", "spring"},
		`no campaign "other"`:                 {"list", "off", "other", "autumn"},
		`has a list "autumn" already`:         {"list", "create", "winback", "autumn"},
		`--reason: reasons: "sale" cannot be`: {"list", "reset", "winback", "autumn", "--reason", "sale"},
	} {
		code, _, said := o.tryIn(t, args...)
		checkTold(t, code, exitFailed, said, want)
	}
}
