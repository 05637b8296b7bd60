package stores

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script writes an executable shell script.
func script(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// fakePostgres is a folder of PostgreSQL's programs, all with the same body.
func fakePostgres(t *testing.T, body string) string {
	t.Helper()
	dir := openDir(t)
	for _, program := range pgPrograms {
		script(t, filepath.Join(dir, program), body)
	}
	return dir
}

func TestFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	bin := fakePostgres(t, "echo no space left in this joke; exit 3")
	dir := openDir(t)
	_, err := Start(t.Context(), Options{Private: true, PGBin: bin, Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "no space left in this joke") || !strings.Contains(err.Error(), "initdb") {
		t.Fatalf("error %v", err)
	}
	// Redis came up beside it and must be gone.
	r := &redis{folder: &folder{path: filepath.Join(dir, keptFolder)}}
	if r.ping(t.Context()) == nil {
		t.Error("Redis still runs")
	}
	lock, err := takeLock(r.folder.path)
	if err != nil {
		t.Fatalf("the folder is still locked: %v", err)
	}
	if err := freeLock(lock); err != nil {
		t.Error(err)
	}
}

func TestServerThatEndsWhileStarting(t *testing.T) {
	t.Parallel()
	bin := fakePostgres(t, `case "$0" in
*initdb) mkdir -p "$2" && touch "$2/postgresql.conf";;
*pg_isready) exit 2;;
*) echo could not find my socks; exit 1;;
esac`)
	_, err := Start(t.Context(), Options{Private: true, PGBin: bin, NoRedis: true})
	if err == nil || !strings.Contains(err.Error(), "ended while starting") || !strings.Contains(err.Error(), "could not find my socks") {
		t.Fatalf("error %v", err)
	}
}

func TestCancelledStart(t *testing.T) {
	t.Parallel()
	bin := fakePostgres(t, `touch "$(dirname "$0")/began"; sleep 60`)
	if err := os.Chmod(bin, 0o777); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cause := errors.New("the user went away")
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(pollInterval)
		defer tick.Stop()
		for !exists(filepath.Join(bin, "began")) && ctx.Err() == nil {
			<-tick.C
		}
		cancel(cause)
	}()
	if _, err := Start(ctx, Options{Private: true, PGBin: bin, NoRedis: true}); !errors.Is(err, cause) {
		t.Fatalf("error %v", err)
	}
	<-watched
}

func TestWrongPGBin(t *testing.T) {
	t.Parallel()
	bin := fakePostgres(t, "true")
	if err := os.Remove(filepath.Join(bin, "pg_ctl")); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Private: true, PGBin: bin})
	if err == nil || !strings.Contains(err.Error(), bin) || !strings.Contains(err.Error(), "pg_ctl") {
		t.Errorf("error %v", err)
	}
}

func TestMissingPrograms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, goos, release, want string }{
		{"debian", "linux", "ID=debian\n", "sudo apt-get install -y postgresql redis-server"},
		{"derived", "linux", "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "sudo apt-get install -y postgresql redis-server"},
		{"quoted", "linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf install -y postgresql-server redis"},
		{"mac", "darwin", "", "brew install postgresql@17 redis"},
		{"unknown", "linux", "", "sudo apt-get install -y postgresql redis-server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := packagingOf(tc.goos, tc.release)
			if got := p.command + " " + p.postgres + " " + p.redis; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	text := newMissingError([]string{"Redis"}).Error()
	if !strings.HasPrefix(text, "Redis not found") || !strings.Contains(text, "redis") || strings.Contains(text, "postgresql") {
		t.Errorf("error %q", text)
	}
}

func TestLonePostgresLinkIsNotEnough(t *testing.T) {
	lone, whole := openDir(t), fakePostgres(t, "true")
	script(t, filepath.Join(lone, "postgres"), "true")
	if err := os.Symlink(filepath.Join(whole, "initdb"), filepath.Join(lone, "initdb")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", lone)
	got, err := findPostgres(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := filepath.EvalSymlinks(whole); err != nil || got != want {
		t.Errorf("found %q, want the folder behind the link, %q (%v)", got, want, err)
	}
}

func TestNewestVersionFirst(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/usr/lib/postgresql/9.6/bin": 9, "/usr/lib/postgresql/15/bin": 15, "/opt/homebrew/opt/postgresql@17/bin": 17, "/usr/local/pgsql/bin": 0,
	} {
		if got := versionIn(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
