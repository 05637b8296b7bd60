package simulation

import (
	"math"

	"ringmaster/dialer/pacing"
)

// vicidial adapts a level of lines for each agent, in its average mode. Each 15 s
// level = clamp(level·(1+p/100), 1, 3), where p is 100 times the mean of ready agents
// less that of waiting customers, over that of all agents; it is halved instead when
// after 50 calls more of the answers than the limit were dropped. Every 2.5 s it
// fills up to round(level·(ready + in call)) calls.
type vicidial struct {
	deaf
	limit                    float64
	level                    float64
	sampled, adapted, filled float64
	ready, waiting, agents   float64
	calls, answers, drops    float64
}

const (
	vicidialSample, vicidialAdapt, vicidialFill = 1, 15, 2.5 // seconds
	vicidialLeast, vicidialMost                 = 1, 3
	vicidialCalls                               = 50
)

func newVicidial(limit float64) *vicidial { return &vicidial{limit: limit, level: vicidialLeast} }

// Answered counts for the drop rate of the day.
func (p *vicidial) Answered(float64) { p.answers++ }

// Dropped counts for the drop rate of the day.
func (p *vicidial) Dropped() { p.drops++ }

// Decide samples, adapts and fills up, each at its own time.
func (p *vicidial) Decide(v *View) pacing.Plan {
	if v.Now >= p.sampled {
		p.sampled = v.Now + vicidialSample
		p.ready += float64(v.Ready)
		p.waiting += float64(v.Waiting)
		p.agents += float64(v.Staffed)
	}
	if v.Now >= p.adapted+vicidialAdapt {
		p.adapted = v.Now
		p.adapt()
	}
	if v.Now < p.filled || v.Staffed == 0 {
		return pacing.Plan{}
	}
	p.filled = v.Now + vicidialFill
	talking := 0
	for i := range v.Busy {
		if v.Busy[i].Phase == pacing.Talking || v.Busy[i].Phase == pacing.Closing {
			talking++
		}
	}
	lines := int(math.Round(p.level * float64(v.Ready+talking)))
	dials := min(v.Most, max(0, lines-len(v.Ringing)-v.Waiting-talking))
	p.calls += float64(dials)
	return pacing.Plan{Dials: dials}
}

func (p *vicidial) adapt() {
	share := ratio(p.ready-p.waiting, p.agents)
	p.ready, p.waiting, p.agents = 0, 0, 0
	level := p.level * (1 + share)
	if p.calls > vicidialCalls && p.drops > p.limit*p.answers {
		level = p.level / 2
	}
	p.level = max(vicidialLeast, min(vicidialMost, level))
}
