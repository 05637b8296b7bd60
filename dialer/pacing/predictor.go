package pacing

import "math"

const (
	// batch bounds the dials of one decision.
	batch = 400
	// commonness lowers the risk taken for each of many calls in the air, since
	// the next decision could dial it as well.
	commonness = 0.2
	// cancelRisk is how many times the risk taken for a dial a ringing call may
	// have before it is given up.
	cancelRisk = 3
	// Tables are made anew after these seconds.
	ringRefresh, phaseRefresh, newRefresh = 5, 60, 5
	// While fewer than newPhases are known, or this part more than at the last
	// time, tables are made anew sooner.
	newPhases, grown = 50, 1.1
)

// Limits are what a campaign may do.
type Limits struct {
	// Drops is the highest share of live answers that may be dropped.
	Drops float64
	// Connect is how long, in seconds, an answered customer may wait.
	Connect float64
	// CancelAfter is after how many seconds of ringing a call may be given up
	// when fewer agents come free than expected; zero: never.
	CancelAfter float64
}

// valid limits leave room for prediction.
func (l Limits) valid() bool {
	return l.Drops > 0 && l.Drops < 1 && l.Connect >= 0 && l.Connect < 60 && l.CancelAfter >= 0
}

// Predictor paces one campaign. It is told what ends and asked how many to
// dial; it keeps no clock, and the same calls give the same answers. It is not
// for concurrent use.
type Predictor struct {
	limits      Limits
	rings       *rings
	forecast    *forecast
	budget      budget
	sum         overflow
	crowd       *crowd
	staffed     float64
	last, dt    float64
	begun       bool
	ringsMade   float64
	phasesMade  float64
	phasesKnown float64
	cancel      []int
	// others is how many answers the calls of other campaigns are expected to bring.
	others float64
}

// NewPredictor starts from priors and without credit.
func NewPredictor(l Limits) *Predictor {
	p := &Predictor{rings: newRings(), crowd: newCrowd()}
	p.SetLimits(l)
	return p
}

// SetLimits changes the limits and keeps what was learned.
func (p *Predictor) SetLimits(l Limits) {
	if p.forecast == nil || l.Connect != p.limits.Connect {
		grace := 0.0
		if l.valid() {
			grace = l.Connect
		}
		if p.forecast == nil {
			p.forecast = newForecast(grace)
		}
		p.forecast.grace = max(0, grace-margin)
		p.phasesMade = math.Inf(-1)
	}
	p.limits, p.budget.limit = l, l.Drops
}

// Answered takes in a call that a person answered after so many seconds,
// Failed one that ended without a person, GivenUp one that this side ended
// before its time.
func (p *Predictor) Answered(age float64) {
	p.rings.over(&p.rings.answered, age)
	p.rings.seen++
	p.budget.answered()
}

// Failed takes in a call that ended without a person.
func (p *Predictor) Failed(age float64) { p.rings.over(&p.rings.ended, age) }

// GivenUp takes in a call that was cancelled early, by a decision or because
// its campaign or person was stopped.
func (p *Predictor) GivenUp(age float64) { p.rings.over(nil, age) }

// Dropped takes in an answered call that found no agent in time.
func (p *Predictor) Dropped() { p.budget.dropped() }

// PhaseOver takes in the age at which a phase of an agent ended.
func (p *Predictor) PhaseOver(agent int, phase Phase, age float64) {
	p.forecast.over(agent, phase, age)
}

// Wrapped takes in whether an agent takes calls after a wrap-up.
func (p *Predictor) Wrapped(ready bool) { p.forecast.wrapped(ready) }

// Grant sets the credit: the number of drops that the ledger allows this node
// from now on, and what answers and drops the ledger counts over its window.
func (p *Predictor) Grant(credit, answers, drops float64) {
	p.budget.credit, p.budget.answers, p.budget.drops = credit, answers, drops
}

// Credit is the number of drops that may still happen, below zero after too many.
func (p *Predictor) Credit() float64 { return p.budget.credit }

// Accepted is the risk that one more answer is lost which the campaign accepts now.
func (p *Predictor) Accepted() float64 { return p.budget.risk(p.staffed) }

// Chance is that of a candidate to be answered by a person, with all that the
// campaign has learned; own is the candidate's own, zero: not known.
func (p *Predictor) Chance(own float64) float64 { return p.rings.chance(own) }

// Plan is a decision.
type Plan struct {
	Dials int
	// Cancel are the ringing calls to give up, as indexes of the view; valid
	// until the next decision.
	Cancel []int
	Why    Explanation
}

// Decide gives how many to dial now. It allocates nothing once its tables have
// grown to the floor's size.
func (p *Predictor) Decide(v *View) Plan {
	p.cancel, p.others = p.cancel[:0], float64(len(v.Others))
	staffed := v.Ready + len(v.Busy)
	why := Explanation{
		Staffed: staffed, Ready: v.Ready, Waiting: v.Waiting, Ringing: len(v.Ringing),
		Limit: p.limits.Drops, Answers: p.budget.answers, Drops: p.budget.drops, Credit: p.budget.credit,
	}
	switch {
	case staffed == 0:
		why.Reason = NoAgents
		return Plan{Why: why}
	case !p.limits.valid():
		why.Reason = NoLimit
		return p.progressive(v, why)
	}
	p.tick(v)
	p.weigh(v, &why)
	switch {
	case p.rings.out():
		why.Reason = NoAnswers
		return p.progressive(v, why)
	case p.rings.young():
		why.Reason = NoHistory
		return p.progressive(v, why)
	}
	base := p.Accepted()
	if v.Bound > 0 {
		base = min(base, v.Bound)
	}
	plan := Plan{}
	last := p.rings.mean
	for {
		why.Risk = p.sum.risk()
		why.Accepted = base / math.Pow(1+p.sum.at[horizons-1].answers, commonness)
		if math.IsNaN(why.Risk) || math.IsNaN(why.Accepted) {
			why.Reason = NoNumbers
			return p.progressive(v, why)
		}
		if why.Risk > why.Accepted || plan.Dials >= min(v.Most, batch) {
			break
		}
		if plan.Dials < len(v.Next) && v.Next[plan.Dials] > 0 {
			last = v.Next[plan.Dials]
			p.rings.mean += 0.02 * (last - p.rings.mean)
		}
		plan.Dials++
		p.sum.calls++
		c := p.rings.chance(last)
		for k := range horizons {
			p.sum.answer(k, c*middle(k))
		}
	}
	switch {
	case why.Risk <= why.Accepted && plan.Dials >= v.Most:
		why.Reason = Capped
	case p.budget.credit < 1:
		why.Reason = NoCredit
	}
	if plan.Dials == 0 {
		p.giveUp(v, why.Accepted)
	}
	plan.Cancel, plan.Why = p.cancel, why
	return plan
}

// tick moves what goes with time and makes tables anew that are too old.
func (p *Predictor) tick(v *View) {
	p.dt = 0
	if p.begun {
		p.dt = min(1, lasted(v.Now, p.last))
	} else {
		p.staffed = float64(v.Ready + len(v.Busy))
		p.ringsMade, p.phasesMade = math.Inf(-1), math.Inf(-1)
	}
	if !(v.Now >= p.last) {
		p.ringsMade, p.phasesMade = math.Inf(-1), math.Inf(-1)
	}
	p.begun, p.last = true, v.Now
	// The team's size is that of the last minutes.
	p.staffed += (float64(v.Ready+len(v.Busy)) - p.staffed) * p.dt / 120
	p.budget.turn(v.Now)
	p.rings.learn(p.dt)
	if p.rings.stale && v.Now-p.ringsMade >= ringRefresh {
		p.rings.build(v.Now, v.Ringing)
		p.ringsMade = v.Now
	}
	known := p.forecast.curves[Talking].total
	refresh := float64(phaseRefresh)
	if known < newPhases || known > grown*p.phasesKnown {
		refresh = newRefresh
	}
	if v.Now-p.phasesMade >= refresh {
		p.forecast.build(v.Now, v.Busy, &p.rings.tau)
		p.phasesMade, p.phasesKnown = v.Now, known
	}
}

// weigh sums up what is in the air and who will be free.
func (p *Predictor) weigh(v *View, why *Explanation) {
	p.sum.unsureAnswers = p.rings.unsure + 0.3/p.rings.calls
	p.sum.unsureAgents = 1 / p.forecast.curves[Talking].total
	p.sum.reset(v.Ready - v.Waiting)
	p.ringing(v)
	why.Expected = p.sum.at[horizons-1].answers
	p.competing(v)
	p.others = p.sum.at[horizons-1].answers - why.Expected
	for i := range v.Busy {
		b := &v.Busy[i]
		if b.Leaving {
			continue
		}
		free := p.forecast.free(v.Now, b, &p.rings.tau)
		for k := range horizons {
			p.sum.free(k, free[k])
		}
		p.sum.narrow()
	}
	why.FreeSoon, why.Soon = p.sum.at[horizons/2].agents, p.rings.tau[horizons/2]
	for k := range horizons {
		callers := max(0, v.Inbound) * (p.rings.tau[k] + p.forecast.grace)
		for callers > 0 {
			p.sum.calls++
			p.sum.answer(k, min(0.5, callers))
			callers -= 0.5
		}
	}
}

// ringing adds the calls in the air; many are taken together by age and chance.
func (p *Predictor) ringing(v *View) {
	together := len(v.Ringing) > manyCalls
	p.sum.calls += float64(len(v.Ringing))
	if together {
		p.sum.exact = false
	}
	for i := range v.Ringing {
		g := &v.Ringing[i]
		age := ringAge(lasted(v.Now, g.Since))
		if together {
			p.crowd.add(age, p.rings.own(g.Chance))
			continue
		}
		if x := p.rings.answers(age, g.Chance, p.dt); x > 0 {
			for k := range horizons {
				p.sum.answer(k, min(0.999, x*p.rings.within[age][k]))
			}
		}
	}
	for _, c := range p.crowd.drain() {
		if x := p.rings.answers(c.age, c.chances/c.calls, c.calls*p.dt); x > 0 {
			for k := range horizons {
				p.sum.alike(k, c.calls, min(0.999, x*p.rings.within[c.age][k]))
			}
		}
	}
}

// competing adds the calls of campaigns that share the agents.
func (p *Predictor) competing(v *View) {
	p.sum.calls += float64(len(v.Others))
	if len(v.Ringing)+len(v.Others) > manyCalls {
		p.sum.exact = false
		for i := range v.Others {
			p.crowd.add(ringAge(lasted(v.Now, v.Others[i].Since)), min(0.999, v.Others[i].Chance))
		}
		for _, c := range p.crowd.drain() {
			x := p.rings.yet(c.age, c.chances/c.calls)
			for k := range horizons {
				p.sum.alike(k, c.calls, min(0.999, x*p.rings.within[c.age][k]))
			}
		}
		return
	}
	for i := range v.Others {
		age := ringAge(lasted(v.Now, v.Others[i].Since))
		x := p.rings.yet(age, min(0.999, v.Others[i].Chance))
		for k := range horizons {
			p.sum.answer(k, min(0.999, x*p.rings.within[age][k]))
		}
	}
}

// giveUp finds the ringing call that is the most likely to be answered when
// nobody is free, if that is too likely.
func (p *Predictor) giveUp(v *View, accepted float64) {
	if p.limits.CancelAfter <= 0 {
		return
	}
	worst, which := min(0.9, cancelRisk*accepted), -1
	for i := range v.Ringing {
		age := lasted(v.Now, v.Ringing[i].Since)
		if v.Ringing[i].Kept || age < p.limits.CancelAfter {
			continue
		}
		within := &p.rings.within[ringAge(age)]
		if within[horizons-1] <= 1e-6 {
			continue
		}
		harm, before := 0.0, 0.0
		for k := range horizons {
			harm += (within[k] - before) * p.sum.tail[k]
			before = within[k]
		}
		if harm /= before; harm > worst {
			worst, which = harm, i
		}
	}
	if which >= 0 {
		p.cancel = append(p.cancel, which)
	}
}

// progressive is what is done when nothing can be predicted: one call for each
// ready agent whom others leave.
func (p *Predictor) progressive(v *View, why Explanation) Plan {
	why.Fallback = true
	free := v.Ready - v.Waiting - len(v.Ringing) - int(math.Ceil(p.others))
	return Plan{Dials: max(0, min(free, v.Most, batch)), Why: why}
}
