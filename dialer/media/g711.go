package media

import "math/bits"

// Codec is one of the two G.711 laws. Its value is the static RTP payload
// type of RFC 3551, table 4.
type Codec uint8

// The two codecs that legs speak, at 8,000 samples a second.
const (
	PCMU Codec = 0 // µ-law
	PCMA Codec = 8 // A-law
)

// String returns the SDP encoding name.
func (c Codec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	}
	return "unknown"
}

// silence returns the code word of the zero level.
func (c Codec) silence() byte {
	if c == PCMA {
		return 0xD5
	}
	return 0xFF
}

// Decode writes the 16-bit linear samples of payload to dst and returns their
// number, which is the shorter of both lengths.
func (c Codec) Decode(dst []int16, payload []byte) int {
	table := &ulawToLinear
	if c == PCMA {
		table = &alawToLinear
	}
	n := min(len(dst), len(payload))
	for i, code := range payload[:n] {
		dst[i] = table[code]
	}
	return n
}

// Encode writes the code words of 16-bit linear samples to dst and returns
// their number, which is the shorter of both lengths.
func (c Codec) Encode(dst []byte, samples []int16) int {
	n := min(len(dst), len(samples))
	if c == PCMA {
		for i, s := range samples[:n] {
			dst[i] = encodeALaw(s)
		}
		return n
	}
	for i, s := range samples[:n] {
		dst[i] = encodeULaw(s)
	}
	return n
}

// convertLaw rewrites payload in place from one law to the other.
func convertLaw(payload []byte, from, to Codec) {
	if from == to {
		return
	}
	table := &ulawToALaw
	if from == PCMA {
		table = &alawToULaw
	}
	for i, code := range payload {
		payload[i] = table[code]
	}
}

// The tables are constants in all but syntax: computed once from the formulas
// of ITU-T G.711 and never written again.
var (
	ulawToLinear = decodeTable(decodeULaw)
	alawToLinear = decodeTable(decodeALaw)
	ulawToALaw   = lawTable(&ulawToLinear, &alawToLinear)
	alawToULaw   = lawTable(&alawToLinear, &ulawToLinear)
)

func decodeTable(decode func(byte) int16) (table [256]int16) {
	for code := range table {
		table[code] = decode(byte(code))
	}
	return table
}

// lawTable maps every code of one law to the code of the other whose level is
// nearest; of two that are equally near the quieter one.
func lawTable(from, to *[256]int16) (table [256]byte) {
	for code, level := range from {
		best, bestDistance := 0, 1<<20
		for candidate, other := range to {
			// The sign is kept: positive and negative zero are two codes.
			if (code^candidate)&0x80 != 0 {
				continue
			}
			d := int(level) - int(other)
			if d < 0 {
				d = -d
			}
			if d < bestDistance || d == bestDistance && magnitude(other) < magnitude(to[best]) {
				best, bestDistance = candidate, d
			}
		}
		table[code] = byte(best)
	}
	return table
}

func magnitude(v int16) int {
	if v < 0 {
		return -int(v)
	}
	return int(v)
}

// encodeULaw follows G.711 table 2 at 16-bit scale: a bias of 132 (33 at 14
// bits) turns the eight segments into powers of two.
func encodeULaw(s int16) byte {
	const bias, clip = 132, 32635
	m, sign := magnitude(s), byte(0)
	if s < 0 {
		sign = 0x80
	}
	m = min(m, clip) + bias
	exponent := bits.Len16(uint16(m)>>7) - 1 // m is at most 32767
	mantissa := byte(m>>(exponent+3)) & 0x0F
	return ^(sign | byte(exponent)<<4 | mantissa)
}

func decodeULaw(code byte) int16 {
	code = ^code
	m := (int16(code&0x0F)<<3+132)<<(code>>4&7) - 132
	if code&0x80 != 0 {
		return -m
	}
	return m
}

// encodeALaw follows G.711 table 1 at 16-bit scale. Even bits are inverted on
// the line; the sign bit of a positive sample is one.
func encodeALaw(s int16) byte {
	m, sign := uint16(s), byte(0x80) // negative values are replaced below
	if s < 0 {
		m, sign = uint16(^s), 0 // ^s of a negative value is not negative
	}
	var code byte
	if m < 256 {
		code = byte(m >> 4)
	} else {
		exponent := bits.Len16(m >> 8)
		code = byte(exponent)<<4 | byte(m>>(exponent+3))&0x0F
	}
	return (sign | code) ^ 0x55
}

func decodeALaw(code byte) int16 {
	code ^= 0x55
	m := int16(code&0x0F)<<4 + 8
	if exponent := code >> 4 & 7; exponent > 0 {
		m = (m + 256) << (exponent - 1)
	}
	if code&0x80 == 0 {
		return -m
	}
	return m
}
