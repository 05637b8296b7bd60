package media

import (
	"math"
	"time"
)

// defaultToneLevel is the level of a tone that names none, dBm0.
const defaultToneLevel = -16

// ToneSpec describes a tone of one or two frequencies with a cadence.
type ToneSpec struct {
	Hz    float64 // first frequency
	Hz2   float64 // second frequency; 0: none
	Level float64 // of each frequency, dBm0; 0: -16 dBm0
	// On and Off are the cadence; Off 0 means a continuous tone.
	On, Off time.Duration
	// Total ends the tone; 0: it sounds until StopPlay, Bridge or Close.
	Total time.Duration
}

// Ringback returns the European ringback tone (ITU-T E.180): 425 Hz, one
// second on, four off.
func Ringback() ToneSpec {
	return ToneSpec{Hz: 425, Level: -16, On: time.Second, Off: 4 * time.Second}
}

// Beep returns the short tone that tells an agent of a call: 200 ms of 880 Hz.
func Beep() ToneSpec { return ToneSpec{Hz: 880, Level: -16, Total: 200 * time.Millisecond} }

// amplitudeOf converts dBm0 to the peak of a sine in 16-bit samples. A sine at
// full scale has 3.14 dBm0 in A-law, 3.17 in µ-law (G.711); the former is
// taken for both.
func amplitudeOf(dBm0 float64) float64 {
	return 32256 * math.Pow(10, (dBm0-3.14)/20)
}

// frameSource makes the frames of a playback.
type frameSource interface {
	// next fills frame with code words and reports whether it did; false
	// ends the playback.
	next(c Codec, frame *[frameSamples]byte) bool
}

// toneSource synthesises a ToneSpec sample by sample, hence without a seam.
type toneSource struct {
	amplitude      float64
	step1, step2   float64 // radians per sample
	phase1, phase2 float64
	on, period     int // samples; period 0: continuous
	total          int // samples; 0: endless
	at             int // samples since the start
}

func samplesIn(d time.Duration) int { return int(d * sampleRate / time.Second) }

func newToneSource(t ToneSpec) *toneSource {
	level := t.Level
	if level == 0 {
		level = defaultToneLevel
	}
	s := &toneSource{
		amplitude: amplitudeOf(level),
		step1:     2 * math.Pi * t.Hz / sampleRate,
		step2:     2 * math.Pi * t.Hz2 / sampleRate,
		total:     samplesIn(t.Total),
	}
	if t.Off > 0 && t.On > 0 {
		s.on, s.period = samplesIn(t.On), samplesIn(t.On+t.Off)
	}
	return s
}

func (s *toneSource) next(c Codec, frame *[frameSamples]byte) bool {
	if s.total > 0 && s.at >= s.total {
		return false
	}
	var linear [frameSamples]int16
	for i := range linear {
		if s.total > 0 && s.at+i >= s.total || s.period > 0 && (s.at+i)%s.period >= s.on {
			continue
		}
		v := math.Sin(s.phase1)
		if s.step2 != 0 {
			v += math.Sin(s.phase2)
		}
		linear[i] = clip16(s.amplitude * v)
		s.phase1 += s.step1
		s.phase2 += s.step2
	}
	s.phase1 = math.Mod(s.phase1, 2*math.Pi)
	s.phase2 = math.Mod(s.phase2, 2*math.Pi)
	s.at += frameSamples
	if s.total == 0 && s.period > 0 {
		s.at %= s.period * frameSamples
	}
	c.Encode(frame[:], linear[:])
	return true
}

func clip16(v float64) int16 {
	return int16(math.Round(max(math.MinInt16, min(math.MaxInt16, v))))
}

// Goertzel returns the peak amplitude, in units of a sample, of the component
// of samples at hz, where rate is the sampling rate in Hz. A pure sine of
// amplitude A at hz yields A; the resolution is rate/len(samples) Hz. No
// samples, or a rate that is not positive, yield 0.
// (G. Goertzel, American Mathematical Monthly 65, 1958.)
func Goertzel(samples []int16, hz, rate float64) float64 {
	if len(samples) == 0 || !(rate > 0) {
		return 0
	}
	omega := 2 * math.Pi * hz / rate
	coefficient := 2 * math.Cos(omega)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+coefficient*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return 2 * math.Sqrt(max(power, 0)) / float64(len(samples))
}
