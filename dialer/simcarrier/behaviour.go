package simcarrier

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Behaviour is what a dialed number does with one INVITE.
type Behaviour string

// What customers do.
const (
	// Answer rings (180, or 183 with a ringback tone), answers, talks.
	Answer Behaviour = "answer"
	// Busy is engaged: 486.
	Busy Behaviour = "busy"
	// NoAnswer rings until CANCEL; the network gives up with 480.
	NoAnswer Behaviour = "no_answer"
	// BadNumber does not exist: 404 with Q.850 cause 1.
	BadNumber Behaviour = "bad_number"
	// Machine answers with a long greeting and a beep, and then records.
	Machine Behaviour = "machine"
	// Reject declines: 603.
	Reject Behaviour = "reject"
	// Congestion finds no circuit: 503 with Q.850 cause 34.
	Congestion Behaviour = "congestion"
	// HangUpEarly answers and hangs up within 0.3 to 1.5 s.
	HangUpEarly Behaviour = "hang_up_early"
	// SlowRing rings after 2 s and answers after 8 to 15 s more.
	SlowRing Behaviour = "slow_ring"
	// CallBack does not answer, and calls back 3 to 15 s after the missed call.
	CallBack Behaviour = "call_back"
	// NoMedia answers and sends no audio.
	NoMedia Behaviour = "no_media"
)

// What carriers do wrong, or at least unexpectedly. No mix holds these; a
// number is pinned to one.
const (
	// Cross200 answers 200 to the INVITE when CANCEL arrives, then 200 to it.
	Cross200 Behaviour = "cross_200"
	// Cancel481 answers 200 to the INVITE when CANCEL arrives, then 481 to it.
	Cancel481 Behaviour = "cancel_481"
	// ManyProvisionals sends 14 provisional responses before it answers.
	ManyProvisionals Behaviour = "many_provisionals"
	// Silent never responds to anything.
	Silent Behaviour = "silent"
	// TryingOnly sends 100 and then nothing until CANCEL.
	TryingOnly Behaviour = "trying_only"
	// Bye100 answers a BYE with 100 first and with 200 after 0.3 s.
	Bye100 Behaviour = "bye_100"
	// Fork200 answers with two 200 that differ in their To tag.
	Fork200 Behaviour = "fork_200"
	// Late200 has its SDP in a 183 and none in the 200.
	Late200 Behaviour = "late_200_without_sdp_after_183_with_sdp"
)

// mixable lists what a Mix may hold, in the order in which it is drawn.
var mixable = [...]Behaviour{
	Answer, NoAnswer, Busy, CallBack, Machine, BadNumber, Reject, Congestion,
	HangUpEarly, SlowRing, NoMedia,
}

var pinnedOnly = [...]Behaviour{
	Cross200, Cancel481, ManyProvisionals, Silent, TryingOnly, Bye100, Fork200, Late200,
}

// Behaviours returns every behaviour that a number can be pinned to.
func Behaviours() []Behaviour {
	return slices.Concat(mixable[:], pinnedOnly[:])
}

// Mix is the weight of each behaviour among the numbers that are not pinned.
// Weights need not add up to anything.
type Mix map[Behaviour]float64

// DefaultMix returns the percentages of the demo.
func DefaultMix() Mix {
	return Mix{
		Answer: 48, NoAnswer: 14, Busy: 8, CallBack: 6, Machine: 5, BadNumber: 5,
		Reject: 4, Congestion: 4, HangUpEarly: 3, SlowRing: 3,
	}
}

// ParseMix reads "answer=48,busy=8,…". Behaviours that are left out never
// occur.
func ParseMix(text string) (Mix, error) {
	mix := Mix{}
	for part := range strings.SplitSeq(text, ",") {
		name, weight, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return nil, fmt.Errorf("simcarrier: mix: %q is not behaviour=weight", part)
		}
		w, err := strconv.ParseFloat(weight, 64)
		if err != nil {
			return nil, fmt.Errorf("simcarrier: mix: weight %q of %q is not a number", weight, name)
		}
		if _, twice := mix[Behaviour(name)]; twice {
			return nil, fmt.Errorf("simcarrier: mix: %q is given twice", name)
		}
		mix[Behaviour(name)] = w
	}
	if err := mix.validate(); err != nil {
		return nil, fmt.Errorf("simcarrier: mix: %w", err)
	}
	return mix, nil
}

func (m Mix) validate() error {
	total := 0.0
	for b, w := range m {
		if !slices.Contains(mixable[:], b) {
			return fmt.Errorf("%q is not a behaviour of a mix (use one of %v)", b, mixable)
		}
		if w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
			return fmt.Errorf("weight %v of %q is not a number from zero up", w, b)
		}
		total += w
	}
	if total <= 0 {
		return errors.New("no behaviour has a weight above zero")
	}
	return nil
}

// draw returns the behaviour at point u (0 ≤ u < 1) of the mix, among those
// that keep accepts; Answer when there is none.
func (m Mix) draw(u float64, keep func(Behaviour) bool) Behaviour {
	total := 0.0
	for _, b := range mixable {
		if keep(b) {
			total += m[b]
		}
	}
	u *= total
	for _, b := range mixable {
		if !keep(b) {
			continue
		}
		if u -= m[b]; u < 0 {
			return b
		}
	}
	return Answer
}

// permanent tells the behaviours that a number shows at every try: a number
// that does not exist, a machine, a person who declines.
func permanent(b Behaviour) bool {
	return b == BadNumber || b == Machine || b == Reject || b == NoMedia
}

// behaviourOf returns what number does at its try-th INVITE (from 1). It
// depends on the arguments alone. A pinned number walks through its list and
// stays at the last. Else the first try draws from the whole mix; what is not
// permanent is drawn anew, among its like, at each later try.
func behaviourOf(seed uint64, mix Mix, pins Customers, number string, try int) Behaviour {
	if pinned := pins[number]; len(pinned) > 0 {
		return pinned[min(try, len(pinned))-1]
	}
	first := mix.draw(randFor(seed, number, 1).Float64(), func(Behaviour) bool { return true })
	if try <= 1 || permanent(first) {
		return first
	}
	return mix.draw(randFor(seed, number, try).Float64(), func(b Behaviour) bool { return !permanent(b) })
}

// randFor returns the random source of one try of one number.
func randFor(seed uint64, number string, try int) *rand.Rand {
	h := fnv.New64a()
	var n [16]byte
	binary.BigEndian.PutUint64(n[:8], seed)
	binary.BigEndian.PutUint64(n[8:], uint64(try))
	h.Write(n[:])
	h.Write([]byte(number))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// lognormal draws a duration of the given mean whose logarithm has standard
// deviation sigma. The result lies within a tenth and five times of the mean.
func lognormal(rng *rand.Rand, mean time.Duration, sigma float64) time.Duration {
	factor := math.Exp(sigma*rng.NormFloat64() - sigma*sigma/2)
	return time.Duration(float64(mean) * min(max(factor, 0.1), 5))
}

// between draws a duration evenly from low to high.
func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Float64()*float64(high-low))
}

func scaled(d time.Duration, by float64) time.Duration {
	return time.Duration(float64(d) * by)
}
