package stores

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// parentRole in the environment makes the test binary a parent that starts
// stores and waits to be killed.
const parentRole = "STORES_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentRole) != "" {
		os.Exit(parent())
	}
	goleak.VerifyTestMain(m)
}

// parent starts private stores, prints their folder and never stops them.
func parent() int {
	s, err := Start(context.Background(), Options{Private: true, Fast: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.Dir())
	<-time.After(time.Minute)
	return 1
}

// openDir is a short temporary folder that every user may enter, which
// t.TempDir is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "stores-test-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start starts private stores and stops them when the test ends.
func start(t *testing.T, o Options) *Stores {
	t.Helper()
	o.Private = true
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// query runs one statement by psql and returns its only value.
func query(t *testing.T, s *Stores, sql string) string {
	t.Helper()
	psql := filepath.Join(s.postgres.bin, "psql")
	out, err := exec.CommandContext(t.Context(), psql, s.DatabaseURL(), "-v", "ON_ERROR_STOP=1", "-Atqc", sql).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", sql, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestStartAndClose(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Fast: true})
	if got := query(t, s, "select current_database() || ' ' || upper('é') || ' ' || current_setting('fsync')"); got != "ringmaster É off" {
		t.Errorf("PostgreSQL answers %q", got)
	}
	if err := s.redis.ping(t.Context()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(s.Dir()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v: the servers ask no password, so it must be closed to others", info, err)
	}
	for _, file := range s.LogFiles() {
		if !exists(file) {
			t.Errorf("no log %s", file)
		}
	}
	if err := s.Detach(); err == nil {
		t.Error("servers that end with this process were detached")
	}
	for range 2 {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if exists(s.Dir()) {
		t.Errorf("%s is still there", s.Dir())
	}
	if !s.postgres.process.ended() || !s.redis.process.ended() {
		t.Error("a server still runs")
	}
}

func TestDurableUnlessFast(t *testing.T) {
	t.Parallel()
	s := start(t, Options{NoRedis: true})
	if got := query(t, s, "select current_setting('fsync') || ' ' || current_setting('synchronous_commit')"); got != "on on" {
		t.Errorf("fsync and synchronous_commit: %q", got)
	}
	if s.RedisURL() != "" {
		t.Errorf("NoRedis, and yet %s", s.RedisURL())
	}
}

func TestKeptStoresOutliveTheirStarter(t *testing.T) {
	t.Parallel()
	o := Options{Dir: openDir(t), Keep: true, Fast: true, Private: true}
	first := start(t, o)
	query(t, first, "create table witness (n int)")
	query(t, first, "insert into witness values (42)")
	const postmaster = "select pg_postmaster_start_time()"
	born := query(t, first, postmaster)

	if _, err := Start(t.Context(), o); !errors.Is(err, errHeld) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("a second Start on a held folder: %v", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	second := start(t, o)
	if got := query(t, second, postmaster); got != born {
		t.Errorf("another server is running: %s, was %s", got, born)
	}
	if err := second.redis.ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second.postgres.answer(t.Context()) != absent || second.redis.ping(t.Context()) == nil {
		t.Error("a server answers after Stop")
	}

	third := start(t, o)
	if got := query(t, third, "select n from witness"); got != "42" {
		t.Errorf("the data is gone: %q", got)
	}
	if third.Dir() == o.Dir {
		t.Error("the folder of the user was given to the servers' account")
	}
}

func TestKeepNeedsADir(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), Options{Keep: true}); err == nil || !strings.Contains(err.Error(), "Dir") {
		t.Errorf("error %v", err)
	}
}

// A half-made data folder, as a kill during initdb leaves it, is made anew.
func TestHalfMadeDataIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	if err := os.MkdirAll(filepath.Join(dir, keptFolder, postgresData, "base"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir, Fast: true, NoRedis: true})
	if got := query(t, s, "select 1"); got != "1" {
		t.Errorf("answer %q", got)
	}
}

func TestEnvironmentIsUsedAsItIs(t *testing.T) {
	t.Setenv(EnvDatabaseURL, "postgres://db.example/x")
	t.Setenv(EnvRedisURL, "redis://redis.example/1")
	s, err := Start(t.Context(), Options{PGBin: "/nonexistent"})
	if err != nil {
		t.Fatal(err)
	}
	if s.DatabaseURL() != "postgres://db.example/x" || s.RedisURL() != "redis://redis.example/1" || s.Dir() != "" || s.LogFiles() != nil {
		t.Errorf("got %q %q in %q", s.DatabaseURL(), s.RedisURL(), s.Dir())
	}
	got := s.Environ([]string{"A=1", EnvRedisURL + "=old"})
	want := []string{"A=1", EnvDatabaseURL + "=postgres://db.example/x", EnvRedisURL + "=redis://redis.example/1"}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("Environ: %q, want %q", got, want)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKilledParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells children of their parent's death")
	}
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), parentRole+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(line)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the parent ended by itself")
	}
	for _, socket := range [...]string{postgresSocket, redisSocket} {
		awaitSilence(t, filepath.Join(dir, socket))
	}

	start(t, Options{NoPostgres: true})
	// Another Start may be sweeping it just now; then it is that one's work.
	for deadline := time.Now().Add(20 * time.Second); exists(dir); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the next Start left %s behind", dir)
		}
	}
}

// awaitSilence waits until nobody listens on the socket.
func awaitSilence(t *testing.T, socket string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "unix", socket)
		if err != nil {
			return
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-deadline:
			t.Fatalf("%s is still served", socket)
		case <-time.After(pollInterval):
		}
	}
}
