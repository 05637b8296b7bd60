package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

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
	// Rules are the calling rules of all jurisdictions; nil: those that come with
	// the program.
	Rules  *calling.Book
	Logger *slog.Logger
}

// Store is the PostgreSQL side of a node.
type Store struct {
	pool      *pgxpool.Pool
	clock     *Clock
	numberKey []byte
	settings  *settingsCache
	zones     *zoneBook
	laws      *lawBook
	models    modelCache
	hours     hourBook
	log       *slog.Logger
	// claim is on the name of the node that this process is, if it is one.
	claim claim
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
	config.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(o.StatementTimeout.Milliseconds(), 10)
	if o.Schema != "" {
		config.ConnConfig.RuntimeParams["search_path"] = o.Schema
	}
	if o.Rules == nil {
		if o.Rules, err = calling.LoadBook(); err != nil {
			return nil, err
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, campaigns.Wrap(campaigns.CodeUnavailable, "database", err)
	}
	s := &Store{pool: pool, numberKey: o.NumberKey, settings: newSettingsCache(), zones: newZoneBook(), laws: newLawBook(o.Rules), log: o.Logger}
	s.clock = &Clock{offset: o.ClockOffset}
	if err := s.measureClock(ctx); err != nil {
		pool.Close()
		c := config.ConnConfig
		return nil, campaigns.Wrap(campaigns.CodeUnavailable, fmt.Sprintf("database %q at %s:%d cannot be reached", c.Database, c.Host, c.Port), lastLine(err))
	}
	return s, nil
}

// lastLine keeps an error that takes a line for each address of the server to
// its last one.
func lastLine(err error) error {
	if i := strings.LastIndexByte(err.Error(), '\n'); i >= 0 {
		return errors.New(strings.TrimSpace(err.Error()[i:]))
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

// Close releases the connections.
func (s *Store) Close() {
	s.claim.close()
	s.pool.Close()
}

// NumberHMAC is the keyed hash by which suppressions find a number; it is all
// that stays of a person after erasure.
func (s *Store) NumberHMAC(e164 string) []byte {
	mac := hmac.New(sha256.New, s.numberKey)
	mac.Write([]byte(e164))
	return mac.Sum(nil)
}
