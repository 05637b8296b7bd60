// Package storestest gives the tests of a package a PostgreSQL and a Redis.
//
//	func TestMain(m *testing.M) { storestest.Run(m) }
//
// With goleak, which wants the last word:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(storestest.With(m)) }
//
// make test starts one pair for all packages and names it in
// RINGMASTER_DATABASE_URL and RINGMASTER_REDIS_URL; a package tested alone
// starts its own pair, in less than a second, and stops it at the end. Servers
// are shared by tests that run in parallel, in other processes too: each test
// isolates itself by a schema or a key prefix of its own, and never flushes.
//
// A machine without the programs fails the package loudly; tests never skip for
// want of a server.
//
// The URLs live in the process's environment, which Run and With set before the
// first test and which a child process inherits. Set them in no test.
package storestest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"ringmaster/configs/stores"
)

// stopLimit bounds the stop of the servers after the last test.
const stopLimit = 30 * time.Second

// Runner runs a package's tests and returns the exit code; *testing.M is one.
type Runner interface{ Run() int }

// Option leaves a server out.
type Option func(*stores.Options)

// RedisOnly leaves PostgreSQL out, which takes most of the time to start.
func RedisOnly(o *stores.Options) { o.NoPostgres = true }

// PostgresOnly leaves Redis out.
func PostgresOnly(o *stores.Options) { o.NoRedis = true }

// Run runs the tests with the servers at hand and ends the process with the
// tests' exit code.
func Run(m Runner, options ...Option) {
	os.Exit(With(m, options...).Run())
}

// With wraps m: its Run starts the servers, runs the tests, stops the servers
// and returns the tests' exit code, or 1 where the servers did not start or stop.
func With(m Runner, options ...Option) Runner {
	o := stores.Options{Fast: true}
	for _, option := range options {
		option(&o)
	}
	return withStores{m: m, options: o}
}

type withStores struct {
	m       Runner
	options stores.Options
}

// Run is With's Run.
func (w withStores) Run() int {
	ctx := context.Background()
	s, err := stores.Start(ctx, w.options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if err := export(s); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = w.m.Run()
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// export puts the URLs into the environment.
func export(s *stores.Stores) error {
	for name, url := range map[string]string{stores.EnvDatabaseURL: s.DatabaseURL(), stores.EnvRedisURL: s.RedisURL()} {
		if url == "" {
			continue
		}
		if err := os.Setenv(name, url); err != nil {
			return err
		}
	}
	return nil
}

// DatabaseURL is the URL of the PostgreSQL server. It fails the test where
// TestMain did not start one.
func DatabaseURL(tb testing.TB) string {
	tb.Helper()
	return required(tb, stores.EnvDatabaseURL)
}

// RedisURL is the URL of the Redis server. It fails the test where TestMain did
// not start one.
func RedisURL(tb testing.TB) string {
	tb.Helper()
	return required(tb, stores.EnvRedisURL)
}

func required(tb testing.TB, name string) string {
	tb.Helper()
	url := os.Getenv(name)
	if url == "" {
		tb.Fatalf("%s is not set: give the package a TestMain that calls storestest.Run", name)
	}
	return url
}
