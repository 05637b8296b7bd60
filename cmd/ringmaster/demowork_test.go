package main

import (
	"math"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/simcarrier"
)

// The carrier and the bots of scenario predictive do what its simulation does.
func TestThePredictiveDemoIsWhatIsSimulated(t *testing.T) {
	t.Parallel()
	w, err := workOf(scenarioPredictive, 12)
	if err != nil {
		t.Fatal(err)
	}
	s := w.simulated
	mix, err := simcarrier.ParseMix(w.mix)
	if err != nil {
		t.Fatal(err)
	}
	whole := float64(mix[simcarrier.Answer] + mix[simcarrier.NoAnswer] + mix[simcarrier.Busy])
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.002*max(1, math.Abs(want)) {
			t.Errorf("%s: %v, simulated %v", what, got, want)
		}
	}
	near("answered", float64(mix[simcarrier.Answer])/whole, s.Answer)
	near("rung out", float64(mix[simcarrier.NoAnswer])/whole, (1-s.Answer)*s.RingOut)
	near("mean ring", carrierRing*w.ringScale, s.AnsweredRing.Mean)
	near("talk", w.talkMean.Seconds(), s.Talk.Mean)
	// The carrier's times are lognormal with these deviations of the logarithm.
	near("spread of rings", s.AnsweredRing.CV, math.Sqrt(math.Expm1(0.5*0.5)))
	near("spread of talks", s.Talk.CV, math.Sqrt(math.Expm1(0.6*0.6)))
	near("agents", float64(s.Agents), 12)
	if w.habits.wrapFrom != inSeconds(s.Wrap.Min) || w.habits.wrapTo != inSeconds(s.Wrap.Max) || w.habits.hangUp != 0 {
		t.Errorf("bots: %+v", w.habits)
	}
	plan := demoScenarios[scenarioPredictive][0]
	if err := plan.complete(); err != nil {
		t.Fatal(err)
	}
	if err := plan.settings.Validate(); err != nil {
		t.Error(err)
	}
	if plan.settings.Mode != campaigns.PacingPredictive || plan.settings.RingTimeout.Std() != 18*time.Second {
		t.Errorf("settings %s, ring time-out %s", plan.settings.Mode, plan.settings.RingTimeout.Std())
	}
}
