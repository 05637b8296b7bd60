package pacing

import "math"

const (
	// restRisk is the risk that is taken of a lost answer when the credit is
	// cushion; it grows with the coarseness of small teams, and with the credit:
	// by gain a drop, or less where more than calm drops an hour are allowed.
	restRisk, cushion, gain = 0.011, 1.5, 0.3
	calm                    = 13 // drops
	coarseness              = 8  // agents
	leastRisk, mostRisk     = 1e-4, 0.5
	steepest                = 2.5
	// No drop is risked below a credit of floor, which grows with the team, where
	// several may be lost at once: by one each together agents. Risks are full only
	// ramp above it.
	floor, together, ramp = 1, 50, 1.5
	// The worst rolling hour is held to hourly times the limit, with hourMargin
	// standard deviations, once it allows hourFrom drops.
	hourly, hourMargin, hourFrom = 1.5, 1.3, 8
)

// budget turns the drops that the limit still allows into the risk that a dial
// may take. It is the feedback: whatever the forecasts get wrong moves the risk,
// not the drop rate.
type budget struct {
	limit float64
	// credit is the number of drops that the answers so far still allow.
	credit         float64
	answers, drops float64 // over the window, as known
	minute         int
	minutes        [60][2]float64
	hour           [2]float64 // answers and drops
}

func (b *budget) answered() {
	b.answers++
	b.credit += b.limit
	b.minutes[b.minute%60][0]++
	b.hour[0]++
}

func (b *budget) dropped() {
	b.drops++
	b.credit--
	b.minutes[b.minute%60][1]++
	b.hour[1]++
}

// turn forgets what is older than an hour.
func (b *budget) turn(now float64) {
	to := int(lasted(now, 0) / 60)
	if to-b.minute > 60 || to < b.minute {
		b.minutes, b.hour = [60][2]float64{}, [2]float64{}
		b.minute = to
		return
	}
	for b.minute < to {
		b.minute++
		m := &b.minutes[b.minute%60]
		b.hour[0] -= m[0]
		b.hour[1] -= m[1]
		*m = [2]float64{}
	}
}

// risk that one more answer may take to be lost, for a team of so many agents.
func (b *budget) risk(staffed float64) float64 {
	x := restRisk * (1 + coarseness/max(1, staffed))
	allowed := b.limit * b.hour[0]
	steep := gain * math.Sqrt(min(1, calm/max(1, allowed)))
	x = min(mostRisk, x*math.Exp(min(steepest, steep*(b.credit-cushion))))
	if allowed > hourFrom {
		excess := b.hour[1] + 1 - hourly*allowed + hourMargin*math.Sqrt(allowed)
		x *= math.Exp(-max(0, excess) * min(1, (allowed-hourFrom)/4))
	}
	return max(leastRisk, x*max(0, min(1, (b.credit-floor-staffed/together)/ramp)))
}
