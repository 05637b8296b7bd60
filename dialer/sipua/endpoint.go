package sipua

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// endpoint is one socket with its transport and transaction layers, its
// dialogs and the records of its INVITEs.
type endpoint struct {
	ua     *UA
	log    *slog.Logger
	phones bool
	sock   *socket
	laddr  sip.Addr
	// host and port are what Via and Contact say.
	host   string
	port   int
	tpl    *sip.TransportLayer
	txl    *sip.TransactionLayer
	called *called
	// sources belongs to the reader.
	sources sources

	mu sync.Mutex
	// live counts running dialogs, bounded by Options.MaxCalls.
	live int
	// dialogs by local tag.
	dialogs map[string]*dialog
	// invites by branch: sent INVITEs, until 64×T1 after their dialog's end.
	invites map[string]*inviteRecord
	// lingering are the invites whose dialog ended, by expiry.
	lingering []*inviteRecord
	// arrivals by transaction key: received INVITEs without a final response.
	arrivals map[string]*arrival
}

func newEndpoint(u *UA, phones bool, key, listen, host string) (*endpoint, error) {
	sock, err := openSocket(key, listen)
	if err != nil {
		return nil, err
	}
	local := sock.local()
	if host == "" {
		host = local.IP.String()
	}
	e := &endpoint{
		ua: u, log: u.log, phones: phones, sock: sock, host: host, port: local.Port,
		laddr:  sip.Addr{IP: local.IP, Port: local.Port, Hostname: local.IP.String()},
		called: newCalled(), dialogs: make(map[string]*dialog), invites: make(map[string]*inviteRecord),
		arrivals: make(map[string]*arrival),
	}
	sock.admit = e.admit
	quiet := quietLogger(u.log)
	e.tpl = sip.NewTransportLayer(net.DefaultResolver, sip.NewParser(), nil, sip.WithTransportLayerLogger(quiet))
	// The tap comes first, so that it sees messages in arrival order.
	e.tpl.OnMessage(e.tap)
	e.txl = sip.NewTransactionLayer(e.tpl, sip.WithTransactionLayerLogger(quiet),
		sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {}))
	e.txl.OnRequest(e.onRequest)
	return e, nil
}

// serve reads the socket until it is closed. sipgo's reader ends before that by
// a panic of its parser only, and is started again.
func (e *endpoint) serve() {
	for !e.sock.over {
		e.serveOnce()
	}
}

func (e *endpoint) serveOnce() {
	defer func() {
		if r := recover(); r != nil {
			e.ua.caught("parser", r)
		}
	}()
	_ = e.tpl.ServeUDP(e.sock)
}

// enter counts a dialog in, unless the endpoint is full.
func (e *endpoint) enter(d *dialog) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.live >= e.ua.opts.MaxCalls {
		return false
	}
	e.live++
	e.dialogs[d.localTag] = d
	return true
}

func (e *endpoint) leave(d *dialog) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.live--
	delete(e.dialogs, d.localTag)
}

func (e *endpoint) dialog(tag string) *dialog {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dialogs[tag]
}

func (e *endpoint) all() []*dialog {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*dialog, 0, len(e.dialogs))
	for _, d := range e.dialogs {
		list = append(list, d)
	}
	return list
}

// via gives a new top Via.
func (e *endpoint) via(branch string) *sip.ViaHeader {
	v := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: e.host, Port: e.port,
	}
	v.Params.Add("branch", branch)
	v.Params.Add("rport", "")
	return v
}

// contact is our address in dialogs.
func (e *endpoint) contact() *sip.ContactHeader {
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "ringmaster", Host: e.host, Port: e.port}}
}

// route binds a request to this endpoint's socket and a resolved destination.
func (e *endpoint) route(req *sip.Request, dest netip.AddrPort) {
	req.SetTransport("UDP")
	req.SetDestination(dest.String())
	e.laddr.Copy(&req.Laddr)
}

// start sends a request on a new client transaction.
func (e *endpoint) start(req *sip.Request) (*sip.ClientTx, error) {
	e.ua.metrics.request(req.Method, "out")
	return e.txl.Request(context.Background(), req)
}

// write sends a request without a transaction: an ACK.
func (e *endpoint) write(req *sip.Request) {
	e.ua.metrics.request(req.Method, "out")
	if err := e.tpl.WriteMsg(req); err != nil {
		e.log.Debug("sip: write failed", "method", req.Method.String(), "error", err)
	}
}

// startAndForget sends a request whose answer changes nothing and waits for it
// in a goroutine of the UA.
func (e *endpoint) startAndForget(req *sip.Request) {
	tx, err := e.start(req)
	if err != nil {
		e.log.Debug("sip: request failed", "method", req.Method.String(), "error", err)
		return
	}
	if !e.ua.spawn(func() { e.await(tx) }) {
		tx.Terminate()
	}
}

// await consumes a transaction's responses until its final one.
func (e *endpoint) await(tx *sip.ClientTx) {
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if res.StatusCode >= 200 {
				return
			}
		case <-tx.Done():
			return
		case <-e.ua.kill:
			return
		}
	}
}
