package rest

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"ringmaster/agentui/auth"
	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

type requestKey struct{}

// door lets the roles in and hands the request on to the handler.
func (a *api) door(roles []campaigns.Role) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(ctx)
		if len(roles) == 0 {
			next(huma.WithValue(ctx, requestKey{}, r))
			return
		}
		a.opts.Auth.Require(roles...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			next(huma.WithContext(ctx, context.WithValue(r.Context(), requestKey{}, r)))
		})).ServeHTTP(w, r)
	}
}

// requestOf gives the HTTP request of an operation.
func requestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r.WithContext(ctx)
}

// userOf gives who makes the request; the door has let them in.
func userOf(ctx context.Context) campaigns.User {
	who, _ := auth.From(ctx)
	return who.User
}

// asProblem gives the framework's own errors the form of all others.
func asProblem(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := protocol.ProblemOf(&campaigns.Error{Code: campaigns.CodeInvalid, Message: e.Detail})
	if e.Status >= http.StatusInternalServerError {
		p = protocol.ProblemOf(campaigns.Errorf(campaigns.CodeInternal, "request failed"))
	}
	p.Status = e.Status
	var details []string
	for _, d := range e.Errors {
		details = append(details, strings.TrimSpace(d.Location+" "+d.Message))
	}
	if len(e.Errors) > 0 {
		p.Field = strings.TrimPrefix(e.Errors[0].Location, "body.")
		p.Detail += ": " + strings.Join(details, "; ")
	}
	return &p, nil
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// idInPath is a row's id.
type idInPath struct {
	ID int64 `path:"id" minimum:"1" doc:"The id."`
}

// body wraps a response's payload.
type body[T any] struct {
	Body T
}

// done is an answer without a payload.
type done struct{}
