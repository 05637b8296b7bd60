package campaigns

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Kinds lists the kinds of campaigns.
var Kinds = []Kind{KindWinBack, KindProspecting, KindLoyalty, KindCrossSell}

// DefectorReason is why a customer left.
type DefectorReason string

// The reasons of defectors (Keaveney 1995 and the CRM literature after it, cut
// down to what an offer can answer).
const (
	DefectorPrice          DefectorReason = "price"
	DefectorProduct        DefectorReason = "product"
	DefectorService        DefectorReason = "service"
	DefectorMarket         DefectorReason = "market"
	DefectorTechnological  DefectorReason = "technological"
	DefectorOrganisational DefectorReason = "organisational"
)

// DefectorReasons lists the reasons of defectors.
var DefectorReasons = []DefectorReason{DefectorPrice, DefectorProduct, DefectorService, DefectorMarket, DefectorTechnological, DefectorOrganisational}

// Source is what the people of a list are to the seller.
type Source string

// The sources of lists.
const (
	// SourceSuspect might need it; nothing more is known.
	SourceSuspect Source = "suspect"
	// SourceEnquiry has asked, SourceLapsed let a contract end, SourceFormer
	// left long ago, SourceExisting is a customer.
	SourceEnquiry  Source = "enquiry"
	SourceLapsed   Source = "lapsed"
	SourceFormer   Source = "former"
	SourceExisting Source = "existing"
	// SourceReferral was named by somebody else, who cannot consent for them.
	SourceReferral           Source = "referral"
	SourceCompetitorCustomer Source = "competitor_customer"
	SourceCompetitorEnquiry  Source = "competitor_enquiry"
	SourceCompetitorLapsed   Source = "competitor_lapsed"
	SourceCompetitorFormer   Source = "competitor_former"
)

// Sources lists the sources of lists; the schema repeats them.
var Sources = []Source{SourceSuspect, SourceEnquiry, SourceLapsed, SourceFormer, SourceExisting, SourceReferral,
	SourceCompetitorCustomer, SourceCompetitorEnquiry, SourceCompetitorLapsed, SourceCompetitorFormer}

// WinBack is what a win-back campaign adds.
type WinBack struct {
	// LeftAtAttribute names the contact's attribute with the day on which they
	// left. The half-life runs from it where a row of a list has no event_at.
	LeftAtAttribute string `json:"left_at_attribute,omitempty"`
	// ReasonAttribute names the contact's attribute with the DefectorReason, and
	// Offers gives each reason its offer; any other reason gets the campaign's.
	ReasonAttribute string                    `json:"reason_attribute,omitempty"`
	Offers          map[DefectorReason]string `json:"offers,omitempty"`
}

// Prospecting is what a prospecting campaign adds.
type Prospecting struct {
	// NeedAttribute and ProfitAttribute name the contact's attributes with the
	// segments by need and by profit.
	NeedAttribute   string `json:"need_attribute,omitempty"`
	ProfitAttribute string `json:"profit_attribute,omitempty"`
	// Source and Provenance are those of its lists, where a list has none.
	Source     Source `json:"source,omitempty"`
	Provenance string `json:"provenance,omitempty"`
}

// Loyalty is what a loyalty campaign adds.
type Loyalty struct {
	// TierAttribute names the contact's attribute with the value tier, and Tiers
	// gives the value of each, which holds where a row of a list has no value.
	TierAttribute string             `json:"tier_attribute,omitempty"`
	Tiers         map[string]float64 `json:"tiers,omitempty"`
	// NeedAttribute names the contact's attribute with the need.
	NeedAttribute string `json:"need_attribute,omitempty"`
	// ChurnAttribute names the contact's attribute with the churn score, a
	// probability or per cent, which is the propensity where a row has none.
	ChurnAttribute string `json:"churn_attribute,omitempty"`
}

// CrossSell is what a cross-sell campaign adds to Selection.OwnedAttribute and
// Selection.Product.
type CrossSell struct {
	// UsageAttribute names the contact's attribute with the usage.
	UsageAttribute string `json:"usage_attribute,omitempty"`
}

// specialise turns the general defaults into those of the kind.
func (s *Settings) specialise(kind Kind) {
	const day = Duration(24 * time.Hour)
	switch kind {
	case KindWinBack:
		// Four times more likely in the first week than in the fourth:
		// 2^(21/10.5) = 4.
		s.HalfLife = 21 * day / 2
		s.WinBack = &WinBack{LeftAtAttribute: "left_at", ReasonAttribute: "defector_reason"}
	case KindProspecting:
		// In the unit of values: a call worth less than a twentieth is not made.
		s.Selection.CostPerAttempt = 0.05
		s.Prospecting = &Prospecting{NeedAttribute: "need_segment", ProfitAttribute: "profit_segment"}
	case KindLoyalty:
		// Who stays is not called as often as who is to be won.
		s.HalfLife, s.MaxAttempts, s.PersonCap = 90*day, 4, Cap{Max: 1, Per: day}
		s.Loyalty = &Loyalty{TierAttribute: "value_tier", NeedAttribute: "need", ChurnAttribute: "churn_score"}
	case KindCrossSell:
		s.HalfLife, s.MaxAttempts, s.PersonCap = 60*day, 4, Cap{Max: 1, Per: day}
		s.Compliance.RefusalPeriod = 30 * day
		s.CrossSell = &CrossSell{UsageAttribute: "usage"}
	}
}

// ValidateFor names the first wrong setting of a campaign of the kind.
func (s *Settings) ValidateFor(kind Kind) error {
	if !slices.Contains(Kinds, kind) {
		return Invalid("kind", "%q is not one of %v", kind, Kinds)
	}
	if err := s.Validate(); err != nil {
		return err
	}
	for _, part := range []struct {
		kind  Kind
		given bool
	}{{KindWinBack, s.WinBack != nil}, {KindProspecting, s.Prospecting != nil}, {KindLoyalty, s.Loyalty != nil}, {KindCrossSell, s.CrossSell != nil}} {
		if part.given && part.kind != kind {
			return Invalid(string(part.kind), "is for campaigns of that kind; this one is %s", kind)
		}
	}
	if kind == KindCrossSell && s.Selection.Product == "" {
		return Invalid("selection.product", "is missing: a cross-sell campaign names what it offers, and in owned_attribute who has it already")
	}
	return nil
}

// validateKinds names the first wrong setting of those that only one kind has.
func (s *Settings) validateKinds() error {
	if w := s.WinBack; w != nil {
		for _, reason := range sortedKeys(w.Offers) {
			if !slices.Contains(DefectorReasons, reason) {
				return Invalid("win_back.offers", "%q is not one of %v", reason, DefectorReasons)
			}
		}
		if len(w.Offers) > 0 && w.ReasonAttribute == "" {
			return Invalid("win_back.reason_attribute", "is missing: it says which of the offers a person gets")
		}
	}
	if p := s.Prospecting; p != nil {
		if p.Source != "" && !slices.Contains(Sources, p.Source) {
			return Invalid("prospecting.source", "%q is not one of %v", p.Source, Sources)
		}
		if p.Source == SourceReferral && !s.Compliance.RequireConsent && !s.Compliance.Business {
			return Invalid("prospecting.source", "a referral carries no consent: set compliance.require_consent, so that only those are called who gave their own")
		}
	}
	if l := s.Loyalty; l != nil {
		for _, tier := range sortedKeys(l.Tiers) {
			if v := l.Tiers[tier]; !(v > 0) || math.IsInf(v, 0) {
				return Invalid("loyalty.tiers", "%s: %v is not a value above zero", tier, v)
			}
		}
		if len(l.Tiers) > 0 && l.TierAttribute == "" {
			return Invalid("loyalty.tier_attribute", "is missing: it says which of the tiers a person is in")
		}
	}
	return nil
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// OfferFor gives the offer for a person: that for their reason to leave, or the
// campaign's.
func (s *Settings) OfferFor(c *Contact) string {
	if s.WinBack != nil && s.WinBack.ReasonAttribute != "" {
		reason := DefectorReason(strings.ToLower(strings.TrimSpace(c.Attributes[s.WinBack.ReasonAttribute])))
		if offer := s.WinBack.Offers[reason]; offer != "" {
			return offer
		}
	}
	return s.Offer
}

// ReadAttributes are the contact's attributes that the campaign goes by.
func (s *Settings) ReadAttributes() []string {
	all := []string{s.Selection.OwnedAttribute}
	if w := s.WinBack; w != nil {
		all = append(all, w.LeftAtAttribute, w.ReasonAttribute)
	}
	if p := s.Prospecting; p != nil {
		all = append(all, p.NeedAttribute, p.ProfitAttribute)
	}
	if l := s.Loyalty; l != nil {
		all = append(all, l.TierAttribute, l.NeedAttribute, l.ChurnAttribute)
	}
	if c := s.CrossSell; c != nil {
		all = append(all, c.UsageAttribute)
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == "" })
}
