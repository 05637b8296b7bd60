package rest

import (
	"context"
	"net/http"

	"ringmaster/campaigns"
)

// Discounts lets supervisors approve what is above an agent's limit.
type Discounts interface {
	// ApproveDiscount lets the agent of the call give up to so much discount, in
	// per cent, with its result. CodeNotFound names an unknown call, CodeConflict
	// one that has its result.
	ApproveDiscount(ctx context.Context, call campaigns.CallID, percent float64, by campaigns.User, why string) error
}

type discountRequest struct {
	ID   string `path:"id" minLength:"26" maxLength:"26" doc:"The call's id, as the refusal names it."`
	Body struct {
		Percent float64 `json:"percent" minimum:"0" maximum:"100" doc:"Discount of the offer's price, in per cent."`
		Why     string  `json:"why,omitempty" maxLength:"500" doc:"Kept with the approval."`
	}
}

// discountRoutes declare the approval of discounts.
func (a *api) discountRoutes() {
	register(a, operation{http.MethodPost, "/v1/calls/{id}/discount", "approve-discount", "Approve a discount above the limit of the call's agent, before its result is saved", supervisors()},
		func(ctx context.Context, in *discountRequest) (*done, error) {
			return &done{}, a.opts.Discounts.ApproveDiscount(ctx, campaigns.CallID(in.ID), in.Body.Percent, userOf(ctx), in.Body.Why)
		})
}
