package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing/simulation"
)

// whatIf is a change to a scenario; what is nil stays. Durations are in seconds,
// shares in fractions of 1.
type whatIf struct {
	Limit, Answer, Talk, Wrap, RingTimeout, CancelAfter, Connect *float64
	Agents                                                       *int
}

// mostWhatIf is the most agents that may be asked for.
const mostWhatIf = 5000

// whatIfKeys are what --what-if can change.
const whatIfKeys = "limit, agents, answer, talk, wrap, ring_timeout, cancel_after, connect"

// parseWhatIf reads KEY=VALUE pairs with commas between.
func parseWhatIf(text string) (whatIf, error) {
	var w whatIf
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(strings.TrimSpace(pair), "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !found:
			return w, campaigns.Invalid("--what-if", "%q is no KEY=VALUE, such as limit=2%%", pair)
		case seen[key]:
			return w, campaigns.Invalid("--what-if", "%s stands there twice", key)
		}
		seen[key] = true
		var err error
		switch key {
		case "limit":
			w.Limit, err = share("--what-if: "+key, value)
		case "answer":
			w.Answer, err = share("--what-if: "+key, value)
		case "agents":
			n, bad := strconv.Atoi(value)
			if bad != nil || n < 1 || n > mostWhatIf {
				return w, campaigns.Invalid("--what-if", "agents: %q is no whole number from 1 to %d", value, mostWhatIf)
			}
			w.Agents = &n
		case "talk":
			w.Talk, err = seconds(key, value)
		case "wrap":
			w.Wrap, err = seconds(key, value)
		case "ring_timeout":
			w.RingTimeout, err = seconds(key, value)
		case "cancel_after":
			w.CancelAfter, err = seconds(key, value)
		case "connect":
			w.Connect, err = seconds(key, value)
		default:
			return w, campaigns.Invalid("--what-if", "%q is none of %s", key, whatIfKeys)
		}
		if err != nil {
			return w, err
		}
	}
	return w, nil
}

// share reads 2% or 0.02 of a flag or a key.
func share(key, text string) (*float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x <= 1) {
		return nil, campaigns.Invalid(key, "%q is no share such as 2%% or 0.02", text)
	}
	return &x, nil
}

// seconds reads 15, 15s or 2m.
func seconds(key, text string) (*float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		var d time.Duration
		if d, err = time.ParseDuration(text); err == nil {
			x = d.Seconds()
		}
	}
	if err != nil || !(x >= 0 && x <= 86_400) {
		return nil, campaigns.Invalid("--what-if", "%s: %q is no duration such as 15 or 15s", key, text)
	}
	return &x, nil
}

// apply gives the changed scenario; the given one stays as it is. Mean durations
// keep the shape of their distribution. The error names a key whose value is
// impossible.
func (w whatIf) apply(s simulation.Scenario) (simulation.Scenario, error) {
	set := func(to *float64, from *float64) {
		if from != nil {
			*to = *from
		}
	}
	set(&s.DropLimit, w.Limit)
	set(&s.RingLimit, w.RingTimeout)
	set(&s.CancelAfter, w.CancelAfter)
	set(&s.Connect, w.Connect)
	s.Classes = slices.Clone(s.Classes)
	if w.Talk != nil {
		factor := *w.Talk / meanOf(s.Talk)
		s.Talk = scaled(s.Talk, factor)
		for i, c := range s.Classes {
			s.Classes[i].Talk = scaledOwn(c.Talk, factor)
		}
	}
	if w.Wrap != nil {
		factor := *w.Wrap / meanOf(s.Wrap)
		s.Wrap = scaled(s.Wrap, factor)
		for i, c := range s.Classes {
			s.Classes[i].Wrap = scaledOwn(c.Wrap, factor)
		}
	}
	if w.Answer != nil {
		s = withAnswer(s, *w.Answer)
	}
	if w.Agents != nil {
		s = withAgents(s, *w.Agents)
	}
	if err := s.Validate(); err != nil {
		return s, campaigns.Invalid("--what-if", "%v", err)
	}
	return s, nil
}

// withAnswer brings the mean chance of an answer to a value; hours and kinds of
// candidates keep their proportions.
func withAnswer(s simulation.Scenario, answer float64) simulation.Scenario {
	sum, whole := 0.0, 0.0
	switch {
	case len(s.Candidates) > 0:
		for _, c := range s.Candidates {
			sum += c.Share * c.Answer
			whole += c.Share
		}
	case len(s.AnswerByHour) > 0:
		for _, x := range s.AnswerByHour {
			sum += x
			whole++
		}
	default:
		sum, whole = s.Answer, 1
	}
	factor := answer * whole / sum
	s.AnswerByHour, s.Candidates = slices.Clone(s.AnswerByHour), slices.Clone(s.Candidates)
	for i := range s.AnswerByHour {
		s.AnswerByHour[i] = min(1, s.AnswerByHour[i]*factor)
	}
	for i := range s.Candidates {
		s.Candidates[i].Answer = min(1, s.Candidates[i].Answer*factor)
	}
	s.Answer = min(1, s.Answer*factor)
	return s
}

// withAgents brings the most agents at a time to a number. Shifts and classes
// are scaled, so that the day keeps its shape.
func withAgents(s simulation.Scenario, n int) simulation.Scenario {
	switch {
	case len(s.Classes) > 0:
		whole := 0
		for _, c := range s.Classes {
			whole += c.Agents
		}
		s.Classes = slices.Clone(s.Classes)
		for i, c := range s.Classes {
			factor := float64(n) / float64(whole)
			s.Classes[i].Agents = max(1, int(math.Round(float64(c.Agents)*factor)))
			s.Classes[i].Shifts = slices.Clone(c.Shifts)
			for j, t := range c.Shifts {
				if t.Agents > 0 {
					s.Classes[i].Shifts[j].Agents = max(1, int(math.Round(float64(t.Agents)*factor)))
				}
			}
		}
	case len(s.Shifts) > 0:
		counts := make([]float64, int(math.Ceil(s.Hours*4)))
		most := 0.0
		for i := range counts {
			for _, t := range s.Shifts {
				if at := float64(i) / 4; at >= t.From && at < t.To {
					counts[i] += float64(t.Agents)
				}
			}
			most = max(most, counts[i])
		}
		for i := range counts {
			counts[i] *= float64(n) / max(1, most)
		}
		s.Shifts = shiftsOf(counts)
	default:
		s.Agents = n
	}
	return s
}

// shiftsOf makes shifts, of one agent each, from the agents of each quarter of
// an hour.
func shiftsOf(counts []float64) []simulation.Shift {
	var shifts []simulation.Shift
	for level := 1; ; level++ {
		began, reached := -1, false
		for i := 0; i <= len(counts); i++ {
			on := i < len(counts) && int(math.Round(counts[i])) >= level
			reached = reached || on
			switch {
			case on && began < 0:
				began = i
			case !on && began >= 0:
				shifts = append(shifts, simulation.Shift{Agents: 1, From: float64(began) / 4, To: float64(i) / 4})
				began = -1
			}
		}
		if !reached {
			return shifts
		}
	}
}

// scaled multiplies every duration of a distribution.
func scaled(d simulation.Distribution, factor float64) simulation.Distribution {
	d.Mean, d.Min, d.Max = d.Mean*factor, d.Min*factor, d.Max*factor
	d.Of = slices.Clone(d.Of)
	for i := range d.Of {
		d.Of[i].Distribution = scaled(d.Of[i].Distribution, factor)
	}
	return d
}

func scaledOwn(d *simulation.Distribution, factor float64) *simulation.Distribution {
	if d == nil {
		return nil
	}
	own := scaled(*d, factor)
	return &own
}

// meanOf is the mean duration in seconds.
func meanOf(d simulation.Distribution) float64 {
	switch d.Kind {
	case simulation.Uniform:
		return (d.Min + d.Max) / 2
	case simulation.Mixture:
		sum, whole := 0.0, 0.0
		for _, part := range d.Of {
			sum += part.Share * meanOf(part.Distribution)
			whole += part.Share
		}
		return sum / whole
	default:
		return d.Mean
	}
}
