package campaigns

import "slices"

// Purpose is what a campaign calls for, in the words of the consent ledger.
type Purpose string

// The purposes of calls.
const (
	PurposeMarketing Purpose = "marketing"
	// PurposeService is for calls about a running contract; rules for
	// marketing alone do not bind them.
	PurposeService Purpose = "service"
)

// Compliance says which rules bind a campaign beyond those of the place of the
// called party.
type Compliance struct {
	// Purpose of the calls; empty: marketing.
	Purpose Purpose `json:"purpose,omitempty"`
	// Business is set where companies are called, not consumers.
	Business bool `json:"business,omitempty"`
	// Rules are ids of rules that bind on top of those of the called party's
	// place: the seller's own, say.
	Rules []string `json:"rules,omitempty"`
	// RequireConsent refuses persons without a consent on record even where no
	// rule asks for one.
	RequireConsent bool `json:"require_consent,omitempty"`
	// RunningContract states that each person whom the campaign calls has a contract
	// with the seller that runs, and is called about it. Some rules ask for no
	// consent then, such as that of France.
	RunningContract bool `json:"running_contract,omitempty"`
	// RegistersCheckedElsewhere states that the numbers are looked up in the
	// national do-not-call registers outside Ringmaster, in time: an old file here
	// refuses nothing then.
	RegistersCheckedElsewhere bool `json:"registers_checked_elsewhere,omitempty"`
	// RefusalPeriod keeps away from a person who refused, in all campaigns, for
	// at least so long.
	RefusalPeriod Duration `json:"refusal_period,omitempty"`
}

// Validate names the first wrong setting; the rules' ids are checked by who has
// the rules.
func (c *Compliance) Validate() error {
	switch {
	case !slices.Contains([]Purpose{"", PurposeMarketing, PurposeService}, c.Purpose):
		return Invalid("compliance.purpose", "%q is not one of marketing, service", c.Purpose)
	case c.RefusalPeriod < 0:
		return Invalid("compliance.refusal_period", "%v is below zero", c.RefusalPeriod)
	}
	return nil
}
