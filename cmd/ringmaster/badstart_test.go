package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// takenPort holds a port for both UDP and TCP until the end of the test.
func takenPort(t *testing.T) string {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])
	var config net.ListenConfig
	packets, err := config.ListenPacket(t.Context(), "udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = packets.Close() })
	listener, err := config.Listen(t.Context(), "tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return address
}

// checkTold wants an exit code and one complaint that names what is wrong.
func checkTold(t *testing.T, code, want int, said string, names ...string) {
	t.Helper()
	var complaint []string
	for line := range strings.Lines(said) {
		// The rest is the log.
		if !strings.HasPrefix(line, "{") {
			complaint = append(complaint, line)
		}
	}
	text := strings.Join(complaint, "")
	if code != want || !strings.HasPrefix(text, "ringmaster: ") || strings.Count(text, "ringmaster: ") != 1 || strings.Contains(text, "goroutine") {
		t.Errorf("exit code %d, want %d: %s", code, want, text)
	}
	for _, name := range names {
		if !strings.Contains(text, name) {
			t.Errorf("the complaint does not name %q: %s", name, text)
		}
	}
}

// TestServeTellsWhatIsWrong starts serve wrongly in every way; it has to end by
// itself and name what is wrong.
func TestServeTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	read, err := os.ReadFile(o.config)
	if err != nil {
		t.Fatal(err)
	}
	// Many start at a time: each gets ports of its own, unless they are the point.
	good := strings.NewReplacer(o.sip, "127.0.0.1:0", o.phones, "127.0.0.1:0", strings.TrimPrefix(o.base, "http://"), "127.0.0.1:0").Replace(string(read))
	taken := takenPort(t)
	const nobody = "127.0.0.1:1"
	// with gives the good configuration with one line in place of another.
	with := func(key, line string) string {
		var lines []string
		for text := range strings.Lines(good) {
			if strings.HasPrefix(text, key+":") {
				text = line + "\n"
			}
			lines = append(lines, text)
		}
		return strings.Join(lines, "")
	}
	for name, c := range map[string]struct {
		config string
		names  []string
	}{
		"unknown key":            {with("http", `http: { listn: "127.0.0.1:8080" }`), []string{"http.listn", "http.listen"}},
		"unknown section":        {good + "htpp: { listen: x }\n", []string{"htpp"}},
		"no YAML":                {"database: {", []string{"bad.yaml"}},
		"no database":            {with("database", ""), []string{"database.url"}},
		"database does not run":  {with("database", "database: { url: postgres://ringmaster@"+nobody+"/ringmaster }"), []string{"ringmaster", nobody}},
		"Redis does not run":     {with("redis", "redis: { url: redis://"+nobody+"/0 }"), []string{"redis", nobody}},
		"HTTP port in use":       {with("http", fmt.Sprintf("http: { listen: %q }", taken)), []string{taken, "in use"}},
		"SIP port in use":        {with("sip", fmt.Sprintf("sip: { listen: %q, phones_listen: \"127.0.0.1:0\" }", taken)), []string{"listen", taken, "in use"}},
		"phones' port in use":    {with("sip", fmt.Sprintf("sip: { listen: \"127.0.0.1:0\", phones_listen: %q }", taken)), []string{"phones_listen", taken, "in use"}},
		"metrics port in use":    {good + fmt.Sprintf("metrics: { listen: %q }\n", taken), []string{"metrics.listen", taken, "in use"}},
		"no number key":          {with("secrets", ""), []string{"secrets.number_key", "openssl"}},
		"no number key file":     {with("secrets", "secrets: { number_key_file: nofile }"), []string{"secrets.number_key_file", "nofile"}},
		"duration without unit":  {good + "limits: { drain: 20 }\n", []string{"limits.drain", "30s"}},
		"duration that is none":  {good + "agents: { grace: soon }\n", []string{"agents.grace"}},
		"unknown role":           {good + "roles: [dialer, weeb]\n", []string{"roles", "weeb"}},
		"web without dialer":     {good + "roles: [engine, web]\n", []string{"roles", "web", "dialer"}},
		"region that is none":    {good + "phone: { default_region: XX }\n", []string{"phone.default_region", "XX"}},
		"key that was removed":   {good + "agents: { wrap_up_limit: 1m }\n", []string{"agents.wrap_up_limit", "unknown key"}},
		"number that is none":    {good + "phone: { default_region: Mars }\n", []string{"phone.default_region"}},
		"no safe-harbor message": {good + "safe_harbor: { file: nofile.wav }\n", []string{"safe_harbor.file", "nofile.wav"}},
		"rules without a source": {good + "calling: { rules_file: rules.json }\n", []string{"calling.rules_file", "rules.house.sources"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bad.yaml")
			for name, text := range map[string]string{
				path: c.config, filepath.Join(filepath.Dir(path), "number-key"): strings.Repeat("k", 40),
				filepath.Join(filepath.Dir(path), "rules.json"): `{"rules":[{"id":"house","jurisdiction":"US"}]}`,
			} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			code, _, said := commandLine(t, "--config", path, "serve")
			checkTold(t, code, exitFailed, said, c.names...)
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	t.Run("no configuration", func(t *testing.T) {
		t.Parallel()
		code, _, said := commandLine(t, "--config", filepath.Join(t.TempDir(), "nofile.yaml"), "serve")
		checkTold(t, code, exitFailed, said, "nofile.yaml")
	})
}

func TestAWrongCommandLineIsTold(t *testing.T) {
	t.Parallel()
	for args, names := range map[string][]string{
		"sevre":                         {"sevre", "serve"},
		"serve --verbos":                {"--verbos"},
		"import file.csv":               {"--campaign"},
		"import --campaign winback":     {"<file>"},
		"user add sue --role boss":      {"--role", "boss"},
		"campaign create c --ratio one": {"--ratio", "one"},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			code, _, said := commandLine(t, strings.Fields(args)...)
			checkTold(t, code, exitUsage, said, names...)
		})
	}
}

// TestImportTellsWhatIsWrong gives files that cannot be used at all, which fail
// whole, and files with single bad rows, which are put aside with the reason.
func TestImportTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	const row = "first_name,phone\nGrace,212-555-0101\n"
	for name, c := range map[string]struct {
		file  string
		args  []string
		names []string
	}{
		"empty":          {"", nil, []string{"empty", "columns"}},
		"header alone":   {"first_name,phone\n", nil, []string{"no rows"}},
		"Latin-1":        {"first_name,phone\nJos\xe9,212-555-0101\n", nil, []string{"line 2", "first_name", "UTF-8", "iconv"}},
		"UTF-16":         {"\xff\xfep\x00h\x00o\x00n\x00e\x00\n\x00", nil, []string{"UTF-16"}},
		"binary":         {"phone\n\x00\x01\x02\n", nil, []string{"NUL"}},
		"no phone":       {"name,telephone\nGrace,212-555-0101\n", nil, []string{"phone", "telephone", "--map"}},
		"column twice":   {"phone,phone\n1,2\n", nil, []string{`"phone" twice`}},
		"unknown field":  {row, []string{"--map", "colour=first_name"}, []string{"map", "colour", "first_name", "propensity"}},
		"unknown column": {row, []string{"--map", "phone=Telephone"}, []string{"Telephone", `"first_name"`}},
		"half a mapping": {row, []string{"--map", "phone"}, []string{"--map phone"}},
		"no campaign":    {row, []string{"--campaign", "nobody"}, []string{`"nobody"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "list.csv")
			if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"import", path}
			if name != "no campaign" {
				args = append(args, "--campaign", "winback")
			}
			code, _, said := o.tryIn(t, append(args, c.args...)...)
			checkTold(t, code, exitFailed, said, c.names...)
			if _, err := os.Stat(path + ".rejects.csv"); err == nil {
				t.Error("it left a rejects file")
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		t.Parallel()
		code, _, said := o.tryIn(t, "import", "--campaign", "winback", filepath.Join(t.TempDir(), "nofile.csv"))
		checkTold(t, code, exitFailed, said, "nofile.csv")
	})
	for name, c := range map[string]struct{ row, reason string }{
		"ragged":     {"Ada,212-555-0102,more,cells", "4 cells, the header has 2"},
		"huge cell":  {strings.Repeat("x", 1<<20) + ",212-555-0102", "cell of 1048576 bytes"},
		"bad number": {"Ada,12", "phone"},
		"open quote": {`"Ada,212-555-0102`, "quote"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "list.csv")
			if err := os.WriteFile(path, []byte(row+c.row+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, said := o.tryIn(t, "import", "--campaign", "winback", path)
			if code != exitDone || !strings.Contains(out, "1 rejected") || !strings.Contains(out, path+".rejects.csv") {
				t.Errorf("exit code %d\n%s%s", code, out, said)
			}
			rejects, err := os.ReadFile(path + ".rejects.csv")
			if err != nil || !strings.Contains(string(rejects), c.reason) || !strings.Contains(string(rejects), "\n3,") {
				t.Errorf("%v; rejects: %.300s", err, rejects)
			}
		})
	}
}
