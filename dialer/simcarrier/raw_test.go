package simcarrier

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rawUDP is a socket for messages that no SIP library would send.
type rawUDP struct {
	conn *net.UDPConn
	addr netip.AddrPort
}

func raw(t testing.TB) *rawUDP {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &rawUDP{conn: conn, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
}

// reply is a received message: code is zero for a request.
type reply struct {
	code int
	text string
}

func (r reply) header(name string) string {
	for line := range strings.Lines(r.text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (r *rawUDP) write(t testing.TB, text, to string) {
	t.Helper()
	if _, err := r.conn.WriteToUDPAddrPort([]byte(text), netip.MustParseAddrPort(to)); err != nil {
		t.Fatal(err)
	}
}

// read returns the next message, or false after the wait.
func (r *rawUDP) read(t testing.TB, wait time.Duration) (reply, bool) {
	t.Helper()
	buffer := make([]byte, 65535)
	r.conn.SetReadDeadline(time.Now().Add(wait))
	n, _, err := r.conn.ReadFromUDPAddrPort(buffer)
	if err != nil {
		return reply{}, false
	}
	m := reply{text: string(buffer[:n])}
	if f := strings.Fields(m.text); f[0] == "SIP/2.0" {
		m.code, _ = strconv.Atoi(f[1])
	}
	return m, true
}

// await skips messages up to the one that ok accepts.
func (r *rawUDP) await(t testing.TB, what string, ok func(reply) bool) reply {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if m, got := r.read(t, time.Until(deadline)); got && ok(m) {
			return m
		}
	}
	t.Fatalf("timed out waiting for %s", what)
	return reply{}
}

func (r *rawUDP) exchange(t testing.TB, text, to string) reply {
	t.Helper()
	r.write(t, text, to)
	return r.await(t, "a response", func(m reply) bool { return m.code > 0 })
}

// message is a request with the headers given, in the dialog of callID.
func (r *rawUDP) message(method, user, to, callID, branch, toTag string, seq int, body string) string {
	tag := ""
	if toTag != "" {
		tag = ";tag=" + toTag
	}
	contentType := ""
	if body != "" {
		contentType = "Content-Type: application/sdp\r\n"
	}
	seqMethod := method
	return fmt.Sprintf("%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nFrom: <sip:+15550001000@127.0.0.1>;tag=raw\r\n"+
		"To: <sip:%s@%s>%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:raw@%s>\r\nMax-Forwards: 70\r\n%sContent-Length: %d\r\n\r\n%s",
		method, user, to, r.addr, branch, user, to, tag, callID, seq, seqMethod, r.addr, contentType, len(body), body)
}

func (o *outgoing) target() string {
	return fmt.Sprintf("%s:%d", o.invite.Recipient.Host, o.invite.Recipient.Port)
}

// cancelText is a CANCEL of the INVITE that asks for its response at the raw
// socket that sends it.
func (o *outgoing) cancelText() string {
	via := o.invite.Via().Clone()
	via.Params.Add("rport", "")
	return fmt.Sprintf("CANCEL %s SIP/2.0\r\n%s\r\n%s\r\n%s\r\n%s\r\nCSeq: %d CANCEL\r\nContent-Length: 0\r\n\r\n",
		o.invite.Recipient.String(), via, o.invite.From(), o.invite.To(), o.invite.CallID(), o.invite.CSeq().SeqNo)
}

// tagOf is the To tag of a reply.
func tagOf(m reply) string {
	_, tag, _ := strings.Cut(m.header("To"), "tag=")
	return tag
}

// TestRetransmission sends one INVITE five times: one line, one answer.
func TestRetransmission(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Busy)})
	r := raw(t)
	invite := r.message("INVITE", number, w.Addr(), "again", "z9hG4bK-1", "", 1, string(offerOf(r.addr, "0")))
	for range 3 {
		r.write(t, invite, w.Addr())
	}
	busy := r.await(t, "486", func(m reply) bool { return m.code == 486 })
	for range 2 {
		r.write(t, invite, w.Addr())
	}
	again := r.await(t, "486 again", func(m reply) bool { return m.code == 486 })
	if tagOf(busy) == "" || tagOf(busy) != tagOf(again) {
		t.Errorf("tags %q and %q", tagOf(busy), tagOf(again))
	}
	r.write(t, r.message("ACK", number, w.Addr(), "again", "z9hG4bK-1", tagOf(busy), 1, ""), w.Addr())
	w.record(1)
	w.stop()
	if records := w.records(); len(records) != 1 {
		t.Errorf("%d lines, want 1", len(records))
	}
}

// TestFinalRepeated has a refusal repeated until its ACK and not after it.
func TestFinalRepeated(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Busy), T1: 20 * time.Millisecond})
	r := raw(t)
	r.write(t, r.message("INVITE", number, w.Addr(), "final", "z9hG4bK-1", "", 1, ""), w.Addr())
	var busy reply
	for range 3 {
		busy = r.await(t, "486", func(m reply) bool { return m.code == 486 })
	}
	r.write(t, r.message("ACK", number, w.Addr(), "final", "z9hG4bK-1", tagOf(busy), 1, ""), w.Addr())
	late := 0
	for {
		m, ok := r.read(t, 400*time.Millisecond)
		if !ok {
			break
		}
		if late++; m.code != 486 || late > 1 {
			t.Fatalf("%d after the ACK", m.code)
		}
	}
}

// TestNoAck ends a call whose 200 is never acknowledged, with BYE.
func TestNoAck(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Answer), T1: 10 * time.Millisecond})
	r := raw(t)
	r.write(t, r.message("INVITE", number, w.Addr(), "noack", "z9hG4bK-1", "", 1, string(offerOf(r.addr, "0"))), w.Addr())
	oks := 0
	bye := r.await(t, "BYE", func(m reply) bool {
		if m.code == 200 {
			oks++
		}
		return strings.HasPrefix(m.text, "BYE ")
	})
	if oks < 4 {
		t.Errorf("the 200 was sent %d times", oks)
	}
	if !strings.HasPrefix(bye.text, "BYE sip:raw@"+r.addr.String()) {
		t.Errorf("BYE to the wrong target: %s", bye.text)
	}
	again := r.await(t, "BYE again", func(m reply) bool { return strings.HasPrefix(m.text, "BYE ") })
	if again.text != bye.text {
		t.Error("a retransmitted BYE differs")
	}
	rec := w.record(1)
	if rec.Acked || rec.EndedBy != EndedByUs || rec.Result != ResultAnswered {
		t.Errorf("logged %+v", rec)
	}
	eventually(t, "no call left", func() bool { return w.Live() == 0 })
}

// TestStrangers answers what belongs to no call.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(NoAnswer)})
	r := raw(t)
	for _, c := range []struct {
		method, tag string
		want        int
	}{
		{"CANCEL", "", 481}, {"BYE", "unknown", 481}, {"BYE", "", 481}, {"INVITE", "unknown", 481},
		{"OPTIONS", "", 200}, {"REGISTER", "", 405}, {"SUBSCRIBE", "", 405}, {"UPDATE", "unknown", 481},
	} {
		m := r.exchange(t, r.message(c.method, number, w.Addr(), "stranger-"+c.method, "z9hG4bK-"+c.method+c.tag, c.tag, 1, ""), w.Addr())
		if m.code != c.want {
			t.Errorf("%s with tag %q: %d, want %d", c.method, c.tag, m.code, c.want)
		}
	}
	reliable := strings.Replace(r.message("INVITE", number, w.Addr(), "require", "z9hG4bK-r", "", 1, ""), "Max-Forwards", "Require: 100rel\r\nMax-Forwards", 1)
	if m := r.exchange(t, reliable, w.Addr()); m.code != 420 || m.header("Unsupported") != "100rel" {
		t.Errorf("Require answered %d %q", m.code, m.header("Unsupported"))
	}
	// The same request by a second way is a loop, RFC 3261 section 8.2.2.2.
	r.exchange(t, r.message("INVITE", number, w.Addr(), "merged", "z9hG4bK-a", "", 1, ""), w.Addr())
	r.write(t, r.message("INVITE", number, w.Addr(), "merged", "z9hG4bK-b", "", 1, ""), w.Addr())
	r.await(t, "482", func(m reply) bool { return m.code == 482 })
	w.stop()
	if records := w.records(); len(records) != 1 || records[0].Result != ResultOpen {
		t.Errorf("logged %+v, want the one call that rings", records)
	}
}

// TestJunk survives what is no SIP, and serves on.
func TestJunk(t *testing.T) {
	t.Parallel()
	w := start(t, Options{Customers: pin(Busy)})
	r := raw(t)
	for _, junk := range junkMessages {
		r.write(t, junk, w.Addr())
	}
	if m := r.exchange(t, r.message("OPTIONS", number, w.Addr(), "after", "z9hG4bK-1", "", 1, ""), w.Addr()); m.code != 200 {
		t.Errorf("after junk: %d", m.code)
	}
	if n := len(w.records()); n != 0 {
		t.Errorf("junk made %d calls", n)
	}
}

var junkMessages = []string{
	"", "\r\n\r\n", "\x00\x00", "garbage", "INVITE", "INVITE sip: SIP/2.0\r\n\r\n", strings.Repeat("A", 60000),
	"INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n",
	"INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: \r\nCSeq: 1 INVITE\r\n\r\n",
	"INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: z\r\nCSeq: 1 BYE\r\n\r\n",
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: z\r\nCSeq: 1 BYE\r\n\r\n",
}

// FuzzMessage feeds the endpoint anything; it must neither panic nor block.
func FuzzMessage(f *testing.F) {
	for _, junk := range junkMessages {
		f.Add([]byte(junk))
	}
	// Lines that never answer send nothing but responses, to the socket below.
	w := start(f, Options{Mix: Mix{NoAnswer: 1}, GiveUp: 5 * time.Millisecond, T1: time.Millisecond, MaxCalls: 4})
	r := raw(f)
	for _, method := range []string{"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE"} {
		f.Add([]byte(r.message(method, number, w.Addr(), "fuzz", "z9hG4bK-1", "", 1, string(offerOf(r.addr, "0")))))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		w.trunk.take(datagram, r.addr, time.Now())
	})
}

// FuzzSDP must not panic, and what it accepts must be usable.
func FuzzSDP(f *testing.F) {
	f.Add(offerOf(netip.MustParseAddrPort("127.0.0.1:4000"), "0 8 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly"))
	f.Add([]byte("m=video 1 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\nm=audio 9 RTP/AVP 8\r\nc=IN IP6 ::1"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parseSDP(body)
		if err != nil {
			return
		}
		if !s.remote.IsValid() || s.remote.Port() == 0 || (s.law != pcmu && s.law != pcma) {
			t.Errorf("accepted %+v", s)
		}
		answer, err := parseSDP(answerSDP(s, netip.MustParseAddrPort("127.0.0.1:4000"), 1, 1))
		if err != nil || answer.law != s.law {
			t.Errorf("our answer to %q: %+v, %v", body, answer, err)
		}
	})
}
