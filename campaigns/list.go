package campaigns

import (
	"slices"
	"time"
)

// List is where candidates of a campaign came from.
type List struct {
	ID         int64  `json:"id"`
	CampaignID int64  `json:"campaign_id"`
	Name       string `json:"name"`
	ListSettings
	CreatedAt time.Time `json:"created_at"`
	// Resets counts the passes that were begun anew, the last at ResetAt.
	Resets  int        `json:"resets,omitempty"`
	ResetAt *time.Time `json:"reset_at,omitempty"`
}

// ListSettings say how a list takes part in its campaign.
type ListSettings struct {
	// Active lists are called, until ExpiresAt where it is set.
	Active    bool       `json:"active"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Priority: all that may be called now of a list goes before lists of a lesser
	// one.
	Priority int `json:"priority"`
	// Mix is the share of the calls among the lists of the same priority, a
	// fraction of 1; zero: what those with a share leave, by rank.
	Mix float64 `json:"mix,omitempty"`
	// Source is what its people are to the seller, Provenance who gave the data,
	// when, and on what ground.
	Source     Source `json:"source,omitempty"`
	Provenance string `json:"provenance,omitempty"`
}

// MostPriority bounds the priority of lists on both sides of zero.
const MostPriority = 100

// Validate names the first wrong setting.
func (s *ListSettings) Validate() error {
	switch {
	case s.Priority < -MostPriority || s.Priority > MostPriority:
		return Invalid("priority", "%d is not between %d and %d", s.Priority, -MostPriority, MostPriority)
	case !(s.Mix >= 0 && s.Mix <= 1):
		return Invalid("mix", "%v is no share: 0 to 1, or 0%% to 100%%", s.Mix)
	case s.Source != "" && !slices.Contains(Sources, s.Source):
		return Invalid("source", "%q is not one of %v", s.Source, Sources)
	case len(s.Provenance) > 2000:
		return Invalid("provenance", "%d bytes; the limit is 2000", len(s.Provenance))
	}
	return nil
}

// Called reports whether the list is called at a business time.
func (s *ListSettings) Called(now time.Time) bool {
	return s.Active && (s.ExpiresAt == nil || s.ExpiresAt.After(now))
}

// ListFigures is how far a list is. A pass begins with the import and with each
// reset.
type ListFigures struct {
	List
	Records int                    `json:"records"`
	ByState map[CandidateState]int `json:"by_state"`
	// Tried records have at least one attempt in this pass, which had Attempts;
	// AllAttempts are those of all passes.
	Tried       int `json:"tried"`
	Attempts    int `json:"attempts"`
	AllAttempts int `json:"all_attempts"`
	// Penetration is Tried ÷ Records, Saturation Attempts ÷ Records.
	Penetration float64 `json:"penetration"`
	Saturation  float64 `json:"saturation"`
}

// ListReset says what a reset does, or did.
type ListReset struct {
	// Reset candidates are ready again, by the reason that they had.
	Reset map[Reason]int `json:"reset"`
	// Kept candidates stay where they are, by state and reason.
	Kept map[string]int `json:"kept"`
}

// ResetReasons are the reasons by which candidates are reset where nothing else
// is asked for: what the network said, machines, and attempts used up. What a
// person said, and numbers that do not exist, stay.
func ResetReasons() []Reason {
	reasons := []Reason{ReasonMaxAttempts, Reason(DispositionMachine), Reason(DispositionNotAvailable), Reason(SystemMachine), Reason(SystemHungUp), Reason(SystemDropped)}
	for _, o := range Outcomes {
		if o != OutcomeBadNumber {
			reasons = append(reasons, ReasonOf(o))
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// CheckReset refuses reasons that no reset may undo.
func CheckReset(reasons []Reason) error {
	allowed := append(ResetReasons(), Reason(DispositionNotInterested), Reason(OutcomeBadNumber), Reason(DispositionWrongPerson))
	for _, r := range reasons {
		if !slices.Contains(allowed, r) {
			return Invalid("reasons", "%q cannot be reset; what can is %v", r, allowed)
		}
	}
	return nil
}
