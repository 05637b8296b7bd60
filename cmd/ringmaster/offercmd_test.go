package main

import (
	"strings"
	"testing"

	"ringmaster/campaigns"
)

// TestScriptsOffersAndExperimentsByCommand does what the README says of them.
func TestScriptsOffersAndExperimentsByCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	wants := func(out string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%q is not in:\n%s", part, out)
			}
		}
	}
	const script, half, free = "../../configs/scripts/win-back.yaml", "../../configs/offers/half-price.yaml", "../../configs/offers/free-month.yaml"
	wants(o.do("script", "apply", "--dry-run", script), `Script "win-back", en: version 1 would be published.`)
	wants(o.do("script", "apply", script), `Script "win-back", es: version 1 published.`)
	wants(o.do("script", "apply", script), `Script "win-back", en: version 1 says the same already.`)
	wants(o.do("script", "list"), "win-back  en        1        3         2            2")
	// What show prints can be applied.
	shown := o.write("shown.yaml", o.do("script", "show", "win-back"))
	wants(o.do("script", "apply", shown), "en: version 1 says the same already.", "es: version 1 says the same already.")
	wants(o.do("script", "publish", "win-back", "--language", "en", "--version", "1"), "version 1 is in force")

	code, _, said := o.tryIn(t, "offer", "apply", half)
	checkTold(t, code, exitFailed, said, "half-price.yaml:19:7: next", `there is no offer "free-month"`)
	wants(o.do("offer", "apply", "--dry-run", half, free), `Offer "half-price": version 1 would be published.`)
	wants(o.do("offer", "apply", half, free), `Offer "half-price": version 1 published.`, `Offer "free-month": version 1 published.`)
	wants(o.do("offer", "list"), "half-price  1        9.95 EUR   0 of 500  0.00 of 30000.00", "open")
	shown = o.write("shown.yaml", o.do("offer", "show", "half-price"))
	wants(o.do("offer", "apply", shown), "version 1 says the same already.")
	wants(o.do("offer", "limit", "10", "--role", "agent"), "every agent  10 %")
	code, _, said = o.tryIn(t, "offer", "limit", "10", "--role", "boss")
	checkTold(t, code, exitFailed, said, `role: "boss"`)

	o.do("campaign", "create", "winback")
	create := []string{"experiment", "create", "gifts", "--campaign", "winback", "--subject", "offer", "--baseline", "0.05", "--effect", "0.01", "--arm", "as_it_was=half-price", "--arm"}
	code, _, said = o.tryIn(t, append(create, "tried=gone")...)
	checkTold(t, code, exitFailed, said, `arm: tried: there is no offer "gone"`)
	wants(o.do(append(create, "tried=free-month")...), "To find 5 % → 6 % with power 80 % at alpha 5 % it needs 8,158 persons talked to in each arm, 16,316 in all.")
	wants(o.do("experiment", "start", "gifts"), "is running", "told at the horizon, not before")
	wants(o.do("experiment", "list"), "gifts  offer    running  as_it_was 0, tried 0  8,158")
	wants(o.do("experiment", "stop", "gifts"), "is stopped", "No result: it was stopped before its horizon")
	code, _, said = o.tryIn(t, "experiment", "size", "--baseline", "0.05", "--effect", "1")
	checkTold(t, code, exitFailed, said, "--effect: 1 makes the share 1.05")
}

func TestAResultIsToldWithNumeratorAndDenominator(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := printExperiment(streams{out: &out}, campaigns.Experiment{
		Name: "gifts", Subject: campaigns.SubjectOffer, State: campaigns.ExperimentFinished, PerArm: 8158, Baseline: 0.05, Effect: 0.01, Alpha: 0.05, Power: 0.8,
		Arms: []campaigns.ExperimentArm{{Name: "a", Value: "half"}, {Name: "b", Value: "gift"}}, Progress: []int{8158, 8200},
		Result: &campaigns.ExperimentResult{
			Arms:       []campaigns.ExperimentShare{{Arm: "a", Sales: 408, Persons: 8158}, {Arm: "b", Sales: 490, Persons: 8158}},
			Difference: 0.01, Low: 0.003, High: 0.017, PValue: 0.005, Significant: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a: 408 of 8,158 bought, 5.001 %", "Difference +1 points (95 % interval +0.3 to +1.7), p = 0.005: the arms differ."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}
