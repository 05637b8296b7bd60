package media

import (
	"errors"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// pair returns two legs with their far ends, bridged.
func pair(t testing.TB, f *Factory, ca, cb Codec) (a, b *Leg, farA, farB *far, br *Bridged) {
	t.Helper()
	a, _ = newTestLeg(t, f, LegConfig{Label: "a"})
	b, _ = newTestLeg(t, f, LegConfig{Label: "b"})
	farA, farB = newFar(t, a), newFar(t, b)
	farA.join(a, ca)
	farB.join(b, cb)
	farB.ssrc, farB.seq, farB.ts = 0xBEEF0002, 40000, 1<<31
	return a, b, farA, farB, Bridge(a, b)
}

func TestBridgeCarriesTonesBothWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b Codec }{{PCMU, PCMU}, {PCMU, PCMA}, {PCMA, PCMU}, {PCMA, PCMA}} {
		t.Run(c.a.String()+" "+c.b.String(), func(t *testing.T) {
			t.Parallel()
			a, b, farA, farB, _ := pair(t, runningFactory(t), c.a, c.b)
			if a.Codec() != c.a || b.Codec() != c.b {
				t.Fatalf("codecs %s, %s", a.Codec(), b.Codec())
			}
			heardByA, heardByB := pump(farA, farB, tone(3200, 400, 6000), tone(3200, 1000, 6000))
			for _, h := range []struct {
				who             string
				samples         []int16
				theirs, ownTone float64
			}{{"a", heardByA, 1000, 400}, {"b", heardByB, 400, 1000}} {
				if level := Goertzel(h.samples, h.theirs, sampleRate); level < 5700 || level > 6300 {
					t.Errorf("%s hears %v Hz at %.0f, want 6000", h.who, h.theirs, level)
				}
				if level := Goertzel(h.samples, h.ownTone, sampleRate); level > 100 {
					t.Errorf("%s hears itself at %.0f", h.who, level)
				}
			}
			s := a.Stats()
			if s.PacketsReceived != 20 || s.PacketsSent != 20 || s.BytesSent != 3200 || s.BytesReceived != 3200 || s.Lost != 0 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// continuity follows the stream that a far end receives.
type continuity struct {
	t    testing.TB
	have bool
	last rtp.Header
}

// next checks that a packet follows the last one in SSRC, sequence and time.
func (c *continuity) next(p rtp.Packet, marker bool, samples uint32) {
	c.t.Helper()
	if c.have {
		if p.SSRC != c.last.SSRC {
			c.t.Fatalf("SSRC changed from %x to %x", c.last.SSRC, p.SSRC)
		}
		if p.SequenceNumber != c.last.SequenceNumber+1 {
			c.t.Fatalf("sequence %d after %d", p.SequenceNumber, c.last.SequenceNumber)
		}
		if p.Timestamp-c.last.Timestamp != samples {
			c.t.Fatalf("timestamp is later by %d, want %d", p.Timestamp-c.last.Timestamp, samples)
		}
		if p.Marker != marker {
			c.t.Fatalf("marker %v, want %v", p.Marker, marker)
		}
	}
	c.have, c.last = true, p.Header
}

func TestStreamIsContinuousAcrossBridges(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, b, farA, farB, br := pair(t, f, PCMU, PCMU)
	c, _ := newTestLeg(t, f, LegConfig{Label: "c"})
	farC := newFar(t, c)
	farC.join(c, PCMA)
	farC.ssrc, farC.seq, farC.ts = 0xC0C0, 7, 99

	heard := continuity{t: t}
	for range 3 {
		clock.add(frameTime)
		farB.audio(farB.silence())
		heard.next(farA.read(), false, 160)
	}
	// Nothing for a second, then a prompt of two frames.
	br.Unbridge()
	clock.add(time.Second)
	done := a.Play(newPrompt(make([]int16, 320)), false)
	f.pacer.step(clock.now())
	heard.next(farA.read(), true, 8000)
	f.pacer.step(clock.add(frameTime))
	heard.next(farA.read(), false, 160)
	f.pacer.step(clock.add(frameTime))
	<-done
	// Another customer 40 ms later, with numbers of its own.
	Bridge(a, c)
	clock.add(2 * frameTime)
	farC.audio(farC.silence())
	heard.next(farA.read(), true, 4*160-160)
	clock.add(frameTime)
	farC.audio(farC.silence())
	heard.next(farA.read(), false, 160)
	// The first customer is not in this bridge any more.
	farB.audio(farB.silence())
	waitFor(t, func() bool { return b.Stats().PacketsReceived == 4 })
	farA.drained()
	// What is lost on the way in stays lost on the way out.
	farC.seq, farC.ts = farC.seq+2, farC.ts+320
	clock.add(3 * frameTime)
	farC.audio(farC.silence())
	p := farA.read()
	if p.SequenceNumber != heard.last.SequenceNumber+3 || p.Timestamp != heard.last.Timestamp+480 {
		t.Errorf("after a loss of two: sequence +%d, timestamp +%d", p.SequenceNumber-heard.last.SequenceNumber, p.Timestamp-heard.last.Timestamp)
	}
	if s := c.Stats(); s.Lost != 2 {
		t.Errorf("lost %d, want 2", s.Lost)
	}
}

// waitFor polls for a state that a reader goroutine brings about.
func waitFor(t testing.TB, ok func() bool) {
	t.Helper()
	ctx, ticker := time.After(patience), time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !ok() {
		select {
		case <-ctx:
			t.Fatal("waited in vain")
		case <-ticker.C:
		}
	}
}

func TestForeignRTPIsDroppedAfterLock(t *testing.T) {
	t.Parallel()
	f := runningFactory(t)
	a, ev := newTestLeg(t, f, LegConfig{})
	b, _ := newTestLeg(t, f, LegConfig{})
	farA, farB, stranger := newFar(t, a), newFar(t, b), newFar(t, a)
	farA.join(a, PCMU)
	farB.join(b, PCMU)
	Bridge(a, b)

	// While learning, whoever comes is heard, and the SDP's address wins.
	stranger.audio(stranger.silence())
	ev.want(t, FirstRTP)
	farB.read()
	farA.audio(farA.silence())
	farB.read()
	if got := a.Stats().Source; got != farA.addr() {
		t.Fatalf("source %s, want %s of the SDP", got, farA.addr())
	}
	a.SetConfirmed()
	farA.audio(farA.silence())
	farB.read()
	ev.want(t, Latched)

	for range 5 {
		stranger.audio(stranger.silence())
	}
	// The right address with another SSRC, while the first one speaks.
	farA.packet(rtp.Header{SequenceNumber: 1, SSRC: 0x666}, farA.silence())
	farA.audio(farA.silence())
	farB.read()
	farB.drained()
	if s := a.Stats(); s.Foreign != 6 || s.PacketsReceived != 4 {
		t.Errorf("foreign %d, received %d; want 6 and 4", s.Foreign, s.PacketsReceived)
	}
	ev.none(t)
}

func TestUnusablePacketsLeaveNoHole(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, _, farA, farB, _ := pair(t, f, PCMU, PCMA)
	heard := continuity{t: t}
	send := func(h rtp.Header, payload []byte) {
		clock.add(frameTime)
		h.SequenceNumber, h.Timestamp, h.SSRC = farA.seq, farA.ts, farA.ssrc
		farA.packet(h, payload)
		farA.seq++
	}
	send(rtp.Header{}, farA.silence())
	heard.next(farB.read(), true, 0)
	// Padding without media, as Chromium probes with, at the same timestamp;
	// an empty packet; a codec nobody agreed on.
	farA.write([]byte{0xA0, 0, byte(farA.seq >> 8), byte(farA.seq), 0, 0, 0x13, 0x88, 0xAB, 0xCD, 0, 1, 0, 0, 0, 4})
	farA.seq++
	send(rtp.Header{}, nil)
	send(rtp.Header{PayloadType: 111}, []byte{1, 2, 3})
	farA.write([]byte("junk"))
	// Header extension and padding are stripped.
	farA.ts += 160
	h := rtp.Header{Padding: true, PaddingSize: 8, Extension: true, ExtensionProfile: 0xBEDE}
	if err := h.SetExtension(1, []byte{42}); err != nil {
		t.Fatal(err)
	}
	send(h, encode(PCMU, tone(160, 1000, 8000)))
	p := farB.read()
	heard.next(p, false, 160)
	if len(p.Payload) != 160 || p.Extension || p.Padding {
		t.Errorf("packet %+v", p)
	}
	if level := Goertzel(decode(PCMA, p.Payload), 1000, sampleRate); level < 7500 {
		t.Errorf("tone arrives at %.0f", level)
	}
	// Comfort noise becomes a frame of silence.
	farA.ts += 160
	send(rtp.Header{PayloadType: payloadComfortNoise}, []byte{60})
	p = farB.read()
	heard.next(p, false, 160)
	if len(p.Payload) != 160 || Goertzel(decode(PCMA, p.Payload), 1000, sampleRate) > 10 {
		t.Errorf("comfort noise arrives as %d bytes", len(p.Payload))
	}
	farB.drained()
	if s := a.Stats(); s.Padding != 2 || s.Unknown != 1 || s.Malformed != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestKeepAliveSilence(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, _ := newTestLeg(t, f, LegConfig{KeepAlive: true})
	b, _ := newTestLeg(t, f, LegConfig{})
	farA, farB := newFar(t, a), newFar(t, b)
	farA.join(a, PCMA)
	farB.join(b, PCMA)
	heard := continuity{t: t}
	for i := range 5 {
		f.pacer.step(clock.now())
		p := farA.read()
		heard.next(p, false, 160)
		if i == 0 && !p.Marker {
			t.Error("the first packet has no marker")
		}
		for _, code := range p.Payload {
			if code != 0xD5 {
				t.Fatalf("silence is %#02x", code)
			}
		}
		clock.add(frameTime)
	}
	// A bridged voice takes its place.
	Bridge(a, b)
	farB.audio(farB.silence())
	heard.next(farA.read(), true, 160)
	f.pacer.step(clock.now())
	farA.drained()
	// The voice ends, the silence comes back.
	clock.add(keepAliveAfter)
	f.pacer.step(clock.now())
	p := farA.read()
	if p.Timestamp-heard.last.Timestamp < 160 || p.SequenceNumber != heard.last.SequenceNumber+1 {
		t.Errorf("silence after voice: %+v after %+v", p.Header, heard.last)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	f := runningFactory(t)
	a, _, farA, farB, _ := pair(t, f, PCMU, PCMU)
	done := a.Play(ComfortTone(), true)
	farA.read()
	a.Close()
	a.Close()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the playback goes on")
	}
	select {
	case <-a.PlayTone(Beep()):
	case <-time.After(patience):
		t.Fatal("a playback began on a closed leg")
	}
	a.SendDTMF("1")
	farB.audio(farB.silence())
	if open, limit := f.Legs(); open != 1 || limit != 6000 {
		t.Errorf("%d legs of %d", open, limit)
	}
	if a.Stats().PacketsSent == 0 {
		t.Error("the counters are gone")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewLeg(LegConfig{}); !errors.Is(err, ErrClosed) {
		t.Errorf("a leg after Close: %v", err)
	}
}

func TestCloseFromEvent(t *testing.T) {
	t.Parallel()
	f := runningFactory(t)
	var l *Leg
	ready, closed := make(chan struct{}), make(chan struct{})
	l, err := f.NewLeg(LegConfig{OnEvent: func(Event) {
		<-ready
		l.Close()
		close(closed)
	}})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	o := newFar(t, l)
	o.audio(o.silence())
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("Close blocks in OnEvent")
	}
}

func TestPacketOfAFormerBridgeIsNotSent(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, b, _, farB, former := pair(t, f, PCMU, PCMU)
	// A reader may still hold the former bridge when the legs are parted.
	in := inbound{rtpPacket: rtpPacket{buf: make([]byte, maxDatagram), start: rtpHeaderSize, end: rtpHeaderSize + frameSamples}}
	former.Unbridge()
	b.out.forward(former, &b.bridge, &in, clock.now())
	farB.drained()
	Bridge(a, b)
	b.out.forward(former, &b.bridge, &in, clock.now())
	farB.drained()
	// A late Unbridge does not part the new bridge.
	former.Unbridge()
	if a.bridge.Load() == nil || b.bridge.Load() == nil {
		t.Error("the former bridge parted the new one")
	}
}

func TestEchoBridge(t *testing.T) {
	t.Parallel()
	l, _ := newTestLeg(t, runningFactory(t), LegConfig{})
	o := newFar(t, l)
	o.join(l, PCMU)
	Bridge(l, l)
	o.audio(encode(PCMU, tone(160, 700, 5000)))
	p := o.read()
	if level := Goertzel(decode(PCMU, p.Payload), 700, sampleRate); level < 4500 {
		t.Errorf("echo at %.0f", level)
	}
	if p.SSRC == o.ssrc {
		t.Error("the echo has the sender's SSRC")
	}
}
