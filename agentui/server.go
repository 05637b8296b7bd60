package agentui

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/agentui/auth"
	"ringmaster/agentui/rest"
	"ringmaster/agentui/session"
	"ringmaster/agentui/web"
	"ringmaster/campaigns"
)

// Options of a Server.
type Options struct {
	// PublicURL is how browsers reach the server, such as
	// https://calls.example.com; Origins may open the WebSocket besides it.
	PublicURL string
	Origins   []string
	// Version of the program.
	Version string

	Users      auth.Users
	Sessions   auth.Sessions
	Agents     session.Agents
	Floor      session.FloorSource
	Campaigns  rest.Campaigns
	Protection rest.Protection
	DNC        rest.DNCLists
	Rights     rest.Rights
	Events     rest.Events
	Discounts  rest.Discounts
	Reports    rest.Reports
	Lists      rest.Lists
	Forecasts  rest.Forecasts
	// Ready gives what is not ready by name, with the reason; none: all is.
	Ready func(ctx context.Context) map[string]string

	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Gatherer of /metrics; nil: the page is served elsewhere.
	Gatherer prometheus.Gatherer
	// SocketLimit is the number of sockets at once; zero: 2,000.
	SocketLimit int
	// PasswordCost is for tests; zero: auth.DefaultCost.
	PasswordCost auth.Cost
}

// Validate names the first wrong option that the sub-packages do not check.
func (o *Options) Validate() error {
	switch {
	case o.Logger == nil:
		return campaigns.Invalid("agentui.Options.Logger", "missing")
	case o.Registerer == nil:
		return campaigns.Invalid("agentui.Options.Registerer", "missing")
	}
	return nil
}

// Server is the HTTP server.
type Server struct {
	log    *slog.Logger
	hub    *session.Hub
	router chi.Router
}

// New makes a Server; it starts nothing.
func New(o Options) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	origins, err := newOrigins(o.PublicURL, o.Origins)
	if err != nil {
		return nil, err
	}
	s := &Server{log: o.Logger}
	manager, err := auth.New(auth.Options{
		Users: o.Users, Sessions: o.Sessions, PublicURL: o.PublicURL, Logger: o.Logger, Cost: o.PasswordCost,
		Ended: func(signIn string) { s.hub.SignedOut(signIn) },
	})
	if err != nil {
		return nil, err
	}
	if s.hub, err = session.New(session.Options{
		Agents: o.Agents, Floor: o.Floor, Campaigns: o.Campaigns, Auth: manager, Origin: origins.allows,
		Logger: o.Logger, Registerer: o.Registerer, Limit: o.SocketLimit,
	}); err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	router.Use(observe(o.Logger, o.Registerer), recoverPanics(o.Logger), secureHeaders(o.PublicURL), origins.protect)
	router.NotFound(notFound)
	router.MethodNotAllowed(methodNotAllowed)
	if err := rest.Mount(router, rest.Options{
		Auth: manager, Campaigns: o.Campaigns, Protection: o.Protection, DNC: o.DNC, Rights: o.Rights, Events: o.Events, Discounts: o.Discounts, Reports: o.Reports, Lists: o.Lists, Forecasts: o.Forecasts, Floor: o.Floor, Ready: o.Ready,
		Gatherer: o.Gatherer, Logger: o.Logger, Version: o.Version,
	}); err != nil {
		return nil, err
	}
	router.Method(http.MethodGet, "/v1/socket", s.hub)
	router.Get("/sign-in", manager.Link)
	built, ok := web.Files()
	if !ok {
		o.Logger.Warn("this binary has no pages: build it by make build")
		built = nil
	}
	if err := mountPages(router, manager, built); err != nil {
		return nil, err
	}
	s.router = router
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Routes lists the routes, for the test that holds each against every role.
func (s *Server) Routes() chi.Routes { return s.router }

// Listen opens the address, host:port; the error names it.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP on %s: %w", address, err)
	}
	return listener, nil
}

// Run serves the listener until ctx ends; then see the package's Shutdown.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	hub := make(chan error, 1)
	go func() { hub <- s.hub.Run(ctx) }()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.log.Info("HTTP is served", "address", listener.Addr().String())

	var err error
	select {
	case <-ctx.Done():
		// Sockets end by themselves: the hub closes them.
		grace, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer stop()
		if server.Shutdown(grace) != nil {
			_ = server.Close()
		}
		err = <-served
	case err = <-served:
		cancel()
	}
	if hubErr := <-hub; hubErr != nil {
		return hubErr
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
}
