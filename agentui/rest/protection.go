package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"ringmaster/campaigns"
)

// DNCLists keeps the do-not-call lists with their entries. The own list is named
// own.
type DNCLists interface {
	// DNCLists gives every list with what it holds, the own one first.
	DNCLists(ctx context.Context) ([]campaigns.DNCListState, error)
	// SetDNCList makes a list or says anew how old its files may become;
	// CodeConflict for one that binds another campaign.
	SetDNCList(ctx context.Context, list campaigns.DNCList, by campaigns.User) error
	// AddDNCEntry puts what the entry covers on the list; CodeNotFound for an
	// unknown campaign, CodeInvalid names what is wrong with the entry.
	AddDNCEntry(ctx context.Context, list campaigns.DNCList, entry DNCEntry, by campaigns.User) error
	// RemoveDNCEntry takes it off; CodeNotFound when it is not on it.
	RemoveDNCEntry(ctx context.Context, list string, entry DNCEntry, by campaigns.User) error
}

// DNCEntry says what an entry of a list covers, one of Number and Pattern.
type DNCEntry struct {
	// Number is E.164, or national in the installation's region.
	Number string
	// Pattern is a prefix such as +1900, or a country (ISO 3166).
	Pattern string
	Reason  string
	// Until is when the entry ends; zero: never.
	Until time.Time
}

// DNCCovers are the three ways to say what an entry covers.
type DNCCovers struct {
	Number  string `json:"number,omitempty" query:"number" maxLength:"40" doc:"A number: E.164, or national in the installation's region."`
	Prefix  string `json:"prefix,omitempty" query:"prefix" maxLength:"15" doc:"Every number that begins so, such as +1900."`
	Country string `json:"country,omitempty" query:"country" maxLength:"2" doc:"Every number of this country (ISO 3166)."`
}

// entry gives what is covered; CodeInvalid where it is not one of the three.
func (c DNCCovers) entry() (DNCEntry, error) {
	given := 0
	for _, text := range []string{c.Number, c.Prefix, c.Country} {
		if text != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return DNCEntry{}, campaigns.Invalid("number", "name one of number, prefix, country")
	case c.Prefix != "" && !strings.HasPrefix(c.Prefix, "+"):
		return DNCEntry{}, campaigns.Invalid("prefix", "%q is no prefix such as +1900", c.Prefix)
	}
	return DNCEntry{Number: c.Number, Pattern: c.Prefix + strings.ToUpper(c.Country)}, nil
}

// DNCListInPath names a list. It is exported, as all that is embedded in a request
// has to be: fields of other structs are not read.
type DNCListInPath struct {
	Name string `path:"name" minLength:"1" maxLength:"200" doc:"The list's name; own is the list of what persons asked of us."`
}

type setDNCListRequest struct {
	DNCListInPath
	Body struct {
		Campaign   string `json:"campaign,omitempty" maxLength:"200" doc:"The one campaign that the list binds, by name. Absent: all. It stays as the list was made."`
		National   bool   `json:"national,omitempty" doc:"The list holds a national register's files, whose age rules may bound; its name begins with the country, such as us-national."`
		MaxAgeDays int    `json:"max_age_days,omitempty" minimum:"0" maximum:"3660" doc:"After how many days the newest file is told as old. Absent: as it was, of a national list 31."`
	}
}

type addDNCEntryRequest struct {
	DNCListInPath
	Body struct {
		DNCCovers
		Campaign string     `json:"campaign,omitempty" maxLength:"200" doc:"The one campaign that a list made now binds, by name; of the own list, that the entry binds."`
		Reason   string     `json:"reason,omitempty" maxLength:"200" doc:"Why; kept with a prefix, a country, and a number of the own list."`
		Until    *time.Time `json:"until,omitempty" doc:"Absent: for good."`
	}
}

type removeDNCEntryRequest struct {
	DNCListInPath
	DNCCovers
}

type suppressRequest struct {
	Body struct {
		Number     string `json:"number" minLength:"3" maxLength:"40" doc:"E.164, or national in the installation's region."`
		CampaignID int64  `json:"campaign_id,omitempty" minimum:"0" doc:"Absent: all campaigns."`
		Reason     string `json:"reason" minLength:"1" maxLength:"200"`
	}
}

// SuppressedNumber names a number in the query.
type SuppressedNumber struct {
	Number string `query:"number" required:"true" minLength:"3" maxLength:"40" doc:"E.164, or national in the installation's region."`
}

type liftRequest struct {
	SuppressedNumber
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
		func(ctx context.Context, in *SuppressedNumber) (*body[[]campaigns.DoNotCall], error) {
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
	a.dncListRoutes()
	register(a, operation{http.MethodPost, "/v1/contacts/{id}/complaints", "open-complaint", "Open a complaint: every call to the person stops", supervisors()},
		func(ctx context.Context, in *complaintRequest) (*done, error) {
			return &done{}, a.opts.Protection.OpenComplaint(ctx, in.ID, in.Body.Text, userOf(ctx))
		})
	register(a, operation{http.MethodDelete, "/v1/contacts/{id}/complaints", "close-complaints", "Close a person's open complaints", supervisors()},
		func(ctx context.Context, in *idInPath) (*done, error) {
			return &done{}, a.opts.Protection.CloseComplaint(ctx, in.ID, userOf(ctx))
		})
}

// dncListRoutes declare the lists, and their numbers, prefixes and countries.
func (a *api) dncListRoutes() {
	register(a, operation{http.MethodGet, "/v1/dnc-lists", "list-dnc-lists", "Every do-not-call list with what it holds and how old it is", supervisors()},
		func(ctx context.Context, _ *struct{}) (*body[[]campaigns.DNCListState], error) {
			lists, err := a.opts.DNC.DNCLists(ctx)
			if lists == nil {
				lists = []campaigns.DNCListState{}
			}
			return &body[[]campaigns.DNCListState]{lists}, err
		})
	register(a, operation{http.MethodPut, "/v1/dnc-lists/{name}", "set-dnc-list", "Make a do-not-call list, or say how old its files may become", supervisors()},
		func(ctx context.Context, in *setDNCListRequest) (*done, error) {
			list := campaigns.DNCList{Name: in.Name, Campaign: in.Body.Campaign, National: in.Body.National,
				MaxAge: campaigns.Seconds(in.Body.MaxAgeDays * 24 * 60 * 60)}
			return &done{}, a.opts.DNC.SetDNCList(ctx, list, userOf(ctx))
		})
	register(a, operation{http.MethodPost, "/v1/dnc-lists/{name}/entries", "add-dnc-entry", "Put a number, a prefix or a country on a do-not-call list, which is made when absent", supervisors()},
		func(ctx context.Context, in *addDNCEntryRequest) (*done, error) {
			entry, err := in.Body.entry()
			if err != nil {
				return nil, err
			}
			if entry.Reason = in.Body.Reason; in.Body.Until != nil {
				entry.Until = *in.Body.Until
			}
			return &done{}, a.opts.DNC.AddDNCEntry(ctx, campaigns.DNCList{Name: in.Name, Campaign: in.Body.Campaign}, entry, userOf(ctx))
		})
	register(a, operation{http.MethodDelete, "/v1/dnc-lists/{name}/entries", "remove-dnc-entry", "Take a number, a prefix or a country off a do-not-call list", supervisors()},
		func(ctx context.Context, in *removeDNCEntryRequest) (*done, error) {
			entry, err := in.entry()
			if err != nil {
				return nil, err
			}
			return &done{}, a.opts.DNC.RemoveDNCEntry(ctx, in.Name, entry, userOf(ctx))
		})
}
