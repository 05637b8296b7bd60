package stores

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// MissingError says that a server program is not installed.
type MissingError struct {
	// Programs are the servers that were not found: PostgreSQL, Redis.
	Programs []string
	// Command installs them on this system.
	Command string
}

// Error names what is missing, the command that installs it, and the way
// around it.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s not found on this machine; install: %s (or set %s and %s to servers of yours)",
		strings.Join(e.Programs, " and "), e.Command, EnvDatabaseURL, EnvRedisURL)
}

// packaging is a system's way to install the two servers.
type packaging struct {
	command, postgres, redis string
}

// packagings are by the ID or ID_LIKE of os-release, and by GOOS.
var packagings = map[string]packaging{
	"debian": {"sudo apt-get install -y", "postgresql", "redis-server"},
	"fedora": {"sudo dnf install -y", "postgresql-server", "redis"},
	"rhel":   {"sudo dnf install -y", "postgresql-server", "redis"},
	"suse":   {"sudo zypper install -y", "postgresql-server", "redis"},
	"arch":   {"sudo pacman -S --needed", "postgresql", "redis"},
	"alpine": {"sudo apk add", "postgresql", "redis"},
	"darwin": {"brew install", "postgresql@17", "redis"},
}

// newMissingError chooses the install command of this system, Debian's where
// the system is not known.
func newMissingError(missing []string) *MissingError {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		release = nil
	}
	p := packagingOf(runtime.GOOS, string(release))
	command := []string{p.command}
	for _, program := range missing {
		if program == "Redis" {
			command = append(command, p.redis)
		} else {
			command = append(command, p.postgres)
		}
	}
	return &MissingError{Programs: missing, Command: strings.Join(command, " ")}
}

// packagingOf reads ID and ID_LIKE of an os-release file.
func packagingOf(goos, release string) packaging {
	if p, ok := packagings[goos]; ok {
		return p
	}
	for line := range strings.Lines(release) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name != "ID" && name != "ID_LIKE" {
			continue
		}
		for id := range strings.FieldsSeq(strings.Trim(value, `"'`)) {
			if p, ok := packagings[id]; ok {
				return p
			}
		}
	}
	return packagings["debian"]
}
