package configs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// needed are the variables without which nothing loads.
func needed(more ...string) []string {
	return append([]string{
		"RINGMASTER_DATABASE_URL=postgres://db.example/ringmaster",
		"RINGMASTER_SECRETS_NUMBER_KEY=" + strings.Repeat("k", minNumberKey),
	}, more...)
}

// write writes a file of the test's folder and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExampleLoads(t *testing.T) {
	t.Parallel()
	c, err := Load("example.yaml", needed())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Trunks) != 1 || len(c.Inbound) != 1 || c.Trunks[0].CallerIDs[1] != "+12125550101" {
		t.Errorf("trunks %+v, inbound %+v", c.Trunks, c.Inbound)
	}
	// Apart from what has no default, the example shows the defaults.
	c.Node, c.Database, c.Trunks, c.Inbound, c.SafeHarbor = "", Database{}, nil, nil, SafeHarbor{}
	want := Default()
	want.Secrets = c.Secrets
	want.Derive()
	want.Node = ""
	want.HTTP.Origins = []string{}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("the example shows\n%+v, the defaults are\n%+v", c, want)
	}
}

func TestExampleDocumentsEveryKey(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Keys that are shown as comments become keys.
	var lines []string
	for line := range strings.Lines(string(content)) {
		if before, after, ok := strings.Cut(line, "# "); ok && strings.TrimSpace(before) == "" {
			name, _, isKey := strings.Cut(strings.TrimSpace(after), ":")
			if isKey && (strings.HasSuffix(name, "file") && !strings.Contains(name, " ")) {
				line = before + after
			}
		}
		lines = append(lines, line)
	}
	l := &loader{path: "example.yaml", where: map[string]string{}}
	if err := l.examine([]byte(strings.Join(lines, ""))); err != nil {
		t.Fatal(err)
	}
	if len(l.problems) > 0 {
		t.Error(errors.Join(l.problems...))
	}
	for _, f := range leaves(schema(), "") {
		if _, shown := l.where[strings.ReplaceAll(f.key, "[]", "[0]")]; !shown && !f.secret {
			t.Errorf("example.yaml says nothing of %s", f.key)
		}
	}
}

func TestEnvironmentBeatsFile(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "c.yaml", "sip: {listen: '10.0.0.1:5060', user_agent: file}\nroles: [web]\nmedia: {max_legs: 7}\n")
	c, err := Load(path, needed(
		"RINGMASTER_SIP_LISTEN=10.0.0.2:5060", "RINGMASTER_ROLES=engine, dialer", "RINGMASTER_MEDIA_MAX_LEGS=8",
		"RINGMASTER_LIMITS_CALLS_PER_SECOND=2.5", "RINGMASTER_LIMITS_DRAIN=5s", "RINGMASTER_LOG_LEVEL=debug",
		"RINGMASTER_HTTP_PUBLIC_URL=https://calls.example", "RINGMASTER_HTTP_ORIGINS=https://a.example,https://b.example",
		"RINGMASTER_SIP_USER_AGENT=", "RINGMASTER_CONFIG=elsewhere", "OTHER_SIP_LISTEN=x",
		"RINGMASTER_SERVICE_HOST=10.1.1.1", "RINGMASTER_PORT_8080_TCP_ADDR=10.1.1.1", "RINGMASTER_REDIS_SERVICE_PORT=6379"))
	if err != nil {
		t.Fatal(err)
	}
	type values struct {
		Listen, UserAgent, Public string
		Roles                     []Role
		Origins                   []string
		Legs                      int
		Rate                      float64
		Drain                     time.Duration
		Level                     slog.Level
	}
	got := values{
		c.SIP.Listen, c.SIP.UserAgent, c.HTTP.PublicURL, c.Roles, c.HTTP.Origins,
		c.Media.MaxLegs, c.Limits.CallsPerSecond, c.Limits.Drain, c.Log.Level,
	}
	want := values{
		"10.0.0.2:5060", "file", "https://calls.example", []Role{RoleEngine, RoleDialer},
		[]string{"https://a.example", "https://b.example"}, 8, 2.5, 5 * time.Second, slog.LevelDebug,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !c.HasRole(RoleDialer) || c.HasRole(RoleWeb) {
		t.Error("HasRole disagrees with the roles")
	}
}

func TestVariableNamesAreUnique(t *testing.T) {
	t.Parallel()
	count := 0
	for _, f := range leaves(schema(), "") {
		if !strings.Contains(f.key, "[]") {
			count++
		}
	}
	if got := len(variableKeys()); got != count {
		t.Errorf("%d variables for %d keys", got, count)
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	path := write(t, t.TempDir(), "c.yaml", `
node: n1
http: {listen: ":8080"}
sip: {listen: "0.0.0.0:5060", advertised_ip: 198.51.100.7}
media: {bind_ip: 0.0.0.0}
trunks:
  - {name: a, address: "192.0.2.10:5060"}
  - {name: b, address: "sip.example:5060"}
  - {name: c, address: "192.0.2.11:5060", allow: [192.0.2.99, 198.51.100.9/24]}
inbound:
  - {number: "+12125550100", queue: q}
  - {number: "+12125550101", queue: r}
  - {number: "+12125550102", queue: r, service_level_seconds: 45}
`)
	c, err := Load(path, needed())
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.PublicURL != "http://n1:8080" || c.Media.AdvertisedIP != "198.51.100.7" {
		t.Errorf("public_url %s, media.advertised_ip %s", c.HTTP.PublicURL, c.Media.AdvertisedIP)
	}
	a, b, third := c.Trunks[0], c.Trunks[1], c.Trunks[2]
	if a.Channels != DefaultChannels || a.CallsPerSecond != DefaultCallsPerSecond || c.Inbound[0].ServiceLevelSeconds != DefaultServiceLevelSeconds || c.Inbound[1].ServiceLevelSeconds != 45 {
		t.Errorf("trunk %+v, inbound %+v", a, c.Inbound)
	}
	if fmt.Sprint(a.Allow) != "[192.0.2.10/32]" || len(b.Allow) != 0 {
		t.Errorf("allow %v and %v", a.Allow, b.Allow)
	}
	want := []netip.Prefix{netip.MustParsePrefix("192.0.2.99/32"), netip.MustParsePrefix("198.51.100.0/24")}
	if !reflect.DeepEqual(third.Allow, want) {
		t.Errorf("allow %v, want %v", third.Allow, want)
	}
}

// TestRemovedKeysAreUnknown holds that keys which nothing implements are not
// accepted in silence.
func TestRemovedKeysAreUnknown(t *testing.T) {
	t.Parallel()
	for key, file := range map[string]string{
		"sip.transport":            "sip: {transport: udp}",
		"agents.ping":              "agents: {ping: 10s}",
		"agents.drop":              "agents: {drop: 30s}",
		"agents.wrap_up_limit":     "agents: {wrap_up_limit: 1m}",
		"inbound[0].greeting_file": `inbound: [{number: "+12125550100", queue: q, greeting_file: a.wav}]`,
		"safe_harbor.name":         "safe_harbor: {name: us}",
		"safe_harbor.number":       `safe_harbor: {number: "+12125550100"}`,
	} {
		_, err := Load(write(t, t.TempDir(), "c.yaml", file), needed())
		if err == nil || !strings.Contains(err.Error(), key+": unknown key") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestBadInput holds what a user reads after a mistake.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file string
		environ    []string
		want       []string
	}{
		{"misspelt key", "sip:\n  listn: x\n", nil, []string{"c.yaml:2: sip.listn: unknown key; did you mean sip.listen?"}},
		{"misspelt group", "redsi: {}\n", nil, []string{"c.yaml:1: redsi: unknown key; did you mean redis?"}},
		{"capital letters", "SIP: {listen: 'x:1'}\n", nil, []string{"c.yaml:1: SIP: unknown key; did you mean sip?"}},
		{"key of another group", "log:\n  public_url: x\n", nil, []string{"log.public_url: unknown key; did you mean http.public_url?"}},
		{"nonsense", "phone: {banana_split: 1}\n", nil, []string{"phone.banana_split: unknown key; known here: default_region"}},
		{"key in a list", "trunks:\n  - name: a\n    address: h:1\n  - nam: b\n", nil, []string{"c.yaml:4: trunks[1].nam: unknown key; did you mean trunks[1].name?"}},
		{"key under an alias", "sip: &s {bogus_thing: 1}\nmedia: *s\n", nil, []string{"sip.bogus_thing: unknown", "media.bogus_thing: unknown"}},
		{"two at once", "a_b_c: 1\nlog: {level: loud}\n", nil, []string{"c.yaml:1: a_b_c: unknown key", "c.yaml:2: log.level: must be debug, info, warn or error"}},
		{"key twice", "node: a\nnode: b\n", nil, []string{"c.yaml", `line 2: mapping key "node" already defined at line 1`}},
		{"no mapping", "- a\n", nil, []string{"c.yaml", "line 1: cannot unmarshal"}},
		{"merged keys", "sip: {<<: [{listn: x}, {bogus_thing: y}]}\n", nil, []string{"sip.listn: unknown", "sip.bogus_thing: unknown"}},
		{"anchor in itself", "sip: &s {<<: *s}\n", nil, []string{"c.yaml", "contains itself"}},
		{"bad YAML", "sip: [\n", nil, []string{"c.yaml", "line "}},
		{"text for a number", "media: {port_min: many}\n", nil, []string{"c.yaml:1: media.port_min: must be a whole number"}},
		{"fraction for a number", "media: {max_legs: 1.5}\n", nil, []string{"media.max_legs: must be a whole number"}},
		{"not a number", "limits: {calls_per_second: .nan}\n", []string{"RINGMASTER_LIMITS_CALLS_PER_SECOND=nan"}, []string{"limits.calls_per_second: must be a number"}},
		{"duration without unit", "limits:\n  drain: 60\n", nil, []string{"c.yaml:2: limits.drain: must be a duration with its unit, such as 30s"}},
		{"number without quotes", "inbound:\n  - number: +12125550100\n    queue: q\n", nil, []string{"c.yaml:2: inbound[0].number: must be text: put it in quotes"}},
		{"text for a group", "sip: here\n", nil, []string{"c.yaml:1: sip: "}},
		{"text for a list of groups", "trunks: here\n", nil, []string{"c.yaml:1: trunks: "}},
		{"bad network", "trunks:\n  - {name: a, address: 'h:1', allow: [10.0.0.0/33]}\n", nil, []string{"trunks[0].allow[0]: must be a network"}},
		{"unknown variable", "", []string{"RINGMASTER_SIP_LISTN=x"}, []string{"environment: RINGMASTER_SIP_LISTN: unknown variable; did you mean RINGMASTER_SIP_LISTEN?"}},
		{"bad variable", "", []string{"RINGMASTER_AGENTS_GRACE=often"}, []string{"environment RINGMASTER_AGENTS_GRACE: agents.grace: must be a duration"}},
		{"password of no trunk", "", []string{"RINGMASTER_TRUNK_X_PASSWORD=p"}, []string{"RINGMASTER_TRUNK_X_PASSWORD: unknown variable"}},
		{"secret in the file", "secrets: {number_key: " + strings.Repeat("z", 40) + "}\n", nil, []string{"c.yaml:1: secrets.number_key: a secret does not belong in this file", "secrets.number_key_file"}},
		{"password in the file", "trunks:\n  - {name: a, address: 'h:1', password: zzz}\n", nil, []string{"trunks[0].password: a secret", "password_file"}},
		{"password in a URL", "redis: {url: 'redis://:zzz@h:1/0'}\n", nil, []string{"c.yaml:1: redis.url: holds a password", "redis.url_file"}},
		{"password in a parameter", "redis: {url: 'unix:///s?password=zzz'}\n", nil, []string{"redis.url: holds a password"}},
		{"missing file", "safe_harbor: {file: none.wav}\n", nil, []string{"safe_harbor.file: ", "none.wav", "no such file"}},
		{"missing secret file", "secrets: {}\nredis: {url_file: none}\n", nil, []string{"redis.url_file: ", "no such file"}},
		{"URL and its file", "redis: {url: 'redis://h', url_file: f}\n", nil, []string{"redis.url_file: redis.url is set too"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(write(t, t.TempDir(), "c.yaml", tc.file), needed(tc.environ...))
			if err == nil {
				t.Fatalf("loaded: %+v", c)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q\nlacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "zzz") {
				t.Errorf("error %q shows a secret", err)
			}
		})
	}
}

func TestErrorsAreTyped(t *testing.T) {
	t.Parallel()
	_, err := Load(write(t, t.TempDir(), "c.yaml", "log: {format: xml}\n"), needed())
	var e *Error
	if !errors.As(err, &e) || e.Key != "log.format" || !strings.HasSuffix(e.Where, "c.yaml:1") {
		t.Errorf("error %#v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestNothingIsSet(t *testing.T) {
	t.Parallel()
	_, err := Load("", nil)
	if err == nil || !strings.Contains(err.Error(), "database.url: is not set") || !strings.Contains(err.Error(), "openssl rand") {
		t.Errorf("error %v", err)
	}
	if _, err := Load(write(t, t.TempDir(), "empty.yaml", ""), needed()); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "db", "postgres://u:dbpass@h/d\n")
	write(t, dir, "key", strings.Repeat("K", 44)+"\n")
	write(t, dir, "a-password", "apass\n")
	path := write(t, dir, "c.yaml", `
database: {url_file: db}
secrets: {number_key_file: key}
trunks:
  - {name: a, address: "h:5060", username: u, password_file: a-password}
  - {name: b-2, address: "h:5061", username: u, password_file: a-password}
`)
	c, err := Load(path, []string{"RINGMASTER_TRUNK_B_2_PASSWORD=bpass"})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.Database.URL, c.Secrets.NumberKey.Reveal(), c.Trunks[0].Password.Reveal(), c.Trunks[1].Password.Reveal()}
	want := []string{"postgres://u:dbpass@h/d", strings.Repeat("K", 44), "apass", "bpass"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	c, err = Load(path, []string{"RINGMASTER_DATABASE_URL=postgres://u:env@h/d"})
	if err != nil || c.Database.URL != "postgres://u:env@h/d" {
		t.Errorf("the environment's URL does not beat url_file: %v", err)
	}

	write(t, dir, "key", "short")
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "key")+": secrets.number_key: must have 32 bytes") {
		t.Errorf("short key: %v", err)
	}
	write(t, dir, "key", " \n")
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("empty key file: %v", err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	trunk := Trunk{Name: "a", Password: "hush"}
	inJSON, err := json.Marshal(trunk)
	if err != nil {
		t.Fatal(err)
	}
	inYAML, err := yaml.Marshal(trunk)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", trunk.Password)
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", trunk, trunk, trunk, trunk.Password), string(inJSON), string(inYAML), log.String()} {
		if strings.Contains(shown, "hush") || !strings.Contains(shown, "[secret]") {
			t.Errorf("shown as %q", shown)
		}
	}
}
