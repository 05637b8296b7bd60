package media

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestConcurrentUse calls everything at once while RTP flows: for the race
// detector, and against deadlocks.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	f := runningFactory(t)
	var legs []*Leg
	var fars []*far
	for range 4 {
		l, err := f.NewLeg(LegConfig{KeepAlive: true, OnEvent: func(Event) {}})
		if err != nil {
			t.Fatal(err)
		}
		o := newFar(t, l)
		o.join(l, PCMU)
		legs, fars = append(legs, l), append(fars, o)
	}
	prompt := ComfortTone()
	var running sync.WaitGroup
	for i, o := range fars {
		running.Go(func() {
			for range 400 {
				o.audio(o.silence())
			}
		})
		l := legs[i]
		answers := [][]byte{o.sdp("0 101", eventMap), o.sdp("8"), o.sdp("0", "a=sendonly"), holdByZero()}
		running.Go(func() {
			for range 200 {
				other := legs[rand.IntN(len(legs))]
				switch rand.IntN(10) {
				case 0:
					Bridge(l, other).Unbridge()
				case 1:
					Bridge(l, other)
				case 2:
					l.Play(prompt, true)
				case 3:
					l.PlayTone(Beep())
				case 4:
					l.StopPlay()
				case 5:
					l.SendDTMF("12")
				case 6:
					if _, err := l.Answer(answers[rand.IntN(len(answers))]); err != nil {
						t.Error(err)
					}
				case 7:
					l.SetConfirmed()
					_, _ = l.OnHold(), l.Codec()
				case 8:
					l.Offer()
					if err := l.SetEarly(answers[0]); err != nil {
						t.Error(err)
					}
				default:
					_ = l.Stats()
					f.housekeep(f.options.Now().Add(reportPeriod))
				}
			}
		})
	}
	running.Wait()
	for _, l := range legs {
		waitFor(t, func() bool { return l.Stats().PacketsReceived > 0 })
		running.Go(l.Close)
		running.Go(l.Close)
	}
	running.Wait()
	if open, _ := f.Legs(); open != 0 {
		t.Errorf("%d legs left", open)
	}
}
