package simcarrier

// law is a G.711 companding law, by its static RTP payload type (RFC 3551).
type law uint8

const (
	pcmu law = 0
	pcma law = 8
)

// encode compands one linear sample (ITU-T G.711).
func (l law) encode(sample int) byte {
	if l == pcma {
		return encodeA(sample)
	}
	return encodeMu(sample)
}

// decode expands one byte to a linear sample (ITU-T G.711).
func (l law) decode(b byte) int {
	if l == pcma {
		return decodeA(b)
	}
	return decodeMu(b)
}

func encodeMu(sample int) byte {
	const bias, clip = 0x84, 32635
	sign := byte(0)
	if sample < 0 {
		sample, sign = -sample, 0x80
	}
	sample = min(sample, clip) + bias
	exponent := 7
	for mask := 0x4000; exponent > 0 && sample&mask == 0; mask >>= 1 {
		exponent--
	}
	mantissa := sample >> (exponent + 3) & 0x0f
	return ^(sign | byte(exponent<<4) | byte(mantissa))
}

func decodeMu(b byte) int {
	b = ^b
	magnitude := (int(b&0x0f)<<3+0x84)<<(b>>4&0x07) - 0x84
	if b&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

func encodeA(sample int) byte {
	sign := byte(0x80)
	if sample < 0 {
		sample, sign = -sample-1, 0
	}
	sample = min(sample, 32767)
	exponent := 7
	for mask := 0x4000; exponent > 0 && sample&mask == 0; mask >>= 1 {
		exponent--
	}
	mantissa := sample >> 4 & 0x0f
	if exponent > 0 {
		mantissa = sample >> (exponent + 3) & 0x0f
	}
	return (sign | byte(exponent<<4) | byte(mantissa)) ^ 0x55
}

func decodeA(b byte) int {
	b ^= 0x55
	magnitude := int(b&0x0f)<<4 + 8
	if exponent := b >> 4 & 0x07; exponent > 0 {
		magnitude = (magnitude + 0x100) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return -magnitude
	}
	return magnitude
}

// table returns the linear value of each byte.
func (l law) table() *[256]float64 {
	var t [256]float64
	for b := range t {
		t[b] = float64(l.decode(byte(b)))
	}
	return &t
}
