package stores

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pgPrograms must lie in one folder for it to count as PostgreSQL's: some
// machines have a lone link or a wrapper named postgres on the PATH.
var pgPrograms = [...]string{"postgres", "initdb", "pg_ctl", "createdb", "pg_isready"}

// pgFolders are the usual places: Debian, Red Hat, Alpine, from source,
// Homebrew on either processor, Postgres.app.
var pgFolders = [...]string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// redisPrograms speak the same protocol; valkey is Redis's fork in newer systems.
var redisPrograms = [...]string{"redis-server", "valkey-server"}

// redisFolders are searched after the PATH, which often lacks sbin and Homebrew.
var redisFolders = [...]string{"/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"}

// programs are the paths of what the servers need.
type programs struct {
	// pgBin is the folder of initdb, postgres, pg_ctl and createdb.
	pgBin string
	// redisServer is the path of redis-server or valkey-server.
	redisServer string
}

// findPrograms looks for what is needed and fails with a MissingError that
// names all that is missing at once.
func findPrograms(ctx context.Context, pgBin string, needPostgres, needRedis bool) (programs, error) {
	var found programs
	var missing []string
	if needPostgres {
		bin, err := findPostgres(ctx, pgBin)
		if err != nil {
			return programs{}, err
		}
		if bin == "" {
			missing = append(missing, "PostgreSQL")
		}
		found.pgBin = bin
	}
	if needRedis {
		if found.redisServer = findRedis(); found.redisServer == "" {
			missing = append(missing, "Redis")
		}
	}
	if len(missing) > 0 {
		return programs{}, newMissingError(missing)
	}
	return found, nil
}

// findPostgres returns the folder of PostgreSQL's programs, empty when there is
// none. A folder that was asked for by name and is not one is an error.
func findPostgres(ctx context.Context, asked string) (string, error) {
	if asked != "" {
		for _, program := range pgPrograms {
			if !executable(filepath.Join(asked, program)) {
				return "", fmt.Errorf("--pg-bin %s holds no program %q", asked, program)
			}
		}
		return asked, nil
	}
	for _, folder := range pgCandidates(ctx) {
		if isPostgresBin(folder) {
			return folder, nil
		}
	}
	return "", nil
}

// pgCandidates lists the folders to look into, the most specific first.
func pgCandidates(ctx context.Context) []string {
	var folders []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	for _, program := range [...]string{"initdb", "postgres"} {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		folders = append(folders, filepath.Dir(path))
		if target, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(target))
		}
	}
	for _, pattern := range pgFolders {
		matches, _ := filepath.Glob(pattern) // the patterns are constants and well formed
		slices.SortStableFunc(matches, func(a, b string) int { return versionIn(b) - versionIn(a) })
		folders = append(folders, matches...)
	}
	return folders
}

// versionIn is the first number in a path, such as 15 of /usr/lib/postgresql/15/bin;
// 0 without one.
func versionIn(path string) int {
	start := strings.IndexAny(path, "0123456789")
	if start < 0 {
		return 0
	}
	end := start
	for end < len(path) && path[end] >= '0' && path[end] <= '9' {
		end++
	}
	version, err := strconv.Atoi(path[start:end])
	if err != nil {
		return 0
	}
	return version
}

// isPostgresBin tells whether the folder holds all programs that are needed.
func isPostgresBin(folder string) bool {
	for _, program := range pgPrograms {
		if !executable(filepath.Join(folder, program)) {
			return false
		}
	}
	return true
}

// findRedis returns the path of the Redis server, empty when there is none.
func findRedis() string {
	for _, program := range redisPrograms {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
		for _, folder := range redisFolders {
			if path := filepath.Join(folder, program); executable(path) {
				return path
			}
		}
	}
	return ""
}

// executable tells whether path is a file that somebody may execute.
func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
