package calling

import (
	"fmt"
	"slices"
	"time"
)

// DropFormula says how a rule counts dropped calls.
type DropFormula string

// The formulas of a drop rate.
const (
	// OfLiveAnswers: dropped ÷ (dropped + answered by a person).
	OfLiveAnswers DropFormula = "of_live_answers"
	// LessMachines takes out of the dropped calls the share that machines had in
	// all others, since a dropped call is not told from a machine's: with
	// d × humans ÷ (humans + machines) in place of d (Ofcom, 2010).
	LessMachines DropFormula = "less_machines"
)

// DropWindow is the time over which a drop rate is held.
type DropWindow string

// The windows of a drop rate: the last 30 days, the calendar day, the calendar
// month; each per campaign.
const (
	DropOver30Days DropWindow = "30_days"
	DropOverDay    DropWindow = "day"
	DropOverMonth  DropWindow = "month"
)

// DropLimit is a rule's limit on dropped calls.
type DropLimit struct {
	// Rule is the id of the rule.
	Rule string `json:"-"`
	// Limit is a fraction of 1.
	Limit   float64     `json:"limit"`
	Formula DropFormula `json:"formula"`
	Window  DropWindow  `json:"window"`
}

func (d *DropLimit) check(rule string) error {
	d.Rule = rule
	switch {
	case !(d.Limit >= 0 && d.Limit < 1):
		return fmt.Errorf("limit %v is no fraction of 1", d.Limit)
	case d.Formula != OfLiveAnswers && d.Formula != LessMachines:
		return fmt.Errorf("formula %q is not known", d.Formula)
	case !slices.Contains([]DropWindow{DropOver30Days, DropOverDay, DropOverMonth}, d.Window):
		return fmt.Errorf("window %q is not known", d.Window)
	}
	return nil
}

// Count gives the numerator and the denominator of the drop rate by the rule's
// formula: of drops, of answers by persons who got an agent, and of answers by
// machines.
func (d DropLimit) Count(drops, humans, machines float64) (dropped, answers float64) {
	if d.Formula == LessMachines && humans+machines > 0 {
		drops *= humans / (humans + machines)
	}
	return drops, drops + humans
}

// Rate is the drop rate, a fraction of 1, of what Count takes. Nothing answered
// is a rate of zero.
func (d DropLimit) Rate(drops, humans, machines float64) float64 {
	dropped, answers := d.Count(drops, humans, machines)
	if answers == 0 {
		return 0
	}
	return dropped / answers
}

// Begin is when the window that ends now has begun; calendar days and months are
// those of the zone.
func (w DropWindow) Begin(now time.Time, zone *time.Location) time.Time {
	local := now.In(zone)
	switch w {
	case DropOverDay:
		return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	case DropOverMonth:
		return time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, zone)
	default:
		return now.Add(-30 * day)
	}
}
