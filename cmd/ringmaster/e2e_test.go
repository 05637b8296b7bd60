package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// binary builds ringmaster once for all tests that run it as a process.
var binary = sync.OnceValues(func() (string, error) {
	if err := os.MkdirAll(binaryDir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(binaryDir, "ringmaster")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// binaryDir is where the binary goes; the tests' end removes it.
var binaryDir = filepath.Join(os.TempDir(), fmt.Sprint("ringmaster-e2e-", os.Getpid()))

// cleanup removes the binary after the tests.
type cleanup struct{ *testing.M }

// Run runs the tests.
func (c cleanup) Run() int {
	code := c.M.Run()
	if err := os.RemoveAll(binaryDir); err != nil {
		return max(code, 1)
	}
	return code
}

// start runs the binary without the test stores of the environment.
func start(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer, io.Reader) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 4*time.Minute)
	t.Cleanup(cancel)
	if args[0] == "demo" {
		args = append(args, "--http", "127.0.0.1:0")
	}
	command := exec.CommandContext(ctx, path, args...)
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "RINGMASTER_") {
			command.Env = append(command.Env, entry)
		}
	}
	var out bytes.Buffer
	command.Stdout = &out
	said, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, &out, said
}

// follow reads a process's words to the end and hands each line on.
func follow(r io.Reader, line func(string)) (done <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			line(lines.Text())
		}
	}()
	return ended
}

// finish waits for the demo and reads its report.
func finish(t *testing.T, command *exec.Cmd, out *bytes.Buffer, said <-chan struct{}) demoReport {
	t.Helper()
	<-said
	if err := command.Wait(); err != nil {
		t.Fatalf("demo: %v", err)
	}
	var report demoReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("report: %v\n%s", err, out)
	}
	return report
}

// check holds what must be true of every report.
func check(t *testing.T, r demoReport) {
	t.Helper()
	if r.Violations.total() != 0 {
		t.Errorf("violations: %+v", r.Violations)
	}
	if r.RTP.CallsBridged == 0 || r.RTP.CallsHeardBothWays != r.RTP.CallsBridged {
		t.Errorf("%d of %d bridged calls heard both ways", r.RTP.CallsHeardBothWays, r.RTP.CallsBridged)
	}
	sum := 0
	for _, n := range r.Candidates.ByState {
		sum += n
	}
	if sum != r.Candidates.Imported || r.Candidates.ByState[campaigns.CandidateOpen] != 0 {
		t.Errorf("candidates by state %v, imported %d", r.Candidates.ByState, r.Candidates.Imported)
	}
}

func TestDemoTellsTheSameStoryAsItsCarrier(t *testing.T) {
	t.Parallel()
	command, out, said := start(t, "demo", "--for", "25s", "--agents", "8", "--json", "--seed", "7")
	r := finish(t, command, out, follow(said, func(line string) { t.Log(line) }))
	check(t, r)
	if r.Attempts.Total < 10 || r.Attempts.ByOutcome[campaigns.OutcomeAnswered] == 0 || r.Candidates.Rejected == 0 || r.Occupancy <= 0 {
		t.Errorf("%+v", r)
	}
	if blocked := r.Candidates.ByState[campaigns.CandidateBlocked]; blocked == 0 {
		t.Error("nobody is blocked, although the list holds people on DNC and with complaints")
	}
}

// How near the two are is for a longer run on a machine that does nothing else.
func TestThePredictiveDemoIsSetBesideItsSimulation(t *testing.T) {
	t.Parallel()
	command, out, said := start(t, "demo", "--scenario", "predictive", "--for", "40s", "--agents", "12", "--json")
	r := finish(t, command, out, follow(said, func(line string) { t.Log(line) }))
	check(t, r)
	s := r.Simulation
	if s == nil || s.Seeds != demoSeeds || s.Mean.Occupancy <= 0 || s.Deviation.Occupancy <= 0 {
		t.Fatalf("simulation %+v", s)
	}
	if s.Measured.Occupancy < s.Mean.Occupancy/2 || s.Measured.Answers < s.Mean.Answers/2 || s.Measured.Answers > 2*s.Mean.Answers {
		t.Errorf("measured %+v, simulated %+v", s.Measured, s.Mean)
	}
}

// TestAWipedRedisAndAKilledDialerHeal flushes Redis and then kills the dialer in
// the middle of calls, and lets a second run go on from what is left.
func TestAWipedRedisAndAKilledDialerHeal(t *testing.T) {
	t.Parallel()
	dir := keptDir(t)
	command, _, said := start(t, "demo", "--keep", dir, "--for", "3m", "--agents", "6", "--json")
	talking := make(chan struct{})
	var once sync.Once
	busy := regexp.MustCompile(`talking [1-9].*answered [1-9]`)
	ended := follow(said, func(line string) {
		t.Log(line)
		if busy.MatchString(line) {
			once.Do(func() { close(talking) })
		}
	})
	within(t, talking, time.Minute, "conversations")

	redis := redisOf(t, dir)
	if answer := redis("FLUSHALL"); answer != "+OK" {
		t.Fatalf("FLUSHALL: %s", answer)
	}
	wiped := time.Now()
	for {
		if n, err := strconv.Atoi(strings.TrimPrefix(redis("ZCARD ringmaster:{c:1}:hopper"), ":")); err == nil && n > 0 {
			break
		}
		if time.Since(wiped) > 5*time.Second {
			t.Fatal("the hopper is not back within 5 s")
		}
	}
	t.Logf("hopper back after %v", time.Since(wiped).Round(time.Millisecond))

	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := command.Wait(); err == nil {
		t.Fatal("a killed process ended well")
	}
	command, out, said := start(t, "demo", "--keep", dir, "--for", "20s", "--agents", "6", "--json")
	r := finish(t, command, out, follow(said, func(line string) { t.Log(line) }))
	check(t, r)
	if r.Attempts.ByOutcome[campaigns.OutcomeUnknown] == 0 {
		t.Errorf("the kill left no attempt unknown: %v", r.Attempts.ByOutcome)
	}
}

// keptDir gives a folder for --keep that the stores' own user can enter, whose
// stores are stopped at the end of the test.
func keptDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ringmaster-kept-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command, _, said := start(t, "demo", "--keep", dir, "--stop")
		<-follow(said, func(line string) { t.Log(line) })
		if err := errors.Join(command.Wait(), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// redisOf gives a way to send inline commands to a kept demo's Redis.
func redisOf(t *testing.T, dir string) func(command string) string {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(dir, "stores", "redis.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	answers := bufio.NewReader(conn)
	return func(command string) string {
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(line)
	}
}

// within waits for a channel to close.
func within(t *testing.T, done <-chan struct{}, limit time.Duration, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("no %s within %v", what, limit)
	}
}

// TestPagesInABrowser drives the agent's page and the wallboard of a running
// demo in headless Chromium. It needs the built pages: make test builds them.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	command, _, said := start(t, "demo", "--for", "3m", "--agents", "3", "--json", "--quiet")
	links := make(chan string, 2)
	link := regexp.MustCompile(`(?:agent|supervisor) \(once\):\s+(\S+)`)
	ended := follow(said, func(line string) {
		t.Log(line)
		if found := link.FindStringSubmatch(line); found != nil {
			links <- found[1]
		}
	})
	var urls []string
	for range 2 {
		select {
		case url := <-links:
			urls = append(urls, url)
		case <-time.After(30 * time.Second):
			t.Fatal("the demo printed no links")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
	defer cancel()
	shots := t.TempDir()
	browser := exec.CommandContext(ctx, "node", "e2e/pages.mjs", "--agent", urls[0], "--wallboard", urls[1], "--shots", shots)
	browser.Dir = filepath.Join("..", "..", "agentui", "web")
	out, err := browser.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("pages: %v", err)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := command.Wait(); err != nil {
		t.Errorf("demo: %v", err)
	}
}
