package main

import (
	"strings"
	"testing"
)

func TestPaceOnTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback", "--mode", "ratio", "--ratio", "1.5")
	const drops = "Dropped calls: 0 of 0 answers over 30 days, 0 %; "
	for _, c := range []struct{ args, want string }{
		{"", "mode ratio with 1.5 lines for each ready agent.\n" + drops},
		{"--mode predictive --max-lines 40 --max-lines-per-agent 2.5 --no-cancel-ringing", "mode predictive, 40 lines at most, 2.5 lines at most for each agent, ringing calls are not given up.\n"},
		{"--drop-limit 2% --max-lines 0 --cancel-ringing", "mode predictive, 2.5 lines at most for each agent.\n"},
	} {
		if said := o.do(append([]string{"campaign", "pace", "winback"}, strings.Fields(c.args)...)...); !strings.Contains(said, c.want) {
			t.Errorf("%s: no %q in\n%s", c.args, c.want, said)
		}
	}
	if shown := o.do("campaign", "show", "winback", "--yaml"); !strings.Contains(shown, "mode: predictive") || !strings.Contains(shown, "drop_limit: 0.02") {
		t.Errorf("the campaign is\n%s", shown)
	}
	if why := o.do("campaign", "why", "winback"); !strings.Contains(why, drops) {
		t.Errorf("why says\n%s", why)
	}
	for args, names := range map[string][]string{
		"winback --mode psychic":          {"mode", "predictive"},
		"winback --drop-limit 50%":        {"drop_limit", "0.5"},
		"winback --drop-limit some":       {"--drop-limit", "some"},
		"winback --mode ratio --ratio 70": {"ratio", "70"},
		"nowhere --max-lines 3":           {"nowhere"},
	} {
		code, _, said := o.tryIn(t, append([]string{"campaign", "pace"}, strings.Fields(args)...)...)
		checkTold(t, code, exitFailed, said, names...)
	}
	o.do("campaign", "close", "winback")
	code, _, said := o.tryIn(t, "campaign", "pace", "winback", "--max-lines", "3")
	checkTold(t, code, exitFailed, said, "winback", "closed")
}
