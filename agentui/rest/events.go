package rest

import (
	"context"
	"net/http"
	"time"

	"ringmaster/campaigns"
)

// Events takes what happened to people outside of Ringmaster.
type Events interface {
	// TellEvent keeps and applies an event; told again under the same key, it
	// gives the first receipt. CodeInvalid names a wrong field, CodeNotFound an
	// unknown person without a number, CodeConflict a key used for another event.
	TellEvent(ctx context.Context, event campaigns.CustomerEvent, by campaigns.User) (campaigns.EventReceipt, error)
}

type eventRequest struct {
	Body struct {
		ID         string              `json:"id" minLength:"1" maxLength:"200" doc:"Makes the event idempotent: told again, it changes nothing."`
		Type       string              `json:"type" pattern:"^[a-z][a-z0-9_]{0,63}$" doc:"contract_ended, cart_abandoned, usage_dropped, purchase, … complaint_opened and complaint_closed act by themselves; every other type by the campaigns' triggers."`
		At         time.Time           `json:"at,omitzero" required:"false" doc:"When it happened; now where absent."`
		Source     string              `json:"source,omitempty" maxLength:"100"`
		Contact    eventContactRequest `json:"contact"`
		Value      float64             `json:"value,omitempty" minimum:"0"`
		Propensity float64             `json:"propensity,omitempty" minimum:"0" maximum:"1"`
		Data       map[string]string   `json:"data,omitempty" doc:"Kept with the event; text of a complaint."`
	}
}

type eventContactRequest struct {
	ID         int64             `json:"id,omitempty" minimum:"1"`
	ExternalID string            `json:"external_id,omitempty" maxLength:"200"`
	Phone      string            `json:"phone,omitempty" maxLength:"40" doc:"E.164, or national in the installation's region. Makes a person known who is not."`
	FirstName  string            `json:"first_name,omitempty" maxLength:"200"`
	LastName   string            `json:"last_name,omitempty" maxLength:"200"`
	Company    string            `json:"company,omitempty" maxLength:"200"`
	Email      string            `json:"email,omitempty" maxLength:"254"`
	Language   string            `json:"language,omitempty" maxLength:"35"`
	TimeZone   string            `json:"time_zone,omitempty" maxLength:"64"`
	Region     string            `json:"region,omitempty" maxLength:"64"`
	PostalCode string            `json:"postal_code,omitempty" maxLength:"20"`
	Attributes map[string]string `json:"attributes,omitempty" doc:"Merged into the person's."`
}

// eventRoutes declare the door for other systems.
func (a *api) eventRoutes() {
	register(a, operation{http.MethodPost, "/v1/events", "tell-event", "Tell what happened to a person: a contract ended, a cart was abandoned", supervisors()},
		func(ctx context.Context, in *eventRequest) (*body[campaigns.EventReceipt], error) {
			b := in.Body
			receipt, err := a.opts.Events.TellEvent(ctx, campaigns.CustomerEvent{
				Key: b.ID, Type: b.Type, At: b.At, Source: b.Source, Contact: campaigns.EventContact(b.Contact),
				Value: b.Value, Propensity: b.Propensity, Data: b.Data,
			}, userOf(ctx))
			return &body[campaigns.EventReceipt]{receipt}, err
		})
}
