package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"ringmaster/campaigns"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options of a Store.
type Options struct {
	// URL of the database, as pgx and psql read it.
	URL string
	// Schema holds the tables; empty: what the URL or the server says.
	Schema string
	// ClockOffset is added to the database's clock to give business time.
	ClockOffset time.Duration
	// NumberKey is the key of the numbers' HMAC; at least 16 bytes.
	NumberKey []byte
	// MaxConns bounds the connections; zero: 20.
	MaxConns int32
	// StatementTimeout bounds one statement; zero: ten seconds.
	StatementTimeout time.Duration
	Logger           *slog.Logger
}

// Store is the PostgreSQL side of a node.
type Store struct {
	pool      *pgxpool.Pool
	clock     *Clock
	numberKey []byte
	settings  *settingsCache
	log       *slog.Logger
}

// Open connects and measures the clock. The error names host and database,
// never a password: CodeInvalid for a wrong option, CodeUnavailable when the
// server cannot be reached.
func Open(ctx context.Context, o Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, campaigns.Invalid("database.url", "is no PostgreSQL URL (such as postgres://user@host/name)")
	}
	if len(o.NumberKey) < 16 {
		return nil, campaigns.Invalid("secrets.number_key", "%d bytes are too few, at least 16 are needed", len(o.NumberKey))
	}
	if o.MaxConns == 0 {
		o.MaxConns = 20
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	config.MaxConns = o.MaxConns
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	config.ConnConfig.RuntimeParams["application_name"] = "ringmaster"
	config.ConnConfig.RuntimeParams["statement_timeout"] = fmt.Sprint(o.StatementTimeout.Milliseconds())
	if o.Schema != "" {
		config.ConnConfig.RuntimeParams["search_path"] = o.Schema
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, campaigns.Wrap(campaigns.CodeUnavailable, "database", err)
	}
	s := &Store{pool: pool, numberKey: o.NumberKey, settings: newSettingsCache(), log: o.Logger}
	s.clock = &Clock{offset: o.ClockOffset}
	if err := s.measureClock(ctx); err != nil {
		pool.Close()
		c := config.ConnConfig
		return nil, campaigns.Wrap(campaigns.CodeUnavailable, fmt.Sprintf("database %q at %s:%d cannot be reached", c.Database, c.Host, c.Port), err)
	}
	return s, nil
}

// Migrate brings the schema to this version. Several processes may start it at
// once; one does the work.
func (s *Store) Migrate(ctx context.Context) error {
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = db.Close() }()
	sub, err := subMigrations()
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, sub, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return campaigns.Wrap(campaigns.CodeInternal, "migration", err)
	}
	for _, r := range results {
		s.log.Info("migrated", "version", r.Source.Version, "duration", r.Duration)
	}
	return nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Close releases the connections.
func (s *Store) Close() { s.pool.Close() }

// NumberHMAC is the keyed hash by which suppressions find a number; it is all
// that stays of a person after erasure.
func (s *Store) NumberHMAC(e164 string) []byte {
	mac := hmac.New(sha256.New, s.numberKey)
	mac.Write([]byte(e164))
	return mac.Sum(nil)
}

// tx runs f in a transaction and retries it when PostgreSQL asks for that.
func (s *Store) tx(ctx context.Context, f func(pgx.Tx) error) error {
	const tries = 5
	var err error
	for range tries {
		if err = pgx.BeginFunc(ctx, s.pool, f); err == nil || !retriable(err) {
			break
		}
	}
	return classify(err)
}

// retriable tells deadlocks and serialization failures from the rest.
func retriable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// classify turns connection trouble into CodeUnavailable and leaves an Error
// of the domain as it is.
func classify(err error) error {
	var domain *campaigns.Error
	var pg *pgconn.PgError
	switch {
	case err == nil || errors.As(err, &domain):
		return err
	case errors.As(err, &pg) && pg.Code[:2] != "57" && pg.Code[:2] != "08" && pg.Code[:2] != "53":
		return campaigns.Wrap(campaigns.CodeInternal, "database", err)
	default:
		return campaigns.Wrap(campaigns.CodeUnavailable, "database", err)
	}
}

// violates tells which unique constraint or index a statement broke.
func violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == constraint
}
