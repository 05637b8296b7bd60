package stores

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sh starts a shell script as a server.
func sh(t *testing.T, script string) *process {
	t.Helper()
	f := &folder{path: t.TempDir(), as: self()}
	p, err := startProcess("the script", f.command(t.Context(), nil, "sh", "-c", script), syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.done
	})
	return p
}

// The kernel takes the end of the thread that forked for the end of the parent.
// Goroutines that end while locked to their thread end the thread.
func TestServersOutliveThreads(t *testing.T) {
	t.Parallel()
	p := sh(t, "sleep 60")
	for range 4 {
		var wg sync.WaitGroup
		var together sync.WaitGroup
		const threads = 64
		together.Add(threads)
		for range threads {
			wg.Go(func() {
				runtime.LockOSThread()
				together.Done()
				together.Wait()
			})
		}
		wg.Wait()
	}
	select {
	case <-p.done:
		t.Errorf("the server ended with a thread: %v", p.err)
	case <-time.After(100 * time.Millisecond): // the death of a thread takes a moment
	}
}

func TestStopForcesWhatDoesNotStop(t *testing.T) {
	t.Parallel()
	gentle := sh(t, "trap 'exit 0' TERM; while :; do sleep 0.01; done")
	if err := gentle.stop(t.Context(), syscall.SIGTERM); err != nil || !gentle.ended() {
		t.Errorf("stop: %v", err)
	}
	if err := gentle.stop(t.Context(), syscall.SIGTERM); err != nil {
		t.Errorf("stop after the end: %v", err)
	}

	stubborn := sh(t, "trap '' TERM; echo >ready; while :; do sleep 0.01; done")
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for !exists(stubborn.cmd.Dir + "/ready") {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the script never came up")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := stubborn.stop(ctx, syscall.SIGTERM, syscall.SIGQUIT)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the script did not stop") || !stubborn.ended() {
		t.Errorf("stop: %v", err)
	}
}

func TestProgramThatDoesNotStart(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "/nonexistent/server")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if _, err := startProcess("the server", cmd, syscall.SIGTERM); err == nil || !strings.Contains(err.Error(), "the server") {
		t.Errorf("error %v", err)
	}
}
