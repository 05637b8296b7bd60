package media

import (
	"encoding/binary"
	"strings"
)

// dtmfDigits are the digits by event code (RFC 4733, 3.2).
const dtmfDigits = "0123456789*#ABCD"

// eventPayloadSize is the length of a telephone-event payload, bytes.
const eventPayloadSize = 4

// telephoneEvent is the payload of RFC 4733, 2.3.
type telephoneEvent struct {
	code     uint8
	end      bool
	volume   uint8  // attenuation, dB
	duration uint16 // samples so far
}

// parseEvent reads the first event of a payload; further ones (RFC 2198
// redundancy) are ignored.
func parseEvent(payload []byte) (telephoneEvent, bool) {
	if len(payload) < eventPayloadSize {
		return telephoneEvent{}, false
	}
	return telephoneEvent{
		code:     payload[0],
		end:      payload[1]&0x80 != 0,
		volume:   payload[1] & 0x3F,
		duration: binary.BigEndian.Uint16(payload[2:]),
	}, true
}

// put writes the event to b, which must hold eventPayloadSize bytes.
func (e telephoneEvent) put(b []byte) {
	b[0], b[1] = e.code, e.volume&0x3F
	if e.end {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], e.duration)
}

// digit returns the digit of an event code, or 0 for events that are none
// (flash hook, tones).
func (e telephoneEvent) digit() byte {
	if int(e.code) < len(dtmfDigits) {
		return dtmfDigits[e.code]
	}
	return 0
}

// eventCode returns the event code of a digit, in either case.
func eventCode(digit byte) (uint8, bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	i := strings.IndexByte(dtmfDigits, digit)
	if i < 0 {
		return 0, false
	}
	return uint8(i), true // below 16
}

// dtmfReceiver turns the packets of telephone events into digits. An event is
// sent in many packets with one timestamp, and its end three times; a digit is
// reported with the first that arrives.
type dtmfReceiver struct {
	seen bool
	ts   uint32
	last telephoneEvent
}

// receive returns the digit if this packet begins a new event, otherwise 0.
func (d *dtmfReceiver) receive(e telephoneEvent, ts uint32, marker bool) byte {
	if d.seen {
		later := int32(ts - d.ts) // signed distance modulo 2^32
		if later <= 0 && later > -60*sampleRate {
			if later == 0 {
				d.last = e
			}
			return 0
		}
		// A key held beyond 65,535 samples goes on as a new event that
		// begins where the last one ended, without end and marker
		// (RFC 4733, 2.5.1.3).
		if !marker && !d.last.end && e.code == d.last.code && uint32(later) == uint32(d.last.duration) { // positive here
			d.ts, d.last = ts, e
			return 0
		}
	}
	d.seen, d.ts, d.last = true, ts, e
	return e.digit()
}

// reset forgets the last event, for a new stream whose timestamps are others.
func (d *dtmfReceiver) reset() { *d = dtmfReceiver{} }

// dtmfTones are the row and column frequencies of a digit (ITU-T Q.23), Hz.
func dtmfTones(code uint8) (low, high float64) {
	rows := [4]float64{697, 770, 852, 941}
	columns := [4]float64{1209, 1336, 1477, 1633}
	const layout = "123A456B789C*0#D"
	i := strings.IndexByte(layout, dtmfDigits[code&0x0F])
	return rows[i/4], columns[i%4]
}
