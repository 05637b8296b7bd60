package media

import (
	"strings"
	"testing"
	"time"
)

func TestDeadMedia(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, ev := newTestLeg(t, f, LegConfig{})
	o := newFar(t, l)
	o.join(l, PCMU)
	pass := func(d time.Duration) { f.housekeep(clock.add(d)) }

	pass(time.Hour) // ringing
	ev.none(t)
	l.SetConfirmed()
	pass(DefaultNoMediaFirst - time.Millisecond)
	ev.none(t)
	pass(time.Millisecond)
	ev.want(t, Dead)
	pass(time.Hour)
	ev.none(t)

	// RTP comes after all: it is alive, and may die once more.
	o.audio(o.silence())
	ev.want(t, FirstRTP)
	ev.want(t, Latched)
	pass(DefaultNoMediaLater - time.Millisecond)
	ev.none(t)
	pass(time.Millisecond)
	if got := ev.want(t, Dead); !got.At.Equal(clock.now()) {
		t.Errorf("event at %s, now %s", got.At, clock.now())
	}

	// On hold nothing is missed; after it the time begins anew.
	hold := func(direction string) {
		if _, err := l.Answer(o.sdp("0", "a="+direction)); err != nil {
			t.Fatal(err)
		}
	}
	o.audio(o.silence())
	waitFor(t, func() bool { return l.Stats().PacketsReceived == 2 })
	for _, direction := range []string{"sendonly", "inactive", "recvonly"} {
		hold(direction)
		pass(time.Hour)
		ev.none(t)
	}
	hold("sendrecv")
	pass(DefaultNoMediaLater - time.Millisecond)
	ev.none(t)
	pass(time.Millisecond)
	ev.want(t, Dead)
}

func TestHoldStopsSending(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, b, farA, farB, _ := pair(t, f, PCMU, PCMU)
	farA.audio(farA.silence())
	farB.read()
	for _, hold := range [][]byte{
		farB.sdp("0", "a=sendonly"), farB.sdp("0", "a=inactive"), holdByZero(),
	} {
		answer, err := b.Answer(hold)
		if err != nil {
			t.Fatal(err)
		}
		if !b.OnHold() || a.OnHold() {
			t.Fatalf("after %q: b on hold %v, a on hold %v", hold, b.OnHold(), a.OnHold())
		}
		if string(hold) == string(holdByZero()) && !strings.Contains(string(answer), "a=recvonly") {
			t.Errorf("hold by 0.0.0.0 is answered\n%s", answer)
		}
		before := a.Stats().PacketsReceived
		farA.audio(farA.silence())
		waitFor(t, func() bool { return a.Stats().PacketsReceived == before+1 })
		done := b.Play(newPrompt(make([]int16, 160)), false)
		f.pacer.step(clock.add(frameTime))
		f.pacer.step(clock.add(frameTime))
		<-done // it runs in time all the same
		farB.drained()
	}
	if _, err := b.Answer(farB.sdp("0")); err != nil {
		t.Fatal(err)
	}
	clock.add(frameTime)
	farA.audio(farA.silence())
	if p := farB.read(); !p.Marker || b.OnHold() {
		t.Errorf("after resume: marker %v, on hold %v", p.Marker, b.OnHold())
	}
}

// holdByZero is a description that holds as RFC 2543 did.
func holdByZero() []byte {
	return []byte("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
}
