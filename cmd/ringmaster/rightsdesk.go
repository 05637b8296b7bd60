package main

import (
	"context"
	"log/slog"
	"time"

	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/postgres"
)

// rightsDesk keeps people from being called, and what they agreed to and asked
// for. Who did what stands in the log.
type rightsDesk struct {
	store  *postgres.Store
	region string
	log    *slog.Logger
}

// Suppress puts a number on the do-not-call list.
func (d rightsDesk) Suppress(ctx context.Context, number string, campaignID int64, reason string, by campaigns.User) error {
	parsed, err := d.number(number)
	if err != nil {
		return err
	}
	err = d.store.AddSuppression(ctx, parsed.E164, campaignID, "api", reason, time.Time{})
	return d.note(err, "do-not-call entry added", by, "number", campaigns.MaskNumber(parsed.E164), "campaign", campaignID)
}

// LiftSuppression takes a number off it.
func (d rightsDesk) LiftSuppression(ctx context.Context, number string, campaignID int64, by campaigns.User) error {
	parsed, err := d.number(number)
	if err != nil {
		return err
	}
	err = d.store.LiftSuppression(ctx, parsed.E164, campaignID)
	return d.note(err, "do-not-call entry lifted", by, "number", campaigns.MaskNumber(parsed.E164), "campaign", campaignID)
}

// DoNotCall gives what covers a number.
func (d rightsDesk) DoNotCall(ctx context.Context, number string) ([]campaigns.DoNotCall, error) {
	parsed, err := d.number(number)
	if err != nil {
		return nil, err
	}
	return d.store.Suppressions(ctx, parsed.E164, parsed.Region)
}

// DNCLists gives every do-not-call list.
func (d rightsDesk) DNCLists(ctx context.Context) ([]campaigns.DNCListState, error) {
	return d.store.DNCLists(ctx)
}

// SetDNCList makes a list or says anew how old its files may become.
func (d rightsDesk) SetDNCList(ctx context.Context, list campaigns.DNCList, by campaigns.User) error {
	return d.note(d.store.SetDNCList(ctx, list), "do-not-call list set", by, "list", list.Name, "campaign", list.Campaign, "national", list.National)
}

// AddDNCEntry puts a number, a prefix or a country on a list. Prefixes of the own
// list that bind one campaign stand on a list of that name.
func (d rightsDesk) AddDNCEntry(ctx context.Context, list campaigns.DNCList, entry rest.DNCEntry, by campaigns.User) error {
	if entry.Pattern != "" {
		if list.Name == postgres.OwnList {
			list.Name = ownListOf(list.Campaign)
		}
		err := d.store.SuppressPattern(ctx, list, entry.Pattern, entry.Reason, entry.Until)
		return d.note(err, "do-not-call prefix added", by, "list", list.Name, "pattern", entry.Pattern)
	}
	number, err := d.number(entry.Number)
	if err != nil {
		return err
	}
	if list.Name != postgres.OwnList {
		err = d.store.AddToDNCList(ctx, list, number.E164, entry.Until)
		return d.note(err, "do-not-call entry added", by, "list", list.Name, "number", campaigns.MaskNumber(number.E164))
	}
	campaignID, err := campaignIDOf(ctx, d.store, list.Campaign)
	if err != nil {
		return err
	}
	err = d.store.AddSuppression(ctx, number.E164, campaignID, "api", entry.Reason, entry.Until)
	return d.note(err, "do-not-call entry added", by, "list", list.Name, "number", campaigns.MaskNumber(number.E164), "campaign", campaignID)
}

// RemoveDNCEntry takes it off the list.
func (d rightsDesk) RemoveDNCEntry(ctx context.Context, list string, entry rest.DNCEntry, by campaigns.User) error {
	if entry.Pattern != "" {
		return d.note(d.store.LiftPattern(ctx, list, entry.Pattern), "do-not-call prefix lifted", by, "list", list, "pattern", entry.Pattern)
	}
	number, err := d.number(entry.Number)
	if err != nil {
		return err
	}
	if list == postgres.OwnList {
		err = d.store.LiftSuppression(ctx, number.E164, 0)
	} else {
		err = d.store.RemoveFromDNCList(ctx, list, number.E164)
	}
	return d.note(err, "do-not-call entry lifted", by, "list", list, "number", campaigns.MaskNumber(number.E164))
}

func (d rightsDesk) number(text string) (phone.Number, error) {
	number, err := phone.Parse(text, d.region)
	if err != nil {
		return number, campaigns.Invalid("number", "%v", err)
	}
	return number, nil
}

// OpenComplaint stops every call to a person.
func (d rightsDesk) OpenComplaint(ctx context.Context, contactID int64, text string, by campaigns.User) error {
	return d.note(d.store.OpenComplaint(ctx, contactID, text), "complaint opened", by, "contact", contactID)
}

// CloseComplaint closes a person's open complaints.
func (d rightsDesk) CloseComplaint(ctx context.Context, contactID int64, by campaigns.User) error {
	return d.note(d.store.CloseComplaint(ctx, contactID), "complaints closed", by, "contact", contactID)
}

// Consents gives a person's ledger.
func (d rightsDesk) Consents(ctx context.Context, contactID int64) ([]campaigns.ConsentEntry, error) {
	return d.store.Consents(ctx, contactID)
}

// RecordConsent appends to it.
func (d rightsDesk) RecordConsent(ctx context.Context, entry campaigns.ConsentEntry, by campaigns.User) (campaigns.ConsentEntry, error) {
	entry.RecordedBy = by.ID
	kept, err := d.store.RecordConsent(ctx, entry)
	return kept, d.note(err, "consent recorded", by, "contact", entry.ContactID, "entry", kept.ID, "granted", entry.Granted)
}

// Object stops all marketing to the person.
func (d rightsDesk) Object(ctx context.Context, o campaigns.Objection, by campaigns.User) error {
	return d.note(d.store.Object(ctx, o), "objection recorded", by, "contact", o.ContactID)
}

// WithdrawObjection ends the objection.
func (d rightsDesk) WithdrawObjection(ctx context.Context, contactID int64, by campaigns.User) error {
	return d.note(d.store.WithdrawObjection(ctx, contactID), "objection withdrawn", by, "contact", contactID)
}

// Erase removes the person's data.
func (d rightsDesk) Erase(ctx context.Context, contactID int64, by campaigns.User) (campaigns.Erased, error) {
	erased, err := d.store.EraseContact(ctx, contactID)
	return erased, d.note(err, "person erased", by, "contact", contactID)
}

// note logs what was done and by whom, unless it failed.
func (d rightsDesk) note(err error, did string, by campaigns.User, args ...any) error {
	if err == nil {
		d.log.Info("a person's protection was changed", append(args, "did", did, "by", by.ID)...)
	}
	return err
}
