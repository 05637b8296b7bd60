package rest

import (
	"context"
	"net/http"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

type whyRequest struct {
	ID      int64 `path:"id" minimum:"1" doc:"The id."`
	Contact int64 `query:"contact" minimum:"1" doc:"Explains one contact instead."`
}

type pacingRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The campaign's id."`
	Body campaigns.PacingChange
}

// campaignRoutes declare the campaigns and the floor.
func (a *api) campaignRoutes() {
	register(a, operation{http.MethodGet, "/v1/campaigns", "list-campaigns", "Every campaign that is not closed", supervisors()},
		func(ctx context.Context, _ *struct{}) (*body[[]campaigns.Campaign], error) {
			list, err := a.opts.Campaigns.Campaigns(ctx)
			if list == nil {
				list = []campaigns.Campaign{}
			}
			return &body[[]campaigns.Campaign]{list}, err
		})
	register(a, operation{http.MethodGet, "/v1/campaigns/{id}", "get-campaign", "One campaign", supervisors()},
		func(ctx context.Context, in *idInPath) (*body[campaigns.Campaign], error) {
			c, err := a.opts.Campaigns.Campaign(ctx, in.ID)
			return &body[campaigns.Campaign]{c}, err
		})
	for verb, to := range map[string]campaigns.CampaignState{
		"start": campaigns.CampaignRunning, "pause": campaigns.CampaignPaused, "close": campaigns.CampaignClosed,
	} {
		register(a, operation{http.MethodPost, "/v1/campaigns/{id}/" + verb, verb + "-campaign", "Move a campaign to the state " + string(to), supervisors()},
			func(ctx context.Context, in *idInPath) (*body[campaigns.Campaign], error) {
				c, err := a.opts.Campaigns.MoveCampaign(ctx, in.ID, to, userOf(ctx))
				return &body[campaigns.Campaign]{c}, err
			})
	}
	register(a, operation{http.MethodPatch, "/v1/campaigns/{id}/pacing", "change-pacing", "Change how a campaign dials, also while it runs; what is absent stays as it is", supervisors()},
		func(ctx context.Context, in *pacingRequest) (*body[campaigns.Campaign], error) {
			c, err := a.opts.Campaigns.ChangePacing(ctx, in.ID, in.Body, userOf(ctx))
			return &body[campaigns.Campaign]{c}, err
		})
	register(a, operation{http.MethodGet, "/v1/campaigns/{id}/why", "explain-campaign", "How many candidates stand behind each reason not to be dialed now", supervisors()},
		func(ctx context.Context, in *whyRequest) (*body[any], error) {
			rows, err := a.opts.Campaigns.Why(ctx, in.ID, in.Contact)
			return &body[any]{rows}, err
		})
	register(a, operation{http.MethodGet, "/v1/floor", "get-floor", "The live figures of queues, agents, campaigns and trunks", supervisors()},
		func(ctx context.Context, _ *struct{}) (*body[campaigns.Floor], error) {
			floor, err := a.opts.Floor.Floor(ctx)
			return &body[campaigns.Floor]{protocol.WholeFloor(floor, nil)}, err
		})
}
