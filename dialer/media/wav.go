package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// maxPromptTime bounds what LoadWAV reads, so that a wrong file does not fill
// the memory.
const maxPromptTime = 10 * time.Minute

// wavFormat is the fmt chunk of a WAV file.
type wavFormat struct {
	tag, channels, bits uint16
	rate                uint32
}

// LoadWAV reads a RIFF WAV file of linear PCM, 16 bits, mono or stereo, at 8
// or 16 kHz, and converts it to 8 kHz mono. At most ten minutes are allowed.
// The error names the chunk or property that is wrong.
func LoadWAV(r io.Reader) (*Prompt, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("wav: no RIFF header: %w", err)
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, errors.New("wav: not a RIFF WAVE file")
	}
	var format wavFormat
	for {
		id, size, err := readChunkHeader(r)
		if err != nil {
			return nil, err
		}
		switch id {
		case "fmt ":
			if format, err = readFormat(r, size); err != nil {
				return nil, err
			}
		case "data":
			if format.channels == 0 {
				return nil, errors.New("wav: data chunk before the fmt chunk")
			}
			return readSamples(r, size, format)
		default:
			// Chunks are padded to an even length.
			if _, err := io.CopyN(io.Discard, r, int64(size)+int64(size&1)); err != nil {
				return nil, fmt.Errorf("wav: chunk %q is cut short: %w", id, err)
			}
		}
	}
}

func readChunkHeader(r io.Reader) (id string, size uint32, err error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", 0, fmt.Errorf("wav: no data chunk: %w", err)
	}
	return string(b[:4]), binary.LittleEndian.Uint32(b[4:]), nil
}

func readFormat(r io.Reader, size uint32) (wavFormat, error) {
	if size < 16 || size > 1024 {
		return wavFormat{}, fmt.Errorf("wav: fmt chunk of %d bytes, want 16 or more", size)
	}
	b := make([]byte, size+size&1)
	if _, err := io.ReadFull(r, b); err != nil {
		return wavFormat{}, fmt.Errorf("wav: fmt chunk is cut short: %w", err)
	}
	f := wavFormat{
		tag:      binary.LittleEndian.Uint16(b),
		channels: binary.LittleEndian.Uint16(b[2:]),
		rate:     binary.LittleEndian.Uint32(b[4:]),
		bits:     binary.LittleEndian.Uint16(b[14:]),
	}
	const pcm, extensible = 1, 0xFFFE
	if f.tag == extensible && size >= 26 {
		f.tag = binary.LittleEndian.Uint16(b[24:])
	}
	switch {
	case f.tag != pcm:
		return f, fmt.Errorf("wav: encoding %d, want 1 (linear PCM)", f.tag)
	case f.bits != 16:
		return f, fmt.Errorf("wav: %d bits per sample, want 16", f.bits)
	case f.channels != 1 && f.channels != 2:
		return f, fmt.Errorf("wav: %d channels, want 1 or 2", f.channels)
	case f.rate != sampleRate && f.rate != 2*sampleRate:
		return f, fmt.Errorf("wav: %d samples per second, want 8000 or 16000", f.rate)
	}
	return f, nil
}

// readSamples reads the data chunk. Writers that stream leave its size at zero
// or at its maximum, which both mean: up to the end.
func readSamples(r io.Reader, size uint32, f wavFormat) (*Prompt, error) {
	frameSize := 2 * int(f.channels)
	limit := int64(frameSize) * int64(f.rate) * int64(maxPromptTime/time.Second)
	unknown := size == 0 || size >= math.MaxUint32-64
	if !unknown {
		if int64(size) > limit {
			return nil, fmt.Errorf("wav: longer than %s", maxPromptTime)
		}
		r = io.LimitReader(r, int64(size))
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("wav: data chunk: %w", err)
	}
	switch {
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("wav: longer than %s", maxPromptTime)
	case !unknown && len(data) < int(size):
		return nil, fmt.Errorf("wav: data chunk is cut short: %d of %d bytes", len(data), size)
	case len(data) < frameSize:
		return nil, errors.New("wav: no samples")
	}
	samples := make([]int16, len(data)/frameSize)
	for i := range samples {
		b := data[i*frameSize:]
		v := int(int16(binary.LittleEndian.Uint16(b))) // two's complement
		if f.channels == 2 {
			v = (v + int(int16(binary.LittleEndian.Uint16(b[2:])))) / 2 // two's complement
		}
		samples[i] = int16(v) // mean of two int16
	}
	if f.rate == 2*sampleRate {
		samples = halveRate(samples)
	}
	return newPrompt(samples), nil
}

// halveRate converts 16 kHz to 8 kHz: a low-pass of 47 taps (windowed sinc,
// Hamming, -6 dB at 3,600 Hz) against aliasing, then every second sample.
func halveRate(in []int16) []int16 {
	const taps, cutoff = 47, 3600.0 / 16000
	var filter [taps]float64
	sum := 0.0
	for i := range filter {
		x := float64(i - taps/2)
		h := 2 * cutoff
		if x != 0 {
			h = math.Sin(2*math.Pi*cutoff*x) / (math.Pi * x)
		}
		filter[i] = h * (0.54 - 0.46*math.Cos(2*math.Pi*float64(i)/(taps-1)))
		sum += filter[i]
	}
	out := make([]int16, (len(in)+1)/2)
	for i := range out {
		acc := 0.0
		for k, h := range filter {
			if j := 2*i + k - taps/2; j >= 0 && j < len(in) {
				acc += h * float64(in[j])
			}
		}
		out[i] = clip16(acc / sum)
	}
	return out
}
