package pacing

import "math"

const (
	talkBin, talkBins = 5.0, 240 // seconds
	wrapBin, wrapBins = 1.0, 120
	// margin is kept from the connect limit when an agent has to be free in time.
	margin = 0.2
	// Agents are told apart by their pace in steps of a half octave.
	paces = 5
	// ownPace is the weight, in phases, of the pace of all in an agent's own, and
	// fading the memory of it.
	ownPace = 10
	fading  = 0.98
)

// pace is one agent's time for one kind of phase against that of all.
type pace struct {
	ratios, count float64
	// step is the table of the nearest pace, counted from the middle.
	step int
}

func (p *pace) factor() float64 { return (p.ratios + ownPace) / (p.count + ownPace) }

func (p *pace) took(ratio float64) {
	p.ratios = fading*p.ratios + ratio
	p.count = fading*p.count + 1
	p.step = max(-paces/2, min(paces/2, int(math.Round(2*math.Log2(p.factor())))))
}

// stepFactors are the paces of the tables.
func stepFactors() (f [paces]float64) {
	for i := range f {
		f[i] = math.Exp2(float64(i-paces/2) / 2)
	}
	return f
}

// forecast knows when busy agents will be free.
type forecast struct {
	curves [phases]*curve
	// paces by agent, for talk and for wrap-up.
	paces [][2]pace
	// stays is the share of wrap-ups after which the agent takes calls.
	stays, wraps float64
	grace        float64
	factors      [paces]float64
	tables       [phases][paces][][horizons]float64
	used, made   [phases][paces]bool
}

func newForecast(connect float64) *forecast {
	f := &forecast{stays: 20, wraps: 20, grace: max(0, connect-margin), factors: stepFactors()}
	f.curves = [phases]*curve{
		Talking: newCurve(talkBin, talkBins, 120, 1), Closing: newCurve(wrapBin, wrapBins, 15, 1),
		Wrapping: newCurve(wrapBin, wrapBins, 20, 0.7), Finishing: newCurve(wrapBin, wrapBins, 8, 0.7),
	}
	for ph := range phases {
		for s := range paces {
			f.tables[ph][s] = make([][horizons]float64, len(f.curves[ph].events))
		}
	}
	return f
}

// kind of pace that a phase belongs to.
func kind(p Phase) int {
	if p == Talking || p == Closing {
		return 0
	}
	return 1
}

func (f *forecast) pace(agent int, p Phase) *pace {
	for len(f.paces) <= agent {
		f.paces = append(f.paces, [2]pace{})
	}
	return &f.paces[agent][kind(p)]
}

// over takes in a phase that ended. Whole talks and wrap-ups tell the agent's
// pace, too.
func (f *forecast) over(agent int, p Phase, age float64) {
	if !(age >= 0 && age < 1e6) || agent < 0 || p >= phases {
		return
	}
	own := f.pace(agent, p)
	if p == Talking || p == Wrapping {
		own.took(age / f.curves[p].mean())
	}
	f.curves[p].over(age / own.factor())
}

// wrapped takes in whether the agent takes calls after a wrap-up.
func (f *forecast) wrapped(ready bool) {
	const memory = 0.99
	f.stays *= memory
	f.wraps = memory*f.wraps + 1
	if ready {
		f.stays++
	}
}

// build makes the tables of the paces that are in use, with the phases under
// way counted for the time they have lasted.
func (f *forecast) build(now float64, busy []Busy, tau *[horizons]float64) {
	for i := range busy {
		b := &busy[i]
		f.curves[b.Phase].waits(lasted(now, b.Since) / f.pace(b.Agent, b.Phase).factor())
	}
	for _, c := range f.curves {
		c.build()
	}
	f.made = [phases][paces]bool{}
	for p := range phases {
		for s := range paces {
			if f.used[p][s] {
				f.table(p, s, tau)
			}
		}
	}
	f.used = [phases][paces]bool{}
}

func (f *forecast) table(p Phase, step int, tau *[horizons]float64) {
	f.made[p][step] = true
	c, wrap, scale := f.curves[p], f.curves[Wrapping], f.factors[step]
	stays := f.stays / f.wraps
	for i := range f.tables[p][step] {
		age := (float64(i) + 0.5) * c.width
		alive := c.survival(age)
		for k := range horizons {
			h := tau[k] + f.grace
			if kind(p) == 1 {
				f.tables[p][step][i][k] = stays * (1 - c.survival(age+h/scale)/alive)
				continue
			}
			// The talk has to end and the wrap-up after it, too.
			const slice = 2.5
			n := int(h/slice) + 1
			w := h / float64(n)
			free, before := 0.0, 1.0
			for j := range n {
				after := c.survival(age+float64(j+1)*w/scale) / alive
				free += (before - after) * (1 - wrap.survival(h-(float64(j)+0.5)*w))
				before = after
			}
			f.tables[p][step][i][k] = stays * free
		}
	}
}

// free gives the chances that a busy agent is free at each of the horizons, in
// time for a customer who answers then.
func (f *forecast) free(now float64, b *Busy, tau *[horizons]float64) *[horizons]float64 {
	own := f.pace(b.Agent, b.Phase)
	s := own.step + paces/2
	f.used[b.Phase][s] = true
	if !f.made[b.Phase][s] {
		f.table(b.Phase, s, tau)
	}
	t := f.tables[b.Phase][s]
	age := lasted(now, b.Since) / f.factors[s]
	return &t[min(len(t)-1, int(age/f.curves[b.Phase].width))]
}
