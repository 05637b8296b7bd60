package rest

import (
	"context"
	"net/http"
	"time"

	"ringmaster/campaigns"
)

type consentRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The person's id."`
	Body struct {
		Purpose campaigns.Purpose `json:"purpose" doc:"marketing or service."`
		Channel string            `json:"channel" doc:"phone or any."`
		Granted bool              `json:"granted" doc:"false: refused or revoked."`
		Source  string            `json:"source,omitempty" maxLength:"200" doc:"Where it was said; needed for a consent."`
		Proof   string            `json:"proof,omitempty" maxLength:"500" doc:"What shows it."`
		From    *time.Time        `json:"from,omitempty" doc:"Absent: now."`
		Until   *time.Time        `json:"until,omitempty" doc:"Absent: it has no end."`
		Hours   *campaigns.Window `json:"hours,omitempty" doc:"Hours that the person asked for, by their own clock."`
	}
}

type objectionRequest struct {
	ID   int64 `path:"id" minimum:"1" doc:"The person's id."`
	Body struct {
		Source string `json:"source" minLength:"1" maxLength:"200" doc:"How the person objected."`
		Proof  string `json:"proof,omitempty" maxLength:"500" doc:"What shows it."`
	}
}

// rightsRoutes declare consents, objections and erasure.
func (a *api) rightsRoutes() {
	register(a, operation{http.MethodGet, "/v1/contacts/{id}/consents", "list-consents", "A person's consent ledger, newest first", supervisors()},
		func(ctx context.Context, in *idInPath) (*body[[]campaigns.ConsentEntry], error) {
			ledger, err := a.opts.Rights.Consents(ctx, in.ID)
			if ledger == nil {
				ledger = []campaigns.ConsentEntry{}
			}
			return &body[[]campaigns.ConsentEntry]{ledger}, err
		})
	register(a, operation{http.MethodPost, "/v1/contacts/{id}/consents", "record-consent", "Append to a person's consent ledger; a refusal stops the calls of its purpose at once", supervisors()},
		func(ctx context.Context, in *consentRequest) (*body[campaigns.ConsentEntry], error) {
			entry := campaigns.ConsentEntry{
				ContactID: in.ID, Purpose: in.Body.Purpose, Channel: in.Body.Channel, Granted: in.Body.Granted,
				Source: in.Body.Source, Proof: in.Body.Proof, Until: in.Body.Until, Hours: in.Body.Hours,
			}
			if in.Body.From != nil {
				entry.From = *in.Body.From
			}
			kept, err := a.opts.Rights.RecordConsent(ctx, entry, userOf(ctx))
			return &body[campaigns.ConsentEntry]{kept}, err
		})
	register(a, operation{http.MethodPost, "/v1/contacts/{id}/objection", "object", "The person objects to marketing: every such call to them stops", supervisors()},
		func(ctx context.Context, in *objectionRequest) (*done, error) {
			o := campaigns.Objection{ContactID: in.ID, Source: in.Body.Source, Proof: in.Body.Proof}
			return &done{}, a.opts.Rights.Object(ctx, o, userOf(ctx))
		})
	register(a, operation{http.MethodDelete, "/v1/contacts/{id}/objection", "withdraw-objection", "The person takes their objection back", supervisors()},
		func(ctx context.Context, in *idInPath) (*done, error) {
			return &done{}, a.opts.Rights.WithdrawObjection(ctx, in.ID, userOf(ctx))
		})
	register(a, operation{http.MethodPost, "/v1/contacts/{id}/erasure", "erase-contact", "Erase a person's data; keyed hashes keep their numbers from being called and imported", admins()},
		func(ctx context.Context, in *idInPath) (*body[campaigns.Erased], error) {
			erased, err := a.opts.Rights.Erase(ctx, in.ID, userOf(ctx))
			return &body[campaigns.Erased]{erased}, err
		})
}
