package pacing

import "math"

const (
	ringBin    = 0.5 // seconds
	ringBins   = 160
	ringMemory = 4000 // calls
	// horizons are looked at: the middles of equal parts of the answered rings.
	horizons = 6
	// ownChance stands for a chance that is not known.
	ownChance = 0.3
	// walk is how fast answer rates drift: variance of the log odds a second.
	walk = 2e-5
	// outage is how many answers have to stay away before the carrier is not
	// trusted; chance alone does that once in 3,000 answers.
	outage = 8
)

// rings is what a campaign has learned of the time from dialing to an answer
// or an end, and of how often candidates answer compared with what was thought
// of them. A call is taken for one that will be answered with the candidate's
// chance; the longer it rings, the more this chance is put right by Bayes. Times
// are cumulative incidences by cause, so calls that still ring, or that were
// cancelled, count for as long as they rang.
type rings struct {
	answered, ended [ringBins]float64
	reached         [ringBins]float64 // calls that reached the bin
	calls           float64
	// shift is the drift on the log odds of every chance, unsure its variance.
	shift, unsure  float64
	lift           float64 // exp(shift)
	expected, seen float64 // answers since the drift was put right
	awaited        float64 // answers expected since the last one
	begun          int     // answers seen so far
	mean           float64 // of the chances dialed

	tau          [horizons]float64
	leftA, leftE [ringBins]float64 // survival of answered and of other calls
	density      [ringBins]float64 // of answered calls, a second
	within       [ringBins][horizons]float64
	stale        bool
}

// newRings starts from a prior worth 20 calls: answers after 12 s, ends at 2 to
// 8 s or about 25 s.
func newRings() *rings {
	r := &rings{stale: true, unsure: 0.5, lift: 1, mean: ownChance, calls: 20}
	var sumA, sumE float64
	for i := range ringBins {
		t := (float64(i) + 0.5) * ringBin
		z := (math.Log(t) - 2.37) / 0.5
		r.answered[i] = math.Exp(-z*z/2) / t
		sumA += r.answered[i]
		z = (t - 25) / 3
		r.ended[i] = math.Exp(-z * z / 2)
		if t < 8 {
			r.ended[i] += 0.1
		}
		sumE += r.ended[i]
	}
	over := 0.0
	for i := ringBins - 1; i >= 0; i-- {
		r.answered[i] *= ownChance * r.calls / sumA
		r.ended[i] *= (1 - ownChance) * r.calls / sumE
		over += r.answered[i] + r.ended[i]
		r.reached[i] = over
	}
	return r
}

func ringAge(age float64) int { return max(0, min(ringBins-1, int(age*(1/ringBin)))) }

// over takes in a call that rings no more; how is nil for a cancelled one.
func (r *rings) over(how *[ringBins]float64, age float64) {
	b := ringAge(age)
	for i := range b + 1 {
		r.reached[i]++
	}
	r.stale = true
	if how == nil {
		return
	}
	how[b]++
	r.calls++
	if r.calls > ringMemory {
		const fade = 0.75
		for i := range ringBins {
			r.answered[i] *= fade
			r.ended[i] *= fade
			r.reached[i] *= fade
		}
		r.calls *= fade
	}
}

// build makes the tables from what ended and from the calls under way.
func (r *rings) build(now float64, under []Ringing) {
	r.stale = false
	var passed [ringBins + 1]float64
	for i := range under {
		passed[ringAge(lasted(now, under[i].Since))]++
	}
	for i := ringBins - 1; i >= 0; i-- {
		passed[i] += passed[i+1]
	}
	var fa, fe [ringBins]float64
	left, sumA, sumE := 1.0, 0.0, 0.0
	for i := range ringBins {
		// A call under way was at risk in the bins that it left behind.
		n := max(r.reached[i]+passed[i+1], 1e-9)
		a, e := r.answered[i]/n, r.ended[i]/n
		if a+e > 1 {
			a, e = a/(a+e), e/(a+e)
		}
		fa[i], fe[i] = left*a, left*e
		sumA += fa[i]
		sumE += fe[i]
		left *= 1 - a - e
	}
	sumA, sumE = max(sumA, 1e-12), max(sumE, 1e-12)
	var cdf [ringBins + 1]float64
	cumE := 0.0
	for i := range ringBins {
		r.leftA[i], r.leftE[i] = 1-cdf[i], 1-cumE
		r.density[i] = fa[i] / sumA / ringBin
		cdf[i+1] = cdf[i] + fa[i]/sumA
		cumE += fe[i] / sumE
	}
	r.reach(&cdf)
}

// reach finds the horizons and, for each age of a call, the part of the answers
// that comes before each of them.
func (r *rings) reach(cdf *[ringBins + 1]float64) {
	k := 0
	for i := range ringBins {
		for k < horizons && cdf[i+1] >= middle(k)-1e-9 {
			r.tau[k] = (float64(i) + (middle(k)-cdf[i])/max(cdf[i+1]-cdf[i], 1e-12)) * ringBin
			k++
		}
	}
	for i := range ringBins {
		for k := range horizons {
			x := float64(i) + r.tau[k]/ringBin
			at := 1.0
			if j := int(x); j < ringBins {
				at = cdf[j] + (x-float64(j))*(cdf[j+1]-cdf[j])
			}
			r.within[i][k] = max(0, at-cdf[i])
		}
	}
}

// middle of the k-th part of the answered rings.
func middle(k int) float64 { return (float64(k) + 0.5) / horizons }

// own is a candidate's chance as it was given, or what goes for one.
func (r *rings) own(chance float64) float64 {
	if chance > 0 && chance < 1 {
		return chance
	}
	return r.mean
}

// odds of a chance under the drift of the campaign.
func (r *rings) odds(chance float64) float64 {
	chance = r.own(chance)
	return chance / (1 - chance) * r.lift
}

// answers gives, for a call of the age, its chance to be answered yet against
// the part of answered calls that ring longer; times within, the chance to be
// answered by a horizon. The answers that are due in dt are expected.
func (r *rings) answers(age int, chance, dt float64) float64 {
	o := r.odds(chance)
	left := o*r.leftA[age] + r.leftE[age]
	if left <= 1e-12 {
		return 0
	}
	r.expected += dt * o / left * r.density[age]
	return o / left
}

// yet gives the same for a call of a known chance that teaches nothing.
func (r *rings) yet(age int, chance float64) float64 {
	if left := chance*r.leftA[age] + (1-chance)*r.leftE[age]; left > 1e-12 {
		return chance / left
	}
	return 0
}

func (r *rings) chance(chance float64) float64 {
	o := r.odds(chance)
	return min(0.995, o/(1+o))
}

// learn puts the drift right by what was seen against what was expected: the
// Kalman filter of a slow random walk. Nothing is learned while no answer comes
// at all, so that a carrier that returns is met as it was left.
func (r *rings) learn(dt float64) {
	r.unsure = min(1, r.unsure+walk*dt)
	r.awaited += r.expected
	if r.seen > 0 {
		r.awaited = 0
		r.begun += int(r.seen)
	}
	if r.awaited < outage {
		r.unsure = 1 / (1/r.unsure + 0.8*r.expected)
		r.shift = max(-5, min(5, r.shift+r.unsure*(r.seen-r.expected)))
		r.lift = math.Exp(r.shift)
	}
	r.seen, r.expected = 0, 0
}

// fewest answers have to be seen before anything is predicted from them.
const fewest = 20

func (r *rings) young() bool { return r.begun < fewest }

func (r *rings) out() bool { return r.awaited >= outage }
