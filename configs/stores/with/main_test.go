package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringmaster/configs/stores"
)

func TestCommandGetsURLsAndKeepsItsExitCode(t *testing.T) {
	t.Setenv(stores.EnvDatabaseURL, "")
	t.Setenv(stores.EnvRedisURL, "")
	file := filepath.Join(t.TempDir(), "env")
	code := run([]string{"--", "sh", "-c", `echo "$RINGMASTER_DATABASE_URL $RINGMASTER_REDIS_URL" >"$0"; exit 7`, file})
	if code != 7 {
		t.Errorf("exit code %d", code)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	database, redis, _ := strings.Cut(strings.TrimSpace(string(got)), " ")
	if !strings.HasPrefix(database, "postgres://") || !strings.HasPrefix(redis, "unix://") {
		t.Errorf("the command saw %q", got)
	}
	if _, err := os.Stat(strings.TrimPrefix(redis, "unix://")); err == nil {
		t.Error("the servers' folder is still there")
	}
}

func TestExitCodes(t *testing.T) {
	t.Setenv(stores.EnvDatabaseURL, "postgres://db.example/x")
	t.Setenv(stores.EnvRedisURL, "redis://redis.example/1")
	for _, tc := range []struct {
		name string
		args []string
		want int
	}{
		{"good", []string{"--", "true"}, 0},
		{"bad", []string{"false"}, 1},
		{"ended by a signal", []string{"--", "sh", "-c", "kill -KILL $$"}, 128 + 9},
		{"no such program", []string{"--", "/nonexistent/program"}, 1},
		{"no command", nil, 2},
		{"unknown flag", []string{"--bogus"}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := run(tc.args); got != tc.want {
				t.Errorf("exit code %d, want %d", got, tc.want)
			}
		})
	}
}
