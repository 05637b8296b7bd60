package media

import (
	"math"
	"time"
)

// Prompt is a recorded or synthesised message, encoded in both laws so that
// playing it costs a copy. It is immutable and may be shared by all legs.
type Prompt struct {
	ulaw, alaw []byte
}

// newPrompt encodes 8 kHz samples.
func newPrompt(samples []int16) *Prompt {
	p := &Prompt{ulaw: make([]byte, len(samples)), alaw: make([]byte, len(samples))}
	PCMU.Encode(p.ulaw, samples)
	PCMA.Encode(p.alaw, samples)
	return p
}

// Duration returns how long the prompt plays once.
func (p *Prompt) Duration() time.Duration {
	return time.Duration(len(p.ulaw)) * time.Second / sampleRate
}

// promptSource plays a prompt once or for ever.
type promptSource struct {
	prompt *Prompt
	at     int
	loop   bool
}

func (s *promptSource) next(c Codec, frame *[frameSamples]byte) bool {
	data := s.prompt.ulaw
	if c == PCMA {
		data = s.prompt.alaw
	}
	if len(data) == 0 || s.at >= len(data) {
		return false
	}
	n := 0
	for n < frameSamples {
		copied := copy(frame[n:], data[s.at:])
		n += copied
		s.at += copied
		if s.at < len(data) {
			continue
		}
		if !s.loop {
			fill(frame[n:], c.silence())
			break
		}
		s.at = 0
	}
	return true
}

// ComfortTone returns what a waiting caller hears when no music is configured,
// to be looped: every four seconds two soft notes at -30 dBm0, so that the
// line is neither dead nor annoying.
func ComfortTone() *Prompt {
	samples := make([]int16, 4*sampleRate)
	addNote(samples[0:], 523.25, 600*time.Millisecond)
	addNote(samples[samplesIn(350*time.Millisecond):], 659.25, 800*time.Millisecond)
	return newPrompt(samples)
}

// addNote adds a note that fades in within 20 ms and then dies away.
func addNote(dst []int16, hz float64, length time.Duration) {
	n := min(samplesIn(length), len(dst))
	peak := amplitudeOf(-30)
	for i := range n {
		envelope := min(float64(i)/160, 1) * math.Exp(-4*float64(i)/float64(n))
		v := peak * envelope * math.Sin(2*math.Pi*hz*float64(i)/sampleRate)
		dst[i] = clip16(float64(dst[i]) + v)
	}
}

// SafeHarborPrompt returns a placeholder of six seconds for the safe-harbor
// message, for installations that configure no recording: voice-like syllables
// that say nothing. The law asks for a spoken name and number, so a live
// installation must configure a recording; this one keeps the timing and the
// audio path real in demos and tests.
func SafeHarborPrompt() *Prompt {
	// First and second formant of vowels (Peterson and Barney, 1952), Hz.
	vowels := [...][2]float64{{730, 1090}, {270, 2290}, {570, 840}, {530, 1840}, {300, 870}}
	samples := make([]int16, 6*sampleRate)
	at := samplesIn(100 * time.Millisecond)
	for syllable := 0; ; syllable++ {
		length := samplesIn(time.Duration(140+30*(syllable*7%4)) * time.Millisecond)
		if at+length > len(samples)-samplesIn(300*time.Millisecond) {
			break
		}
		pitch := 118 - 2*float64(syllable%8)
		addVowel(samples[at:at+length], vowels[syllable*3%len(vowels)], pitch)
		at += length + samplesIn(40*time.Millisecond)
		if syllable%8 == 7 { // breath between phrases
			at += samplesIn(300 * time.Millisecond)
		}
	}
	return newPrompt(samples)
}

// addVowel synthesises a vowel: the harmonics of a pitch that falls slightly,
// weighted by their distance from the formants.
func addVowel(dst []int16, formants [2]float64, pitch float64) {
	const bandwidth = 90.0 // Hz
	phase := 0.0
	for i := range dst {
		progress := float64(i) / float64(len(dst))
		f := pitch * (1.05 - 0.1*progress)
		phase += 2 * math.Pi * f / sampleRate
		sum := 0.0
		for harmonic := 1.0; harmonic*f < 3400; harmonic++ {
			weight := 0.02 / harmonic
			for _, formant := range formants {
				d := (harmonic*f - formant) / bandwidth
				weight += 1 / (1 + d*d)
			}
			sum += weight * math.Sin(harmonic*phase)
		}
		dst[i] = clip16(3000 * math.Sin(math.Pi*progress) * sum)
	}
}
