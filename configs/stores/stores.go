package stores

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// EnvDatabaseURL and EnvRedisURL name servers to use instead of private ones.
const (
	EnvDatabaseURL = "RINGMASTER_DATABASE_URL"
	EnvRedisURL    = "RINGMASTER_REDIS_URL"
)

// startLimit bounds the start of both servers, a slow disk included.
const startLimit = 60 * time.Second

// Options say which stores to start, and how.
type Options struct {
	// Dir holds the data and the sockets; it is made if missing. Empty: a
	// temporary folder, removed by Close.
	Dir string
	// PGBin is the folder of PostgreSQL's programs; empty: it is searched for.
	PGBin string
	// Keep lets the servers outlive this process; Dir is required. Servers that
	// run in Dir already are used, others are started on the data that is there.
	Keep bool
	// Fast gives up durability for speed (no fsync), for tests.
	Fast bool
	// Private ignores RINGMASTER_DATABASE_URL and RINGMASTER_REDIS_URL.
	Private bool
	// NoPostgres and NoRedis leave one of the two out; its URL is then empty
	// unless the environment names it.
	NoPostgres, NoRedis bool
	// Logger receives what is started and stopped; nil: nothing is logged.
	Logger *slog.Logger
}

// Stores are a running PostgreSQL and Redis.
type Stores struct {
	options     Options
	log         *slog.Logger
	databaseURL string
	redisURL    string

	folder   *folder
	postgres *postgres
	redis    *redis

	once     sync.Once
	closeErr error
}

// Start starts what the environment does not name, both servers at once, and
// returns when both accept connections. It fails with a MissingError where a
// program is not installed, and with the end of the server's own log where a
// server did not come up. A failed Start leaves nothing behind.
func Start(ctx context.Context, o Options) (*Stores, error) {
	if o.Keep && o.Dir == "" {
		return nil, errors.New("stores: Keep needs Dir: servers that outlive the process must be found again")
	}
	s := &Stores{options: o, log: o.Logger}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if !o.Private {
		s.databaseURL, s.redisURL = os.Getenv(EnvDatabaseURL), os.Getenv(EnvRedisURL)
	}
	needPostgres := s.databaseURL == "" && !o.NoPostgres
	needRedis := s.redisURL == "" && !o.NoRedis
	if !needPostgres && !needRedis {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := s.startPrivate(ctx, needPostgres, needRedis); err != nil {
		return nil, fmt.Errorf("stores: %w", err)
	}
	return s, nil
}

// startPrivate finds the programs, makes the folder and starts the servers.
func (s *Stores) startPrivate(ctx context.Context, needPostgres, needRedis bool) error {
	began := time.Now()
	programs, err := findPrograms(ctx, s.options.PGBin, needPostgres, needRedis)
	if err != nil {
		return err
	}
	as, err := unprivileged()
	if err != nil {
		return err
	}
	sweep(ctx, s.log, programs, as)
	s.folder, err = openFolder(s.options.Dir, as)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var postgresErr, redisErr error
	if needPostgres {
		s.postgres = &postgres{bin: programs.pgBin, folder: s.folder, keep: s.options.Keep, fast: s.options.Fast}
		wg.Go(func() { postgresErr = s.postgres.start(ctx) })
	}
	if needRedis {
		s.redis = &redis{program: programs.redisServer, folder: s.folder, keep: s.options.Keep}
		wg.Go(func() { redisErr = s.redis.start(ctx) })
	}
	wg.Wait()
	if err := errors.Join(postgresErr, redisErr); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(err, s.Stop(stopCtx))
	}
	if needPostgres {
		s.databaseURL = s.postgres.url()
	}
	if needRedis {
		s.redisURL = s.redis.url()
	}
	s.log.Info("private stores are running", "dir", s.folder.path, "user", as.name,
		"took_ms", time.Since(began).Milliseconds())
	return nil
}

// DatabaseURL is the PostgreSQL URL, as pgx and psql read it.
func (s *Stores) DatabaseURL() string { return s.databaseURL }

// RedisURL is the Redis URL, as go-redis reads it.
func (s *Stores) RedisURL() string { return s.redisURL }

// Environ is environ with both URLs set, for a child process that is to use
// these stores.
func (s *Stores) Environ(environ []string) []string {
	out := make([]string, 0, len(environ)+2)
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if name != EnvDatabaseURL && name != EnvRedisURL {
			out = append(out, entry)
		}
	}
	if s.databaseURL != "" {
		out = append(out, EnvDatabaseURL+"="+s.databaseURL)
	}
	if s.redisURL != "" {
		out = append(out, EnvRedisURL+"="+s.redisURL)
	}
	return out
}

// Dir is the folder of the private servers, empty where there are none.
func (s *Stores) Dir() string {
	if s.folder == nil {
		return ""
	}
	return s.folder.path
}

// LogFiles are the servers' own logs, for a report about a failure.
func (s *Stores) LogFiles() []string {
	var files []string
	if s.postgres != nil {
		files = append(files, filepath.Join(s.folder.path, postgresLog))
	}
	if s.redis != nil {
		files = append(files, filepath.Join(s.folder.path, redisLog))
	}
	return files
}

// Close stops the servers, waits for their end and removes a temporary folder;
// with Options.Keep it is Detach. Servers named by the environment are left
// alone. Calling it again does nothing and returns the first call's error.
func (s *Stores) Close(ctx context.Context) error {
	if s.options.Keep {
		return s.Detach()
	}
	return s.Stop(ctx)
}

// Detach leaves kept servers running and gives their folder free for the next
// Start. It fails on servers that are not kept: they would die unnoticed.
func (s *Stores) Detach() error {
	if !s.options.Keep {
		return errors.New("stores: only servers started with Keep can be left running")
	}
	s.once.Do(func() { s.closeErr = s.folder.release(false) })
	return s.closeErr
}

// Stop stops the servers, kept or not, and waits for their end. The data stays
// in a given Dir; a temporary folder is removed. When ctx ends first the servers
// are killed and the error says so.
func (s *Stores) Stop(ctx context.Context) error {
	s.once.Do(func() {
		var wg sync.WaitGroup
		var postgresErr, redisErr error
		if s.postgres != nil {
			wg.Go(func() { postgresErr = s.postgres.stop(ctx) })
		}
		if s.redis != nil {
			wg.Go(func() { redisErr = s.redis.stop(ctx) })
		}
		wg.Wait()
		s.closeErr = errors.Join(postgresErr, redisErr, s.folder.release(true))
	})
	return s.closeErr
}
