package pacing

import (
	"fmt"
	"math"

	"ringmaster/campaigns"
)

// Snapshot is what a campaign's pacing knows at one moment.
type Snapshot struct {
	Mode  campaigns.PacingMode
	Ratio float64
	// Ready is the campaign's share of the agents with an open line who may
	// be reserved now.
	Ready int
	// InFlight counts the dials that are reserved, dialing or ringing;
	// Waiting the answered customers without an agent.
	InFlight, Waiting int
	// Inbound counts the waiting callers that these agents serve first.
	Inbound int
	// Overdials is the number of lines beyond one for each ready agent that the
	// limit on dropped calls allows.
	Overdials int
	// Capacity is the number of INVITEs that the trunks take now, Room the
	// number of calls that this node still takes.
	Capacity, Room int
	// Stop says why nothing may be dialed at all; empty: dial.
	Stop string
}

// Decision is how many dials to start now.
type Decision struct {
	Dials int
	// Why says in words what dialing waits for; empty while it dials.
	Why string
}

// Decide gives the number of dials to start now. Progressive starts one for
// each ready agent that is not covered yet: ready − in flight − waiting.
// Ratio R keeps floor(R × ready) lines in flight or waiting, but no more than the
// limit on dropped calls allows if every line is answered. Predictive campaigns
// are for Predictor.
func Decide(s Snapshot) Decision {
	if s.Stop != "" {
		return Decision{Why: s.Stop}
	}
	ready := max(0, s.Ready-s.Inbound)
	var lines int
	var bound bool
	switch s.Mode {
	case campaigns.PacingProgressive:
		lines = ready
	case campaigns.PacingRatio:
		lines = int(math.Floor(s.Ratio*float64(ready) + 1e-9))
		if most := ready + max(0, s.Overdials); lines > most {
			lines, bound = most, true
		}
	case campaigns.PacingManual, campaigns.PacingPreview:
		return Decision{Why: "agents dial by hand"}
	default:
		return Decision{Why: fmt.Sprintf("mode %s has no fixed number of lines", s.Mode)}
	}
	dials := lines - s.InFlight - s.Waiting
	switch {
	case s.Ready == 0 && s.InFlight+s.Waiting == 0:
		return Decision{Why: "no agent is ready"}
	case ready == 0 && s.Inbound > 0:
		return Decision{Why: "ready agents are needed by waiting callers"}
	case dials <= 0 && bound:
		return Decision{Why: "the limit on dropped calls allows no more lines than agents"}
	case dials <= 0:
		return Decision{Why: ""}
	case s.Room <= 0:
		return Decision{Why: "the limit of calls is reached"}
	case s.Capacity <= 0:
		return Decision{Why: "the trunks have no free channel"}
	}
	return Decision{Dials: min(dials, s.Room, s.Capacity)}
}
