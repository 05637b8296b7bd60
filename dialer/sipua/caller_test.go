package sipua

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// inbound collects the calls that a UA takes.
type inbound struct {
	t      *testing.T
	calls  chan dialer.Incoming
	events *sink
	offers chan []byte
	refuse atomic.Int64
	panics atomic.Bool
}

func newInbound(t *testing.T) *inbound {
	t.Helper()
	return &inbound{t: t, calls: make(chan dialer.Incoming, 64), events: newSink(t), offers: make(chan []byte, 64)}
}

func (in *inbound) take(call dialer.Incoming) (func(leg.Event), func([]byte) ([]byte, error), int) {
	if in.panics.Load() {
		panic("take")
	}
	if code := in.refuse.Load(); code != 0 {
		return nil, nil, int(code)
	}
	in.calls <- call
	return in.events.post, func(sdp []byte) ([]byte, error) {
		in.offers <- sdp
		if strings.Contains(string(sdp), "bad") {
			return nil, fmt.Errorf("no common codec")
		}
		return []byte(reply1), nil
	}, 0
}

var branches atomic.Int64

// outside builds a request outside of any dialog, as a caller sends it.
func (p *peer) outside(method, callID, body string, extra ...string) string {
	n := branches.Add(1)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s sip:+18005550100@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKout%d\r\n", method, p.to, p.addr(), n)
	fmt.Fprintf(&b, "From: \"A, B\" <sip:+12125550123@carrier.example>;tag=caller\r\nTo: <sip:+18005550100@%s>\r\nCall-ID: %s\r\nCSeq: 7 %s\r\nMax-Forwards: 70\r\nContact: <sip:caller@%s>\r\n", p.to, callID, method, p.addr())
	for _, x := range extra {
		b.WriteString(x + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// inside builds a request of the caller inside the dialog that ok made.
func (p *peer) inside(ok message, method string, cseq int, body string, extra ...string) string {
	n := branches.Add(1)
	var b bytes.Buffer
	uri := strings.Trim(strings.Split(ok.h("Contact"), ";")[0], "<>")
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKin%d\r\n", method, uri, p.addr(), n)
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n", ok.h("From"), ok.h("To"), ok.h("Call-ID"), cseq, method)
	for _, x := range extra {
		b.WriteString(x + "\r\n")
	}
	if body != "" && !strings.Contains(strings.Join(extra, "\n"), "Content-Type") {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// health proves that the endpoint serves: OPTIONS gets 200.
func (p *peer) health() {
	p.t.Helper()
	p.raw(p.outside("OPTIONS", "health"+p.addr(), ""))
	p.expect("200")
}
