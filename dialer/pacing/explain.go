package pacing

import "fmt"

// Reason says what bounds a decision beyond the risk of a drop.
type Reason string

// The reasons. Each but Capped and NoCredit goes with the fallback.
const (
	NoAgents  Reason = "no agent is signed in"
	NoLimit   Reason = "the drop limit leaves no room for prediction"
	NoAnswers Reason = "no answers come although they are due; the carrier may be out"
	NoHistory Reason = "the campaign has just started"
	NoNumbers Reason = "the statistics make no sense"
	NoCredit  Reason = "the answers so far do not pay for a drop"
	Capped    Reason = "trunks, caps or candidates allow no more"
)

// Explanation is why a decision dials as it does.
type Explanation struct {
	// Staffed agents are ready or busy; FreeSoon of the busy ones are expected
	// to be free within Soon seconds.
	Staffed, Ready, Waiting int
	FreeSoon, Soon          float64
	// Ringing calls are expected to bring Expected answers.
	Ringing  int
	Expected float64
	// Drops of Answers over the window of the Limit; Credit more may be dropped.
	Answers, Drops, Limit, Credit float64
	// Risk that one more answer is lost, and the highest that is taken.
	Risk, Accepted float64
	// Fallback is set when agents get one call each, as in progressive dialing,
	// for the Reason.
	Fallback bool
	Reason   Reason
}

// Rate is the drop rate over the window, a fraction of 1.
func (e Explanation) Rate() float64 {
	if e.Answers == 0 {
		return 0
	}
	return e.Drops / e.Answers
}

// String puts it in a sentence.
func (e Explanation) String() string {
	if e.Reason == NoAgents {
		return string(e.Reason)
	}
	s := fmt.Sprintf("%d agents, %d ready, %.1f free within %.0f s, %d ringing expect %.1f answers, drops %.1f %% of %.1f %%, %.1f more allowed",
		e.Staffed, e.Ready, e.FreeSoon, e.Soon, e.Ringing, e.Expected, 100*e.Rate(), 100*e.Limit, max(0, e.Credit))
	switch {
	case e.Fallback:
		s += "; one call for each ready agent: " + string(e.Reason)
	case e.Reason != "":
		s += "; " + string(e.Reason)
	}
	return s
}
