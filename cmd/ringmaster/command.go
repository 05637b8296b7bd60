package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"ringmaster/campaigns/calling"
	"ringmaster/campaigns/postgres"
	"ringmaster/configs"
)

// load reads the configuration; without a file it is that of the environment.
func (c *cli) load(io streams) (*configs.Config, error) {
	path := c.Config
	if path != "" {
		path = kong.ExpandPath(path)
	}
	return configs.Load(path, io.environ)
}

// withStore opens the database, brings its schema to this version, and runs f
// with it.
func (c *cli) withStore(ctx context.Context, io streams, f func(*postgres.Store) error) error {
	cfg, err := c.load(io)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, cfg, newLogger(io.err, cfg.Log))
	if err != nil {
		return err
	}
	defer store.Close()
	return f(store)
}

// openStore connects and migrates.
func openStore(ctx context.Context, cfg *configs.Config, logger *slog.Logger) (*postgres.Store, error) {
	book, err := ruleBook(cfg)
	if err != nil {
		return nil, err
	}
	store, err := postgres.Open(ctx, postgres.Options{
		Rules: book, URL: cfg.Database.URL, ClockOffset: cfg.Clock.Offset, NumberKey: []byte(cfg.Secrets.NumberKey.Reveal()), Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

// ruleBook reads the rules of the configuration.
func ruleBook(cfg *configs.Config) (*calling.Book, error) {
	if cfg.Calling.RulesFile == "" {
		return calling.LoadBook()
	}
	text, err := os.ReadFile(cfg.Calling.RulesFile)
	if err != nil {
		return nil, fmt.Errorf("calling.rules_file: %w", err)
	}
	book, err := calling.ParseBook(text)
	if err != nil {
		return nil, fmt.Errorf("calling.rules_file: %s: %w", cfg.Calling.RulesFile, err)
	}
	return book, nil
}

// newLogger writes to w as the configuration says.
func newLogger(w io.Writer, c configs.Log) *slog.Logger {
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: c.Level}))
	}
	file, ok := w.(*os.File)
	plain := !ok || !term.IsTerminal(int(file.Fd()))
	return slog.New(tint.NewTextHandler(w, &tint.Options{Level: c.Level, NoColor: plain, TimeFormat: "15:04:05.000"}))
}

// migrateCmd brings the database to this version's schema.
type migrateCmd struct{}

// Help shows an example.
func (migrateCmd) Help() string { return "Example: ringmaster migrate --config ringmaster.yaml" }

// Run migrates; serve and the other commands do it by themselves too.
func (migrateCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(*postgres.Store) error {
		_, err := fmt.Fprintln(io.out, "The database has this version's schema.")
		return err
	})
}
