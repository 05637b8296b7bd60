package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringmaster/campaigns/postgres"
	"ringmaster/configs"
	"ringmaster/configs/stores"
)

// ourNumber is what customers see and call back.
const ourNumber = "+12125550100"

// office is an installation of Ringmaster as the README sets it up, with a
// database and a Redis of its own and SIPp for the world outside.
type office struct {
	t                        *testing.T
	dir, config, base        string
	sip, phones              string // the dialer's addresses
	carrier, caller, handset int    // SIPp's ports
}

// newOffice starts the stores and writes the configuration; more is added to
// it, as whole top-level keys.
func newOffice(t *testing.T, more string) *office {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	private, err := stores.Start(ctx, stores.Options{Private: true, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := private.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	ports := freePorts(t, 6)
	local := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	o := &office{
		t: t, dir: t.TempDir(), base: "http://" + local(0), sip: local(1), phones: local(2),
		carrier: ports[3], caller: ports[4], handset: ports[5],
	}
	o.write("number-key", "0123456789012345678901234567890123456789")
	// Whatever the hour, it is ten in the morning in Chicago: the law's hours hold
	// in tests too.
	offset, err := demoClockOffset(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o.config = o.write("ringmaster.yaml", fmt.Sprintf(`
clock: { offset: %v }
database: { url: %q }
redis: { url: %q }
http: { listen: %q }
sip: { listen: %q, phones_listen: %q }
secrets: { number_key_file: number-key }
trunks:
  - name: carrier-a
    address: %q
    channels: 30
    calls_per_second: 10
inbound:
  - number: %q
    queue: service
`, offset, private.DatabaseURL(), private.RedisURL(), local(0), local(1), local(2), local(3), ourNumber)+more)
	return o
}

// write makes a file in the office's folder and gives its path.
func (o *office) write(name, text string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// tryIn runs a command line on the office's configuration for a subtest.
func (o *office) tryIn(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	return commandLine(t, append([]string{"--config", o.config}, args...)...)
}

// do runs a command that has to succeed.
func (o *office) do(args ...string) string {
	o.t.Helper()
	code, out, said := o.tryIn(o.t, args...)
	if code != exitDone {
		o.t.Fatalf("ringmaster %s: exit code %d\n%s", strings.Join(args, " "), code, said)
	}
	return strings.TrimSpace(out)
}

// commandLine runs a command line in this process, without an environment.
func commandLine(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code = run(ctx, args, streams{out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// set up makes a running campaign with these customers, as CSV rows of
// first_name and phone, and the agents, whose phones are all of one SIPp.
func (o *office) setUp(customers string, agents ...string) {
	o.t.Helper()
	o.do("campaign", "create", "winback", "--caller-id", ourNumber, "--from", "0", "--until", "24")
	o.do("import", "--campaign", "winback", o.write("customers.csv", "first_name,phone\n"+customers))
	for _, name := range agents {
		o.do("user", "add", name, "--campaign", "winback", "--phone", fmt.Sprintf("sip:%s@127.0.0.1:%d", name, o.handset))
	}
	o.do("user", "add", "sue", "--role", "supervisor")
	o.do("campaign", "start", "winback")
}

// seat signs somebody in.
func (o *office) seat(name string) *seat {
	o.t.Helper()
	return openSeat(o.t, o.base, o.do("user", "link", name))
}

// ready asks /readyz until it answers so.
func (o *office) ready(want int) {
	o.t.Helper()
	o.eventually("answer of /readyz", func() bool {
		request, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, o.base+"/readyz", http.NoBody)
		if err != nil {
			o.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == want
	})
}

// eventually asks until the answer is yes.
func (o *office) eventually(what string, yes func() bool) {
	o.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	limit := time.After(seatLimit)
	for !yes() {
		select {
		case <-limit:
			o.t.Fatalf("no %s within %v", what, seatLimit)
		case <-again.C:
		}
	}
}

// store opens the database beside the running dialer.
func (o *office) store() *postgres.Store {
	o.t.Helper()
	cfg, err := configs.Load(o.config, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	store, err := openStore(o.t.Context(), cfg, newLogger(o.t.Output(), cfg.Log))
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(store.Close)
	return store
}

// freePorts gives ports free for UDP and TCP, each an even one. They lie below
// those that the system gives out by itself, so that nobody is given one in the
// moment before it is used.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	const lowest, highest = 10000, 15998
	var config net.ListenConfig
	var ports []int
	// All are held to the end, lest one is drawn twice.
	var held []io.Closer
	defer func() {
		for _, h := range held {
			_ = h.Close()
		}
	}()
	for tries := 0; len(ports) < n; tries++ {
		if tries > 1000 {
			t.Fatal("no free ports")
		}
		port := lowest + 2*rand.IntN((highest-lowest)/2)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		packets, err := config.ListenPacket(t.Context(), "udp4", address)
		if err != nil {
			continue
		}
		held = append(held, packets)
		listener, err := config.Listen(t.Context(), "tcp4", address)
		if err != nil {
			continue
		}
		held = append(held, listener)
		ports = append(ports, port)
	}
	return ports
}

// sipp is a running SIPp.
type sipp struct {
	t           *testing.T
	name, stats string
	trouble     string
	command     *exec.Cmd
	ended       chan error
}

// sipp starts SIPp on a scenario of testdata; it may be stopped once its calls
// are over, and is killed at the end of the test.
func (o *office) sipp(scenario string, port int, args ...string) *sipp {
	o.t.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		o.t.Fatal("SIPp is needed: apt-get install sip-tester")
	}
	file, err := filepath.Abs(filepath.Join("testdata", scenario+".xml"))
	if err != nil {
		o.t.Fatal(err)
	}
	s := &sipp{
		t: o.t, name: scenario, stats: filepath.Join(o.dir, scenario+".csv"), trouble: filepath.Join(o.dir, scenario+".err"),
		ended: make(chan error, 1),
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.command = exec.CommandContext(ctx, path, append([]string{
		"-sf", file, "-nostdin", "-i", "127.0.0.1", "-p", strconv.Itoa(port),
		"-trace_stat", "-stf", s.stats, "-trace_err", "-error_file", s.trouble,
	}, args...)...)
	s.command.Dir = o.dir
	if err := s.command.Start(); err != nil {
		cancel()
		o.t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { s.ended <- s.command.Wait() })
	o.t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// stop asks SIPp to end after its calls, and wants so many, none of which may
// have gone other than the scenario says.
func (s *sipp) stop(calls int) {
	s.t.Helper()
	if err := s.command.Process.Signal(syscall.SIGUSR1); err != nil {
		s.t.Errorf("SIPp %s: %v", s.name, err)
	}
	s.over(calls)
}

// over waits for the end of SIPp, and wants so many good calls.
func (s *sipp) over(calls int) {
	s.t.Helper()
	select {
	case err := <-s.ended:
		good, bad := s.count()
		if err != nil || good != calls || bad != 0 {
			trouble, _ := os.ReadFile(s.trouble)
			s.t.Errorf("SIPp %s: %v; %d calls went well, %d not; want %d\n%.2000s", s.name, err, good, bad, calls, trouble)
		}
	case <-time.After(seatLimit):
		s.t.Errorf("SIPp %s still has calls", s.name)
	}
}

// count reads SIPp's statistics.
func (s *sipp) count() (good, bad int) {
	s.t.Helper()
	file, err := os.Open(s.stats)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	table := csv.NewReader(file)
	table.Comma, table.FieldsPerRecord = ';', -1
	rows, err := table.ReadAll()
	if err != nil || len(rows) < 2 {
		s.t.Fatalf("SIPp's statistics: %v, %d rows", err, len(rows))
	}
	last := rows[len(rows)-1]
	for i, column := range rows[0] {
		n := 0
		if i < len(last) {
			n, _ = strconv.Atoi(last[i])
		}
		switch column {
		case "SuccessfulCall(C)":
			good = n
		case "FailedCall(C)":
			bad = n
		}
	}
	return good, bad
}
