package main

import (
	"strings"
	"testing"
	"time"
)

func TestReportsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	o.do("import", "--campaign", "winback", o.write("list.csv", "phone,region\n+12125550101,NY\n+12125550102,NY\n"))
	for args, want := range map[string]string{
		"campaign --campaign winback":              "penetration",
		"lists":                                    "list.csv",
		"agents --format csv":                      "table,agent,calls",
		"scores --format json --month 2026-10":     `"kind": "scores"`,
		"sla --zone America/Chicago":               "credit_percent",
		"campaign --campaign winback --format csv": "figures,saturation,0,attempts per record,0,2",
	} {
		if said := o.do(append([]string{"report"}, strings.Fields(args)...)...); !strings.Contains(said, want) {
			t.Errorf("%s: no %q in\n%s", args, want, said)
		}
	}
	for args, names := range map[string][]string{
		"campaign":                                   {"campaign", "missing"},
		"agents --campaign nowhere":                  {"nowhere"},
		"agents --from 2026-13-01":                   {"from", "2026-13-01"},
		"agents --from 2026-11-02 --to 2026-11-01":   {"to"},
		"agents --month 2026-11 --to 2026-11-01":     {"month"},
		"agents --zone Mars/Olympus":                 {"zone", "Mars/Olympus"},
		"agents --zone Asia/Kolkata":                 {"zone", "whole hours"},
		"campaign --campaign winback --cost-sale=-1": {"per_sale"},
	} {
		code, _, said := o.tryIn(t, append([]string{"report"}, strings.Fields(args)...)...)
		checkTold(t, code, exitFailed, said, names...)
	}
}

func TestAgreementsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	good := "name: inbound\nobjective: service_level\nwithin: 20s\nqueue: service\ntarget: 0.8\nwindow: day\ncredits: [{miss: 0.8, percent: 1}]\ncredit_cap: 10\n"
	o.do("sla", "apply", o.write("sla.yaml", good))
	if said := o.do("report", "sla", "--month", "2026-11"); !strings.Contains(said, "inbound calls bridged within 20s") {
		t.Errorf("said %q", said)
	}
	for text, names := range map[string][]string{
		good + "---\nname: x\nobjctive: y\n":                 {"agreement 2", "objctive"},
		strings.Replace(good, "0.8\nwindow", "8\nwindow", 1): {"agreement 1", "target"},
		"": {"no agreement"},
	} {
		code, _, said := o.tryIn(t, "sla", "apply", o.write("bad.yaml", text))
		checkTold(t, code, exitFailed, said, names...)
	}
}

func TestTheDaysOfAReport(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 17, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct{ from, to, month, zone, want string }{
		{"", "", "", "UTC", "2026-11-17T00:00:00Z 2026-11-18T00:00:00Z"},
		{"", "", "", "America/Chicago", "2026-11-16T06:00:00Z 2026-11-17T06:00:00Z"},
		{"2026-11-01", "", "", "America/Chicago", "2026-11-01T05:00:00Z 2026-11-02T06:00:00Z"}, // the clock goes back
		{"2026-02-27", "2026-03-01", "", "UTC", "2026-02-27T00:00:00Z 2026-03-02T00:00:00Z"},
		{"", "", "2026-12", "UTC", "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z"},
	} {
		got, err := parseSpan(c.from, c.to, c.month, c.zone, now)
		if text := got.from.UTC().Format(time.RFC3339) + " " + got.until.UTC().Format(time.RFC3339); err != nil || text != c.want {
			t.Errorf("%+v: %s, %v", c, text, err)
		}
	}
}
