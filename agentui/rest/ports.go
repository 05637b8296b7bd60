package rest

import (
	"context"

	"ringmaster/campaigns"
)

// Campaigns reads and moves campaigns.
type Campaigns interface {
	// Campaigns gives every campaign that is not closed.
	Campaigns(ctx context.Context) ([]campaigns.Campaign, error)
	// Campaign finds one by id; CodeNotFound when there is none.
	Campaign(ctx context.Context, id int64) (campaigns.Campaign, error)
	// MoveCampaign starts, pauses or closes a campaign; CodeConflict names the
	// states where the move is not allowed.
	MoveCampaign(ctx context.Context, id int64, to campaigns.CampaignState, by campaigns.User) (campaigns.Campaign, error)
	// ChangePacing changes how a campaign dials; CodeInvalid names a wrong field,
	// CodeConflict says that the campaign is closed.
	ChangePacing(ctx context.Context, id int64, change campaigns.PacingChange, by campaigns.User) (campaigns.Campaign, error)
	// Why explains who is not dialed now: rows by state and reason with their
	// counts, or the story of one contact (0: all). The rows go out as JSON.
	Why(ctx context.Context, id, contactID int64) (any, error)
}

// Protection keeps people from being called.
type Protection interface {
	// Suppress puts a number, E.164 or national, on the do-not-call list of one
	// campaign or (0) of all.
	Suppress(ctx context.Context, number string, campaignID int64, reason string, by campaigns.User) error
	// LiftSuppression takes a number off the own do-not-call list of one campaign
	// or (0) off all of them; CodeNotFound when it is not on it.
	LiftSuppression(ctx context.Context, number string, campaignID int64, by campaigns.User) error
	// DoNotCall gives every entry that covers a number.
	DoNotCall(ctx context.Context, number string) ([]campaigns.DoNotCall, error)
	// OpenComplaint stops every call to the person; CodeNotFound for nobody.
	OpenComplaint(ctx context.Context, contactID int64, text string, by campaigns.User) error
	// CloseComplaint closes the person's open complaints.
	CloseComplaint(ctx context.Context, contactID int64, by campaigns.User) error
}

// Rights keeps what persons agreed to and asked for.
type Rights interface {
	// Consents gives a person's ledger, newest first; CodeNotFound for nobody.
	Consents(ctx context.Context, contactID int64) ([]campaigns.ConsentEntry, error)
	// RecordConsent appends to the ledger; CodeInvalid names a wrong field.
	RecordConsent(ctx context.Context, entry campaigns.ConsentEntry, by campaigns.User) (campaigns.ConsentEntry, error)
	// Object stops all marketing to the person.
	Object(ctx context.Context, o campaigns.Objection, by campaigns.User) error
	// WithdrawObjection ends it; CodeNotFound when there is none.
	WithdrawObjection(ctx context.Context, contactID int64, by campaigns.User) error
	// Erase removes the person's data; CodeConflict while they are in a call.
	Erase(ctx context.Context, contactID int64, by campaigns.User) (campaigns.Erased, error)
}

// FloorSource gives the live figures.
type FloorSource interface {
	Floor(ctx context.Context) (campaigns.Floor, error)
}
