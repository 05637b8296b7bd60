package sipua

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

const (
	patience = 10 * time.Second
	offerSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
	reply1   = "v=0\r\no=c 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0\r\n"
	early1   = "v=0\r\no=c 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 51000 RTP/AVP 0\r\n"
)

// message is a SIP message as it was on the wire.
type message struct {
	start string
	head  []string
	body  string
	from  netip.AddrPort
}

func parse(data []byte, from netip.AddrPort) message {
	head, body, _ := strings.Cut(string(data), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return message{start: lines[0], head: lines[1:], body: body, from: from}
}

func (m message) all(name string) []string {
	var values []string
	for _, l := range m.head {
		k, v, _ := strings.Cut(l, ":")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return values
}

func (m message) h(name string) string {
	if v := m.all(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

func (m message) method() string { return strings.Fields(m.start)[0] }
func (m message) uri() string    { return strings.Fields(m.start)[1] }
func (m message) status() int {
	if !strings.HasPrefix(m.start, "SIP/") {
		return 0
	}
	n, _ := strconv.Atoi(strings.Fields(m.start)[1])
	return n
}

func param(value, key string) string {
	for _, p := range strings.Split(value, ";")[1:] {
		if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); k == key {
			return v
		}
	}
	return ""
}

func (m message) branch() string { return param(m.h("Via"), "branch") }
func (m message) toTag() string  { return param(m.h("To"), "tag") }
func (m message) cseq() string   { return m.h("CSeq") }

// peer is a party that speaks raw SIP text: a carrier or a phone.
type peer struct {
	t     *testing.T
	conn  *net.UDPConn
	to    netip.AddrPort
	queue chan message
	done  chan struct{}

	mu  sync.Mutex
	log []message
}

func newPeer(t *testing.T, ip string, to net.Addr) *peer {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{
		t: t, conn: conn, to: to.(*net.UDPAddr).AddrPort(), queue: make(chan message, 1024), done: make(chan struct{}),
	}
	go func() {
		defer close(p.done)
		buf := make([]byte, 65535)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			m := parse(buf[:n], from)
			p.mu.Lock()
			p.log = append(p.log, m)
			p.mu.Unlock()
			p.queue <- m
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-p.done
	})
	return p
}

func (p *peer) addr() string { return p.conn.LocalAddr().String() }

func (p *peer) raw(text string) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort([]byte(text), p.to); err != nil {
		p.t.Fatal(err)
	}
}

// expect waits for a message of the method or status, skipping others.
func (p *peer) expect(what string) message {
	p.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var skipped []string
	for {
		select {
		case m := <-p.queue:
			if m.method() == what || (m.status() != 0 && strconv.Itoa(m.status()) == what) {
				return m
			}
			skipped = append(skipped, m.start)
		case <-timer.C:
			p.t.Fatalf("no %s on the wire, but %q", what, skipped)
		}
	}
}

// seen counts the messages of the method so far.
func (p *peer) seen(method string) []message {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []message
	for _, m := range p.log {
		if m.method() == method {
			found = append(found, m)
		}
	}
	return found
}

// answer sends a response to a request.
func (p *peer) answer(req message, code int, tag string, extra ...string) {
	p.t.Helper()
	p.answerBody(req, code, tag, "", extra...)
}

func (p *peer) answerBody(req message, code int, tag, body string, extra ...string) {
	p.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "SIP/2.0 %d Whatever\r\n", code)
	for _, v := range req.all("Via") {
		fmt.Fprintf(&b, "Via: %s\r\n", v)
	}
	to := req.h("To")
	if tag != "" && req.toTag() == "" {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", req.h("From"), to, req.h("Call-ID"), req.cseq())
	contact := false
	for _, x := range extra {
		contact = contact || strings.HasPrefix(x, "Contact:")
		b.WriteString(x + "\r\n")
	}
	if !contact && code > 100 && code < 300 {
		fmt.Fprintf(&b, "Contact: <sip:carrier@%s>\r\n", p.addr())
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	p.raw(b.String())
}

// request builds a request inside the dialog of an INVITE that the UA sent.
func (p *peer) inDialog(invite message, tag, method string, cseq int, body string, extra ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s sip:ringmaster@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%d%d\r\n", method, p.to, p.addr(), method, cseq, time.Now().UnixNano())
	fmt.Fprintf(&b, "From: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\nContact: <sip:carrier@%s>\r\n",
		invite.h("To"), tag, invite.h("From"), invite.h("Call-ID"), cseq, method, p.addr())
	for _, x := range extra {
		b.WriteString(x + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// sink collects the events of a dialog.
type sink struct {
	t      *testing.T
	events chan leg.Event
}

func newSink(t *testing.T) *sink {
	t.Helper()
	return &sink{t: t, events: make(chan leg.Event, 256)}
}

func (s *sink) post(ev leg.Event) { s.events <- ev }

// expect waits for the very next event and checks its kind.
func (s *sink) expect(kind leg.EventKind) leg.Event {
	s.t.Helper()
	select {
	case ev := <-s.events:
		if ev.Kind != kind {
			s.t.Fatalf("event %+v, want %s", ev, kind)
		}
		return ev
	case <-time.After(patience):
		s.t.Fatalf("no event, want %s", kind)
	}
	return leg.Event{}
}

// none checks that nothing was posted.
func (s *sink) none() {
	s.t.Helper()
	select {
	case ev := <-s.events:
		s.t.Fatalf("unexpected event %+v", ev)
	default:
	}
}

// startUA runs a UA whose trunk "main" is 127.0.0.1.
func startUA(t *testing.T, change func(*Options)) *UA {
	t.Helper()
	u, _ := runUA(t, change)
	return u
}

// runUA starts a UA that stops at the end of the test or at stop.
func runUA(t *testing.T, change func(*Options)) (*UA, func()) {
	t.Helper()
	opts := Options{
		Listen: "127.0.0.1:0", PhonesListen: "127.0.0.1:0",
		Trunks:      []TrunkPeer{{Name: "main", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}},
		Registerer:  prometheus.NewRegistry(),
		HangUpLimit: 300 * time.Millisecond,
	}
	if change != nil {
		change(&opts)
	}
	u, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not return")
		}
	})
	t.Cleanup(stop)
	return u, stop
}

// place starts a call from the UA to the peer and gives the INVITE's events and
// text.
func place(t *testing.T, s dialer.Signalling, p *peer, change func(*dialer.Invite)) (dialer.Dialog, *sink, message) {
	t.Helper()
	req := dialer.Invite{
		Target: "sip:+12125550100@" + p.addr() + ";user=phone", Destination: p.addr(),
		From: "+12125550199", SDP: []byte(offerSDP),
	}
	if change != nil {
		change(&req)
	}
	events := newSink(t)
	d := s.Invite(req, events.post)
	invite := p.expect("INVITE")
	events.expect(leg.Sent)
	return d, events, invite
}
