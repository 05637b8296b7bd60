package simulation

import (
	"fmt"
	"math"
)

// The bounds of a day that may be asked for: they keep one run to minutes.
const (
	mostHours  = 72
	mostAgents = 5000
	mostShape  = 100
	// longest a mean duration may be.
	longest = 86_400 // seconds
)

// Validate returns an error that names the first key with an impossible value.
func (s *Scenario) Validate() error {
	c := &check{}
	c.within("hours", s.Hours, 0.01, mostHours)
	c.within("ring_limit", s.RingLimit, 1, 600)
	c.within("ring_out", s.RingOut, 0, 1)
	c.within("drop_limit", s.DropLimit, 0, 1)
	c.within("connect", s.Connect, 0, 59)
	c.within("cancel_after", s.CancelAfter, 0, 600)
	c.distribution("answered_ring", &s.AnsweredRing)
	c.distribution("fail", &s.Fail)
	c.distribution("talk", &s.Talk)
	c.distribution("wrap", &s.Wrap)
	c.staff(s)
	c.answers(s)
	c.share("signs.results", s.Signs.Results, "signs.result_before", &s.Signs.ResultBefore)
	c.share("signs.wraps", s.Signs.Wraps, "signs.wrap_before", &s.Signs.WrapBefore)
	if s.Trunks.Channels < 0 {
		c.say("trunks.channels", "%d is below 0", s.Trunks.Channels)
	}
	if s.Trunks.CallsPerSecond < 0 {
		c.say("trunks.calls_per_second", "%d is below 0", s.Trunks.CallsPerSecond)
	}
	return c.err
}

// check keeps the first error.
type check struct{ err error }

func (c *check) say(key, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...))
	}
}

func (c *check) within(key string, x, least, most float64) {
	if !(x >= least && x <= most) {
		c.say(key, "%v is not between %v and %v", x, least, most)
	}
}

func (c *check) hours(key string, from, to float64) {
	c.within(key+".from", from, 0, mostHours)
	c.within(key+".to", to, 0, mostHours)
	if !(to > from) {
		c.say(key+".to", "%v is not after from, %v", to, from)
	}
}

// share checks a share and, unless it is zero, the durations that go with it.
func (c *check) share(key string, share float64, durations string, d *Distribution) {
	c.within(key, share, 0, 1)
	if share > 0 {
		c.distribution(durations, d)
	}
}

func (c *check) distribution(key string, d *Distribution) {
	switch d.Kind {
	case Fixed, Exponential, Lognormal, Gamma, Pareto:
		c.within(key+".mean", d.Mean, 0.01, longest)
		if d.Kind == Lognormal || d.Kind == Gamma {
			c.within(key+".cv", d.CV, 0.01, 20)
		}
		if d.Kind == Pareto {
			c.within(key+".shape", d.Shape, 1.01, mostShape)
		}
	case Uniform:
		c.within(key+".min", d.Min, 0, longest)
		c.within(key+".max", d.Max, d.Min, longest)
		if d.Max == 0 {
			c.say(key+".max", "is 0")
		}
	case Mixture:
		if len(d.Of) == 0 {
			c.say(key+".of", "a mixture needs parts")
		}
		for i := range d.Of {
			at := fmt.Sprintf("%s.of[%d]", key, i)
			c.within(at+".share", d.Of[i].Share, 1e-6, math.MaxInt32)
			if d.Of[i].Kind == Mixture {
				c.say(at+".kind", "a mixture holds no mixture")
				return
			}
			c.distribution(at, &d.Of[i].Distribution)
		}
	default:
		c.say(key+".kind", "%q is none of fixed, exponential, uniform, lognormal, gamma, pareto, mixture", d.Kind)
	}
}

func (c *check) answers(s *Scenario) {
	least := 1e-4
	if len(s.Candidates) > 0 {
		least = 0
	}
	c.within("answer", s.Answer, least, 1)
	for i, x := range s.AnswerByHour {
		c.within(fmt.Sprintf("answer_by_hour[%d]", i), x, 0, 1)
	}
	chance := 0.0
	for i, k := range s.Candidates {
		c.within(fmt.Sprintf("candidates[%d].share", i), k.Share, 1e-6, math.MaxInt32)
		c.within(fmt.Sprintf("candidates[%d].answer", i), k.Answer, 0, 1)
		chance += k.Answer
	}
	if len(s.Candidates) > 0 && !(chance > 0) {
		c.say("candidates", "nobody answers")
	}
	for i, d := range s.Drift {
		key := fmt.Sprintf("drift[%d]", i)
		c.hours(key, d.From, d.To)
		c.within(key+".answer", d.Answer, 0, 100)
		c.within(key+".talk", d.Talk, 0, 100)
	}
	for i, o := range s.Outages {
		c.hours(fmt.Sprintf("outages[%d]", i), o.From, o.To)
	}
}

func (c *check) staff(s *Scenario) {
	if s.Agents < 0 {
		c.say("agents", "%d is below 0", s.Agents)
	}
	c.share("pause.share", s.Pause.Share, "pause.length", &s.Pause.Length)
	c.shifts("shifts", s.Shifts, 1)
	for i := range s.Classes {
		k := &s.Classes[i]
		key := fmt.Sprintf("classes[%d]", i)
		if k.Agents < 1 {
			c.say(key+".agents", "%d is below 1", k.Agents)
		}
		if k.Talk != nil {
			c.distribution(key+".talk", k.Talk)
		}
		if k.Wrap != nil {
			c.distribution(key+".wrap", k.Wrap)
		}
		if k.Pause != nil {
			c.share(key+".pause.share", k.Pause.Share, key+".pause.length", &k.Pause.Length)
		}
		c.shifts(key+".shifts", k.Shifts, 0)
	}
	if len(s.Classes) > 0 && len(s.Shifts) > 0 {
		c.say("shifts", "with classes, each class has its own")
	}
	for i := range s.Turnovers {
		key := fmt.Sprintf("turnovers[%d]", i)
		c.within(key+".at", s.Turnovers[i].At, 0, mostHours)
		c.within(key+".within", s.Turnovers[i].Within, 0, longest)
		c.share(key+".share", s.Turnovers[i].Share, key+".away", &s.Turnovers[i].Away)
	}
	if c.err != nil {
		return
	}
	if n := len(s.roster()); n == 0 {
		c.say("agents", "nobody works")
	} else if n > mostAgents {
		c.say("agents", "%d are more than %d", n, mostAgents)
	}
}

func (c *check) shifts(key string, shifts []Shift, least int) {
	for i, s := range shifts {
		at := fmt.Sprintf("%s[%d]", key, i)
		c.hours(at, s.From, s.To)
		if s.Agents < least || s.Agents > mostAgents {
			c.say(at+".agents", "%d is not between %d and %d", s.Agents, least, mostAgents)
		}
	}
}
