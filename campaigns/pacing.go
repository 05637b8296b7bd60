package campaigns

import "time"

// LeastRing is how long a phone rings before this side may give a call up for want
// of an agent (16 CFR 310.4(b)(4)(ii)); laws of other places may ask for more.
const LeastRing = 15 * time.Second

// maxLinesPerAgent is beyond what any answer rate calls for.
const maxLinesPerAgent = 20

// CancelsRinging reports whether calls that ring may be given up when fewer agents
// come free than was expected.
func (s *Settings) CancelsRinging() bool { return s.CancelRinging == nil || *s.CancelRinging }

// validatePacing names the first wrong cap on lines.
func (s *Settings) validatePacing() error {
	switch {
	case s.MaxLines < 0 || s.MaxLines > 100_000:
		return Invalid("max_lines", "%d is not between 0 and 100000", s.MaxLines)
	case s.MaxLinesPerAgent != 0 && !(s.MaxLinesPerAgent >= 1 && s.MaxLinesPerAgent <= maxLinesPerAgent):
		return Invalid("max_lines_per_agent", "%v is neither 0, for no cap, nor between 1 and %d", s.MaxLinesPerAgent, maxLinesPerAgent)
	}
	return nil
}

// PacingChange changes how a campaign dials; what is nil stays as it is. It may be
// made while the campaign runs.
type PacingChange struct {
	Mode             *PacingMode `json:"mode,omitempty" enum:"manual,preview,progressive,ratio,predictive"`
	Ratio            *float64    `json:"ratio,omitempty" doc:"Lines for each ready agent in mode ratio."`
	DropLimit        *float64    `json:"drop_limit,omitempty" doc:"The campaign's own limit on dropped calls, a fraction of 1."`
	MaxLines         *int        `json:"max_lines,omitempty" doc:"Most lines of the campaign at once on a node; 0: no cap."`
	MaxLinesPerAgent *float64    `json:"max_lines_per_agent,omitempty" doc:"The same for each agent who is ready or busy; 0: no cap."`
	CancelRinging    *bool       `json:"cancel_ringing,omitempty" doc:"Whether calls may be given up when fewer agents come free than was expected."`
}

// Empty reports whether nothing is changed.
func (c *PacingChange) Empty() bool { return *c == PacingChange{} }

// On gives the settings with the change.
func (c *PacingChange) On(s Settings) Settings {
	put(&s.Mode, c.Mode)
	put(&s.Ratio, c.Ratio)
	put(&s.DropLimit, c.DropLimit)
	put(&s.MaxLines, c.MaxLines)
	put(&s.MaxLinesPerAgent, c.MaxLinesPerAgent)
	if c.CancelRinging != nil {
		s.CancelRinging = c.CancelRinging
	}
	return s
}

func put[T any](at, to *T) {
	if to != nil {
		*at = *to
	}
}

// PacingLive is why a campaign is dialed as it is, at the last decision.
type PacingLive struct {
	// Staffed agents are ready or busy with a call or its wrap-up; FreeSoon of the
	// busy ones are expected to be free within SoonSeconds.
	Staffed     int     `json:"staffed"`
	Ready       int     `json:"ready"`
	FreeSoon    float64 `json:"free_soon"`
	SoonSeconds float64 `json:"soon_s"`
	// Ringing calls, those just placed among them, are expected to bring
	// ExpectedAnswers.
	Ringing         int     `json:"ringing"`
	ExpectedAnswers float64 `json:"expected_answers"`
	// DropRate and DropLimit are fractions of 1, over the window of DropRule; empty:
	// the campaign's own limit. Credit is the number of drops still allowed.
	DropRate  float64 `json:"drop_rate"`
	DropLimit float64 `json:"drop_limit"`
	DropRule  string  `json:"drop_rule,omitempty"`
	Credit    float64 `json:"credit"`
	// Risk that one more answer is lost, and the highest that is taken.
	Risk     float64 `json:"risk"`
	Accepted float64 `json:"accepted"`
	// Reason says what bounds the decision beyond the risk; Fallback is set while
	// each ready agent gets one call, as in mode progressive.
	Reason   string `json:"reason,omitempty"`
	Fallback bool   `json:"fallback"`
}
