package pacing

// Phase is what keeps an agent from the next call.
type Phase uint8

// The phases of a busy agent. The agent's screen tells Closing, talk after a
// result was chosen, and Finishing, wrap-up after the result was given; without
// such signs an agent goes from Talking to Wrapping.
const (
	Talking Phase = iota
	Closing
	Wrapping
	Finishing
	phases
)

// Ringing is a call that was placed and is neither answered by a person nor
// over. A call whose answer is still being told from a machine's is one, too.
type Ringing struct {
	// Since is when it was placed.
	Since float64
	// Chance is the candidate's own chance that a person answers at this hour, a
	// fraction of 1; zero: not known.
	Chance float64
	// Kept is set while the call may not be given up, however long ago it was
	// placed: the phone has not rung for as long as it must.
	Kept bool
}

// Busy is an agent who talks or wraps up.
type Busy struct {
	// Agent is a small number that stays with the agent, whose own pace it is.
	Agent int
	Phase Phase
	// Since is when the phase began.
	Since float64
	// Leaving is set when the agent takes no call after this one.
	Leaving bool
}

// View is what a campaign's pacing sees at one moment. All times are in seconds
// on one clock; one that jumps does no harm beyond what it hides.
type View struct {
	Now float64
	// Ready agents may be reserved now; Waiting are answered customers and
	// callers without an agent, who go first.
	Ready, Waiting int
	Busy           []Busy
	Ringing        []Ringing
	// Others are calls in the air of campaigns that share these agents; Chance is
	// known for each, that it is answered and then takes one of them. Bound is the
	// lowest risk that those campaigns accept, zero: there are none.
	Others []Ringing
	Bound  float64
	// Inbound is the rate of callers, a second, that these agents serve first.
	Inbound float64
	// Next are the chances of the candidates to be dialed next, in order; those
	// beyond its end are like those before.
	Next []float64
	// Most is the number of dials that trunks, caps and candidates allow now.
	Most int
}

// lasted is for how long something has lasted; nothing but a number of seconds
// above zero counts.
func lasted(now, since float64) float64 {
	const longest = 1e6
	if d := now - since; d > 0 && d < longest {
		return d
	}
	return 0
}
