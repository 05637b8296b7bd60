package agentui

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// origins are the web origins that may use a browser's session.
type origins struct {
	trusted []string
	cross   *http.CrossOriginProtection
}

func newOrigins(publicURL string, more []string) (*origins, error) {
	o := &origins{cross: http.NewCrossOriginProtection()}
	for _, text := range append([]string{publicURL}, more...) {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, campaigns.Invalid("origins", "%q is no origin such as https://calls.example.com", text)
		}
		origin := u.Scheme + "://" + strings.ToLower(u.Host)
		if err := o.cross.AddTrustedOrigin(origin); err != nil {
			return nil, campaigns.Invalid("origins", "%q: %v", text, err)
		}
		o.trusted = append(o.trusted, origin)
	}
	o.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		protocol.WriteProblem(w, campaigns.Errorf(campaigns.CodeForbidden, "requests from another origin are not taken"))
	}))
	return o, nil
}

// protect refuses requests of other origins that change something.
func (o *origins) protect(next http.Handler) http.Handler { return o.cross.Handler(next) }

// allows reports whether the request's Origin may open a socket. Clients that
// are no browsers send none.
func (o *origins) allows(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || slices.Contains(o.trusted, u.Scheme+"://"+strings.ToLower(u.Host))
}

// secureHeaders sets what browsers are to enforce: no inline scripts or styles,
// nothing from elsewhere, no frames.
func secureHeaders(publicURL string) func(http.Handler) http.Handler {
	sockets, secure := "", false
	if u, err := url.Parse(publicURL); err == nil {
		secure = u.Scheme == "https"
		// 'self' does not cover WebSockets in every browser.
		sockets = " ws" + strings.TrimPrefix(u.Scheme, "http") + "://" + u.Host
	}
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'" + sockets +
		"; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			// One-time links carry their token in the address.
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// recoverPanics ends one request instead of the process: calls go on.
func recoverPanics(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				log.Error("request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				protocol.WriteProblem(w, campaigns.Errorf(campaigns.CodeInternal, "request failed"))
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// observe measures requests by route; the label is the route's pattern, so that
// the set is closed. Sockets are measured by package session.
func observe(log *slog.Logger, reg prometheus.Registerer) func(http.Handler) http.Handler {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ringmaster_http_request_seconds", Help: "Time to answer an HTTP request, by route and status.",
		Buckets: []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"method", "route", "status"})
	reg.MustRegister(seconds)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(wrapped, r)
			route := chi.RouteContext(r.Context()).RoutePattern()
			if route == "/v1/socket" {
				return
			}
			if route == "" {
				route = "none"
			}
			method := r.Method
			if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, method) {
				method = "other"
			}
			seconds.WithLabelValues(method, route, strconv.Itoa(wrapped.Status())).Observe(time.Since(start).Seconds())
			// The query is left out: it may hold a token.
			log.Debug("request", "method", method, "path", r.URL.Path, "status", wrapped.Status(), "after", time.Since(start))
		})
	}
}
