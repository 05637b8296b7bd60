package main

import (
	"strings"
	"testing"
)

func TestEventsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "apply", "../../configs/campaigns/win-back.yaml")
	told := []string{"event", "contract_ended", "--id", "k1", "--phone", "+12125550123", "--first-name", "Ada", "--set", "defector_reason=price"}
	for _, again := range []string{"contact 1\n", "contact 1 (told before)\n"} {
		if said := o.do(told...); !strings.Contains(said, again) || !strings.Contains(said, "win-back: add, candidate 1 is ready") {
			t.Errorf("said %q", said)
		}
	}
	if said := o.do("event", "purchase", "--phone", "+12125550123"); !strings.Contains(said, "win-back: finish, candidate 1 is done purchase") {
		t.Errorf("said %q", said)
	}
	if said := o.do("event", "complaint_opened", "--contact", "1"); !strings.Contains(said, "complaint is opened") {
		t.Errorf("said %q", said)
	}
	lines := o.write("events.ndjson", `{"id":"f1","type":"usage_dropped","contact":{"id":1}}`+"\n"+`{"id":"f2","typ":"x"}`+"\n")
	for args, names := range map[string][]string{
		"":                                    {"type", "--file"},
		"contract_ended":                      {"contact"},
		"Contract --contact 1":                {"type"},
		"contract_ended --external-id nobody": {"contact", "phone"},
		"--file " + lines:                     {"line 2", "typ"},
	} {
		code, _, said := o.tryIn(t, append([]string{"event"}, strings.Fields(args)...)...)
		checkTold(t, code, exitFailed, said, names...)
	}
}
