package main

import (
	"context"
	"strings"

	"ringmaster/configs"
)

// serveCmd runs the dialer on a configuration.
type serveCmd struct {
	Roles string `help:"Roles of this process, over the configuration's: engine,dialer,web." placeholder:"ROLES"`
}

// Help shows an example.
func (serveCmd) Help() string {
	return "Example: ringmaster serve --config /etc/ringmaster/ringmaster.yaml"
}

// Run serves until the context ends, then drains.
func (c *serveCmd) Run(ctx context.Context, io streams, all *cli) error {
	if c.Roles != "" {
		io.environ = append(io.environ, configs.EnvName("roles")+"="+c.Roles)
	}
	cfg, err := all.load(io)
	if err != nil {
		return err
	}
	logger := newLogger(io.err, cfg.Log)
	a, err := newApp(ctx, cfg, logger)
	if err != nil {
		return err
	}
	roles := make([]string, len(cfg.Roles))
	for i, r := range cfg.Roles {
		roles[i] = string(r)
	}
	logger.Info("serving", "node", cfg.Node, "roles", strings.Join(roles, ","), "http", cfg.HTTP.PublicURL, "sip", cfg.SIP.Listen)
	return a.run(ctx)
}
