package simulation

import (
	"math"
	"math/rand/v2"
	"slices"

	"ringmaster/dialer/pacing"
)

// oracle knows when each agent will be free and which placed call will be answered
// when; of the next call it knows only how long answered calls ring. It dials while
// the chance that the answer would be lost is below what the drops so far allow.
type oracle struct {
	deaf
	limit, connect float64
	credit         float64
	longest        float64 // seconds that a call rings
	rings          [oracleRings]float64
	free, answers  []float64
}

const (
	oracleRings = 40
	// The risk taken at a credit of oracleAt drops, how it grows with the credit,
	// and its bounds.
	oracleRisk, oracleAt, oracleGain = 0.06, 1.5, 0.7
	oracleMost                       = 0.9
	// oracleLines for each agent are enough for any answer rate; without a bound an
	// outage would be met with endless calls.
	oracleLines = 50
	// At a credit below the floor no answer may be lost however long it rings.
	oracleFloor = 0.5
)

func newOracle(s *Scenario) *oracle {
	o := &oracle{limit: s.DropLimit, connect: s.Connect, longest: s.RingLimit}
	const draws = 100
	r := rand.New(rand.NewPCG(1, 2))
	sample := make([]float64, oracleRings*draws)
	for i := range sample {
		sample[i] = s.AnsweredRing.under(s.RingLimit, r)
	}
	slices.Sort(sample)
	for i := range o.rings {
		o.rings[i] = sample[i*draws+draws/2]
	}
	return o
}

// Answered pays for a part of a drop.
func (o *oracle) Answered(float64) { o.credit += o.limit }

// Dropped takes a drop from the credit.
func (o *oracle) Dropped() { o.credit-- }

// Decide places its calls itself, to see what becomes of them.
func (o *oracle) Decide(v *View) pacing.Plan {
	if v.Staffed == 0 {
		return pacing.Plan{}
	}
	accepted := 0.0
	if o.credit > oracleFloor {
		accepted = min(oracleMost, oracleRisk*math.Exp(oracleGain*(o.credit-oracleAt)))
	}
	o.look(v)
	for o.risk(v.Now) <= accepted {
		at, ok := o.place(v)
		if !ok {
			break
		}
		i, _ := slices.BinarySearch(o.answers, at)
		o.answers = slices.Insert(o.answers, i, at)
	}
	return pacing.Plan{}
}

// place places calls until one of them will be answered, and gives when.
func (o *oracle) place(v *View) (at float64, ok bool) {
	for len(v.Ringing) < oracleLines*v.Staffed {
		if at, ok = v.Place(); !ok || !math.IsInf(at, 1) {
			return at, ok
		}
	}
	return 0, false
}

// look sorts out what is to come.
func (o *oracle) look(v *View) {
	o.free, o.answers = o.free[:0], o.answers[:0]
	for range v.Ready {
		o.free = append(o.free, v.Now)
	}
	for i, at := range v.Free {
		if !v.Busy[i].Leaving {
			o.free = append(o.free, at)
		}
	}
	for range v.Waiting {
		o.answers = append(o.answers, v.Now)
	}
	for _, at := range v.Answers {
		if !math.IsInf(at, 1) {
			o.answers = append(o.answers, at)
		}
	}
	slices.Sort(o.free)
	slices.Sort(o.answers)
}

// risk is the mean number of answers lost by one answer more.
func (o *oracle) risk(now float64) float64 {
	lost := o.lost(math.Inf(1))
	if o.credit <= oracleFloor && (o.lost(now) > lost || o.lost(now+o.longest) > lost) {
		return 1
	}
	sum := 0
	for _, ring := range o.rings {
		sum += o.lost(now+ring) - lost
	}
	return float64(sum) / oracleRings
}

// lost counts the answers that find no agent in time, with one more at the time.
func (o *oracle) lost(more float64) int {
	lost, next := 0, 0
	serve := func(at float64) {
		if next < len(o.free) && o.free[next] <= at+o.connect {
			next++
		} else {
			lost++
		}
	}
	for _, at := range o.answers {
		if more < at {
			serve(more)
			more = math.Inf(1)
		}
		serve(at)
	}
	if !math.IsInf(more, 1) {
		serve(more)
	}
	return lost
}
