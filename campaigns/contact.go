package campaigns

import (
	"slices"
	"strings"
	"time"
)

// Contact is one person, however many lists hold them.
type Contact struct {
	ID         int64             `json:"id"`
	ExternalID string            `json:"external_id,omitempty"`
	FirstName  string            `json:"first_name,omitempty"`
	LastName   string            `json:"last_name,omitempty"`
	Company    string            `json:"company,omitempty"`
	Email      string            `json:"email,omitempty"`
	Language   string            `json:"language,omitempty"`
	TimeZone   string            `json:"time_zone,omitempty"`
	Region     string            `json:"region,omitempty"`
	PostalCode string            `json:"postal_code,omitempty"`
	Value      float64           `json:"value"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Numbers    []ContactNumber   `json:"numbers"`
}

// Name gives the person's full name, or the company.
func (c *Contact) Name() string {
	switch {
	case c.FirstName != "" && c.LastName != "":
		return c.FirstName + " " + c.LastName
	case c.FirstName+c.LastName != "":
		return c.FirstName + c.LastName
	default:
		return c.Company
	}
}

// ContactNumber is one of a contact's numbers, in the order to try.
type ContactNumber struct {
	NumberID int64  `json:"number_id"`
	E164     string `json:"e164"`
	Region   string `json:"region,omitempty"`
	// Zones are the IANA zones the number may lie in.
	Zones []string `json:"zones,omitempty"`
	// Shared marks switchboards and families.
	Shared bool `json:"shared,omitempty"`
	// Bad is set once the network said the number does not exist.
	Bad bool `json:"bad,omitempty"`
	// DoNotCall is set while a suppression entry covers the number.
	DoNotCall bool `json:"do_not_call,omitempty"`
}

// Consent is one entry of the consent ledger.
type Consent struct {
	Purpose string     `json:"purpose"`
	Channel string     `json:"channel"`
	Granted bool       `json:"granted"`
	Source  string     `json:"source,omitempty"`
	From    time.Time  `json:"from"`
	Until   *time.Time `json:"until,omitempty"`
}

// Interaction is one line of a person's history, over all campaigns.
type Interaction struct {
	At          time.Time   `json:"at"`
	Direction   Direction   `json:"direction"`
	Campaign    string      `json:"campaign,omitempty"`
	Agent       string      `json:"agent,omitempty"`
	Outcome     Outcome     `json:"outcome,omitempty"`
	Disposition Disposition `json:"disposition,omitempty"`
	Reason      string      `json:"reason,omitempty"`
	Notes       string      `json:"notes,omitempty"`
	TalkSeconds int         `json:"talk_seconds,omitempty"`
}

// Pop is the screen pop: what an agent sees of a customer with a call.
type Pop struct {
	Contact  Contact   `json:"contact"`
	Consents []Consent `json:"consents"`
	// LocalTime is the customer's clock now, CallsAllowedUntil the end of
	// today's window there; both in RFC 3339 with the customer's offset.
	LocalTime         string `json:"local_time,omitempty"`
	CallsAllowedUntil string `json:"calls_allowed_until,omitempty"`
	// Factors explain why this candidate was chosen, strongest first.
	Factors []Factor `json:"factors"`
	// ScoreFactors are the strongest reasons of the model that gave the propensity.
	ScoreFactors []Factor `json:"score_factors,omitempty"`
	// Script and Offer as plain text.
	Script string `json:"script,omitempty"`
	Offer  string `json:"offer,omitempty"`
	// ScriptShown and OfferShown are there where the campaign's are versioned.
	ScriptShown *PopScript `json:"script_shown,omitempty"`
	OfferShown  *PopOffer  `json:"offer_shown,omitempty"`
	// OfferNote says why it is not the offer first in line, or why there is none.
	OfferNote string `json:"offer_note,omitempty"`
	// Arms of the experiments that the person is in.
	Arms         []PopArm            `json:"arms,omitempty"`
	Dispositions []DispositionChoice `json:"dispositions"`
	History      []Interaction       `json:"history"`
	// Candidates are the possible persons of an inbound caller, most recent
	// attempt first; the agent chooses when there is more than one.
	Candidates []Contact `json:"candidates,omitempty"`
}

// PopScript is a script's text in the customer's language.
type PopScript struct {
	// VersionID is given back with the result.
	VersionID int64  `json:"version_id"`
	Name      string `json:"name"`
	Version   int    `json:"version"`
	Language  string `json:"language"`
	// Sections are the steps, in order.
	Sections []ScriptSection `json:"sections"`
	// Disclosures are to be confirmed with the result; each names all results
	// of the campaign that need it.
	Disclosures []Disclosure `json:"disclosures"`
	// Objections are cards with answers.
	Objections []ObjectionCard `json:"objections"`
}

// PopOffer is the offer chosen for the customer.
type PopOffer struct {
	// VersionID is given back with the result that accepts the offer.
	VersionID int64  `json:"version_id"`
	Name      string `json:"name"`
	Version   int    `json:"version"`
	Language  string `json:"language"`
	Title     string `json:"title"`
	Terms     string `json:"terms"`
	// Price with two decimals, for a Period; an empty period: once.
	Price    string `json:"price"`
	Currency string `json:"currency"`
	Period   string `json:"period,omitempty"`
	// Remaining acceptances, and RemainingAmount of the money budget, as the pop
	// was built; absent: unbounded.
	Remaining       *int64     `json:"remaining,omitempty"`
	RemainingAmount string     `json:"remaining_amount,omitempty"`
	ExpiresAt       *time.Time `json:"expires_at,omitempty"`
	// DiscountLimit is what the agent may give without a supervisor, MaxDiscount
	// what anybody may, both in per cent.
	DiscountLimit float64 `json:"discount_limit"`
	MaxDiscount   float64 `json:"max_discount"`
}

// PopArm is the arm of an experiment.
type PopArm struct {
	Experiment string            `json:"experiment"`
	Subject    ExperimentSubject `json:"subject"`
	Arm        string            `json:"arm"`
}

// Addressed gives the pop with the agent's name in the texts that were merged
// before it was known who would speak them. The pop itself is left as it is.
func (p *Pop) Addressed(agent string) *Pop {
	if p == nil {
		return nil
	}
	name := func(text string) string { return strings.ReplaceAll(text, agentField, agent) }
	filled := *p
	filled.Script, filled.Offer = name(p.Script), name(p.Offer)
	if p.ScriptShown != nil {
		shown := *p.ScriptShown
		shown.Sections, shown.Disclosures, shown.Objections = slices.Clone(shown.Sections), slices.Clone(shown.Disclosures), slices.Clone(shown.Objections)
		for i := range shown.Sections {
			shown.Sections[i].Title, shown.Sections[i].Text = name(shown.Sections[i].Title), name(shown.Sections[i].Text)
		}
		for i := range shown.Disclosures {
			shown.Disclosures[i].Text = name(shown.Disclosures[i].Text)
		}
		for i := range shown.Objections {
			shown.Objections[i].Title, shown.Objections[i].Text = name(shown.Objections[i].Title), name(shown.Objections[i].Text)
		}
		filled.ScriptShown = &shown
	}
	if p.OfferShown != nil {
		shown := *p.OfferShown
		shown.Title, shown.Terms = name(shown.Title), name(shown.Terms)
		filled.OfferShown = &shown
	}
	return &filled
}

// Factor is one part of a candidate's rank, in doublings (log2 units).
type Factor struct {
	Name   string  `json:"name"`
	Text   string  `json:"text"`
	Points float64 `json:"points"`
}

// MaskNumber hides all but the last two digits of a phone number, for logs.
func MaskNumber(number string) string {
	masked := []byte(number)
	digits := 0
	for i := len(masked) - 1; i >= 0; i-- {
		if masked[i] < '0' || masked[i] > '9' {
			continue
		}
		if digits >= 2 {
			masked[i] = '*'
		}
		digits++
	}
	return string(masked)
}
