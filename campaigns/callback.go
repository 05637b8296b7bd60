package campaigns

import "time"

// CallbackFallback says who calls back in the stead of an agent who is away.
type CallbackFallback string

// The fallbacks of a personal callback.
const (
	// CallbackAnyone gives the callback to whoever is ready.
	CallbackAnyone CallbackFallback = "anyone"
	// CallbackNextDay keeps it for the agent, at the same time of the next day,
	// for at most CallbackRules.Days days; then anyone calls.
	CallbackNextDay CallbackFallback = "next_day"
)

// CallbackRules say what becomes of a personal callback whose agent is away or
// busy when it is due. Calling hours and caps bind it as any other call.
type CallbackRules struct {
	// Grace is how long it waits for the agent.
	Grace Duration `json:"grace,omitempty"`
	// Then is what follows; empty: anyone.
	Then CallbackFallback `json:"then,omitempty"`
	// Days is how many days next_day tries; zero: 3.
	Days int `json:"days,omitempty"`
}

// DefaultCallbacks wait ten minutes and then go to anyone: a promise kept by a
// colleague is better than none.
func DefaultCallbacks() CallbackRules {
	return CallbackRules{Grace: Seconds(600), Then: CallbackAnyone}
}

// Validate names the first wrong setting.
func (r *CallbackRules) Validate() error {
	switch {
	case r.Grace < 0 || r.Grace.Std() > 12*time.Hour:
		return Invalid("callbacks.grace", "%v is not between 0 and 12h", r.Grace)
	case r.Then != "" && r.Then != CallbackAnyone && r.Then != CallbackNextDay:
		return Invalid("callbacks.then", "%q is not one of anyone, next_day", r.Then)
	case r.Days < 0 || r.Days > 14:
		return Invalid("callbacks.days", "%d is not between 0 and 14", r.Days)
	}
	return nil
}

// lookAgain is how often a callback that waits looks for its agent.
const lookAgain = 20 * time.Second

// WaitUntil says how long a personal callback that was promised for a time goes
// on waiting for its agent, who is not ready: the zero time when anyone is to
// call now. zone is the customer's, whose next day counts.
func (r CallbackRules) WaitUntil(promised, now time.Time, zone *time.Location) time.Time {
	days := 0
	if r.Then == CallbackNextDay {
		if days = r.Days; days == 0 {
			days = 3
		}
	}
	for day := range days + 1 {
		at := promised.In(zone).AddDate(0, 0, day)
		if now.Before(at) {
			return at
		}
		if end := at.Add(r.Grace.Std()); now.Before(end) {
			if again := now.Add(lookAgain); again.Before(end) {
				return again
			}
			return end
		}
	}
	return time.Time{}
}
