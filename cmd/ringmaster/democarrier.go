package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// startCarrier starts the simulated carrier as a process of its own, in a
// process group of its own, so that Ctrl-C in the terminal does not end the
// witness before the demo has ended. A kept demo finds the one of its last run.
func (h *demoHouse) startCarrier(ctx context.Context) error {
	if h.keep && h.state.CarrierPID != 0 && syscall.Kill(h.state.CarrierPID, 0) == nil {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("carrier: %w", err)
	}
	// The carrier outlives the context: it is ended by stopCarrier.
	command := exec.Command(self, "carrier", //nolint:noctx // see above
		"--listen", h.state.Carrier, "--phones-listen", h.state.Desk, "--dialer-addr", h.state.SIP, "--inbound-number", demoNumber,
		"--seed", strconv.FormatUint(h.state.Seed, 10), "--mix", h.work.mix, "--log", h.path("carrier.jsonl"),
		"--talk-mean", h.work.talkMean.String(), "--ring-scale", strconv.FormatFloat(h.work.ringScale, 'f', -1, 64), "--wait-scale", "0.6", "--max-calls", "2000")
	// A file, not our own standard error: that may be gone while the carrier of
	// a killed demo works on.
	words, err := os.OpenFile(h.path("carrier.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("carrier: %w", err)
	}
	defer func() { _ = words.Close() }()
	command.Stderr = words
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if !h.keep {
		command.SysProcAttr.Pdeathsig = syscall.SIGTERM
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("carrier: %w", err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("carrier: %w", err)
	}
	h.carrier, h.exited = command.Process, make(chan error, 1)
	ready := make(chan error, 1)
	go func() {
		ready <- readCarrierReady(out)
		h.exited <- command.Wait()
	}()
	select {
	case err = <-ready:
	case <-time.After(10 * time.Second):
		err = errors.New("not ready after 10 s")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("carrier: %w", err), h.stopCarrier())
	}
	h.state.CarrierPID = command.Process.Pid
	if h.keep {
		return h.saveState()
	}
	return nil
}

// readCarrierReady reads the line that the carrier prints once it listens.
func readCarrierReady(out io.Reader) error {
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("it ended before it was ready: %w", err)
	}
	var ready carrierReady
	return json.Unmarshal(line, &ready)
}

// stopCarrier ends the carrier, which writes its log to the end, and waits for
// it. It does nothing when none runs.
func (h *demoHouse) stopCarrier() error {
	pid := h.state.CarrierPID
	if h.carrier != nil {
		pid = h.carrier.Pid
	}
	if pid == 0 {
		return nil
	}
	h.state.CarrierPID = 0
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("carrier: %w", err)
	}
	if err := h.awaitCarrier(pid); err != nil {
		return err
	}
	h.carrier = nil
	if h.keep {
		return h.saveState()
	}
	return nil
}

// awaitCarrier waits for the process to end: our child by its wait, that of an
// earlier run by looking for it.
func (h *demoHouse) awaitCarrier(pid int) error {
	limit := time.NewTimer(15 * time.Second)
	defer limit.Stop()
	var gone <-chan time.Time
	if h.carrier == nil {
		look := time.NewTicker(50 * time.Millisecond)
		defer look.Stop()
		gone = look.C
	}
	for {
		select {
		case err := <-h.exited:
			var exit *exec.ExitError
			if errors.As(err, &exit) || err == nil {
				// It was asked to end; how it says so does not matter.
				return nil
			}
			return fmt.Errorf("carrier: %w", err)
		case <-gone:
			if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				return nil
			}
		case <-limit.C:
			_ = syscall.Kill(pid, syscall.SIGKILL)
			return errors.New("carrier: it did not end within 15 s and was killed")
		}
	}
}
