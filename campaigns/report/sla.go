package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// Objective is what a service level agreement measures.
type Objective string

// The objectives.
const (
	// ObjectiveServiceLevel: inbound calls answered within Within ÷ offered.
	ObjectiveServiceLevel Objective = "service_level"
	// ObjectiveAbandonment: inbound calls abandoned ÷ offered.
	ObjectiveAbandonment Objective = "abandonment"
	// ObjectiveDropRate: dropped ÷ (dropped + answered by persons).
	ObjectiveDropRate Objective = "drop_rate"
	// ObjectiveContactRate: persons reached ÷ dials.
	ObjectiveContactRate Objective = "contact_rate"
)

// AtMost reports whether less is better.
func (o Objective) AtMost() bool { return o == ObjectiveAbandonment || o == ObjectiveDropRate }

// Agreement is a service level agreement: what is measured, against which
// standard, over which window, and what a miss costs.
type Agreement struct {
	Name      string    `json:"name"`
	Objective Objective `json:"objective"`
	// Queue or Campaign that it binds; empty: all.
	Queue    string `json:"queue,omitempty"`
	Campaign string `json:"campaign,omitempty"`
	// Within is the T of a service level.
	Within campaigns.Duration `json:"within,omitempty"`
	// Target is the standard, a fraction of 1: at least, or at most where less is
	// better.
	Target float64 `json:"target"`
	// Window is day or month: what each target is held over.
	Window string `json:"window"`
	// Credits are what a window costs whose figure misses Miss: the worst step
	// that is missed counts.
	Credits []Credit `json:"credits"`
	// CreditCap bounds the month's credits, in percent of the month's fee.
	CreditCap float64 `json:"credit_cap"`
	// Critical is the figure that breaches the agreement at once when a day
	// misses it; nil: none.
	Critical *float64 `json:"critical,omitempty"`
	// Review is when the agreement is to be looked at again.
	Review string `json:"review,omitempty"`
}

// Credit is one step: Percent of the month's fee for a figure that misses Miss.
type Credit struct {
	Miss    float64 `json:"miss"`
	Percent float64 `json:"percent"`
}

// Validate names the first wrong key.
func (a *Agreement) Validate() error {
	objectives := []Objective{ObjectiveServiceLevel, ObjectiveAbandonment, ObjectiveDropRate, ObjectiveContactRate}
	inbound := a.Objective == ObjectiveServiceLevel || a.Objective == ObjectiveAbandonment
	switch {
	case a.Name == "":
		return campaigns.Invalid("name", "is missing")
	case !slices.Contains(objectives, a.Objective):
		return campaigns.Invalid("objective", "%q is not one of %v", a.Objective, objectives)
	case !inbound && a.Queue != "":
		return campaigns.Invalid("queue", "does not go with %s, which is of outbound calls", a.Objective)
	case inbound && a.Campaign != "":
		return campaigns.Invalid("campaign", "does not go with %s, which is of inbound calls", a.Objective)
	case (a.Objective == ObjectiveServiceLevel) != (a.Within > 0):
		return campaigns.Invalid("within", "is for service_level alone, and is needed there")
	case !(a.Target > 0 && a.Target < 1):
		return campaigns.Invalid("target", "%v is not between 0 and 1", a.Target)
	case a.Window != "day" && a.Window != "month":
		return campaigns.Invalid("window", "%q is not one of day, month", a.Window)
	case !(a.CreditCap >= 0 && a.CreditCap <= 100):
		return campaigns.Invalid("credit_cap", "%v is not between 0 and 100", a.CreditCap)
	}
	for i, c := range a.Credits {
		switch {
		case a.misses(a.Target, c.Miss):
			return campaigns.Invalid(fmt.Sprintf("credits[%d].miss", i), "%v is stricter than the target %v", c.Miss, a.Target)
		case !(c.Percent > 0 && c.Percent <= 100):
			return campaigns.Invalid(fmt.Sprintf("credits[%d].percent", i), "%v is not in (0, 100]", c.Percent)
		}
	}
	if a.Review != "" {
		if _, err := time.Parse(time.DateOnly, a.Review); err != nil {
			return campaigns.Invalid("review", "%q is no date such as 2027-01-31", a.Review)
		}
	}
	return nil
}

// misses reports whether the figure is on the wrong side of a standard.
func (a *Agreement) misses(figure, standard float64) bool {
	if a.Objective.AtMost() {
		return figure > standard
	}
	return figure < standard
}

// Measured is what a day brought.
type Measured struct {
	Day                    time.Time
	Numerator, Denominator float64
}

// Verdict is what a month brought under an agreement.
type Verdict struct {
	Numerator, Denominator float64
	// Missed counts the windows whose figure missed the target, of Windows that
	// had anything to measure.
	Missed, Windows int
	// Credit is in percent of the month's fee, at most the cap.
	Credit float64
	// Critical are the days that breached at once.
	Critical []time.Time
}

// Judge weighs a month's days. A window without anything to measure misses
// nothing.
func (a *Agreement) Judge(days []Measured) Verdict {
	var v Verdict
	for _, d := range days {
		v.Numerator, v.Denominator = v.Numerator+d.Numerator, v.Denominator+d.Denominator
		if d.Denominator == 0 {
			continue
		}
		if a.Critical != nil && a.misses(d.Numerator/d.Denominator, *a.Critical) {
			v.Critical = append(v.Critical, d.Day)
		}
		if a.Window == "day" {
			v.window(a, d.Numerator/d.Denominator)
		}
	}
	if a.Window == "month" && v.Denominator > 0 {
		v.window(a, v.Numerator/v.Denominator)
	}
	v.Credit = min(v.Credit, a.CreditCap)
	return v
}

func (v *Verdict) window(a *Agreement, figure float64) {
	v.Windows++
	if a.misses(figure, a.Target) {
		v.Missed++
	}
	worst := 0.0
	for _, c := range a.Credits {
		if a.misses(figure, c.Miss) {
			worst = max(worst, c.Percent)
		}
	}
	v.Credit += worst
}

// SLATable has a line for each agreement with the month's verdict.
func SLATable(agreements []Agreement, verdicts []Verdict) Table {
	t := Table{Name: "sla", Columns: []string{"agreement", "objective", "target", "actual", "numerator", "denominator", "window", "missed", "windows",
		"credit_percent", "critical_days", "review"}}
	for i := range agreements {
		a, v := &agreements[i], verdicts[i]
		var critical []string
		for _, day := range v.Critical {
			critical = append(critical, day.Format(time.DateOnly))
		}
		t.add(a.Name, a.evidence(), a.Target, Over(v.Numerator, v.Denominator), v.Numerator, v.Denominator, a.Window, v.Missed, v.Windows,
			v.Credit, strings.Join(critical, " "), a.Review)
	}
	return t
}

// evidence says what is measured over which rows.
func (a *Agreement) evidence() string {
	of := ""
	switch {
	case a.Queue != "":
		of = " of queue " + a.Queue
	case a.Campaign != "":
		of = " of campaign " + a.Campaign
	}
	switch a.Objective {
	case ObjectiveServiceLevel:
		return fmt.Sprintf("inbound calls bridged within %v ÷ offered%s", a.Within, of)
	case ObjectiveAbandonment:
		return "inbound calls abandoned ÷ offered" + of
	case ObjectiveDropRate:
		return "attempts dropped ÷ (dropped + answered)" + of
	default:
		return "attempts answered or dropped ÷ sent" + of
	}
}
