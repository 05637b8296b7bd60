package sipua

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// sipp starts SIPp; the returned wait gives its failure with its last words.
func sipp(tb testing.TB, args ...string) (wait func() error) {
	tb.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		tb.Fatal("SIPp is needed: apt-get install sip-tester")
	}
	errors := filepath.Join(tb.TempDir(), "errors")
	ctx, stop := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
	cmd := exec.CommandContext(ctx, path, append([]string{
		"-nostdin", "-i", "127.0.0.1", "-timeout", "50s", "-timeout_error", "-trace_err", "-error_file", errors,
	}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		stop()
		tb.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	once := sync.OnceValue(func() error {
		defer stop()
		if err := <-done; err != nil {
			why, _ := os.ReadFile(errors)
			text := out.Bytes()
			return fmt.Errorf("sipp: %w\n%s\n%s", err, why[:min(len(why), 3000)], text[max(0, len(text)-3000):])
		}
		return nil
	})
	tb.Cleanup(func() {
		stop()
		_ = once()
	})
	return once
}

// freePort gives a UDP port that was free a moment ago.
func freePort(tb testing.TB) int {
	tb.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// SIPp calls in: every call is taken, answered, and ended by its caller.
func TestSippCallsIn(t *testing.T) {
	t.Parallel()
	const calls = 200
	ended := make(chan leg.Event, calls)
	u := startUA(t, func(o *Options) {
		o.TakeCall = func(in dialer.Incoming) (func(leg.Event), func([]byte) ([]byte, error), int) {
			in.Dialog.Ring()
			in.Dialog.Answer([]byte(reply1))
			return func(ev leg.Event) {
				if ev.Kind != leg.Answered {
					ended <- ev
				}
			}, nil, 0
		}
	})
	wait := sipp(t, "-sf", "testdata/uac.xml", "-s", "+18005550100", "-m", strconv.Itoa(calls), "-r", "200",
		"-p", strconv.Itoa(freePort(t)), u.Addr().String())
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	for range calls {
		if ev := <-ended; ev.Kind != leg.RemoteBye {
			t.Fatalf("end %+v", ev)
		}
	}
}

// callOut places calls, hangs each up when it is answered, and counts the kinds
// of their ends.
func callOut(tb testing.TB, u *UA, dest string, calls, atOnce int) map[leg.EventKind]int {
	tb.Helper()
	ends := map[leg.EventKind]int{}
	over := make(chan leg.Event, calls)
	slots := make(chan struct{}, atOnce)
	for range calls {
		slots <- struct{}{}
		ready := make(chan dialer.Dialog, 1)
		ready <- u.Invite(dialer.Invite{
			Target: "sip:+12125550100@" + dest, Destination: dest, From: "+12125550199", SDP: []byte(offerSDP),
		}, func(ev leg.Event) {
			switch ev.Kind {
			case leg.Answered:
				(<-ready).HangUp(0, "")
			case leg.Failed, leg.Cancelled, leg.LocalBye, leg.RemoteBye:
				<-slots
				over <- ev
			}
		})
	}
	for range calls {
		select {
		case ev := <-over:
			ends[ev.Kind]++
		case <-time.After(40 * time.Second):
			tb.Fatalf("calls without an end: %v", ends)
		}
	}
	return ends
}

// Our calls to SIPp as the carrier.
func TestSippIsCalled(t *testing.T) {
	t.Parallel()
	const calls = 200
	u := startUA(t, nil)
	port := strconv.Itoa(freePort(t))
	// SIPp takes a repeated INVITE for an error unless told otherwise; with the
	// tests' short T1 a busy machine repeats some.
	wait := sipp(t, "-default_behaviors", "all,-abortunexp", "-sf", "testdata/uas.xml", "-m", strconv.Itoa(calls), "-p", port)
	if ends := callOut(t, u, "127.0.0.1:"+port, calls, 20); ends[leg.LocalBye] != calls {
		t.Errorf("ends %v", ends)
	}
	if err := wait(); err != nil {
		t.Error(err)
	}
}

// BenchmarkInvite tells the CPU time of this process for one call (INVITE, 180,
// 200, ACK, BYE, 200) through the INVITE core, with SIPp as the carrier in a
// process of its own.
func BenchmarkInvite(b *testing.B) {
	for _, atOnce := range []int{10, 50} {
		b.Run(fmt.Sprintf("at_once=%d", atOnce), func(b *testing.B) {
			u, err := New(Options{
				Listen: "127.0.0.1:0", PhonesListen: "127.0.0.1:0",
				Trunks: []TrunkPeer{{Name: "main", Allow: prefixes("127.0.0.1/32")}},
			})
			if err != nil {
				b.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
			done := make(chan error, 1)
			go func() { done <- u.Run(ctx) }()
			port := strconv.Itoa(freePort(b))
			sipp(b, "-sf", "testdata/uas.xml", "-p", port)
			callOut(b, u, "127.0.0.1:"+port, 10, 1)
			begun := cpuSeconds(b)
			b.ResetTimer()
			ends := callOut(b, u, "127.0.0.1:"+port, b.N, atOnce)
			b.StopTimer()
			b.ReportMetric((cpuSeconds(b)-begun)/float64(b.N)*1e6, "cpu-µs/call")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			if ends[leg.LocalBye] != b.N {
				b.Errorf("ends %v", ends)
			}
			stop()
			<-done
		})
	}
}

// cpuSeconds gives the CPU time of this process so far, user and system.
func cpuSeconds(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()).Seconds()
}
