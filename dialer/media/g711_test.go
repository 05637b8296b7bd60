package media

import (
	"math"
	"testing"
)

func TestG711Anchors(t *testing.T) {
	t.Parallel()
	// Code words of zero and of both ends of the scale, ITU-T G.711 tables
	// 1 and 2.
	for _, c := range []struct {
		codec  Codec
		linear int16
		code   byte
	}{
		{PCMU, 0, 0xFF}, {PCMU, 32767, 0x80}, {PCMU, -32768, 0x00}, {PCMU, -1, 0x7F}, {PCMU, 1000, 0xCE},
		{PCMA, 0, 0xD5}, {PCMA, 32767, 0xAA}, {PCMA, -32768, 0x2A}, {PCMA, -1, 0x55}, {PCMA, 1000, 0xFA},
	} {
		if got := encode(c.codec, []int16{c.linear})[0]; got != c.code {
			t.Errorf("%s of %d is %#02x, want %#02x", c.codec, c.linear, got, c.code)
		}
	}
	if d := decode(PCMU, []byte{0x80, 0x00}); d[0] != 32124 || d[1] != -32124 {
		t.Errorf("µ-law ends decode to %v", d)
	}
	if d := decode(PCMA, []byte{0xAA, 0x2A}); d[0] != 32256 || d[1] != -32256 {
		t.Errorf("A-law ends decode to %v", d)
	}
}

func TestG711EveryCodeSurvives(t *testing.T) {
	t.Parallel()
	for _, c := range []Codec{PCMU, PCMA} {
		for code := range 256 {
			got := encode(c, decode(c, []byte{byte(code)}))[0]
			want := byte(code)
			if c == PCMU && want == 0x7F { // negative zero is encoded as the positive
				want = 0xFF
			}
			if got != want {
				t.Errorf("%s %#02x comes back as %#02x", c, code, got)
			}
		}
	}
}

func TestG711EncodesToNearestLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []Codec{PCMU, PCMA} {
		for x := math.MinInt16; x <= math.MaxInt16; x += 7 {
			y := int(decode(c, encode(c, []int16{int16(x)}))[0])
			// Half a step of the segment: 1/32 of the level, or the smallest
			// step; the top of the scale is clipped.
			limit := max(16, (abs(x)+132)/32+1)
			if d := abs(x - y); d > limit && abs(x) <= 32124 {
				t.Fatalf("%s of %d decodes to %d, off by %d, at most %d", c, x, y, d, limit)
			}
		}
	}
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}

func TestConvertLaw(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to Codec }{{PCMU, PCMA}, {PCMA, PCMU}, {PCMU, PCMU}, {PCMA, PCMA}} {
		signal := tone(8000, 1004, 8000)
		payload := encode(c.from, signal)
		convertLaw(payload, c.from, c.to)
		var noise, power float64
		for i, s := range decode(c.to, payload) {
			noise += math.Pow(float64(s)-float64(signal[i]), 2)
			power += math.Pow(float64(signal[i]), 2)
		}
		if snr := 10 * math.Log10(power/noise); snr < 33 {
			t.Errorf("%s to %s: signal to noise %.1f dB, want 33", c.from, c.to, snr)
		}
	}
	silence := []byte{0xFF}
	if convertLaw(silence, PCMU, PCMA); silence[0] != 0xD5 {
		t.Errorf("silence converts to %#02x", silence[0])
	}
}

func TestGoertzel(t *testing.T) {
	t.Parallel()
	s := tone(800, 440, 5000)
	if got := Goertzel(s, 440, sampleRate); math.Abs(got-5000) > 5 {
		t.Errorf("amplitude at 440 Hz is %.1f, want 5000", got)
	}
	if got := Goertzel(s, 660, sampleRate); got > 5 {
		t.Errorf("amplitude at 660 Hz is %.1f, want none", got)
	}
	if got := Goertzel(nil, 440, sampleRate) + Goertzel(s, 440, 0) + Goertzel(s, 440, math.NaN()); got != 0 {
		t.Errorf("nothing yields %v", got)
	}
}
