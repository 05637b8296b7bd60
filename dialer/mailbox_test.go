package dialer

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestMailboxKeepsSlotsForWhatEndsThings(t *testing.T) {
	t.Parallel()
	full := 0
	m := newMailbox(2, 1, func() { full++ })
	nothing := func() {}
	for i, want := range []bool{true, true, false} {
		if m.post(nothing) != want {
			t.Errorf("post %d of two slots: %v", i, !want)
		}
	}
	if !m.postFinal(nothing) || m.postFinal(nothing) {
		t.Error("one reserved slot expected")
	}
	if full != 2 {
		t.Errorf("%d refusals counted", full)
	}
	if n := len(m.take()); n != 3 {
		t.Errorf("%d taken", n)
	}
	m.post(nothing)
	if n := len(m.close()); n != 1 || m.post(nothing) || m.postFinal(nothing) {
		t.Error("a closed mailbox takes nothing")
	}
	if full != 2 {
		t.Error("a closed mailbox is not a full one")
	}
}

func TestStoppedAlarmNeverGoesOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAlarms[string]()
		defer a.end()
		a.start("late", 3*time.Second)
		a.start("early", time.Second)
		a.start("stopped", 2*time.Second)
		a.stop("stopped")
		began := time.Now()
		var order []string
		for len(order) < 2 {
			<-a.wait()
			for k, ok := a.due(); ok; k, ok = a.due() {
				order = append(order, k)
			}
		}
		if order[0] != "early" || order[1] != "late" || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %s", order, time.Since(began))
		}
		if _, ok := a.due(); ok {
			t.Error("an alarm is left")
		}
	})
}
