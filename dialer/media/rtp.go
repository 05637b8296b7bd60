package media

import (
	"encoding/binary"
	"time"
)

// Figures of G.711 over RTP (RFC 3551) with a packet every 20 ms.
const (
	sampleRate    = 8000
	frameTime     = 20 * time.Millisecond
	frameSamples  = 160 // also bytes: G.711 has one byte per sample
	rtpHeaderSize = 12
	// maxDatagram holds every datagram that fits an Ethernet frame, and room
	// for a frame of silence behind the longest header.
	maxDatagram = 2048
)

const payloadComfortNoise = 13 // RFC 3389

// rtpPacket is a parsed RTP packet. Its payload stays where it was received:
// buf[start:end], with at least rtpHeaderSize bytes before start, which is
// where a forwarder writes the new header.
type rtpPacket struct {
	buf         []byte
	start, end  int
	marker      bool
	payloadType uint8
	seq         uint16
	ts, ssrc    uint32
}

// parseRTP reads the header (RFC 3550, 5.1) of the first n bytes of buf,
// passing over CSRC list and header extension and stripping the padding; what
// is left may be empty. It reports false for what is not RTP version 2,
// including RTCP that arrives here by multiplexing (RFC 5761, 4).
func parseRTP(buf []byte, n int) (rtpPacket, bool) {
	if n < rtpHeaderSize || n > len(buf) || buf[0]>>6 != 2 {
		return rtpPacket{}, false
	}
	if buf[1] >= 192 && buf[1] <= 223 {
		return rtpPacket{}, false
	}
	p := rtpPacket{
		buf:         buf,
		marker:      buf[1]&0x80 != 0,
		payloadType: buf[1] & 0x7F,
		seq:         binary.BigEndian.Uint16(buf[2:]),
		ts:          binary.BigEndian.Uint32(buf[4:]),
		ssrc:        binary.BigEndian.Uint32(buf[8:]),
	}
	p.start = rtpHeaderSize + 4*int(buf[0]&0x0F)
	if buf[0]&0x10 != 0 {
		if p.start+4 > n {
			return rtpPacket{}, false
		}
		p.start += 4 + 4*int(binary.BigEndian.Uint16(buf[p.start+2:]))
	}
	if p.start > n {
		return rtpPacket{}, false
	}
	p.end = n
	if buf[0]&0x20 != 0 {
		if p.start == n {
			return rtpPacket{}, false
		}
		padding := int(buf[n-1])
		if padding == 0 || p.start+padding > n {
			return rtpPacket{}, false
		}
		p.end -= padding
	}
	return p, true
}

// payload returns the media bytes, without header, extension and padding.
func (p *rtpPacket) payload() []byte { return p.buf[p.start:p.end] }

// setSilence replaces the payload by one frame of silence. The buffer must be
// maxDatagram long, so that there is room for it.
func (p *rtpPacket) setSilence(c Codec) bool {
	if p.start+frameSamples > len(p.buf) {
		return false
	}
	p.end = p.start + frameSamples
	fill(p.payload(), c.silence())
	return true
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

// putHeader writes a plain twelve-byte header to b.
func putHeader(b []byte, payloadType uint8, marker bool, seq uint16, ts, ssrc uint32) {
	b[0] = 2 << 6
	b[1] = payloadType
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
}
