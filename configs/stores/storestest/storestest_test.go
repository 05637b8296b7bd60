package storestest_test

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"ringmaster/configs/stores"
	"ringmaster/configs/stores/storestest"
)

// tests stands for a package's tests: what they do, and their exit code.
type tests func() int

func (f tests) Run() int { return f() }

// withoutServers hides the servers that make test may have named.
func withoutServers(t *testing.T) {
	t.Helper()
	t.Setenv(stores.EnvDatabaseURL, "")
	t.Setenv(stores.EnvRedisURL, "")
}

func TestServersLiveAsLongAsTheTests(t *testing.T) {
	withoutServers(t)
	var socket string
	ping := func() error {
		conn, err := new(net.Dialer).DialContext(context.WithoutCancel(t.Context()), "unix", socket)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	code := storestest.With(tests(func() int {
		if url := storestest.DatabaseURL(t); !strings.HasPrefix(url, "postgres://") {
			t.Errorf("database %q", url)
		}
		socket = strings.TrimPrefix(storestest.RedisURL(t), "unix://")
		if err := ping(); err != nil {
			t.Error(err)
		}
		return 7
	})).Run()
	if code != 7 {
		t.Errorf("exit code %d, want the tests' own", code)
	}
	if ping() == nil {
		t.Error("Redis runs on after the tests")
	}
}

func TestOneServerIsLeftOut(t *testing.T) {
	withoutServers(t)
	storestest.With(tests(func() int {
		if os.Getenv(stores.EnvDatabaseURL) != "" || os.Getenv(stores.EnvRedisURL) == "" {
			t.Error("RedisOnly started something else")
		}
		return 0
	}), storestest.RedisOnly).Run()
}

func TestFailureToStartFailsThePackage(t *testing.T) {
	withoutServers(t)
	broken := func(o *stores.Options) { o.PGBin = "/nonexistent" }
	code := storestest.With(tests(func() int {
		t.Error("the tests ran without servers")
		return 0
	}), broken).Run()
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
}

// recorder is a testing.TB that records a fatal failure instead of ending the
// test.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Helper()                        {}
func (r *recorder) Fatalf(format string, _ ...any) { r.fatal = format }

func TestMissingTestMainIsNamed(t *testing.T) {
	withoutServers(t)
	r := &recorder{}
	storestest.DatabaseURL(r)
	if !strings.Contains(r.fatal, "storestest.Run") {
		t.Errorf("failure %q", r.fatal)
	}
}
