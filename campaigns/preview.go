package campaigns

import (
	"slices"
	"time"
)

// PreviewAction is what becomes of a previewed candidate when the agent does
// nothing for the time-out.
type PreviewAction string

// The actions at the time-out of a preview.
const (
	// PreviewDial dials the candidate.
	PreviewDial PreviewAction = "dial"
	// PreviewSkip lets the candidate rest and shows the next one.
	PreviewSkip PreviewAction = "skip"
	// PreviewPause makes the agent not ready; the candidate goes to another.
	PreviewPause PreviewAction = "pause"
)

// PreviewRules say how candidates are shown in mode preview.
type PreviewRules struct {
	// TimeOut is how long an agent may look at a candidate; zero: 30 s.
	TimeOut Duration `json:"time_out,omitempty"`
	// OnTimeOut is what follows; empty: dial.
	OnTimeOut PreviewAction `json:"on_time_out,omitempty"`
	// SkipDelay is how long a skipped candidate rests; zero: four hours.
	SkipDelay Duration `json:"skip_delay,omitempty"`
}

// DefaultPreview gives half a minute, and dials then.
func DefaultPreview() PreviewRules {
	return PreviewRules{TimeOut: Seconds(30), OnTimeOut: PreviewDial, SkipDelay: Duration(4 * time.Hour)}
}

// Full puts the defaults where nothing is set.
func (r PreviewRules) Full() PreviewRules {
	d := DefaultPreview()
	if r.TimeOut == 0 {
		r.TimeOut = d.TimeOut
	}
	if r.OnTimeOut == "" {
		r.OnTimeOut = d.OnTimeOut
	}
	if r.SkipDelay == 0 {
		r.SkipDelay = d.SkipDelay
	}
	return r
}

// Validate names the first wrong setting.
func (r *PreviewRules) Validate() error {
	switch {
	case r.TimeOut != 0 && (r.TimeOut < Seconds(5) || r.TimeOut > Seconds(600)):
		return Invalid("preview.time_out", "%v is not between 5s and 10m", r.TimeOut)
	case r.OnTimeOut != "" && !slices.Contains([]PreviewAction{PreviewDial, PreviewSkip, PreviewPause}, r.OnTimeOut):
		return Invalid("preview.on_time_out", "%q is not one of dial, skip, pause", r.OnTimeOut)
	case r.SkipDelay < 0 || r.SkipDelay.Std() > 30*24*time.Hour:
		return Invalid("preview.skip_delay", "%v is not between 0 and 30d", r.SkipDelay)
	}
	return nil
}

// PreviewView is a candidate as an agent sees it before it is dialed.
type PreviewView struct {
	CandidateID int64  `json:"candidate_id"`
	CampaignID  int64  `json:"campaign_id"`
	Campaign    string `json:"campaign"`
	// Number is the E.164 number that would be dialed.
	Number string `json:"number"`
	Pop    *Pop   `json:"pop,omitempty"`
	// Until is the business time of the time-out, OnTimeOut what follows.
	Until     time.Time     `json:"until"`
	OnTimeOut PreviewAction `json:"on_time_out"`
}

// Skip is an agent's wish not to call a previewed candidate now.
type Skip struct {
	CampaignID, CandidateID, AgentID int64
	// Reason is the agent's own word, or timed_out.
	Reason string
	// Delay is how long the candidate rests.
	Delay time.Duration
}
