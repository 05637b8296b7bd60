package simcarrier

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 10 * time.Second // of a test for anything
	number   = "+12125550123"
)

// witness is a running carrier and its call log.
type witness struct {
	*Carrier
	t    testing.TB
	mu   sync.Mutex
	log  bytes.Buffer
	stop func()
}

func (w *witness) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

// records parses what has been logged so far.
func (w *witness) records() []Record {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	records, err := ReadLog(bytes.NewReader(w.log.Bytes()))
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}

// record waits for the n-th line of the log.
func (w *witness) record(n int) Record {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("line %d of the log", n), func() bool { return len(w.records()) >= n })
	return w.records()[n-1]
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// start runs a carrier with fast timers until the test ends.
func start(t testing.TB, o Options, tweak ...func(*Carrier)) *witness {
	t.Helper()
	w := &witness{t: t}
	o.Listen, o.Log = "127.0.0.1:0", w
	if o.PhonesListen == "" {
		o.PhonesListen = "127.0.0.1:0"
	}
	if o.T1 == 0 {
		o.T1 = 60 * time.Millisecond
	}
	if o.RingScale == 0 {
		o.RingScale = 0.03
	}
	if o.TalkMean == 0 {
		o.TalkMean = time.Minute // the test hangs up
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tweak {
		f(c)
	}
	w.Carrier = c
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
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
	}
	t.Cleanup(w.stop)
	select {
	case <-c.Ready():
	case err := <-done:
		t.Fatal(err)
	}
	return w
}

// pin is a Customers of one number.
func pin(list ...Behaviour) Customers { return Customers{number: list} }

// uac is a small SIP client and server on sipgo, the dialer of these tests.
type uac struct {
	t      testing.TB
	client *sipgo.Client
	addr   netip.AddrPort
	byes   chan *sip.Request
	acks   chan *sip.Request
	// invited answers an INVITE that comes in; it blocks until the answer.
	mu      sync.Mutex
	invited func(*sip.Request, sip.ServerTransaction)
	options int
}

func newUAC(t testing.TB) *uac {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("tester"),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	u := &uac{t: t, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), byes: make(chan *sip.Request, 16), acks: make(chan *sip.Request, 16)}
	server, err := sipgo.NewServer(ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		t.Fatal(err)
	}
	server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
		u.byes <- req
	})
	server.OnOptions(func(req *sip.Request, tx sip.ServerTransaction) {
		u.mu.Lock()
		u.options++
		u.mu.Unlock()
		tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	})
	server.OnAck(func(req *sip.Request, _ sip.ServerTransaction) {
		select {
		case u.acks <- req:
		default:
		}
	})
	server.OnInvite(func(req *sip.Request, tx sip.ServerTransaction) {
		u.mu.Lock()
		f := u.invited
		u.mu.Unlock()
		f(req, tx)
	})
	u.client, err = sipgo.NewClient(ua, sipgo.WithClientLogger(quiet), sipgo.WithClientConnectionAddr(u.addr.String()))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); server.ServeUDP(conn) }()
	t.Cleanup(func() {
		ua.Close()
		conn.Close()
		<-served
	})
	eventually(t, "the client's listener", func() bool {
		_, err := ua.TransportLayer().GetConnection("udp", u.addr.String())
		return err == nil
	})
	return u
}

// outgoing is one INVITE of a uac.
type outgoing struct {
	*uac
	invite *sip.Request
	tx     sip.ClientTransaction
	ok     *sip.Response // the 2xx
}

func (u *uac) request(method sip.RequestMethod, user, addr string, body []byte) *sip.Request {
	at := netip.MustParseAddrPort(addr)
	req := sip.NewRequest(method, sip.Uri{Scheme: "sip", User: user, Host: at.Addr().String(), Port: int(at.Port())})
	from := &sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: "+15550001000", Host: "127.0.0.1"}, Params: sip.NewParams()}
	from.Params.Add("tag", sip.GenerateTagN(8))
	req.AppendHeader(from)
	req.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<sip:tester@%s>", u.addr)))
	if body != nil {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	req.SetBody(body)
	return req
}

// dial sends an INVITE.
func (u *uac) dial(user, addr string, body []byte) *outgoing {
	u.t.Helper()
	return u.send(u.request(sip.INVITE, user, addr, body))
}

func (u *uac) send(invite *sip.Request) *outgoing {
	u.t.Helper()
	tx, err := u.client.TransactionRequest(context.Background(), invite)
	if err != nil {
		u.t.Fatal(err)
	}
	return &outgoing{uac: u, invite: invite, tx: tx}
}

// next returns the next response to the INVITE.
func (o *outgoing) next() *sip.Response {
	o.t.Helper()
	select {
	case res := <-o.tx.Responses():
		return res
	case <-o.tx.Done():
		o.t.Fatalf("transaction ended: %v", o.tx.Err())
	case <-time.After(patience):
		o.t.Fatal("no response")
	}
	return nil
}

// until skips responses up to the first with at least the code.
func (o *outgoing) until(code int) *sip.Response {
	o.t.Helper()
	for {
		if res := o.next(); res.StatusCode >= code {
			return res
		}
	}
}

// answered waits for the 200 and acknowledges it.
func (o *outgoing) answered() *sip.Response {
	o.t.Helper()
	res := o.until(200)
	if res.StatusCode != 200 {
		o.t.Fatalf("answered %d, want 200", res.StatusCode)
	}
	o.ok = res
	o.ack(res, nil)
	return res
}

func (o *outgoing) inDialog(method sip.RequestMethod, res *sip.Response, seq uint32, body []byte) *sip.Request {
	req := sip.NewRequest(method, *res.Contact().Address.Clone())
	req.AppendHeader(sip.HeaderClone(res.From()))
	req.AppendHeader(sip.HeaderClone(res.To()))
	req.AppendHeader(sip.HeaderClone(res.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(sip.NewHeader("Contact", fmt.Sprintf("<sip:tester@%s>", o.addr)))
	if body != nil {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	req.SetBody(body)
	return req
}

func (o *outgoing) ack(res *sip.Response, body []byte) {
	o.t.Helper()
	if err := o.client.WriteRequest(o.inDialog(sip.ACK, res, res.CSeq().SeqNo, body)); err != nil {
		o.t.Fatal(err)
	}
}

// ask sends a request in the dialog of res and returns all responses to it.
func (o *outgoing) ask(method sip.RequestMethod, res *sip.Response, seq uint32, body []byte) []*sip.Response {
	o.t.Helper()
	tx, err := o.client.TransactionRequest(context.Background(), o.inDialog(method, res, seq, body))
	if err != nil {
		o.t.Fatal(err)
	}
	return o.collect(tx)
}

func (o *outgoing) collect(tx sip.ClientTransaction) (all []*sip.Response) {
	o.t.Helper()
	for {
		select {
		case res := <-tx.Responses():
			if all = append(all, res); res.StatusCode >= 200 {
				return all
			}
		case <-time.After(patience):
			o.t.Fatal("no response in the dialog")
		}
	}
}

func (o *outgoing) bye() []*sip.Response {
	o.t.Helper()
	return o.ask(sip.BYE, o.ok, o.ok.CSeq().SeqNo+1, nil)
}

// cancel sends CANCEL and returns the final response to it.
func (o *outgoing) cancel() int {
	o.t.Helper()
	req := sip.NewRequest(sip.CANCEL, o.invite.Recipient)
	req.AppendHeader(sip.HeaderClone(o.invite.Via()))
	req.AppendHeader(sip.HeaderClone(o.invite.From()))
	req.AppendHeader(sip.HeaderClone(o.invite.To()))
	req.AppendHeader(sip.HeaderClone(o.invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: o.invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.SetBody(nil)
	tx, err := o.client.TransactionRequest(context.Background(), req)
	if err != nil {
		o.t.Fatal(err)
	}
	all := o.collect(tx)
	return all[len(all)-1].StatusCode
}

// expectBye waits for the carrier to hang up.
func (u *uac) expectBye() *sip.Request {
	u.t.Helper()
	return receive(u.t, "a BYE", u.byes)
}

// receive takes from a channel, with a deadline.
func receive[T any](t testing.TB, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatalf("timed out waiting for %s", what)
	}
	return v
}

// offerOf is an SDP with the payload types given.
func offerOf(at netip.AddrPort, formats string, more ...string) []byte {
	lines := append([]string{
		"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP %s", at.Port(), formats),
	}, more...)
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}
