package campaigns_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"ringmaster/campaigns"
)

func TestEveryKindHasDefaultsOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, kind := range campaigns.Kinds {
		s := campaigns.DefaultSettings(kind)
		if kind == campaigns.KindCrossSell {
			if err := s.ValidateFor(kind); err == nil {
				t.Error("a cross-sell campaign may sell nothing")
			}
			s.Selection.Product, s.Selection.OwnedAttribute = "tv", "owned"
		}
		if err := s.ValidateFor(kind); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if len(s.ReadAttributes()) == 0 {
			t.Errorf("%s goes by no attribute", kind)
		}
		for _, other := range campaigns.Kinds {
			if err := s.ValidateFor(other); (err == nil) != (other == kind) {
				t.Errorf("settings of %s for %s: %v", kind, other, err)
			}
		}
	}
	s := campaigns.DefaultSettings(campaigns.KindWinBack)
	// Four times more likely in the first week than in the fourth.
	if lift := math.Exp2(float64(21*24*time.Hour) / float64(s.HalfLife)); math.Abs(lift-4) > 1e-9 {
		t.Errorf("three weeks are worth %v", lift)
	}
}

func TestWrongSettingsOfAKindAreNamed(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]struct {
		kind  campaigns.Kind
		spoil func(*campaigns.Settings)
	}{
		"win_back.offers": {campaigns.KindWinBack, func(s *campaigns.Settings) { s.WinBack.Offers = map[campaigns.DefectorReason]string{"money": "x"} }},
		"win_back.reason_attribute": {campaigns.KindWinBack, func(s *campaigns.Settings) {
			s.WinBack.ReasonAttribute, s.WinBack.Offers = "", map[campaigns.DefectorReason]string{"price": "x"}
		}},
		"prospecting.source": {campaigns.KindProspecting, func(s *campaigns.Settings) { s.Prospecting.Source = campaigns.SourceReferral }},
		"loyalty.tiers":      {campaigns.KindLoyalty, func(s *campaigns.Settings) { s.Loyalty.Tiers = map[string]float64{"gold": math.Inf(1)} }},
		"loyalty.tier_attribute": {campaigns.KindLoyalty, func(s *campaigns.Settings) {
			s.Loyalty.TierAttribute, s.Loyalty.Tiers = "", map[string]float64{"gold": 1}
		}},
		"loyalty":        {campaigns.KindWinBack, func(s *campaigns.Settings) { s.Loyalty = &campaigns.Loyalty{} }},
		"person_cap.max": {campaigns.KindLoyalty, func(s *campaigns.Settings) { s.PersonCap.Max = campaigns.MaxCap + 1 }},
		"number_cap.per": {campaigns.KindLoyalty, func(s *campaigns.Settings) { s.NumberCap.Per = 0 }},
		"kind":           {"upsell", func(*campaigns.Settings) {}},
	} {
		s := campaigns.DefaultSettings(c.kind)
		c.spoil(&s)
		if e, ok := errors.AsType[*campaigns.Error](s.ValidateFor(c.kind)); !ok || e.Field != field || e.Code != campaigns.CodeInvalid {
			t.Errorf("%s: %v", field, e)
		}
	}
	s := campaigns.DefaultSettings(campaigns.KindProspecting)
	s.Prospecting.Source, s.Compliance.RequireConsent = campaigns.SourceReferral, true
	if err := s.ValidateFor(campaigns.KindProspecting); err != nil {
		t.Errorf("a referral with a consent of their own: %v", err)
	}
}

func TestTheReasonToLeaveChoosesTheOffer(t *testing.T) {
	t.Parallel()
	s := campaigns.DefaultSettings(campaigns.KindWinBack)
	s.Offer, s.WinBack.Offers = "tea", map[campaigns.DefectorReason]string{campaigns.DefectorPrice: "cheaper"}
	for reason, want := range map[string]string{"price": "cheaper", " Price ": "cheaper", "service": "tea", "": "tea"} {
		if got := s.OfferFor(&campaigns.Contact{Attributes: map[string]string{"defector_reason": reason}}); got != want {
			t.Errorf("%q is offered %q", reason, got)
		}
	}
}

func TestDurationsAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"25s": 25 * time.Second, "72h": 72 * time.Hour, "10.5d": 252 * time.Hour, "1d12h": 36 * time.Hour, "-1d": -24 * time.Hour, "0": 0, "1h30m": 90 * time.Minute,
	} {
		var d, again campaigns.Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.Std() != want {
			t.Errorf("%q is %v, %v", text, d, err)
		}
		if err := again.UnmarshalText([]byte(d.Short())); err != nil || again != d {
			t.Errorf("%v is written %q and read as %v, %v", d, d.Short(), again, err)
		}
	}
	for _, text := range []string{"", "d", "soon", "1dx", "1d-2h", "NaNd", "1e9d", "0x1d", "5"} {
		var d campaigns.Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
	for d, want := range map[time.Duration]string{252 * time.Hour: "10.5d", 25 * time.Hour: "25h", 0: "0s", 90 * time.Second: "1m30s", time.Hour: "1h", 10 * time.Minute: "10m"} {
		if got := campaigns.Duration(d).Short(); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
