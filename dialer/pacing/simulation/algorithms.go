package simulation

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing"
)

// View is what a pacer sees. Free and Answers are the future, for the oracle alone.
type View struct {
	pacing.View
	// Staffed agents are signed in and not paused.
	Staffed int
	// Free is when each busy agent will have wrapped up, Answers when each ringing
	// call will be answered; infinite: never.
	Free, Answers []float64
	// Place places the next call at once and gives when it will be answered, for
	// the oracle alone; it is false once Most are placed.
	Place func() (answer float64, ok bool)
}

// Pacer is an algorithm at work on one day. It is told what happens, and asked at
// least every half second what to dial.
type Pacer interface {
	Outcomes
	// Decide gives the dials of now; more than View.Most are not placed.
	Decide(v *View) pacing.Plan
	PhaseOver(agent int, phase pacing.Phase, age float64)
	Wrapped(ready bool)
}

// Outcomes are how calls end, after so many seconds of ringing.
type Outcomes interface {
	Answered(age float64)
	Failed(age float64)
	GivenUp(age float64)
	Dropped()
}

// all are the algorithms that are compared if nothing else is asked for.
var all = [...]string{"progressive", "ratio:1.5", "vicidial", "erlang", "predictive", "oracle"}

// Algorithms reads a list of names parted by commas; "all" is all of them, with
// ratio:1.5. It returns an error for an unknown name.
func Algorithms(list string) ([]string, error) {
	var names []string
	s := Default()
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "all" {
			names = append(names, all[:]...)
			continue
		}
		if _, err := NewPacer(name, &s); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// NewPacer makes the algorithm of the name for one day of the scenario. It returns
// an error for an unknown name.
func NewPacer(name string, s *Scenario) (Pacer, error) {
	limits := pacing.Limits{Drops: s.DropLimit, Connect: s.Connect, CancelAfter: s.CancelAfter}
	switch name {
	case "progressive":
		return &fixed{mode: campaigns.PacingProgressive}, nil
	case "vicidial":
		return newVicidial(s.DropLimit), nil
	case "erlang":
		return newErlang(s.DropLimit), nil
	case "predictive":
		return predictive{pacing.NewPredictor(limits)}, nil
	case "oracle":
		return newOracle(s), nil
	}
	if r, ok := strings.CutPrefix(name, "ratio:"); ok {
		lines, err := strconv.ParseFloat(r, 64)
		if err != nil || !(lines >= 1 && lines <= 100) {
			return nil, fmt.Errorf("algorithm %s: the ratio is no number from 1 to 100", name)
		}
		return &fixed{mode: campaigns.PacingRatio, ratio: lines}, nil
	}
	return nil, fmt.Errorf("algorithm %q is none of progressive, ratio:R, vicidial, erlang, predictive, oracle, all", name)
}

// predictive is production's own.
type predictive struct{ *pacing.Predictor }

// Decide is production's own.
func (p predictive) Decide(v *View) pacing.Plan { return p.Predictor.Decide(&v.View) }

// deaf learns nothing.
type deaf struct{}

// Answered is not learned from.
func (deaf) Answered(float64) {}

// Failed is not learned from.
func (deaf) Failed(float64) {}

// GivenUp is not learned from.
func (deaf) GivenUp(float64) {}

// Dropped is not learned from.
func (deaf) Dropped() {}

// PhaseOver is not learned from.
func (deaf) PhaseOver(int, pacing.Phase, float64) {}

// Wrapped is not learned from.
func (deaf) Wrapped(bool) {}

// fixed keeps so many lines for each ready agent, by production's own decision.
type fixed struct {
	deaf
	mode  campaigns.PacingMode
	ratio float64
}

// Decide is production's own, without its regard for the limit on drops.
func (f *fixed) Decide(v *View) pacing.Plan {
	plan := pacing.Decide(pacing.Snapshot{
		Mode: f.mode, Ratio: f.ratio, Ready: v.Ready, InFlight: len(v.Ringing), Waiting: v.Waiting,
		Overdials: math.MaxInt32, Capacity: v.Most, Room: math.MaxInt32,
	})
	return pacing.Plan{Dials: plan.Dials}
}
