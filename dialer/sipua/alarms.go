package sipua

import "time"

// alarmKind names a timer of a dialog.
type alarmKind int

const (
	// alarmNoFinal: an INVITE without a final response (timer C).
	alarmNoFinal alarmKind = iota
	// alarmCancel: a CANCEL without a final response to its INVITE.
	alarmCancel
	// alarmHold: the wait of an answer without SDP for a late 18x.
	alarmHold
	// alarmRetransmit: a 2xx of ours is due again.
	alarmRetransmit
	// alarmNoAck: a 2xx of ours was never acknowledged.
	alarmNoAck
	alarmKinds
)

// alarms are the timers of one dialog.
type alarms struct{ at [alarmKinds]time.Time }

func (a *alarms) set(k alarmKind, after time.Duration) { a.at[k] = time.Now().Add(after) }

func (a *alarms) stop(k alarmKind) { a.at[k] = time.Time{} }

// next gives the time to the earliest alarm, an hour without any.
func (a *alarms) next() time.Duration {
	wait := time.Hour
	now := time.Now()
	for _, at := range a.at {
		if !at.IsZero() {
			wait = min(wait, max(at.Sub(now), 0))
		}
	}
	return wait
}

// pop gives one due alarm and stops it.
func (a *alarms) pop(now time.Time) (alarmKind, bool) {
	for k, at := range a.at {
		if !at.IsZero() && !at.After(now) {
			a.at[k] = time.Time{}
			return alarmKind(k), true
		}
	}
	return 0, false
}
