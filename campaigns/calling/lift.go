package calling

import "fmt"

// lift says which consent relieves of a rule's hours: none, one that names the
// hours, or one that names them and is proven. The greater includes the lesser.
type lift int

const (
	liftNone lift = iota
	liftAgreed
	liftProven
)

func liftOf(name string) (lift, error) {
	switch name {
	case "":
		return liftNone, nil
	case "agreed_hours":
		return liftAgreed, nil
	case "proven_agreed_hours":
		return liftProven, nil
	}
	return liftNone, fmt.Errorf("%q is not one of agreed_hours, proven_agreed_hours", name)
}

// by reports whether a consent of the other kind relieves of a rule of this one.
func (l lift) by(consent lift) bool { return l != liftNone && l <= consent }

// liftedBy gives the hours that the consent on record leaves of the law. A consent
// that names no hours, or is refused, relieves of nothing: the sources ask for one
// that was given to that time.
func (l *Law) liftedBy(f *Facts) *Law {
	if l == nil || !f.ConsentGranted || f.PreferredHours == nil {
		return l
	}
	consent := liftAgreed
	if f.ConsentProven {
		consent = liftProven
	}
	if free := l.lifted[consent-1]; free != nil {
		return free
	}
	return l
}

// forever is a period of refusal that is told as one without an end.
const forever = 100 * 365 * day

// tellRefusal tells how long nobody calls after a refusal.
func (l *Law) tellRefusal(add func(what, rule, format string, args ...any)) {
	if l.RefusalPeriod.Duration >= forever {
		add("after a refusal", l.RefusalPeriod.Rule, "no call any more")
		return
	}
	add("after a refusal", l.RefusalPeriod.Rule, "no call for %s", span(l.RefusalPeriod.Duration))
}

// tellLifts tells which rules' hours make room for those of a consent.
func (l *Law) tellLifts(add func(what, rule, format string, args ...any)) {
	for i, text := range [...]string{"the hours that a consent names", "the hours that a proven consent names"} {
		if l.lifted[i] == nil {
			continue
		}
		for _, w := range l.weeks {
			earlier := i > 0 && l.lifted[i-1] != nil && !keeps(l.lifted[i-1], w.rule)
			if !keeps(l.lifted[i], w.rule) && !earlier {
				add("instead of hours and holidays", w.rule, "%s", text)
			}
		}
	}
}

// keeps reports whether the law has hours of the rule.
func keeps(l *Law, id string) bool {
	for _, w := range l.weeks {
		if w.rule == id {
			return true
		}
	}
	return false
}
