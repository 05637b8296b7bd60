package media

import (
	"bytes"
	"testing"
	"time"
)

func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func TestPromptIsPacedWithoutDrift(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	o := newFar(t, l)
	o.join(l, PCMU)
	// Two seconds and a bit, driven by a pacer that wakes up every 7 ms.
	signal := tone(2*sampleRate+40, 500, 6000)
	done := l.Play(newPrompt(signal), false)
	heard := continuity{t: t}
	var payload []byte
	began := clock.now()
	for !ended(done) {
		f.pacer.step(clock.now())
		due := int(clock.now().Sub(began)/frameTime) + 1
		for len(payload)/frameSamples < min(due, 101) {
			p := o.read()
			heard.next(p, false, 160)
			payload = append(payload, p.Payload...)
		}
		o.drained()
		clock.add(7 * time.Millisecond)
	}
	want := encode(PCMU, append(signal, make([]int16, 120)...))
	if !bytes.Equal(payload, want) {
		t.Errorf("%d bytes played, want %d of the prompt with silence behind", len(payload), len(want))
	}
	// The end is told when the last frame has been heard.
	if took := clock.now().Sub(began); took < 101*frameTime || took > 102*frameTime+7*time.Millisecond {
		t.Errorf("done after %s", took)
	}
}

func TestPacerCatchesUp(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	o := newFar(t, l)
	o.join(l, PCMU)
	l.Play(ComfortTone(), true)
	heard := continuity{t: t}
	f.pacer.step(clock.now())
	heard.next(o.read(), true, 0)
	// Four frames late: all are sent. A second late: five, the rest is left out.
	f.pacer.step(clock.add(4 * frameTime))
	for range 4 {
		heard.next(o.read(), false, 160)
	}
	f.pacer.step(clock.add(time.Second))
	heard.next(o.read(), false, 46*160)
	for range 4 {
		heard.next(o.read(), false, 160)
	}
	o.drained()
	f.pacer.step(clock.add(frameTime))
	heard.next(o.read(), false, 160)
}

func TestPromptInRealTime(t *testing.T) {
	t.Parallel()
	l, _ := newTestLeg(t, runningFactory(t), LegConfig{})
	o := newFar(t, l)
	o.join(l, PCMA)
	began := time.Now()
	done := l.Play(newPrompt(tone(sampleRate/2, 500, 6000)), false)
	heard := continuity{t: t}
	var samples []int16
	for range 25 {
		p := o.read()
		heard.next(p, false, 160)
		samples = append(samples, decode(PCMA, p.Payload)...)
	}
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("no end")
	}
	if took := time.Since(began); took < 480*time.Millisecond {
		t.Errorf("half a second played in %s", took)
	}
	if level := Goertzel(samples, 500, sampleRate); level < 5700 {
		t.Errorf("tone at %.0f", level)
	}
	// The pacer sleeps now, and wakes up again.
	<-l.PlayTone(ToneSpec{Hz: 800, Total: 40 * time.Millisecond})
	o.read()
}

func TestPlaybackReplacesAndSuppresses(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, b, farA, farB, _ := pair(t, f, PCMU, PCMU)
	first := a.Play(ComfortTone(), true)
	second := a.PlayTone(ToneSpec{Hz: 440, Hz2: 480})
	if !ended(first) || ended(second) {
		t.Fatal("the second playback does not replace the first")
	}
	// What is bridged is not heard meanwhile.
	farB.audio(farB.silence())
	waitFor(t, func() bool { return b.Stats().PacketsReceived == 1 })
	farA.drained()
	var samples []int16
	for range 10 {
		f.pacer.step(clock.now())
		samples = append(samples, decode(PCMU, farA.read().Payload)...)
		clock.add(frameTime)
	}
	want := amplitudeOf(defaultToneLevel)
	for _, hz := range []float64{440, 480} {
		if level := Goertzel(samples, hz, sampleRate); level < 0.9*want || level > 1.1*want {
			t.Errorf("%v Hz at %.0f, want %.0f", hz, level, want)
		}
	}
	a.StopPlay()
	a.StopPlay()
	if !ended(second) {
		t.Error("StopPlay does not end it")
	}
	farB.audio(farB.silence())
	farA.read()
	// A new bridge ends what is played on both sides.
	onA, onB := a.Play(ComfortTone(), true), b.Play(ComfortTone(), true)
	Bridge(a, b)
	if !ended(onA) || !ended(onB) {
		t.Error("Bridge leaves the comfort tone")
	}
}

func TestPlayBeforeAnswerRunsInTime(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	done := l.Play(newPrompt(make([]int16, 480)), false)
	for range 3 {
		f.pacer.step(clock.now())
		clock.add(frameTime)
	}
	if ended(done) {
		t.Error("ended early")
	}
	f.pacer.step(clock.now())
	if !ended(done) {
		t.Error("does not end")
	}
	l.Play(newPrompt(nil), true)
	if f.pacer.step(clock.add(frameTime)) {
		t.Error("an empty prompt loops for ever")
	}
	if s := l.Stats(); s.PacketsSent != 0 || s.SendErrors != 0 {
		t.Errorf("sent %d, errors %d", s.PacketsSent, s.SendErrors)
	}
}

func TestPromptLoopsWithoutSeam(t *testing.T) {
	t.Parallel()
	signal := make([]int16, 250)
	for i := range signal {
		signal[i] = int16(i * 100)
	}
	code := encode(PCMA, signal)
	s := promptSource{prompt: newPrompt(signal), loop: true}
	var got []byte
	for range 10 {
		var frame [frameSamples]byte
		if !s.next(PCMA, &frame) {
			t.Fatal("the loop ends")
		}
		got = append(got, frame[:]...)
	}
	if want := bytes.Repeat(code, 7)[:len(got)]; !bytes.Equal(got, want) {
		t.Error("the loop is not the prompt repeated")
	}
}

func TestToneCadence(t *testing.T) {
	t.Parallel()
	s := newToneSource(Ringback())
	var frame [frameSamples]byte
	for at := range 1500 { // 30 s, six periods
		if !s.next(PCMU, &frame) {
			t.Fatal("ringback ends")
		}
		level := Goertzel(decode(PCMU, frame[:]), 425, sampleRate)
		if on := at%250 < 50; on != (level > 1000) {
			t.Fatalf("frame %d: level %.0f, on %v", at, level, on)
		}
	}
}

func TestBuiltInPrompts(t *testing.T) {
	t.Parallel()
	voice, comfort := SafeHarborPrompt(), ComfortTone()
	if d := voice.Duration(); d != 6*time.Second {
		t.Errorf("safe harbor lasts %s", d)
	}
	peak := func(p *Prompt) (m int) {
		for _, s := range decode(PCMU, p.ulaw) {
			m = max(m, magnitude(s))
		}
		return m
	}
	if v, c := peak(voice), peak(comfort); v < 4000 || v > 30000 || c < 300 || c > 3000 {
		t.Errorf("peaks: safe harbor %d, comfort tone %d", v, c)
	}
	if !bytes.Equal(voice.ulaw, SafeHarborPrompt().ulaw) {
		t.Error("the built-in prompt is not the same each time")
	}
}
