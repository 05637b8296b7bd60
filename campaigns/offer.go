package campaigns

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Money is an amount in hundredths of a currency's unit. Its text form has two
// decimals: "19.90".
type Money int64

// maxMoney keeps sums of amounts far from an overflow.
const maxMoney = Money(1_000_000_000_000_00)

// String gives the text form.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d", sign, m/100, m%100)
}

// MarshalText gives the text form.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads an amount with at most two decimals; the error quotes the
// wrong text.
func (m *Money) UnmarshalText(text []byte) error {
	whole, cents, _ := strings.Cut(string(text), ".")
	for len(cents) < 2 {
		cents += "0"
	}
	n, err := strconv.ParseUint(whole, 10, 48)
	c, err2 := strconv.ParseUint(cents, 10, 8)
	if err != nil || err2 != nil || len(cents) > 2 || Money(n) > maxMoney/100 {
		return fmt.Errorf("%q is no amount such as 19.90", text)
	}
	*m = Money(n*100 + c)
	return nil
}

// Offer is what a campaign offers, as it is applied. A campaign whose offer is
// the name of one uses it; any other text of a campaign's offer is shown as it
// stands.
type Offer struct {
	Name            string `json:"name" yaml:"name"`
	DefaultLanguage string `json:"default_language" yaml:"default_language"`
	// Product that the offer sells: never to somebody who owns it, by the
	// contact's attribute OwnedAttribute, else by the campaign's, else by
	// "owned_products".
	Product        string `json:"product,omitempty" yaml:"product,omitempty"`
	OwnedAttribute string `json:"owned_attribute,omitempty" yaml:"owned_attribute,omitempty"`
	// Price for a Period, such as month; an empty period: once.
	Price    Money  `json:"price" yaml:"price"`
	Currency string `json:"currency" yaml:"currency"`
	Period   string `json:"period,omitempty" yaml:"period,omitempty"`
	// Cost is what one acceptance takes of a money budget, besides the discount
	// on the price.
	Cost   Money       `json:"cost,omitempty" yaml:"cost,omitempty"`
	Budget OfferBudget `json:"budget" yaml:"budget"`
	// ExpiresAt is when it ends; nil: never.
	ExpiresAt *time.Time `json:"expires_at,omitempty" yaml:"expires_at,omitempty"`
	// MaxDiscount in per cent of the price binds everybody, supervisors too.
	MaxDiscount float64 `json:"max_discount,omitempty" yaml:"max_discount,omitempty"`
	// Next is the offer that takes its place where it is expired or used up, or
	// owned already; empty: none.
	Next  string               `json:"next,omitempty" yaml:"next,omitempty"`
	Texts map[string]OfferText `json:"texts" yaml:"texts"`
}

// OfferBudget bounds what is given; zero: no bound.
type OfferBudget struct {
	Count  int64 `json:"count,omitempty" yaml:"count,omitempty"`
	Amount Money `json:"amount,omitempty" yaml:"amount,omitempty"`
}

// OfferText is an offer in one language.
type OfferText struct {
	Title string `json:"title" yaml:"title"`
	Terms string `json:"terms" yaml:"terms"`
}

// OfferStanding is an offer's version in force with what is used of its budget.
type OfferStanding struct {
	ID        int64 `json:"id"`
	VersionID int64 `json:"version_id"`
	Version   int   `json:"version"`
	Offer     Offer `json:"offer"`
	// Accepted and Spent count acceptances that were not released.
	Accepted int64 `json:"accepted"`
	Spent    Money `json:"spent"`
}

// OfferAccepted is an offer that a customer took.
type OfferAccepted struct {
	// VersionID is that of the offer shown.
	VersionID int64 `json:"version_id"`
	// Discount in per cent of the price.
	Discount float64 `json:"discount,omitempty"`
}

// DiscountLimit is how much discount a user, or everybody of a role, may give
// without a supervisor.
type DiscountLimit struct {
	// User is a sign-in name; empty: everybody of the Role.
	User    string  `json:"user,omitempty"`
	Role    Role    `json:"role,omitempty"`
	Percent float64 `json:"percent"`
}

// Takes is what an acceptance with the discount, in per cent, takes of a money
// budget.
func (o *Offer) Takes(discount float64) Money {
	return o.Cost + Money(math.Round(float64(o.Price)*discount/100))
}

// Unfit says why the offer cannot be made at the time, or nothing. An
// acceptance without a discount has to fit into what is left of the budget.
func (s *OfferStanding) Unfit(at time.Time) string {
	o := &s.Offer
	switch {
	case o.ExpiresAt != nil && !at.Before(*o.ExpiresAt):
		return fmt.Sprintf("%s expired at %s", o.Name, o.ExpiresAt.UTC().Format(time.RFC3339))
	case o.Budget.Count > 0 && s.Accepted >= o.Budget.Count:
		return fmt.Sprintf("%s is used up: %d of %d", o.Name, s.Accepted, o.Budget.Count)
	case o.Budget.Amount > 0 && s.Spent+max(o.Takes(0), 1) > o.Budget.Amount:
		return fmt.Sprintf("%s is used up: %s of %s %s", o.Name, s.Spent, o.Budget.Amount, o.Currency)
	}
	return ""
}

// OwnedBy reports whether the person owns the offer's product. owned names the
// campaign's attribute of owned products.
func (o *Offer) OwnedBy(c *Contact, owned string) bool {
	if o.Product == "" {
		return false
	}
	if o.OwnedAttribute != "" {
		owned = o.OwnedAttribute
	}
	if owned == "" {
		owned = "owned_products"
	}
	products := strings.FieldsFunc(c.Attributes[owned], func(r rune) bool { return strings.ContainsRune(",;|", r) })
	return slices.ContainsFunc(products, func(p string) bool { return strings.EqualFold(strings.TrimSpace(p), o.Product) })
}

// Validate names the first thing that is wrong, by its path in the offer.
func (o *Offer) Validate() error {
	switch {
	case !nameForm.MatchString(o.Name):
		return Invalid("name", "%q is no name of small letters, digits, - and _", o.Name)
	case len(o.Currency) != 3 || strings.Trim(o.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return Invalid("currency", "%q is no code such as EUR (ISO 4217)", o.Currency)
	case o.Budget.Count < 0:
		return Invalid("budget.count", "%d is below zero", o.Budget.Count)
	case o.Budget.Amount > 0 && o.Cost == 0 && o.MaxDiscount == 0:
		return Invalid("cost", "is missing: it says what one acceptance takes of budget.amount")
	case !(o.MaxDiscount >= 0 && o.MaxDiscount <= 100):
		return Invalid("max_discount", "%v is not between 0 and 100 per cent", o.MaxDiscount)
	case o.Next != "" && !nameForm.MatchString(o.Next):
		return Invalid("next", "%q is no offer's name", o.Next)
	case o.Next == o.Name:
		return Invalid("next", "is the offer itself")
	}
	if err := checkLanguages(sortedKeys(o.Texts), o.DefaultLanguage); err != nil {
		return err
	}
	for _, language := range sortedKeys(o.Texts) {
		text, at := o.Texts[language], "texts."+language
		if err := firstError(checkText(at+".title", text.Title), checkText(at+".terms", text.Terms)); err != nil {
			return err
		}
	}
	return nil
}
