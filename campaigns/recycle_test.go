package campaigns

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

func TestARetryGrowsUpToItsBounds(t *testing.T) {
	t.Parallel()
	rule := RecycleRule{Delay: Seconds(3600), Growth: 2, Max: 3, MaxDelay: Seconds(3 * 3600)}
	for same, want := range map[int]NextStep{
		1: {State: CandidateResting, Reason: "busy", Due: noon.Add(time.Hour)},
		2: {State: CandidateResting, Reason: "busy", Due: noon.Add(2 * time.Hour)},
		3: {State: CandidateResting, Reason: "busy", Due: noon.Add(3 * time.Hour)},
		4: {State: CandidateDone, Reason: "busy"},
	} {
		if got := rule.Next("busy", same, 1, 6, false, noon); got != want {
			t.Errorf("for the %d. time: %+v, want %+v", same, got, want)
		}
	}
	endless := RecycleRule{Delay: Seconds(3600), Growth: 100, Max: 1000}
	if got := endless.Next("busy", 900, 1, 6, false, noon).Due; !got.Equal(noon.Add(longestDelay)) {
		t.Errorf("grown beyond all bounds: %s", got)
	}
}

func TestARuleGoesRoundTheNumbers(t *testing.T) {
	t.Parallel()
	rule := RecycleRule{Delay: Seconds(60), Max: 1, NextNumber: true}
	if got := rule.Next("no_answer", 5, 1, 6, true, noon); !got.NextNumber || got.FirstNumber || !got.Due.Equal(noon.Add(time.Minute)) {
		t.Errorf("with a next number: %+v", got)
	}
	if got := rule.Next("no_answer", 1, 1, 6, false, noon); got.NextNumber || !got.FirstNumber || got.State != CandidateResting {
		t.Errorf("after the last number: %+v", got)
	}
	if got := rule.Next("no_answer", 2, 1, 6, false, noon); got.State != CandidateDone {
		t.Errorf("once more: %+v", got)
	}
}

func TestAnotherHourKeepsAwayFromThoseTried(t *testing.T) {
	t.Parallel()
	open := func(at time.Time) bool { return at.Hour() >= 8 && at.Hour() < 20 }
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 3, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name  string
		due   time.Time
		tried []time.Time
		want  time.Time
	}{
		{"far enough", at(14, 0), []time.Time{at(10, 0)}, at(14, 0)},
		{"too near", at(11, 0), []time.Time{at(10, 0)}, at(12, 0)},
		{"too near, the day before", at(10, 30), []time.Time{at(10, 0).AddDate(0, 0, -1)}, at(12, 0)},
		{"the evening is over", at(19, 0), []time.Time{at(18, 0)}, at(8, 0).AddDate(0, 0, 1)},
		{"all tried", at(9, 0), []time.Time{at(8, 0), at(11, 0), at(14, 0), at(17, 0), at(19, 30)}, at(9, 30)},
	} {
		if got := AtOtherHour(c.due, c.tried, time.UTC, open); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := AtOtherHour(at(3, 0), nil, time.UTC, func(time.Time) bool { return false }); !got.Equal(at(3, 0)) {
		t.Errorf("never open: %s", got)
	}
	// A Friday evening at an hour that was tried, and nobody is called at the
	// weekend: the retry comes on Monday, not on Friday once more.
	workdays := func(at time.Time) bool {
		return open(at) && at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
	}
	friday := at(19, 0).AddDate(0, 0, 3)
	if got := AtOtherHour(friday, []time.Time{at(18, 30)}, time.UTC, workdays); !got.Equal(at(8, 0).AddDate(0, 0, 6)) {
		t.Errorf("over the weekend: %s", got)
	}
	tokyo := time.FixedZone("JST", 9*3600)
	if got := AtOtherHour(at(11, 0), []time.Time{at(23, 30)}, tokyo, func(time.Time) bool { return true }); !got.Equal(at(11, 0)) {
		t.Errorf("half a day apart: %s", got)
	}
}

func TestAPersonalCallbackWaitsForItsAgent(t *testing.T) {
	t.Parallel()
	anyone := CallbackRules{Grace: Seconds(600), Then: CallbackAnyone}
	nextDay := CallbackRules{Grace: Seconds(600), Then: CallbackNextDay, Days: 2}
	for _, c := range []struct {
		name  string
		rules CallbackRules
		now   time.Time
		want  time.Time
	}{
		{"due just now", anyone, noon, noon.Add(lookAgain)},
		{"near the end", anyone, noon.Add(595 * time.Second), noon.Add(600 * time.Second)},
		{"grace is over", anyone, noon.Add(600 * time.Second), time.Time{}},
		{"no grace", CallbackRules{}, noon, time.Time{}},
		{"kept for the next day", nextDay, noon.Add(600 * time.Second), noon.AddDate(0, 0, 1)},
		{"on the next day", nextDay, noon.AddDate(0, 0, 1).Add(time.Minute), noon.AddDate(0, 0, 1).Add(time.Minute + lookAgain)},
		{"days are over", nextDay, noon.AddDate(0, 0, 2).Add(time.Hour), time.Time{}},
	} {
		if got := c.rules.WaitUntil(noon, c.now, time.UTC); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	// The clocks go forward in the night after the 7th of March 2026: the promise
	// is kept at the same time of the customer's day.
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	promised := time.Date(2026, 3, 7, 12, 0, 0, 0, york)
	if got := nextDay.WaitUntil(promised, promised.Add(time.Hour), york); got.Sub(promised) != 23*time.Hour {
		t.Errorf("the next day begins after %s", got.Sub(promised))
	}
}

func TestAWrongRuleIsNamed(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*Settings){
		"recycle.busy.delay":                    func(s *Settings) { s.Recycle = map[Outcome]RecycleRule{OutcomeBusy: {Delay: -1}} },
		"recycle.busy.max_delay":                func(s *Settings) { s.Recycle = map[Outcome]RecycleRule{OutcomeBusy: {Delay: 5, MaxDelay: 4}} },
		"recycle.busy.growth":                   func(s *Settings) { s.Recycle = map[Outcome]RecycleRule{OutcomeBusy: {Growth: 1e9}} },
		"recycle.busy.max":                      func(s *Settings) { s.Recycle = map[Outcome]RecycleRule{OutcomeBusy: {Max: -1}} },
		"recycle.busy.block":                    func(s *Settings) { s.Recycle = map[Outcome]RecycleRule{OutcomeBusy: {Max: 1, Block: true}} },
		`"bussy" is no outcome`:                 func(s *Settings) { s.Recycle = map[Outcome]RecycleRule{"bussy": {}} },
		"dispositions.sale.then.delay":          func(s *Settings) { s.Dispositions[0].Then.Delay = -1 },
		"callbacks.grace":                       func(s *Settings) { s.Callbacks.Grace = -1 },
		`callbacks.then: "tomorrow" is not one`: func(s *Settings) { s.Callbacks.Then = "tomorrow" },
		"callbacks.days":                        func(s *Settings) { s.Callbacks.Days = 99 },
	} {
		s := DefaultSettings(KindWinBack)
		spoil(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
