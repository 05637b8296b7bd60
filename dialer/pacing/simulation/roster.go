package simulation

// worker is an agent as the scenario has it: what the work takes, and when the
// agent is signed in, in seconds.
type worker struct {
	talk, wrap *Distribution
	pause      *Pause
	from, to   float64
}

// roster lists the agents, at most a few more than may be asked for.
func (s *Scenario) roster() []worker {
	all := []Shift{{To: s.Hours}}
	var list []worker
	add := func(k *Class, shifts []Shift) {
		w := worker{talk: &s.Talk, wrap: &s.Wrap, pause: &s.Pause}
		if k.Talk != nil {
			w.talk = k.Talk
		}
		if k.Wrap != nil {
			w.wrap = k.Wrap
		}
		if k.Pause != nil {
			w.pause = k.Pause
		}
		if len(shifts) == 0 {
			shifts = all
		}
		for _, t := range shifts {
			n := t.Agents
			if n == 0 {
				n = k.Agents
			}
			w.from, w.to = t.From*3600, t.To*3600
			for i := 0; i < n && len(list) <= mostAgents; i++ {
				list = append(list, w)
			}
		}
	}
	for i := range s.Classes {
		add(&s.Classes[i], s.Classes[i].Shifts)
	}
	if len(s.Classes) == 0 {
		add(&Class{Agents: s.Agents}, s.Shifts)
	}
	return list
}

// base is the chance to which the hours are in proportion.
func (s *Scenario) base() float64 {
	if s.Answer > 0 {
		return s.Answer
	}
	sum, whole := 0.0, 0.0
	for _, k := range s.Candidates {
		sum += k.Share * k.Answer
		whole += k.Share
	}
	return sum / whole
}

// byHour is the factor of every candidate's chance at a time, in seconds.
func (s *Scenario) byHour(t float64) float64 {
	if len(s.AnswerByHour) == 0 {
		return 1
	}
	return s.AnswerByHour[min(len(s.AnswerByHour)-1, int(t/3600))] / s.base()
}

// drifted are the factors of the chance of an answer and of talks at a time, in
// seconds, that nobody knows of.
func (s *Scenario) drifted(t float64) (answer, talk float64) {
	answer, talk = 1, 1
	h := t / 3600
	for _, d := range s.Drift {
		if h < d.From || h >= d.To {
			continue
		}
		if d.Answer > 0 {
			answer *= d.Answer
		}
		if d.Talk > 0 {
			talk *= d.Talk
		}
	}
	for _, o := range s.Outages {
		if h >= o.From && h < o.To {
			answer = 0
		}
	}
	return answer, talk
}
