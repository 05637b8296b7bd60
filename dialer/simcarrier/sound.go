package simcarrier

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

// The tone plan. Every endpoint speaks on a tone of its own, customers in one
// band and agents' phones in another, so that each side can tell whom it
// hears. All are whole Hertz, so loops of one second are seamless.
const (
	customerLow, customerStep, customerTones = 400, 25, 65 // 400 … 2000 Hz
	phoneLow, phoneStep, phoneTones          = 2150, 40, 31

	// beepHz ends an answering machine's greeting. It lies on no grid.
	beepHz = 1010

	sampleRate   = 8000
	frameSamples = 160 // 20 ms
	loopSamples  = sampleRate
)

// CustomerTone returns the frequency in Hz that the customer of an E.164
// number speaks on: 400 to 2000 Hz in steps of 25, by a hash of the number.
func CustomerTone(number string) int {
	return customerLow + customerStep*int(hash32(number)%customerTones)
}

// PhoneTone returns the frequency in Hz that an agent's phone speaks on: 2150
// to 3350 Hz in steps of 40, by the number in "agentN" modulo 31, or by a hash
// of any other user name. A suffix such as "-busy" does not count.
func PhoneTone(user string) int {
	name, _, _ := strings.Cut(user, "-")
	index := hash32(name)
	if digits, ok := strings.CutPrefix(name, "agent"); ok {
		if n, err := strconv.ParseUint(digits, 10, 31); err == nil {
			index = uint32(n)
		}
	}
	return phoneLow + phoneStep*int(index%phoneTones)
}

func hash32(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

func customerGrid() []int { return grid(customerLow, customerStep, customerTones) }
func phoneGrid() []int    { return grid(phoneLow, phoneStep, phoneTones) }

func grid(low, step, n int) []int {
	hz := make([]int, n)
	for i := range hz {
		hz[i] = low + i*step
	}
	return hz
}

// segment is a sound played for some 20 ms frames; zero frames means for ever.
type segment struct {
	sound  sound
	frames int
}

// sound is what a leg can play: a voice of so many Hz, or one of the below.
type sound int

const (
	soundSilence  sound = -iota // a line that is open and quiet
	soundRingback               // North American: 440 and 480 Hz, 2 s on, 4 s off
	soundBeep                   // after a machine's greeting
)

// clip is an encoded sound, played in a loop: a multiple of 160 bytes.
type clip []byte

// sounds makes and keeps the clips that all legs share.
type sounds struct {
	mu    sync.Mutex
	clips map[soundKey]clip
}

type soundKey struct {
	law   law
	sound sound
}

func newSounds() *sounds {
	return &sounds{clips: make(map[soundKey]clip)}
}

// clip returns a sound, encoded.
func (s *sounds) clip(l law, what sound) clip {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := soundKey{l, what}
	c, ok := s.clips[key]
	if !ok {
		c = encodeSound(l, what)
		s.clips[key] = c
	}
	return c
}

func encodeSound(l law, what sound) clip {
	samples := loopSamples
	if what == soundRingback {
		samples = 6 * sampleRate
	}
	noise := rand.New(rand.NewPCG(1, uint64(samples)))
	c := make(clip, samples)
	for i := range c {
		c[i] = l.encode(int(what.level(i) + 30*noise.NormFloat64()))
	}
	return c
}

// level is sample i of a sound before the light noise that lies under all. A
// voice has syllables: its level swings between 0.3 and 1 four times a second.
func (what sound) level(i int) float64 {
	switch {
	case what == soundSilence, what == soundRingback && i >= 2*sampleRate:
		return 0
	case what == soundRingback:
		return 3500 * (sine(440, i) + sine(480, i))
	case what == soundBeep:
		return 9000 * sine(beepHz, i)
	}
	return 9000 * (0.65 - 0.35*sine(4, i+sampleRate/16)) * sine(int(what), i)
}

func sine(hz, i int) float64 {
	return math.Sin(2 * math.Pi * float64(hz) * float64(i) / sampleRate)
}
