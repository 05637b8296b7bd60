package trunk

import (
	"time"

	"ringmaster/campaigns"
)

// Ended is how a dial ended on one trunk.
type Ended struct {
	// Code is the final SIP status, Q850 the cause of its Reason header; 0
	// where there was none.
	Code, Q850 int
	// Local: no such response came from the network. Code 408 is timer B, 503
	// a transport error, 400 a value that may not be sent, 0 an INVITE that
	// was not sent in time.
	Local bool
	// Saw18x: a 18x came, so a phone may have rung.
	Saw18x bool
	// WeCancelled: our ring time-out cancelled it.
	WeCancelled bool
	// Answered: a 2xx came.
	Answered bool
	// RetryAfter of a 503.
	RetryAfter time.Duration
}

// Alert names what a person must look at.
type Alert string

// The alerts.
const (
	NoAlert Alert = ""
	// AlertCallerID: analytics block the caller id (608, RFC 8688).
	AlertCallerID Alert = "caller_id_blocked"
	// AlertCredentials: the trunk refuses us (401, 407, 402).
	AlertCredentials Alert = "trunk_credentials"
	// AlertUnwanted: the called party does not want this call (607, RFC
	// 8197); the number is to be reviewed, it is no DNC entry by itself.
	AlertUnwanted Alert = "call_unwanted"
)

// Verdict is what a dial's end means.
type Verdict struct {
	Outcome campaigns.Outcome
	// Failover: a definite trunk fault before any 18x; another trunk may try.
	Failover bool
	// Fault counts against the trunk's health.
	Fault bool
	// Verify: a bad number to be verified on a second trunk before it is
	// purged, since a routing error looks the same.
	Verify bool
	Alert  Alert
}

// Outcome gives the attempt's outcome of a dial's end.
func Outcome(end Ended) campaigns.Outcome { return Judge(end).Outcome }

// Judge is the outcome table of DESIGN.md section 6: a specific Q.850 cause
// decides before the SIP status; causes that tell nothing (16, 31, 127) do not.
func Judge(end Ended) Verdict {
	switch {
	case end.Answered:
		return Verdict{Outcome: campaigns.OutcomeAnswered}
	case end.WeCancelled && end.Code == 408 && !end.Saw18x:
		// Silence (timer B, or a proxy's word for it) behind our ring time-out:
		// a dead trunk. The time to ring is over, so no other one is tried.
		return Verdict{Outcome: campaigns.OutcomeCongestion, Fault: true}
	case end.Local:
		return judgeLocal(end)
	}
	if v, specific := judgeCause(end); specific {
		return v
	}
	return judgeStatus(end)
}

// judgeLocal judges what happened on our side of the wire.
func judgeLocal(end Ended) Verdict {
	switch {
	case end.WeCancelled:
		return Verdict{Outcome: campaigns.OutcomeNoAnswer}
	case end.Code == 408 && end.Saw18x:
		return Verdict{Outcome: campaigns.OutcomeNoAnswer}
	case end.Code == 408, end.Code == 503:
		return trunkFault(end)
	}
	return Verdict{Outcome: campaigns.OutcomeFailed}
}

// judgeCause judges a specific Q.850 cause.
func judgeCause(end Ended) (Verdict, bool) {
	switch end.Q850 {
	case 17: // user busy
		return Verdict{Outcome: campaigns.OutcomeBusy}, true
	case 18, 19: // no user responding, no answer
		return Verdict{Outcome: campaigns.OutcomeNoAnswer}, true
	case 20: // subscriber absent
		return Verdict{Outcome: campaigns.OutcomeUnreachable}, true
	case 1, 22, 28: // unallocated, changed, incomplete
		return badNumber(), true
	case 21: // call rejected
		return rejected(end), true
	case 34, 38, 41, 42, 27: // no circuit, network faults, congestion, out of order
		return trunkFault(end), true
	}
	return Verdict{}, false
}

// judgeStatus judges the SIP status.
func judgeStatus(end Ended) Verdict {
	switch end.Code {
	case 486, 600:
		return Verdict{Outcome: campaigns.OutcomeBusy}
	case 404, 410, 484, 604:
		return badNumber()
	case 403, 603, 607, 608:
		return rejected(end)
	case 500, 502, 503, 504, 488:
		return trunkFault(end)
	case 401, 407, 402:
		return Verdict{Outcome: campaigns.OutcomeFailed, Fault: true, Alert: AlertCredentials}
	case 408, 480:
		return rang(end)
	case 487:
		return rang(end)
	case 0:
		if end.WeCancelled {
			return Verdict{Outcome: campaigns.OutcomeNoAnswer}
		}
		return Verdict{Outcome: campaigns.OutcomeFailed}
	}
	if end.Code >= 300 && end.Code < 400 {
		// A redirection is not followed (toll fraud); the number did exist.
		return Verdict{Outcome: campaigns.OutcomeUnreachable}
	}
	if end.Code > 600 {
		return rejected(end)
	}
	if end.Saw18x {
		return Verdict{Outcome: campaigns.OutcomeUnreachable}
	}
	return Verdict{Outcome: campaigns.OutcomeFailed}
}

// rang tells a phone that rang unanswered from one that was not reached.
func rang(end Ended) Verdict {
	if end.Saw18x || end.WeCancelled {
		return Verdict{Outcome: campaigns.OutcomeNoAnswer}
	}
	return Verdict{Outcome: campaigns.OutcomeUnreachable}
}

func badNumber() Verdict { return Verdict{Outcome: campaigns.OutcomeBadNumber, Verify: true} }

// rejected is the callee's, the trunk's or an analytics engine's no.
func rejected(end Ended) Verdict {
	v := Verdict{Outcome: campaigns.OutcomeRejected}
	switch end.Code {
	case 607:
		v.Alert = AlertUnwanted
	case 608:
		v.Alert = AlertCallerID
	}
	return v
}

// trunkFault is no attempt at the person unless a phone may have rung.
func trunkFault(end Ended) Verdict {
	if end.Saw18x {
		return Verdict{Outcome: campaigns.OutcomeUnreachable}
	}
	return Verdict{Outcome: campaigns.OutcomeCongestion, Failover: true, Fault: true}
}
