package auth

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// token gives the session token of the request: the bearer token, else the
// cookie.
func (m *Manager) token(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(token)
		}
		return ""
	}
	if c, err := r.Cookie(m.scs.Cookie.Name); err == nil {
		return c.Value
	}
	return ""
}

// Cookie makes the session cookie; an empty token makes the one that removes it.
func (m *Manager) Cookie(token string, expires time.Time) *http.Cookie {
	c := &http.Cookie{
		Name: m.scs.Cookie.Name, Value: token, Path: "/", HttpOnly: true,
		Secure: m.scs.Cookie.Secure, SameSite: http.SameSiteLaxMode, Expires: expires,
	}
	if token == "" {
		c.Expires, c.MaxAge = time.Unix(1, 0), -1
	}
	return c
}

// addressOf is the client's address, without the port. Behind a reverse proxy
// it is the proxy's: the throttle then counts by name.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

type contextKey struct{}

// From gives the identity that Require found.
func From(ctx context.Context) (Identity, bool) {
	who, ok := ctx.Value(contextKey{}).(Identity)
	return who, ok
}

// Require lets only the roles through, and hands their identity on.
func (m *Manager) Require(roles ...campaigns.Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who, err := m.Who(r)
			if err == nil && !slices.Contains(roles, who.User.Role) {
				m.opts.Logger.Warn("request denied", "user", who.User.ID, "role", who.User.Role, "method", r.Method, "path", r.URL.Path)
				err = campaigns.Errorf(campaigns.CodeForbidden, "this is not for the role %s", who.User.Role)
			}
			if err != nil {
				if campaigns.CodeOf(err) == campaigns.CodeInternal {
					m.opts.Logger.Error("sign-in cannot be checked", "error", err)
				}
				protocol.WriteProblem(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, who)))
		})
	}
}
