package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ringmaster/agentui/auth"
	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// Options of the API.
type Options struct {
	Auth       *auth.Manager
	Campaigns  Campaigns
	Protection Protection
	DNC        DNCLists
	Rights     Rights
	Events     Events
	Discounts  Discounts
	Reports    Reports
	Lists      Lists
	Forecasts  Forecasts
	Floor      FloorSource
	// Ready gives what is not ready by name, with the reason; none: all is.
	Ready func(ctx context.Context) map[string]string
	// Gatherer of /metrics; nil: the page is not served here.
	Gatherer prometheus.Gatherer
	Logger   *slog.Logger
	// Version of the program, for the document.
	Version string
	// Timeout of one request; zero: 15 s.
	Timeout time.Duration
}

// Validate names the first missing option.
func (o *Options) Validate() error {
	switch {
	case o.Auth == nil:
		return campaigns.Invalid("rest.Options.Auth", "missing")
	case o.Campaigns == nil:
		return campaigns.Invalid("rest.Options.Campaigns", "missing")
	case o.Protection == nil:
		return campaigns.Invalid("rest.Options.Protection", "missing")
	case o.DNC == nil:
		return campaigns.Invalid("rest.Options.DNC", "missing")
	case o.Rights == nil:
		return campaigns.Invalid("rest.Options.Rights", "missing")
	case o.Discounts == nil:
		return campaigns.Invalid("rest.Options.Discounts", "missing")
	case o.Events == nil:
		return campaigns.Invalid("rest.Options.Events", "missing")
	case o.Reports == nil:
		return campaigns.Invalid("rest.Options.Reports", "missing")
	case o.Lists == nil:
		return campaigns.Invalid("rest.Options.Lists", "missing")
	case o.Forecasts == nil:
		return campaigns.Invalid("rest.Options.Forecasts", "missing")
	case o.Floor == nil:
		return campaigns.Invalid("rest.Options.Floor", "missing")
	case o.Ready == nil:
		return campaigns.Invalid("rest.Options.Ready", "missing")
	case o.Logger == nil:
		return campaigns.Invalid("rest.Options.Logger", "missing")
	}
	return nil
}

// api carries the routes' needs.
type api struct {
	opts Options
	log  *slog.Logger
	huma huma.API
}

// Mount declares every route on the router.
func Mount(router chi.Router, opts Options) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	if opts.Timeout == 0 {
		opts.Timeout = 15 * time.Second
	}
	config := huma.DefaultConfig("Ringmaster", opts.Version)
	config.Info.Description = "The API of one Ringmaster installation. Sign in at /v1/sign-in; send the token as a bearer token or use the cookie. The live protocol of agents is described by /v1/asyncapi.json."
	// The document is served from here, written once; the framework's page of
	// documentation would load scripts from elsewhere.
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Transformers = []huma.Transformer{asProblem}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "A session token of /v1/sign-in."},
	}
	a := &api{opts: opts, log: opts.Logger, huma: humachi.New(router, config)}
	a.sessionRoutes()
	a.campaignRoutes()
	a.protectionRoutes()
	a.rightsRoutes()
	a.eventRoutes()
	a.discountRoutes()
	a.reportRoutes()
	a.listRoutes()
	a.forecastRoutes()
	document, err := json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
	if err != nil {
		return fmt.Errorf("write the OpenAPI document: %w", err)
	}
	router.Get("/v1/openapi.json", static("application/openapi+json", document))
	router.Get("/v1/asyncapi.json", static("application/json", protocol.AsyncAPI()))
	router.Get("/healthz", static("text/plain; charset=utf-8", []byte("ok\n")))
	router.Get("/readyz", a.ready)
	if opts.Gatherer != nil {
		router.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(opts.Gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: opts.Timeout}))
	}
	return nil
}

// static serves bytes that never change while the process runs.
func static(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body)
	}
}

// ready answers 200, or 503 with the names of what is not ready.
func (a *api) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), a.opts.Timeout)
	defer cancel()
	reasons := a.opts.Ready(ctx)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if len(reasons) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(struct {
		Ready   bool              `json:"ready"`
		Reasons map[string]string `json:"reasons,omitempty"`
	}{len(reasons) == 0, reasons})
}

// operation is one route of the document.
type operation struct {
	method, path, id, summary string
	// roles that may use it; none: everybody, signed in or not.
	roles []campaigns.Role
}

// everyone and supervisors are the roles of the routes.
func everyone() []campaigns.Role {
	return []campaigns.Role{campaigns.RoleAgent, campaigns.RoleSupervisor, campaigns.RoleAdmin}
}

func admins() []campaigns.Role { return []campaigns.Role{campaigns.RoleAdmin} }

func supervisors() []campaigns.Role {
	return []campaigns.Role{campaigns.RoleSupervisor, campaigns.RoleAdmin}
}

// register declares a route: its document, its door, its deadline, and the one
// mapping of errors.
func register[I, O any](a *api, op operation, handle func(context.Context, *I) (*O, error)) {
	problem := a.huma.OpenAPI().Components.Schemas.Schema(typeOf[protocol.Problem](), true, "Problem")
	o := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Summary: op.summary, MaxBodyBytes: 64 << 10,
		Responses: map[string]*huma.Response{"default": {
			Description: "What went wrong.",
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: problem}},
		}},
		Middlewares: huma.Middlewares{a.door(op.roles)},
	}
	if len(op.roles) > 0 {
		o.Security = []map[string][]string{{"bearer": {}}}
		o.Description = fmt.Sprintf("For the roles %v.", op.roles)
	}
	huma.Register(a.huma, o, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, a.opts.Timeout)
		defer cancel()
		out, err := handle(ctx, in)
		if err != nil {
			p := protocol.ProblemOf(err)
			if p.Status >= http.StatusInternalServerError {
				a.log.Error("request failed", "operation", op.id, "error", err)
			}
			return nil, &p
		}
		return out, nil
	})
}
