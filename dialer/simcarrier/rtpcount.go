package simcarrier

import "encoding/binary"

// rtpCounter counts received and lost packets of one leg over all its
// sources. Lost is expected minus received of each source (RFC 3550 section
// 6.4.1), where a jump of more than maxJump begins a new count.
type rtpCounter struct {
	received uint64
	missing  uint64 // of sources that have ended
	ssrc     uint32
	started  bool
	base     uint32 // extended sequence number of the first packet
	highest  uint32
	of       uint64 // received from this source
}

const maxJump = 3000

func (c *rtpCounter) count(ssrc uint32, sequence uint16) {
	c.received++
	delta := int16(sequence - uint16(c.highest))
	if !c.started || ssrc != c.ssrc || delta > maxJump || delta < -maxJump {
		c.missing = c.lost()
		c.started, c.ssrc, c.of = true, ssrc, 1
		c.base = 1<<16 | uint32(sequence)
		c.highest = c.base
		return
	}
	c.of++
	if delta > 0 {
		c.highest += uint32(delta)
	}
}

func (c *rtpCounter) lost() uint64 {
	if !c.started {
		return c.missing
	}
	expected := uint64(c.highest-c.base) + 1
	if expected <= c.of {
		return c.missing
	}
	return c.missing + expected - c.of
}

// digitReader collects DTMF digits from telephone-event packets (RFC 4733):
// one digit per time stamp, however often its packets are repeated.
type digitReader struct {
	pressed   []byte
	timestamp uint32
	any       bool
}

const (
	dtmfDigits = "0123456789*#ABCD"
	maxDigits  = 64
)

func (d *digitReader) read(payload []byte, timestamp uint32) {
	if len(payload) < 4 || int(payload[0]) >= len(dtmfDigits) || binary.BigEndian.Uint16(payload[2:]) == 0 {
		return
	}
	if d.any && timestamp == d.timestamp || len(d.pressed) >= maxDigits {
		return
	}
	d.any, d.timestamp = true, timestamp
	d.pressed = append(d.pressed, dtmfDigits[payload[0]])
}
