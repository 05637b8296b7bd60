package media

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestDTMFRelay(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, evA := newTestLeg(t, f, LegConfig{})
	b, _ := newTestLeg(t, f, LegConfig{})
	farA, farB := newFar(t, a), newFar(t, b)
	farA.join(a, PCMU)
	b.Offer()
	if err := b.SetAnswer(farB.sdp("0 96", "a=rtpmap:96 telephone-event/8000")); err != nil {
		t.Fatal(err)
	}
	Bridge(a, b)
	farA.audio(farA.silence())
	evA.want(t, FirstRTP)
	first := farB.read()

	var want []byte
	start := farA.ts
	for i := range 7 { // the end comes three times
		clock.add(frameTime)
		e := telephoneEvent{code: 11, end: i >= 4, volume: 7, duration: uint16(min(i+1, 5) * 160)}
		payload := make([]byte, eventPayloadSize)
		e.put(payload)
		want = append(want, payload...)
		farA.packet(rtp.Header{PayloadType: 101, Marker: i == 0, SequenceNumber: farA.seq, Timestamp: start, SSRC: farA.ssrc}, payload)
		farA.seq++
	}
	if e := evA.want(t, DTMF); e.Digit != '#' {
		t.Errorf("digit %q", e.Digit)
	}
	var got []byte
	for i := range 7 {
		p := farB.read()
		got = append(got, p.Payload...)
		if p.PayloadType != 96 || p.Timestamp != first.Timestamp+160 || p.SequenceNumber != first.SequenceNumber+1+uint16(i) || p.Marker != (i == 0) {
			t.Fatalf("event packet %d: %+v", i, p.Header)
		}
	}
	if string(got) != string(want) {
		t.Errorf("payloads %x, want %x", got, want)
	}
	evA.none(t)
	if s := a.Stats(); s.DigitsReceived != 1 {
		t.Errorf("digits %d", s.DigitsReceived)
	}
	// The voice goes on behind it.
	farA.ts = start + 7*160
	farA.audio(farA.silence())
	if p := farB.read(); p.Timestamp != first.Timestamp+8*160 || p.PayloadType != 0 {
		t.Errorf("voice after the digit: %+v", p.Header)
	}
}

func TestDTMFBecomesTonesWhereEventsAreUnknown(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	a, _ := newTestLeg(t, f, LegConfig{})
	b, _ := newTestLeg(t, f, LegConfig{})
	farA, farB := newFar(t, a), newFar(t, b)
	farA.join(a, PCMU)
	b.Offer()
	if err := b.SetAnswer(farB.sdp("8")); err != nil {
		t.Fatal(err)
	}
	Bridge(a, b)
	payload := make([]byte, eventPayloadSize)
	telephoneEvent{code: 5, duration: 160}.put(payload)
	farA.packet(rtp.Header{PayloadType: 101, Marker: true, SequenceNumber: farA.seq, Timestamp: farA.ts, SSRC: farA.ssrc}, payload)
	waitFor(t, func() bool { return a.Stats().DigitsReceived == 1 })
	waitFor(t, func() bool {
		b.out.mu.Lock()
		defer b.out.mu.Unlock()
		return b.out.digits.pending()
	})
	var heard []int16
	for f.pacer.step(clock.add(frameTime)) {
		if p, ok := farB.readWithin(time.Millisecond); ok {
			heard = append(heard, decode(PCMA, p.Payload)...)
		}
	}
	low, high := Goertzel(heard, 770, sampleRate), Goertzel(heard, 1336, sampleRate)
	if len(heard) != digitFrames*frameSamples || low < 3000 || high < 3000 {
		t.Errorf("%d samples with 770 Hz at %.0f and 1336 Hz at %.0f", len(heard), low, high)
	}
}

func TestSendDTMF(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	o := newFar(t, l)
	o.join(l, PCMU)
	l.SendDTMF("1x*")
	var digits dtmfReceiver
	var got []byte
	var last rtp.Packet
	ends, packets := 0, 0
	for f.pacer.step(clock.add(frameTime)) {
		for {
			p, ok := o.readWithin(time.Millisecond)
			if !ok {
				break
			}
			e, ok := parseEvent(p.Payload)
			if !ok || p.PayloadType != 101 {
				t.Fatalf("packet %+v", p)
			}
			if packets > 0 && p.SequenceNumber != last.SequenceNumber+1 {
				t.Errorf("sequence %d after %d", p.SequenceNumber, last.SequenceNumber)
			}
			if d := digits.receive(e, p.Timestamp, p.Marker); d != 0 {
				if !p.Marker {
					t.Error("the first packet of an event has no marker")
				}
				if len(got) > 0 && p.Timestamp-last.Timestamp != (digitFrames+gapFrames)*frameSamples {
					t.Errorf("second digit after %d samples", p.Timestamp-last.Timestamp)
				}
				got = append(got, d)
			}
			if e.end {
				ends++
			}
			packets++
			last = p
		}
	}
	if string(got) != "1*" || ends != 2*endPackets || packets != 2*(digitFrames-1+endPackets) {
		t.Errorf("digits %q, %d ends, %d packets", got, ends, packets)
	}
	if s := l.Stats(); s.DigitsSent != 2 {
		t.Errorf("counted %d digits", s.DigitsSent)
	}
}
