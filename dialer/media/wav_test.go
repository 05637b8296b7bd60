package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// wav builds a file; extra chunks come before the data.
func wav(format wavFormat, dataSize uint32, data []byte, extra ...byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 16, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, format.tag)
	b = binary.LittleEndian.AppendUint16(b, format.channels)
	b = binary.LittleEndian.AppendUint32(b, format.rate)
	b = binary.LittleEndian.AppendUint32(b, format.rate*uint32(format.channels)*2)
	b = binary.LittleEndian.AppendUint16(b, format.channels*2)
	b = binary.LittleEndian.AppendUint16(b, format.bits)
	b = append(b, extra...)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), dataSize)
	return append(b, data...)
}

func pcmBytes(samples ...int16) (b []byte) {
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func sine(n int, hz, rate, amplitude float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(amplitude * math.Sin(2*math.Pi*hz*float64(i)/rate))
	}
	return s
}

func TestLoadWAV(t *testing.T) {
	t.Parallel()
	mono8 := pcmBytes(sine(8000, 600, 8000, 10000)...)
	var stereo16 []byte
	left, right := sine(16000, 600, 16000, 16000), sine(16000, 600, 16000, 4000)
	for i := range left {
		stereo16 = append(stereo16, pcmBytes(left[i], right[i])...)
	}
	list := append([]byte("LIST"), 3, 0, 0, 0, 'a', 'b', 'c', 0)
	for name, b := range map[string][]byte{
		"8 kHz mono":        wav(wavFormat{1, 1, 16, 8000}, uint32(len(mono8)), mono8),
		"16 kHz stereo":     wav(wavFormat{1, 2, 16, 16000}, uint32(len(stereo16)), stereo16),
		"odd chunk between": wav(wavFormat{1, 1, 16, 8000}, uint32(len(mono8)), mono8, list...),
		"streamed":          wav(wavFormat{1, 1, 16, 8000}, math.MaxUint32, mono8),
		"streamed, zero":    wav(wavFormat{1, 1, 16, 8000}, 0, mono8),
	} {
		p, err := LoadWAV(bytes.NewReader(b))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(p.ulaw) != 8000 || len(p.alaw) != 8000 {
			t.Errorf("%s: %d samples", name, len(p.ulaw))
		}
		for _, samples := range [][]int16{decode(PCMU, p.ulaw), decode(PCMA, p.alaw)} {
			if level := Goertzel(samples, 600, sampleRate); math.Abs(level-10000) > 150 {
				t.Errorf("%s: tone at %.0f, want 10000", name, level)
			}
		}
	}
}

func TestHalveRateFilters(t *testing.T) {
	t.Parallel()
	for hz, want := range map[float64][2]float64{300: {9900, 10100}, 3000: {9500, 10100}, 5000: {0, 60}, 6500: {0, 60}} {
		out := halveRate(sine(16000, hz, 16000, 10000))
		heard := hz
		if hz > 4000 {
			heard = 8000 - hz // where it would be mirrored to
		}
		if level := Goertzel(out, heard, sampleRate); level < want[0] || level > want[1] {
			t.Errorf("%v Hz arrives at %v Hz with %.0f, want %v", hz, heard, level, want)
		}
	}
}

func TestBadWAVIsNamed(t *testing.T) {
	t.Parallel()
	good := wavFormat{1, 1, 16, 8000}
	for want, b := range map[string][]byte{
		"no RIFF header":           []byte("RIF"),
		"not a RIFF WAVE":          []byte("OggS00000000 and more"),
		"no data chunk":            wav(good, 0, nil)[:36],
		"fmt chunk is cut short":   wav(good, 0, nil)[:30],
		"fmt chunk of 4 bytes":     append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 4, 0, 0, 0, 1, 0, 1, 0),
		"data chunk before":        append([]byte("RIFF\x00\x00\x00\x00WAVEdata"), 2, 0, 0, 0, 1, 0),
		"encoding 7":               wav(wavFormat{7, 1, 16, 8000}, 2, pcmBytes(1)),
		"8 bits per sample":        wav(wavFormat{1, 1, 8, 8000}, 2, pcmBytes(1)),
		"6 channels":               wav(wavFormat{1, 6, 16, 8000}, 2, pcmBytes(1)),
		"44100 samples per second": wav(wavFormat{1, 1, 16, 44100}, 2, pcmBytes(1)),
		"cut short: 2 of 8 bytes":  wav(good, 8, pcmBytes(1)),
		`chunk "LIST" is cut`:      wav(good, 2, pcmBytes(1), append([]byte("LIST"), 99, 0, 0, 0)...),
		"longer than 10m0s":        wav(good, 100<<20, nil),
		"no samples":               wav(good, 0, nil),
	} {
		if _, err := LoadWAV(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// FuzzLoadWAV feeds files.
func FuzzLoadWAV(f *testing.F) {
	f.Add(wav(wavFormat{1, 2, 16, 16000}, 8, pcmBytes(1, 2, 3, 4)))
	f.Add(wav(wavFormat{0xFFFE, 1, 16, 8000}, 0, pcmBytes(1), append([]byte("LIST"), 1, 0, 0, 0, 0, 0)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := LoadWAV(bytes.NewReader(b))
		if err == nil && (len(p.ulaw) == 0 || len(p.ulaw) != len(p.alaw) || len(p.ulaw) > len(b)) {
			t.Fatalf("%d and %d samples of %d bytes", len(p.ulaw), len(p.alaw), len(b))
		}
	})
}
