package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// offerChoice is the offer for a person.
type offerChoice struct {
	// known is unset where the name is no offer's, but a text of its own.
	known bool
	// standing is that of the offer chosen; nil: there is none left.
	standing *campaigns.OfferStanding
	// note says why it is not the first in line.
	note string
}

// chooseOffer takes the offer of the name, or, where it has expired, is used up
// or sells what the person owns, the next one that its rule names.
func chooseOffer(ctx context.Context, q querier, name string, person *campaigns.Contact, owned string, at time.Time) (offerChoice, error) {
	var choice offerChoice
	var reasons, seen []string
	for next := name; next != "" && !slices.Contains(seen, next); {
		seen = append(seen, next)
		standing, found, err := standingOf(ctx, q, next)
		if err != nil || !found {
			return choice, err
		}
		choice.known = true
		unfit := standing.Unfit(at)
		if unfit == "" && standing.Offer.OwnedBy(person, owned) {
			unfit = standing.Offer.Name + ": the customer owns " + standing.Offer.Product
		}
		if unfit == "" {
			choice.standing = &standing
			if len(reasons) > 0 {
				choice.note = strings.Join(reasons, "; ") + "; " + next + " takes its place"
			}
			return choice, nil
		}
		reasons = append(reasons, unfit)
		next = standing.Offer.Next
	}
	if choice.known {
		choice.note = strings.Join(reasons, "; ") + "; no other offer takes its place"
	}
	return choice, nil
}

// popOffer shows a chosen offer in the person's language, else in the campaign's,
// else in the offer's default one.
func popOffer(o *campaigns.OfferStanding, values campaigns.MergeValues, campaignLanguage string, limit float64) *campaigns.PopOffer {
	var have []string
	for language := range o.Offer.Texts {
		have = append(have, language)
	}
	language := campaigns.ChooseLanguage(have, values.Contact.Language, campaignLanguage, o.Offer.DefaultLanguage)
	text := o.Offer.Texts[language]
	shown := &campaigns.PopOffer{
		VersionID: o.VersionID, Name: o.Offer.Name, Version: o.Version, Language: language,
		Title: campaigns.Merge(text.Title, values), Terms: campaigns.Merge(text.Terms, values),
		Price: o.Offer.Price.String(), Currency: o.Offer.Currency, Period: o.Offer.Period, ExpiresAt: o.Offer.ExpiresAt,
		DiscountLimit: min(limit, o.Offer.MaxDiscount), MaxDiscount: o.Offer.MaxDiscount,
	}
	if o.Offer.Budget.Count > 0 {
		left := max(o.Offer.Budget.Count-o.Accepted, 0)
		shown.Remaining = &left
	}
	if o.Offer.Budget.Amount > 0 {
		shown.RemainingAmount = max(o.Offer.Budget.Amount-o.Spent, 0).String()
	}
	return shown
}
