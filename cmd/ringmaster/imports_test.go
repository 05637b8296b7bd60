package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the module's path; our packages are named below without it.
const module = "ringmaster"

// A pattern names one package, or with /... a package and all below it.

// domain is what everybody may import: the words of the house and its pure
// functions.
var domain = []string{"campaigns", "campaigns/phone", "campaigns/scoring", "campaigns/scoring/model", "campaigns/scoring/judge", "campaigns/calling", "campaigns/segment", "campaigns/trial"}

// ours says what each package may import of our own packages. The first line
// that matches a package holds; a package without a line may not exist. What is
// not named is forbidden: dialer, queue and agentui never meet, and engine,
// ingest, report and postgres are joined to the rest by cmd alone.
var ours = []struct {
	pkg string
	may []string
}{
	{"campaigns", nil},
	{"campaigns/phone", domain},
	{"campaigns/scoring/...", domain},
	{"campaigns/calling", domain},
	{"campaigns/segment", domain},
	{"campaigns/trial", domain},
	{"campaigns/definition", domain},
	{"campaigns/engine/...", slices.Concat(domain, []string{"campaigns/engine/..."})},
	{"campaigns/ingest/...", slices.Concat(domain, []string{"campaigns/ingest/..."})},
	{"campaigns/report/...", slices.Concat(domain, []string{"campaigns/report/..."})},
	{"campaigns/postgres/postgrestest", slices.Concat(domain, []string{"campaigns/postgres", "configs/stores/storestest"})},
	{"campaigns/postgres/...", slices.Concat(domain, []string{"campaigns/postgres/...", "campaigns/ingest", "campaigns/report"})},

	{"configs/...", []string{"configs/..."}},

	{"queue/...", slices.Concat(domain, []string{"queue/..."})},

	{"dialer", slices.Concat(domain, []string{"dialer/leg", "dialer/call", "dialer/acd", "dialer/pacing", "dialer/trunk", "dialer/media"})},
	{"dialer/leg", domain},
	{"dialer/call", slices.Concat(domain, []string{"dialer/leg"})},
	{"dialer/acd", domain},
	{"dialer/pacing", domain},
	{"dialer/pacing/simulation", slices.Concat(domain, []string{"dialer/pacing"})},
	{"dialer/trunk", slices.Concat(domain, []string{"dialer/leg"})},
	{"dialer/media/...", slices.Concat(domain, []string{"dialer/leg", "dialer/media/..."})},
	{"dialer/sipua/...", slices.Concat(domain, []string{"dialer", "dialer/leg", "dialer/media", "dialer/trunk", "dialer/sipua/..."})},
	{"dialer/webphone/...", slices.Concat(domain, []string{"dialer", "dialer/leg", "dialer/media", "dialer/webphone/..."})},
	{"dialer/simcarrier/...", []string{"dialer/simcarrier/..."}}, // the independent witness

	{"agentui/...", slices.Concat(domain, []string{"agentui/..."})},

	{"cmd/...", []string{"..."}},
}

// oursInTests says what the tests of a house may import besides: their own
// house whole, real servers, and the store for what runs on it.
var oursInTests = []struct {
	pkg string
	may []string
}{
	{"campaigns", nil},
	{"campaigns/...", []string{"campaigns/...", "configs/stores/..."}},
	{"queue/...", []string{"queue/...", "configs/stores/..."}},
	{"dialer/simcarrier/...", []string{"dialer/simcarrier/..."}},
	{"dialer/...", []string{"dialer/...", "configs/stores/..."}},
	{"agentui/...", []string{"agentui/...", "configs/stores/..."}},
}

// outside says who may import a module of others, tests included; a module
// without a line is free.
var outside = []struct {
	module string
	only   []string
}{
	{"github.com/emiago/sipgo", []string{"dialer/sipua/...", "dialer/simcarrier/..."}},
	{"github.com/icholy/digest", []string{"dialer/sipua/...", "dialer/simcarrier/..."}},
	{"github.com/pion/webrtc", []string{"dialer/webphone/..."}},
	{"github.com/pion", []string{"dialer/..."}},
	{"github.com/jackc/pgx", []string{"campaigns/postgres/..."}},
	{"github.com/pressly/goose", []string{"campaigns/postgres/..."}},
	{"github.com/redis/go-redis", []string{"queue/..."}},
	{"github.com/gorilla/websocket", []string{"agentui/...", "cmd/..."}},
	{"github.com/danielgtaylor/huma", []string{"agentui/..."}},
	{"github.com/go-chi/chi", []string{"agentui/..."}},
	{"github.com/alexedwards/scs", []string{"agentui/..."}},
	{"github.com/alecthomas/kong", []string{"cmd/..."}},
	{"github.com/knadh/koanf", []string{"configs"}},
	{"github.com/nyaruka/phonenumbers", []string{"campaigns/phone"}},
	{"cel.dev/cel-go", []string{"campaigns/segment"}},
}

// pure packages decide and compute; nothing of theirs may reach the world. Tests
// may, for fixtures.
var pure = slices.Concat(domain, []string{"dialer/leg", "dialer/call", "dialer/acd", "dialer/pacing", "dialer/trunk"})

// worldly are the packages of the standard library that reach the world.
var worldly = []string{"database/sql", "net", "net/http", "os", "os/exec", "os/signal", "syscall"}

// listed is a package as go list describes it.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestImportDirections(t *testing.T) {
	t.Parallel()
	packages, err := list(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 5 {
		t.Fatalf("go list knows only %d packages", len(packages))
	}
	for _, violation := range check(packages) {
		t.Error(violation)
	}
}

// list asks the go command for all packages of the module, broken ones too.
func list(t *testing.T) ([]listed, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go list: %w: %s", err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	var packages []listed
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// check returns a sentence for each import that the tables forbid.
func check(packages []listed) []string {
	var violations []string
	forbid := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }
	for _, p := range packages {
		name := own(p.ImportPath)
		may, known := allowed(name)
		if !known {
			forbid("package %s has no line in the table of import directions", name)
			continue
		}
		for _, imported := range p.Imports {
			if isOwn(imported) && !matches(own(imported), may) {
				forbid("%s imports %s; it may import %q", name, own(imported), may)
			}
			if isOwn(imported) && strings.HasSuffix(imported, "test") && !strings.HasSuffix(name, "test") {
				forbid("%s imports %s, which is for tests", name, own(imported))
			}
			if matches(name, pure) && slices.Contains(worldly, imported) {
				forbid("%s imports %s, but is to be pure", name, imported)
			}
			if name == "campaigns" && strings.Contains(imported, ".") {
				forbid("campaigns imports %s, but the domain imports the standard library only", imported)
			}
		}
		inTests := slices.Concat(may, allowedInTests(name), []string{name})
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if isOwn(imported) && !matches(own(imported), inTests) {
				forbid("a test of %s imports %s; it may import %q", name, own(imported), inTests)
			}
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if only, confined := confinement(imported); confined && !matches(name, only) {
				forbid("%s imports %s, which only %q may", name, imported, only)
			}
		}
	}
	return violations
}

// allowed is the first line of ours for the package.
func allowed(name string) (may []string, known bool) {
	for _, line := range ours {
		if matches(name, []string{line.pkg}) {
			return line.may, true
		}
	}
	return nil, false
}

// allowedInTests is the first line of oursInTests for the package.
func allowedInTests(name string) []string {
	for _, line := range oursInTests {
		if matches(name, []string{line.pkg}) {
			return line.may
		}
	}
	return nil
}

// confinement is the first line of outside for the imported package.
func confinement(imported string) (only []string, confined bool) {
	for _, line := range outside {
		if imported == line.module || strings.HasPrefix(imported, line.module+"/") {
			return line.only, true
		}
	}
	return nil, false
}

// isOwn tells whether the package is one of ours.
func isOwn(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// own is the package's name in the tables.
func own(path string) string { return strings.TrimPrefix(path, module+"/") }

// matches tells whether the package matches one of the patterns.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == "..." {
			return true
		}
		folder, open := strings.CutSuffix(pattern, "/...")
		return name == folder || open && strings.HasPrefix(name, folder+"/")
	})
}

// TestTablesBite holds that the tables forbid what the design forbids, and no
// more.
func TestTablesBite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, pkg, imported string
		// want is a part of the violation; empty: allowed.
		want string
	}{
		{"houses never meet", "dialer", "ringmaster/queue", "dialer imports queue"},
		{"nor the other way", "queue", "ringmaster/dialer/leg", "queue imports dialer/leg"},
		{"nor by a sub-package", "agentui/session", "ringmaster/dialer", "agentui/session imports dialer"},
		{"the domain is a leaf", "campaigns", "ringmaster/configs", "campaigns imports configs"},
		{"and standard library only", "campaigns", "github.com/oklog/ulid/v2", "standard library only"},
		{"the domain does not open files", "campaigns/calling", "os", "is to be pure"},
		{"the machines do not open sockets", "dialer/call", "net", "is to be pure"},
		{"addresses are data", "dialer/trunk", "net/netip", ""},
		{"the configuration is a leaf", "configs", "ringmaster/campaigns", "configs imports campaigns"},
		{"only cmd joins the store", "dialer", "ringmaster/campaigns/postgres", "dialer imports campaigns/postgres"},
		{"the engine does not know the store", "campaigns/engine", "ringmaster/campaigns/postgres", "campaigns/engine imports campaigns/postgres"},
		{"the witness knows nothing of the dialer", "dialer/simcarrier", "ringmaster/dialer/media", "dialer/simcarrier imports dialer/media"},
		{"nor of the domain", "dialer/simcarrier", "ringmaster/campaigns", "dialer/simcarrier imports campaigns"},
		{"no circle into signalling", "dialer", "ringmaster/dialer/sipua", "dialer imports dialer/sipua"},
		{"SIP library", "dialer", "github.com/emiago/sipgo/sip", "which only"},
		{"SIP library at home", "dialer/sipua", "github.com/emiago/sipgo", ""},
		{"SIP library at the carrier", "dialer/simcarrier", "github.com/emiago/sipgo", ""},
		{"PostgreSQL driver", "campaigns/engine", "github.com/jackc/pgx/v5", "which only"},
		{"PostgreSQL driver at home", "campaigns/postgres", "github.com/jackc/pgx/v5/pgxpool", ""},
		{"Redis driver", "agentui", "github.com/redis/go-redis/v9", "which only"},
		{"Redis driver at home", "queue", "github.com/redis/go-redis/v9", ""},
		{"WebRTC", "dialer/media", "github.com/pion/webrtc/v4", "which only"},
		{"RTP packets", "dialer/media", "github.com/pion/rtp", ""},
		{"a name that only begins alike", "campaigns", "ringmasters/x", ""},
		{"the domain is everybody's", "agentui/rest", "ringmaster/campaigns/calling", ""},
		{"cmd joins all", "cmd/ringmaster", "ringmaster/campaigns/postgres", ""},
		{"test support is for tests", "cmd/ringmaster", "ringmaster/configs/stores/storestest", "which is for tests"},
		{"and for test support", "campaigns/postgres/postgrestest", "ringmaster/configs/stores/storestest", ""},
		{"every package has a line", "helpers", "fmt", "has no line"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(check([]listed{{ImportPath: module + "/" + tc.pkg, Imports: []string{tc.imported}}}), "; ")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("%s importing %s: %q, want %q", tc.pkg, tc.imported, got, tc.want)
			}
		})
	}
}

// TestTablesBiteInTests is the same for what only tests import.
func TestTablesBiteInTests(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ pkg, imported, want string }{
		{"dialer", "ringmaster/queue", "a test of dialer imports queue"},
		{"dialer", "ringmaster/dialer/sipua", ""},
		{"dialer/sipua", "ringmaster/dialer/simcarrier", ""},
		{"dialer/simcarrier", "ringmaster/dialer/media", "a test of dialer/simcarrier imports dialer/media"},
		{"dialer/simcarrier", "ringmaster/dialer/simcarrier", ""},
		{"campaigns", "ringmaster/campaigns", ""},
		{"campaigns", "ringmaster/campaigns/postgres", "a test of campaigns imports"},
		{"campaigns/engine", "ringmaster/campaigns/postgres", ""},
		{"campaigns/postgres", "ringmaster/configs/stores/storestest", ""},
		{"queue", "ringmaster/configs/stores/storestest", ""},
		{"queue", "ringmaster/configs", "a test of queue imports configs"},
		{"agentui/rest", "github.com/jackc/pgx/v5", "which only"},
		{"campaigns/calling", "os", ""},
	} {
		for _, p := range []listed{
			{ImportPath: module + "/" + tc.pkg, TestImports: []string{tc.imported}},
			{ImportPath: module + "/" + tc.pkg, XTestImports: []string{tc.imported}},
		} {
			got := strings.Join(check([]listed{p}), "; ")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("a test of %s importing %s: %q, want %q", tc.pkg, tc.imported, got, tc.want)
			}
		}
	}
}
