package rest

import (
	"context"
	"net/http"
	"time"

	"ringmaster/agentui/auth"
	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// signInRequest are the credentials of POST /v1/sign-in.
type signInRequest struct {
	Body struct {
		Name     string `json:"name,omitempty" maxLength:"200" doc:"With a password."`
		Password string `json:"password,omitempty" maxLength:"1024"`
		Link     string `json:"link,omitempty" maxLength:"200" doc:"The token of a one-time link, in place of name and password."`
		Bearer   bool   `json:"bearer,omitempty" doc:"Answers the session's token for the header Authorization: Bearer, and sets no cookie."`
	}
}

// signInReply tells who is signed in.
type signInReply struct {
	SetCookie    string `header:"Set-Cookie"`
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		User      protocol.UserView `json:"user"`
		Home      string            `json:"home" doc:"The page of the role."`
		Token     string            `json:"token,omitempty" doc:"With bearer only."`
		ExpiresAt time.Time         `json:"expires_at"`
	}
}

type signOutReply struct {
	SetCookie string `header:"Set-Cookie"`
}

type meReply struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		User protocol.UserView `json:"user"`
		Home string            `json:"home" doc:"The page of the role."`
	}
}

type ticketReply struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Ticket    string    `json:"ticket" doc:"For /v1/socket?ticket=…, once, within 30 s."`
		ExpiresAt time.Time `json:"expires_at"`
	}
}

// sessionRoutes declare signing in and out.
func (a *api) sessionRoutes() {
	register(a, operation{http.MethodPost, "/v1/sign-in", "sign-in", "Sign in", nil},
		func(ctx context.Context, in *signInRequest) (*signInReply, error) {
			who, err := a.opts.Auth.SignIn(requestOf(ctx), auth.Credentials{Name: in.Body.Name, Password: in.Body.Password, Link: in.Body.Link})
			if err != nil {
				return nil, err
			}
			out := &signInReply{CacheControl: "no-store"}
			out.Body.User, out.Body.ExpiresAt, out.Body.Home = protocol.ViewOf(who.User), who.ExpiresAt, auth.HomeOf(who.User.Role)
			if in.Body.Bearer {
				out.Body.Token = who.Token
			} else {
				out.SetCookie = a.opts.Auth.Cookie(who.Token, who.ExpiresAt).String()
			}
			return out, nil
		})
	register(a, operation{http.MethodPost, "/v1/sign-out", "sign-out", "End this session and its sockets", everyone()},
		func(ctx context.Context, _ *struct{}) (*signOutReply, error) {
			who, _ := auth.From(ctx)
			if err := a.opts.Auth.SignOut(ctx, who.SignIn); err != nil {
				return nil, err
			}
			return &signOutReply{SetCookie: a.opts.Auth.Cookie("", time.Time{}).String()}, nil
		})
	register(a, operation{http.MethodGet, "/v1/me", "me", "Who is signed in", everyone()},
		func(ctx context.Context, _ *struct{}) (*meReply, error) {
			user := userOf(ctx)
			out := &meReply{CacheControl: "no-store"}
			out.Body.User, out.Body.Home = protocol.ViewOf(user), auth.HomeOf(user.Role)
			return out, nil
		})
	register(a, operation{http.MethodPost, "/v1/tickets", "create-ticket", "A single-use ticket for /v1/socket", everyone()},
		func(ctx context.Context, _ *struct{}) (*ticketReply, error) {
			who, ok := auth.From(ctx)
			if !ok {
				return nil, campaigns.Errorf(protocol.CodeUnauthorized, "sign in first")
			}
			out := &ticketReply{CacheControl: "no-store"}
			var err error
			out.Body.Ticket, out.Body.ExpiresAt, err = a.opts.Auth.Ticket(who)
			return out, err
		})
}
