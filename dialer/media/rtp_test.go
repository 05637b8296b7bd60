package media

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"
)

func TestParseRTPRefuses(t *testing.T) {
	t.Parallel()
	plain := []byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xFF}
	with := func(at int, v byte) []byte {
		b := bytes.Clone(plain)
		b[at] = v
		return b
	}
	for name, b := range map[string][]byte{
		"empty": nil, "cut header": plain[:11], "version 1": with(0, 0x40), "version 0 (STUN)": with(0, 0),
		"RTCP sender report": with(1, 200), "CSRC beyond the end": with(0, 0x81),
		"extension beyond the end": with(0, 0x90), "padding of zero": append(with(0, 0xA0), 0),
		"padding beyond the header": append(with(0, 0xA0), 3), "padding without a byte": with(0, 0xA0)[:12],
	} {
		buf := make([]byte, maxDatagram)
		if _, ok := parseRTP(buf, copy(buf, b)); ok {
			t.Errorf("%s: accepted", name)
		}
	}
	buf := make([]byte, maxDatagram)
	if p, ok := parseRTP(buf, copy(buf, plain)); !ok || p.seq != 1 || p.ts != 2 || p.ssrc != 3 || len(p.payload()) != 1 {
		t.Errorf("plain packet: %+v, %v", p, ok)
	}
}

// FuzzParseRTP holds the parser against pion's.
func FuzzParseRTP(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xFF})
	f.Add([]byte{0xB1, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0xBE, 0xDE, 0, 1, 0x10, 1, 0, 0, 0xFF, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxDatagram {
			return
		}
		buf := make([]byte, maxDatagram)
		p, ok := parseRTP(buf, copy(buf, b))
		if !ok {
			return
		}
		if p.start < rtpHeaderSize || p.end < p.start || p.end > len(b) {
			t.Fatalf("payload from %d to %d of %d", p.start, p.end, len(b))
		}
		var want rtp.Packet
		if err := want.Unmarshal(b); err != nil {
			return // pion checks the inside of extensions, which are stripped here
		}
		if p.marker != want.Marker || p.payloadType != want.PayloadType || p.seq != want.SequenceNumber ||
			p.ts != want.Timestamp || p.ssrc != want.SSRC || !bytes.Equal(p.payload(), want.Payload) {
			t.Fatalf("got %+v with %x, pion says %+v", p, p.payload(), want)
		}
	})
}

func TestDTMFReceiver(t *testing.T) {
	t.Parallel()
	type packet struct {
		code     uint8
		ts       uint32
		duration uint16
		end      bool
		marker   bool
		want     byte
	}
	for name, packets := range map[string][]packet{
		"repeats and three ends": {{5, 1000, 160, false, true, '5'}, {5, 1000, 320, false, false, 0}, {5, 1000, 480, true, false, 0}, {5, 1000, 480, true, false, 0}},
		"the start was lost":     {{12, 1000, 480, true, false, 'A'}, {12, 1000, 480, true, false, 0}},
		"the same digit twice":   {{1, 1000, 480, true, true, '1'}, {1, 2000, 160, false, true, '1'}},
		"an old packet":          {{1, 1000, 480, true, true, '1'}, {2, 2000, 160, false, true, '2'}, {1, 1000, 480, true, false, 0}, {2, 2000, 320, true, false, 0}},
		"over the wrap":          {{1, 1<<32 - 10, 480, true, true, '1'}, {2, 900, 160, false, true, '2'}},
		"flash is no digit":      {{16, 1000, 160, true, true, 0}},
		"held for ten seconds":   {{9, 1000, 65535, false, true, '9'}, {9, 66535, 160, false, false, 0}, {9, 66535, 320, true, false, 0}, {9, 80000, 160, false, false, '9'}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d dtmfReceiver
			for i, p := range packets {
				b := make([]byte, eventPayloadSize)
				telephoneEvent{code: p.code, end: p.end, duration: p.duration, volume: 10}.put(b)
				e, ok := parseEvent(b)
				if got := d.receive(e, p.ts, p.marker); !ok || got != p.want {
					t.Fatalf("packet %d: digit %q, want %q", i, got, p.want)
				}
			}
		})
	}
}

func TestDigitsByCode(t *testing.T) {
	t.Parallel()
	for i := range dtmfDigits {
		code, ok := eventCode(dtmfDigits[i])
		if !ok || (telephoneEvent{code: code}).digit() != dtmfDigits[i] {
			t.Errorf("digit %c: code %d", dtmfDigits[i], code)
		}
	}
	if code, ok := eventCode('d'); !ok || code != 15 {
		t.Errorf("d: code %d, %v", code, ok)
	}
	if _, ok := eventCode('E'); ok {
		t.Error("E is a digit")
	}
	if low, high := dtmfTones(0); low != 941 || high != 1336 {
		t.Errorf("0 sounds at %v and %v Hz", low, high)
	}
}

// FuzzDTMF feeds payloads and timestamps.
func FuzzDTMF(f *testing.F) {
	f.Add([]byte{5, 0x8A, 0, 160}, uint32(1000), true)
	f.Fuzz(func(t *testing.T, payload []byte, ts uint32, marker bool) {
		var d dtmfReceiver
		e, ok := parseEvent(payload)
		if !ok {
			return
		}
		b := make([]byte, eventPayloadSize)
		e.put(b)
		if back, _ := parseEvent(b); back != e {
			t.Fatalf("%+v comes back as %+v", e, back)
		}
		if digit := d.receive(e, ts, marker); digit != e.digit() {
			t.Fatalf("first packet yields %q, want %q", digit, e.digit())
		}
		if digit := d.receive(e, ts, marker); digit != 0 {
			t.Fatalf("repeated packet yields %q", digit)
		}
	})
}
