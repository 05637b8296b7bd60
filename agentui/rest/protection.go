package rest

import (
	"context"
	"net/http"

	"ringmaster/campaigns"
)

type suppressRequest struct {
	Body struct {
		Number     string `json:"number" minLength:"3" maxLength:"40" doc:"E.164, or national in the installation's region."`
		CampaignID int64  `json:"campaign_id,omitempty" minimum:"0" doc:"Absent: all campaigns."`
		Reason     string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

type suppressedNumber struct {
	Number string `query:"number" required:"true" minLength:"3" maxLength:"40" doc:"E.164, or national in the installation's region."`
}

type liftRequest struct {
	suppressedNumber
	CampaignID int64 `query:"campaign_id" minimum:"0" doc:"Absent: the entries of all campaigns."`
}

type complaintRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The id."`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000" doc:"What the person complained of."`
	}
}

// protectionRoutes declare what keeps people from being called.
func (a *api) protectionRoutes() {
	register(a, operation{http.MethodPost, "/v1/suppressions", "add-suppression", "Put a number on the do-not-call list", supervisors()},
		func(ctx context.Context, in *suppressRequest) (*done, error) {
			return &done{}, a.opts.Protection.Suppress(ctx, in.Body.Number, in.Body.CampaignID, in.Body.Reason, userOf(ctx))
		})
	register(a, operation{http.MethodGet, "/v1/suppressions", "list-suppressions", "Every do-not-call entry that covers a number", supervisors()},
		func(ctx context.Context, in *suppressedNumber) (*body[[]campaigns.DoNotCall], error) {
			entries, err := a.opts.Protection.DoNotCall(ctx, in.Number)
			if entries == nil {
				entries = []campaigns.DoNotCall{}
			}
			return &body[[]campaigns.DoNotCall]{entries}, err
		})
	register(a, operation{http.MethodDelete, "/v1/suppressions", "lift-suppression", "Take a number off the own do-not-call list", supervisors()},
		func(ctx context.Context, in *liftRequest) (*done, error) {
			return &done{}, a.opts.Protection.LiftSuppression(ctx, in.Number, in.CampaignID, userOf(ctx))
		})
	register(a, operation{http.MethodPost, "/v1/contacts/{id}/complaints", "open-complaint", "Open a complaint: every call to the person stops", supervisors()},
		func(ctx context.Context, in *complaintRequest) (*done, error) {
			return &done{}, a.opts.Protection.OpenComplaint(ctx, in.ID, in.Body.Text, userOf(ctx))
		})
	register(a, operation{http.MethodDelete, "/v1/contacts/{id}/complaints", "close-complaints", "Close a person's open complaints", supervisors()},
		func(ctx context.Context, in *idInPath) (*done, error) {
			return &done{}, a.opts.Protection.CloseComplaint(ctx, in.ID, userOf(ctx))
		})
}
