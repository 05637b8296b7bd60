package rest

import (
	"context"
	"net/http"
	"time"

	"ringmaster/campaigns"
)

// Lists keeps the lists of candidates.
type Lists interface {
	// ListFigures gives a campaign's lists with how far each is.
	ListFigures(ctx context.Context, campaignID int64) ([]campaigns.ListFigures, error)
	// CreateList makes one; CodeConflict for a name that is taken.
	CreateList(ctx context.Context, campaignID int64, name string, settings campaigns.ListSettings) (campaigns.List, error)
	// ChangeList changes one; CodeNotFound when there is none, CodeInvalid names a
	// wrong setting.
	ChangeList(ctx context.Context, id int64, change func(*campaigns.ListSettings)) (campaigns.List, error)
	// ResetList begins a new pass, or with dry tells what it would do.
	ResetList(ctx context.Context, id int64, reasons []campaigns.Reason, dry bool) (campaigns.ListReset, error)
}

// never takes the end of a list back.
const never = "never"

// ListChange is what of a list is to change; what is absent stays.
type ListChange struct {
	Active     *bool             `json:"active,omitempty" doc:"Whether the list is called."`
	Priority   *int              `json:"priority,omitempty" doc:"All of a list goes before lists of a lesser priority."`
	Mix        *float64          `json:"mix,omitempty" doc:"Share of the calls among lists of the same priority, a fraction of 1."`
	ExpiresAt  *string           `json:"expires_at,omitempty" doc:"When the list ends (RFC 3339), or never."`
	Source     *campaigns.Source `json:"source,omitempty" doc:"What its people are to the seller."`
	Provenance *string           `json:"provenance,omitempty" doc:"Who gave the data, when, and on what ground."`
}

// over gives what the change does to settings; CodeInvalid for a wrong time.
func (c ListChange) over() (func(*campaigns.ListSettings), error) {
	var end *time.Time
	if c.ExpiresAt != nil && *c.ExpiresAt != never {
		at, err := time.Parse(time.RFC3339, *c.ExpiresAt)
		if err != nil {
			return nil, campaigns.Invalid("expires_at", "%q is no time such as 2026-12-31T23:00:00Z, or never", *c.ExpiresAt)
		}
		end = &at
	}
	return func(s *campaigns.ListSettings) {
		take(&s.Active, c.Active)
		take(&s.Priority, c.Priority)
		take(&s.Mix, c.Mix)
		take(&s.Source, c.Source)
		take(&s.Provenance, c.Provenance)
		if c.ExpiresAt != nil {
			s.ExpiresAt = end
		}
	}, nil
}

func take[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

type createListRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The campaign's id."`
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
		ListChange
	}
}

type changeListRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The id."`
	Body ListChange
}

type resetListRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The id."`
	Body struct {
		Reasons []campaigns.Reason `json:"reasons,omitempty" doc:"Reset those that wait or are done for these alone; absent: all that the network said, machines, and attempts used up."`
		DryRun  bool               `json:"dry_run,omitempty" doc:"Tell what would be reset."`
	}
}

// listRoutes declare the lists of candidates.
func (a *api) listRoutes() {
	register(a, operation{http.MethodGet, "/v1/campaigns/{id}/lists", "list-lists", "A campaign's lists with their penetration and saturation", supervisors()},
		func(ctx context.Context, in *idInPath) (*body[[]campaigns.ListFigures], error) {
			lists, err := a.opts.Lists.ListFigures(ctx, in.ID)
			if lists == nil {
				lists = []campaigns.ListFigures{}
			}
			return &body[[]campaigns.ListFigures]{lists}, err
		})
	register(a, operation{http.MethodPost, "/v1/campaigns/{id}/lists", "create-list", "Make an empty list", supervisors()},
		func(ctx context.Context, in *createListRequest) (*body[campaigns.List], error) {
			over, err := in.Body.over()
			if err != nil {
				return nil, err
			}
			settings := campaigns.ListSettings{Active: true}
			over(&settings)
			made, err := a.opts.Lists.CreateList(ctx, in.ID, in.Body.Name, settings)
			return &body[campaigns.List]{made}, a.logList(ctx, "creation", made.ID, err)
		})
	register(a, operation{http.MethodPatch, "/v1/lists/{id}", "change-list", "Switch a list on or off, or change its priority, mix, end or origin", supervisors()},
		func(ctx context.Context, in *changeListRequest) (*body[campaigns.List], error) {
			over, err := in.Body.over()
			if err != nil {
				return nil, err
			}
			changed, err := a.opts.Lists.ChangeList(ctx, in.ID, over)
			return &body[campaigns.List]{changed}, a.logList(ctx, "setting", in.ID, err)
		})
	register(a, operation{http.MethodPost, "/v1/lists/{id}/reset", "reset-list", "Begin a new pass: who was not reached becomes ready again", supervisors()},
		func(ctx context.Context, in *resetListRequest) (*body[campaigns.ListReset], error) {
			reset, err := a.opts.Lists.ResetList(ctx, in.ID, in.Body.Reasons, in.Body.DryRun)
			return &body[campaigns.ListReset]{reset}, a.logList(ctx, "reset", in.ID, err)
		})
}

// logList tells who has changed a list.
func (a *api) logList(ctx context.Context, what string, id int64, err error) error {
	if err == nil {
		a.log.Info("list changed", "how", what, "list", id, "user", userOf(ctx).Name)
	}
	return err
}
