package sipua

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// seeds are messages that touch every reader of headers, and the torture files
// where they are present.
func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		"SIP/2.0 503 No\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nReason: Q.850;cause=34;text=\"a\\\",b\"\r\nRetry-After: 5\r\nRecord-Route: <sip:p;lr>, <sip:q>\r\nContact: <sip:c@1.2.3.4:5>\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n",
		"INVITE tel:+1212;phone-context=x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <tel:+1>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nP-Asserted-Identity: \"a, b\" <sip:+1%0d@h>, <tel:+2;x=y>\r\nContact: *\r\nRequire: x\r\nc: application/sdp;q=1\r\n\r\nv=0",
		"INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKy\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 2 INFO\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5",
		"ACK sip:a@b SIP/2.0\r\nVia: x\r\n\r\n", "CANCEL sip:a SIP/2.0\r\nCSeq: 1 CANCEL\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	for _, name := range torture(f) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// FuzzHeaders: whatever parses is read without a panic, and what we take from it
// is within its bounds.
func FuzzHeaders(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = screen(data)
		msg, err := sip.ParseMessage(data)
		if err != nil || msg == nil {
			return
		}
		if c := q850(msg); c < 0 || c > 127 {
			t.Errorf("cause %d", c)
		}
		if d := retryAfter(msg); d < 0 || d > time.Hour {
			t.Errorf("Retry-After %s", d)
		}
		_ = sdpOf(msg)
		_ = routeSet(msg)
		switch m := msg.(type) {
		case *sip.Response:
			if s := phrase(m.Reason); unsafe(s) || len(s) > 120 {
				t.Errorf("phrase %q", s)
			}
			if name, chal, err := challengeOf(m); err == nil {
				req := sip.NewRequest(sip.BYE, sip.Uri{Scheme: "sip", Host: "h"})
				if err := sign(req, name, chal, "u", "p"); err == nil && unsafe(req.GetHeader(name).Value()) {
					t.Errorf("credentials %q", req.GetHeader(name).Value())
				}
			}
			_, _ = contactURI(m)
		case *sip.Request:
			if code, _ := malformed(m); code == 0 {
				if s := callerOf(m) + calledOf(m); strings.ContainsAny(s, "\r\n") {
					t.Errorf("caller or called %q", s)
				}
			}
			_, _ = contactURI(m)
		}
	})
}

// FuzzWire: whatever arrives, the endpoint serves on and no goroutine panics.
func FuzzWire(f *testing.F) {
	seeds(f)
	u, err := New(Options{
		Listen: "127.0.0.1:0", PhonesListen: "127.0.0.1:0",
		Trunks: []TrunkPeer{{Name: "main", Allow: prefixes("127.0.0.1/32")}},
		TakeCall: func(in dialer.Incoming) (func(leg.Event), func([]byte) ([]byte, error), int) {
			in.Dialog.Answer([]byte(reply1))
			in.Dialog.HangUp(0, "")
			return func(leg.Event) {}, nil, 0
		},
	})
	if err != nil {
		f.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	f.Cleanup(func() {
		stop()
		<-done
	})
	conn, err := net.DialUDP("udp4", nil, u.Addr())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { conn.Close() })
	buf := make([]byte, 65535)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 60_000 {
			return
		}
		_, _ = conn.Write(data)
		id := newTag()
		probe := "OPTIONS sip:x@h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bK" + id + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: " + id + "\r\nCSeq: 1 OPTIONS\r\n\r\n"
		for range 20 {
			_, _ = conn.Write([]byte(probe))
			_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			for {
				n, err := conn.Read(buf)
				if err != nil {
					break
				}
				if strings.Contains(string(buf[:n]), id) {
					return
				}
			}
		}
		t.Fatal("no answer to OPTIONS")
	})
}
