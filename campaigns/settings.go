package campaigns

import (
	"cmp"
	"slices"
	"time"
)

// Settings are the rules of a campaign, stored as one JSON document.
type Settings struct {
	Mode PacingMode `json:"mode"`
	// Ratio is the number of lines dialed for each ready agent in mode ratio.
	Ratio float64 `json:"ratio"`
	// MaxLines is the largest number of lines that the campaign has at once on a
	// node, MaxLinesPerAgent that for each agent who is ready or busy; lines are
	// calls being dialed, ringing, waiting or talking that the campaign placed.
	// Zero: no cap.
	MaxLines         int     `json:"max_lines,omitempty"`
	MaxLinesPerAgent float64 `json:"max_lines_per_agent,omitempty"`
	// CancelRinging lets mode predictive give calls up that rang for LeastRing, and
	// as long as the law asks, when fewer agents come free than was expected; nil:
	// it does.
	CancelRinging *bool `json:"cancel_ringing,omitempty"`
	// CallerIDs are E.164 numbers shown to customers, used in turn.
	CallerIDs []string `json:"caller_ids"`
	// RingTimeout ends a ringing attempt; at least 15 s by law in the US
	// (16 CFR 310.4(b)(4)(ii)).
	RingTimeout Duration `json:"ring_timeout"`
	// ConnectLimit is the longest wait of an answered customer for an agent
	// before the safe-harbor message, 2 s (16 CFR 310.4(b)(4)(i)).
	ConnectLimit Duration `json:"connect_limit"`
	// DropLimit is the campaign's own limit on the share of live answers that are
	// dropped, over 30 days; a fraction of 1, zero: DefaultDropLimit. The limits of
	// the law bind besides it.
	DropLimit float64 `json:"drop_limit,omitempty"`
	// HalfLife of a candidate's worth after its event.
	HalfLife Duration `json:"half_life"`
	// AttemptDecay is the factor γ on a candidate's worth per attempt, in (0,1].
	AttemptDecay float64 `json:"attempt_decay"`
	// Window holds the hours in which this campaign calls, in the zone of the
	// called party.
	Window Window `json:"window"`
	// MaxAttempts of one candidate in this campaign.
	MaxAttempts int `json:"max_attempts"`
	// PersonCap and NumberCap limit attempts over all campaigns.
	PersonCap Cap `json:"person_cap"`
	NumberCap Cap `json:"number_cap"`
	// Recycle says what follows an outcome without an agent's disposition.
	Recycle map[Outcome]RecycleRule `json:"recycle"`
	// Dispositions an agent may choose, in order.
	Dispositions []DispositionChoice `json:"dispositions"`
	// HopperSeconds is the target depth of the hopper in seconds of dialing.
	HopperSeconds int `json:"hopper_seconds"`
	// Script is the agent's text, with merge fields such as {{first_name}}.
	Script string `json:"script"`
	Offer  string `json:"offer"`
	// Language is that of scripts, disclosures and offers for persons without a
	// language of their own, or without a text in it; empty: the default of each
	// script and offer. A text that is not there in it falls to that default too.
	Language string `json:"language,omitempty"`
	// Skill of the agents who get the campaign's answered customers before others of
	// the campaign do; empty: none.
	Skill string `json:"skill,omitempty"`
	// DefaultRegion is the ISO 3166 country of numbers without a prefix.
	DefaultRegion string `json:"default_region"`
	// Selection says who becomes a candidate and who is worth a call.
	Selection Selection `json:"selection"`
	// Compliance says which rules bind the campaign beyond those of the called
	// party's place.
	Compliance Compliance `json:"compliance"`
	// Callbacks say how long a personal callback waits for its agent.
	Callbacks CallbackRules `json:"callbacks"`
	// Preview says how candidates are shown in mode preview.
	Preview PreviewRules `json:"preview"`
	// Triggers say what events of other systems do in the campaign.
	Triggers []Trigger `json:"triggers,omitempty"`
	// What one kind of campaign has and the others have not: one of these, or
	// none.
	WinBack     *WinBack     `json:"win_back,omitempty"`
	Prospecting *Prospecting `json:"prospecting,omitempty"`
	Loyalty     *Loyalty     `json:"loyalty,omitempty"`
	CrossSell   *CrossSell   `json:"cross_sell,omitempty"`
}

// MaxCap is the highest cap: the gate reads so many attempts of a person and of
// a number.
const MaxCap = 100

// DefaultDropLimit is that of most rules, such as 16 CFR 310.4(b)(4)(i).
const DefaultDropLimit = 0.03

// maxDropLimit is above what any known rule allows.
const maxDropLimit = 0.1

// OwnDropLimit is the campaign's own limit on dropped calls.
func (s *Settings) OwnDropLimit() float64 { return cmp.Or(s.DropLimit, DefaultDropLimit) }

// DefaultSettings are sensible rules for a campaign of the kind.
func DefaultSettings(kind Kind) Settings {
	s := Settings{
		Mode: PacingProgressive, Ratio: 1, RingTimeout: Seconds(25), ConnectLimit: Seconds(2), DropLimit: DefaultDropLimit,
		HalfLife: Duration(30 * 24 * time.Hour), AttemptDecay: 0.8,
		Window: DailyWindow(8, 21), MaxAttempts: 6,
		PersonCap: Cap{Max: 4, Per: Duration(24 * time.Hour)}, NumberCap: Cap{Max: 3, Per: Duration(24 * time.Hour)},
		Recycle: DefaultRecycle(), Dispositions: DefaultDispositions(), Callbacks: DefaultCallbacks(), Preview: DefaultPreview(), HopperSeconds: 30, DefaultRegion: "US",
		Script: "Hello {{first_name|there}}, this is {{agent_name}}.",
	}
	s.specialise(kind)
	return s
}

// Validate names the first wrong setting.
func (s *Settings) Validate() error {
	switch {
	case !slices.Contains([]PacingMode{PacingManual, PacingPreview, PacingProgressive, PacingRatio, PacingPredictive}, s.Mode):
		return Invalid("mode", "%q is not one of manual, preview, progressive, ratio, predictive", s.Mode)
	case s.Mode == PacingRatio && (s.Ratio < 1 || s.Ratio > 10):
		return Invalid("ratio", "%v is not between 1 and 10", s.Ratio)
	case s.RingTimeout < Seconds(15) || s.RingTimeout > Seconds(120):
		return Invalid("ring_timeout", "%v is not between 15s and 2m", s.RingTimeout)
	case s.ConnectLimit <= 0 || s.ConnectLimit > Seconds(10):
		return Invalid("connect_limit", "%v is not between 0s and 10s", s.ConnectLimit)
	case !(s.DropLimit >= 0 && s.DropLimit <= maxDropLimit):
		return Invalid("drop_limit", "%v is not between 0 and %v, fractions of 1", s.DropLimit, maxDropLimit)
	case s.HalfLife <= 0:
		return Invalid("half_life", "%v is not above zero", s.HalfLife)
	case s.AttemptDecay <= 0 || s.AttemptDecay > 1:
		return Invalid("attempt_decay", "%v is not in (0, 1]", s.AttemptDecay)
	case s.MaxAttempts < 1:
		return Invalid("max_attempts", "%d is below 1", s.MaxAttempts)
	case s.Language != "" && !languageForm.MatchString(s.Language):
		return Invalid("language", "%q is no language such as en or es-MX", s.Language)
	case len(s.Dispositions) == 0:
		return Invalid("dispositions", "none given")
	}
	for day, h := range s.Window.Days {
		if h.From < 0 || h.Until > 24*60 || h.From > h.Until {
			return Invalid("window", "%s: %d to %d minutes is no interval of a day", time.Weekday(day), h.From, h.Until)
		}
	}
	for i := range s.Triggers {
		if err := s.Triggers[i].Validate(); err != nil {
			return err
		}
	}
	for _, part := range []interface{ Validate() error }{
		namedCap{"person_cap", s.PersonCap}, namedCap{"number_cap", s.NumberCap}, &s.Selection, &s.Compliance,
	} {
		if err := part.Validate(); err != nil {
			return err
		}
	}
	for _, check := range []func() error{s.validatePacing, s.validateFollowUps} {
		if err := check(); err != nil {
			return err
		}
	}
	return s.validateKinds()
}

// namedCap is a cap with its key.
type namedCap struct {
	field string
	Cap
}

// Validate names what is wrong with the cap.
func (c namedCap) Validate() error {
	switch {
	case c.Max < 0 || c.Max > MaxCap:
		return Invalid(c.field+".max", "%d is not between 0 and %d", c.Max, MaxCap)
	case c.Max > 0 && c.Per <= 0:
		return Invalid(c.field+".per", "%v is not above zero", c.Per)
	}
	return nil
}

// Choice finds the disposition that agents of the campaign may choose by code.
func (s *Settings) Choice(code Disposition) (DispositionChoice, bool) {
	for _, c := range s.Dispositions {
		if c.Code == code {
			return c, true
		}
	}
	return DispositionChoice{}, false
}
