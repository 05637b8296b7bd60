package calling

import (
	"strings"
	"time"

	"ringmaster/campaigns"
)

// RingTimeout is how long a phone rings: as the campaign wants, within what the
// law bounds.
func (l *Law) RingTimeout(own time.Duration) time.Duration {
	if l == nil {
		return own
	}
	own = max(own, l.RingMin.Duration)
	if l.RingMax.Duration > 0 {
		own = min(own, l.RingMax.Duration)
	}
	return own
}

// LeastRing is how long a phone has to ring before the call may be given up; zero:
// no rule says.
func (l *Law) LeastRing() time.Duration {
	if l == nil {
		return 0
	}
	return l.RingMin.Duration
}

// ConnectLimit is the longest wait of an answered customer: the shorter of the
// campaign's and the law's.
func (l *Law) ConnectLimit(own time.Duration) time.Duration {
	if l == nil || l.Connect.Duration == 0 {
		return own
	}
	return min(own, l.Connect.Duration)
}

// DropRate gives the rate by the formula of the rule that is nearest to its
// limit, or past it, and that rule; false where no rule limits drops.
func (l *Law) DropRate(drops, humans, machines float64) (float64, DropLimit, bool) {
	worst, found := 0.0, -1
	var rate float64
	for i, d := range l.Drops {
		own := d.Rate(drops, humans, machines)
		if pressure := own / max(d.Limit, 1e-9); found < 0 || pressure > worst {
			worst, found, rate = pressure, i, own
		}
	}
	if found < 0 {
		return 0, DropLimit{}, false
	}
	return rate, l.Drops[found], true
}

// Check tells of rules that contradict each other, and of settings that
// contradict the rules: hours without a moment in common, or a ring time above
// what they allow. CodeInvalid names the setting and the rules.
func (l *Law) Check(s *campaigns.Settings) error {
	if l.RingMax.Duration > 0 {
		if l.RingMin.Duration > l.RingMax.Duration {
			return campaigns.Invalid("compliance.rules", "%s lets phones ring for %v at least, %s for %v at most",
				l.RingMin.Rule, l.RingMin.Duration, l.RingMax.Rule, l.RingMax.Duration)
		}
		if own := s.RingTimeout.Std(); own > l.RingMax.Duration {
			return campaigns.Invalid("ring_timeout", "%v is above the %v that %s allows", own, l.RingMax.Duration, l.RingMax.Rule)
		}
	}
	var rules, both bool
	for day, hours := range l.open {
		rules = rules || len(hours) > 0
		both = both || len(hours.and(dayHours{s.Window.Days[day]})) > 0
	}
	switch {
	case !rules:
		return campaigns.Invalid("compliance.rules", "no hour of the week is allowed by all of %s", l.hourRules())
	case !both:
		return campaigns.Invalid("window", "leaves no hour that %s allows", l.hourRules())
	}
	return nil
}

// hourRules names the rules that know of hours.
func (l *Law) hourRules() string {
	ids := make([]string, len(l.weeks))
	for i, w := range l.weeks {
		ids[i] = w.rule
	}
	return strings.Join(ids, ", ")
}
