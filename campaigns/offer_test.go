package campaigns_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

func TestMoneyIsReadAndWrittenAsItIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]campaigns.Money{"19.90": 1990, "7": 700, "0.5": 50, "1000000": 100_000_000} {
		var m campaigns.Money
		if err := m.UnmarshalText([]byte(text)); err != nil || m != want {
			t.Errorf("%q: %d, %v", text, m, err)
		}
	}
	for _, text := range []string{"", "1.234", "-1", "1e3", "ten", "1,5", "99999999999999", "1.+5", "."} {
		var m campaigns.Money
		if err := m.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "is no amount such as 19.90") {
			t.Errorf("%q: %d, %v", text, m, err)
		}
	}
	if body, err := json.Marshal(map[string]campaigns.Money{"a": 5, "b": -1990}); err != nil || string(body) != `{"a":"0.05","b":"-19.90"}` {
		t.Errorf("%s, %v", body, err)
	}
}

// fine is an offer without a fault.
func fine() campaigns.Offer {
	return campaigns.Offer{
		Name: "half-price", DefaultLanguage: "en", Price: 1990, Currency: "EUR", Cost: 500, MaxDiscount: 20,
		Texts: map[string]campaigns.OfferText{"en": {Title: "Half", Terms: "Ends."}},
	}
}

func TestAnOfferThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	good := fine()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for text, change := range map[string]func(*campaigns.Offer){
		`name: "Half Price"`:                         func(o *campaigns.Offer) { o.Name = "Half Price" },
		`currency: "eur"`:                            func(o *campaigns.Offer) { o.Currency = "eur" },
		"budget.count: -1":                           func(o *campaigns.Offer) { o.Budget.Count = -1 },
		"cost: is missing":                           func(o *campaigns.Offer) { o.Budget.Amount, o.Cost, o.MaxDiscount = 100, 0, 0 },
		"max_discount: 101":                          func(o *campaigns.Offer) { o.MaxDiscount = 101 },
		"next: is the offer itself":                  func(o *campaigns.Offer) { o.Next = "half-price" },
		`default_language: "es" has no text`:         func(o *campaigns.Offer) { o.DefaultLanguage = "es" },
		`texts.english: "english" is no language`:    func(o *campaigns.Offer) { o.Texts["english"] = o.Texts["en"] },
		"texts.en.terms: is missing":                 func(o *campaigns.Offer) { o.Texts["en"] = campaigns.OfferText{Title: "a"} },
		"texts.en.title: line 1, column 3: {{plan}}": func(o *campaigns.Offer) { o.Texts["en"] = campaigns.OfferText{Title: "a {{plan}}", Terms: "b"} },
	} {
		o := fine()
		change(&o)
		if err := o.Validate(); err == nil || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAnOfferStandsUntilItIsUsedUpOrExpires(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 3, 3, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		budget   campaigns.OfferBudget
		accepted int64
		spent    campaigns.Money
		at       time.Time
		want     string
	}{
		{campaigns.OfferBudget{}, 1000, 500_000, end.Add(-1), ""},
		{campaigns.OfferBudget{}, 0, 0, end, "half-price expired at 2026-03-03T15:00:00Z"},
		{campaigns.OfferBudget{Count: 2}, 1, 0, end.Add(-1), ""},
		{campaigns.OfferBudget{Count: 2}, 2, 0, end.Add(-1), "half-price is used up: 2 of 2"},
		{campaigns.OfferBudget{Amount: 1500}, 0, 1000, end.Add(-1), ""},
		{campaigns.OfferBudget{Amount: 1500}, 0, 1001, end.Add(-1), "half-price is used up: 10.01 of 15.00 EUR"},
	} {
		s := campaigns.OfferStanding{Offer: fine(), Accepted: c.accepted, Spent: c.spent}
		s.Offer.ExpiresAt, s.Offer.Budget = &end, c.budget
		if got := s.Unfit(c.at); got != c.want {
			t.Errorf("%+v: %q, want %q", c, got, c.want)
		}
	}
	o := fine()
	if got := o.Takes(10); got != 500+199 {
		t.Errorf("with 10 %% it takes %s", got)
	}
}

func TestWhoOwnsTheProductIsToldByTheAttribute(t *testing.T) {
	t.Parallel()
	c := &campaigns.Contact{Attributes: map[string]string{"has": "silver | Gold", "owned_products": "bronze"}}
	for _, k := range []struct {
		product, own, campaign string
		want                   bool
	}{
		{"gold", "", "has", true}, {"gold", "has", "", true}, {"gold", "", "", false}, {"bronze", "", "", true},
		{"gol", "has", "", false}, {"", "has", "", false}, {"bronze", "has", "owned_products", false},
	} {
		o := fine()
		o.Product, o.OwnedAttribute = k.product, k.own
		if got := o.OwnedBy(c, k.campaign); got != k.want {
			t.Errorf("%+v: %v", k, got)
		}
	}
}
