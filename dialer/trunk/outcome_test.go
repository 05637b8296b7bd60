package trunk

import (
	"testing"

	"ringmaster/campaigns"
)

func TestOutcomeTable(t *testing.T) {
	t.Parallel()
	const (
		answered    = campaigns.OutcomeAnswered
		busy        = campaigns.OutcomeBusy
		noAnswer    = campaigns.OutcomeNoAnswer
		unreachable = campaigns.OutcomeUnreachable
		bad         = campaigns.OutcomeBadNumber
		rejected    = campaigns.OutcomeRejected
		congestion  = campaigns.OutcomeCongestion
		failed      = campaigns.OutcomeFailed
	)
	fault := Verdict{Outcome: congestion, Failover: true, Fault: true}
	wrong := Verdict{Outcome: bad, Verify: true}
	for name, c := range map[string]struct {
		end  Ended
		want Verdict
	}{
		"answered":                     {Ended{Answered: true, Saw18x: true}, Verdict{Outcome: answered}},
		"answered wins over the cause": {Ended{Answered: true, Q850: 34, Code: 503}, Verdict{Outcome: answered}},

		"486": {Ended{Code: 486}, Verdict{Outcome: busy}},
		"600": {Ended{Code: 600}, Verdict{Outcome: busy}},
		"Q17": {Ended{Code: 480, Q850: 17}, Verdict{Outcome: busy}},

		"408 after ringing":         {Ended{Code: 408, Saw18x: true}, Verdict{Outcome: noAnswer}},
		"408 of the network":        {Ended{Code: 408}, Verdict{Outcome: unreachable}},
		"480 after ringing":         {Ended{Code: 480, Saw18x: true}, Verdict{Outcome: noAnswer}},
		"480":                       {Ended{Code: 480}, Verdict{Outcome: unreachable}},
		"own 487":                   {Ended{Code: 487, WeCancelled: true, Saw18x: true}, Verdict{Outcome: noAnswer}},
		"own 487 without 18x":       {Ended{Code: 487, WeCancelled: true}, Verdict{Outcome: noAnswer}},
		"own cancel, no final":      {Ended{WeCancelled: true}, Verdict{Outcome: noAnswer}},
		"silence behind our cancel": {Ended{Code: 408, WeCancelled: true, Local: true}, Verdict{Outcome: congestion, Fault: true}},
		"silence of the network behind our cancel": {Ended{Code: 408, WeCancelled: true}, Verdict{Outcome: congestion, Fault: true}},
		"timer C after ringing":                    {Ended{Code: 408, WeCancelled: true, Local: true, Saw18x: true}, Verdict{Outcome: noAnswer}},
		"own cancel, no final, local":              {Ended{WeCancelled: true, Local: true}, Verdict{Outcome: noAnswer}},
		"busy crossed our cancel":                  {Ended{Code: 486, WeCancelled: true, Saw18x: true}, Verdict{Outcome: busy}},
		"foreign 487":                              {Ended{Code: 487}, Verdict{Outcome: unreachable}},
		"Q18":                                      {Ended{Code: 480, Q850: 18}, Verdict{Outcome: noAnswer}},
		"Q19":                                      {Ended{Code: 480, Q850: 19}, Verdict{Outcome: noAnswer}},
		"Q20":                                      {Ended{Code: 480, Q850: 20, Saw18x: true}, Verdict{Outcome: unreachable}},

		"404": {Ended{Code: 404}, wrong},
		"410": {Ended{Code: 410}, wrong},
		"484": {Ended{Code: 484}, wrong},
		"604": {Ended{Code: 604}, wrong},
		"Q1":  {Ended{Code: 503, Q850: 1}, wrong},
		"Q22": {Ended{Code: 480, Q850: 22}, wrong},
		"Q28": {Ended{Code: 480, Q850: 28}, wrong},

		"403":              {Ended{Code: 403}, Verdict{Outcome: rejected}},
		"603":              {Ended{Code: 603}, Verdict{Outcome: rejected}},
		"Q21":              {Ended{Code: 480, Q850: 21}, Verdict{Outcome: rejected}},
		"607":              {Ended{Code: 607}, Verdict{Outcome: rejected, Alert: AlertUnwanted}},
		"608":              {Ended{Code: 608}, Verdict{Outcome: rejected, Alert: AlertCallerID}},
		"608 with Q21":     {Ended{Code: 608, Q850: 21}, Verdict{Outcome: rejected, Alert: AlertCallerID}},
		"606 and the like": {Ended{Code: 606}, Verdict{Outcome: rejected}},

		"500":               {Ended{Code: 500}, fault},
		"502":               {Ended{Code: 502}, fault},
		"503":               {Ended{Code: 503}, fault},
		"504":               {Ended{Code: 504}, fault},
		"488":               {Ended{Code: 488}, fault},
		"Q34":               {Ended{Code: 480, Q850: 34}, fault},
		"Q38":               {Ended{Code: 480, Q850: 38}, fault},
		"Q41":               {Ended{Code: 480, Q850: 41}, fault},
		"Q42":               {Ended{Code: 480, Q850: 42}, fault},
		"Q27":               {Ended{Code: 480, Q850: 27}, fault},
		"timer B":           {Ended{Code: 408, Local: true}, fault},
		"transport error":   {Ended{Code: 503, Local: true}, fault},
		"503 after ringing": {Ended{Code: 503, Saw18x: true}, Verdict{Outcome: unreachable}},
		"Q34 after ringing": {Ended{Code: 480, Q850: 34, Saw18x: true}, Verdict{Outcome: unreachable}},
		"timer C":           {Ended{Code: 408, Local: true, Saw18x: true}, Verdict{Outcome: noAnswer}},

		"uninformative Q31":  {Ended{Code: 486, Q850: 31}, Verdict{Outcome: busy}},
		"uninformative Q127": {Ended{Code: 404, Q850: 127}, wrong},
		"uninformative Q16":  {Ended{Code: 503, Q850: 16}, fault},
		"busy under a 503":   {Ended{Code: 503, Q850: 17}, Verdict{Outcome: busy}},

		"401": {Ended{Code: 401}, Verdict{Outcome: failed, Fault: true, Alert: AlertCredentials}},
		"407": {Ended{Code: 407}, Verdict{Outcome: failed, Fault: true, Alert: AlertCredentials}},
		"402": {Ended{Code: 402}, Verdict{Outcome: failed, Fault: true, Alert: AlertCredentials}},

		"302":               {Ended{Code: 302}, Verdict{Outcome: unreachable}},
		"dial_by passed":    {Ended{Local: true}, Verdict{Outcome: failed}},
		"bad value":         {Ended{Code: 400, Local: true}, Verdict{Outcome: failed}},
		"483":               {Ended{Code: 483}, Verdict{Outcome: failed}},
		"483 after ringing": {Ended{Code: 483, Saw18x: true}, Verdict{Outcome: unreachable}},
		"nothing known":     {Ended{}, Verdict{Outcome: failed}},
	} {
		if got := Judge(c.end); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if got := Outcome(c.end); got != c.want.Outcome {
			t.Errorf("%s: outcome %s", name, got)
		}
	}
}

// Whatever the network says: a valid outcome, no second trunk once a phone may
// have rung, and no outcome that escapes the caps once it did.
func TestOutcomeOfAnything(t *testing.T) {
	t.Parallel()
	for code := range 700 {
		for cause := range 128 {
			for bits := range 8 {
				end := Ended{Code: code, Q850: cause, Local: bits&1 != 0, Saw18x: bits&2 != 0, WeCancelled: bits&4 != 0}
				v := Judge(end)
				if !v.Outcome.Valid() {
					t.Fatalf("%+v: outcome %q", end, v.Outcome)
				}
				if v.Failover && (end.Saw18x || v.Outcome != campaigns.OutcomeCongestion) {
					t.Fatalf("%+v: %+v", end, v)
				}
				if end.Saw18x && !end.Local && !v.Outcome.CountsAsAttempt() && v.Alert != AlertCredentials && code != 0 {
					t.Fatalf("%+v: %s after ringing does not count as an attempt", end, v.Outcome)
				}
			}
		}
	}
}
