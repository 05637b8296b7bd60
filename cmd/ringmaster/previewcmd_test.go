package main

import (
	"strings"
	"testing"
)

func TestPreviewOnTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	o.do("import", "--campaign", "winback", o.write("list.csv", "phone,first_name,value,status,region\n"+
		"+12125550101,Ada,400,lapsed,NY\n+12125550102,Bob,20,lapsed,NY\n+12125550103,Cleo,500,active,NY\n+12125550104,Dan,900,lapsed,NY\n"))
	o.do("dnc", "add", "+12125550104")
	shown := o.do("campaign", "preview", "winback", "--segment", `contact.status == "lapsed" && contact.value > 100.0`)
	for _, want := range []string{"nobody is called", "not_in_segment 2", "do_not_call 1", "Callable now", "Ada", "+*********01"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	if json := o.do("campaign", "preview", "winback", "--json", "--sample", "0"); !strings.Contains(json, `"callable_now":3`) {
		t.Errorf("JSON %s", json)
	}
	if fields := o.do("campaign", "preview", "--fields"); !strings.Contains(fields, "contact.left_at") ||
		!strings.Contains(fields, "days_since(t)") || !strings.Contains(fields, "has(contact.x)") || !strings.Contains(fields, `s.matches("`) {
		t.Errorf("fields %s", fields)
	}
	for args, names := range map[string][]string{
		"winback --segment contact.valu>1": {"contact.value", "line 1, column 8"},
		"winback --segment contact.value>": {"line 1, column 15"},
		"nowhere":                          {"nowhere"},
		"winback --sample=-1":              {"--sample"},
		"--json":                           {"name"},
	} {
		code, _, said := o.tryIn(t, append([]string{"campaign", "preview"}, strings.Fields(args)...)...)
		checkTold(t, code, exitFailed, said, names...)
	}
}
