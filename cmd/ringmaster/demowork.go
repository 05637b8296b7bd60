package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"ringmaster/campaigns"
	"ringmaster/configs"
	"ringmaster/dialer/pacing/simulation"
)

// scenarioPredictive is the scenario whose work is that of the simulation's
// example of the name simulatedDemo.
const scenarioPredictive, simulatedDemo = "predictive", "demo"

// demoWork is how the customers and the bots of a demo behave.
type demoWork struct {
	// mix, talkMean and ringScale are the carrier's.
	mix       string
	talkMean  time.Duration
	ringScale float64
	habits    botHabits
	// simulated is the same work for the simulation, nil: it has none.
	simulated *simulation.Scenario
}

// botHabits are how a bot works.
type botHabits struct {
	// hangUp is the share of conversations that the bot ends.
	hangUp float64
	// wrapFrom and wrapTo bound the time until the result.
	wrapFrom, wrapTo time.Duration
}

// wrapUp draws the time until the result.
func (h botHabits) wrapUp(r *rand.Rand) time.Duration {
	return h.wrapFrom + time.Duration(r.Int64N(int64(h.wrapTo-h.wrapFrom)))
}

// carrierRing is the mean time that the carrier's customers let the phone ring
// before they answer, at a scale of 1.
const carrierRing = 3.0 // seconds

// demoMix is the shares of behaviours in the demo: a bit more call backs than
// usual, so that a minute shows inbound calls.
const demoMix = "answer=46,no_answer=12,busy=8,call_back=12,machine=3,bad_number=5,reject=4,congestion=4,hang_up_early=3,slow_ring=3"

// workOf gives the work of a scenario with so many agents.
func workOf(scenario string, agents int) (demoWork, error) {
	if scenario != scenarioPredictive {
		return demoWork{
			mix: demoMix, talkMean: 9 * time.Second, ringScale: 1,
			habits: botHabits{hangUp: 0.25, wrapFrom: 500 * time.Millisecond, wrapTo: 2 * time.Second},
		}, nil
	}
	s, err := simulatedDemoScenario()
	if err != nil {
		return demoWork{}, err
	}
	s.Agents = agents
	parts := func(share float64) string { return strconv.Itoa(int(1000*share + 0.5)) }
	return demoWork{
		mix:      "answer=" + parts(s.Answer) + ",no_answer=" + parts((1-s.Answer)*s.RingOut) + ",busy=" + parts((1-s.Answer)*(1-s.RingOut)),
		talkMean: inSeconds(s.Talk.Mean), ringScale: s.AnsweredRing.Mean / carrierRing,
		habits:    botHabits{wrapFrom: inSeconds(s.Wrap.Min), wrapTo: inSeconds(s.Wrap.Max)},
		simulated: &s,
	}, nil
}

func simulatedDemoScenario() (simulation.Scenario, error) {
	text, err := configs.ScenarioExample(simulatedDemo)
	if err != nil {
		return simulation.Scenario{}, fmt.Errorf("demo: %w", err)
	}
	return parseScenario(simulatedDemo, text)
}

// predicted settles a campaign as the simulated work has it; people who did not
// answer are called again soon, so that the demo does not run out of them.
func predicted(s *campaigns.Settings) error {
	work, err := simulatedDemoScenario()
	if err != nil {
		return err
	}
	s.RingTimeout, s.ConnectLimit = campaigns.Duration(inSeconds(work.RingLimit)), campaigns.Duration(inSeconds(work.Connect))
	for _, outcome := range []campaigns.Outcome{campaigns.OutcomeNoAnswer, campaigns.OutcomeBusy} {
		s.Recycle[outcome] = campaigns.RecycleRule{Delay: campaigns.Seconds(180), Growth: 1, Max: 6}
	}
	return nil
}

func inSeconds(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }
