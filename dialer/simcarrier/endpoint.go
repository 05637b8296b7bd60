package simcarrier

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// message is one parsed request or response, exactly one of req and res, with
// where it came from and when it was read.
type message struct {
	req  *sip.Request
	res  *sip.Response
	from netip.AddrPort
	at   time.Time
}

// endpoint is one SIP socket. Its one reading goroutine hands each message, in
// the order of arrival, to the mailbox of the line that it belongs to.
type endpoint struct {
	name   string // "carrier" or "phones"
	conn   *net.UDPConn
	addr   netip.AddrPort
	parser *sip.Parser
	log    *slog.Logger
	// accept takes an INVITE that begins a call. It must not block.
	accept func(*endpoint, message)

	mu    sync.Mutex
	lines map[string]*line // by transaction and by dialog
}

func listen(name, address string, log *slog.Logger, accept func(*endpoint, message)) (*endpoint, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("simcarrier: %s: %w", name, err)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("simcarrier: %s: %w", name, err)
	}
	return &endpoint{
		name: name, conn: conn, addr: localAddr(conn),
		parser: sip.NewParser(), log: log.With("listener", name), accept: accept, lines: make(map[string]*line),
	}, nil
}

// localAddr is what a socket is bound to, an IPv4 address as such.
func localAddr(conn *net.UDPConn) netip.AddrPort {
	at, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(at.AddrPort().Addr().Unmap(), at.AddrPort().Port())
}

// serve reads until the socket is closed, and returns nil then. Errors of the
// socket are an error only when a hundred come in a row.
func (e *endpoint) serve() error {
	buffer := make([]byte, 65535)
	failures := 0
	for {
		n, from, err := e.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			if failures++; failures >= 100 {
				return fmt.Errorf("simcarrier: %s: read: %w", e.name, err)
			}
			continue
		}
		failures = 0
		e.take(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Now())
	}
}

// take parses and routes one datagram. What is no SIP message is dropped.
func (e *endpoint) take(datagram []byte, from netip.AddrPort, at time.Time) {
	if len(strings.Trim(string(datagram), "\r\n\x00 ")) == 0 {
		return // keep-alive
	}
	parsed, err := e.parser.ParseSIP(datagram)
	if err == nil {
		err = complete(parsed)
	}
	if err != nil {
		e.log.Debug("dropped a malformed message", "from", from, "bytes", len(datagram), "error", err)
		return
	}
	switch m := parsed.(type) {
	case *sip.Request:
		e.request(message{req: m, from: from, at: at})
	case *sip.Response:
		e.response(message{res: m, from: from, at: at})
	}
}

// complete tells whether the headers that this package relies on are there.
func complete(m sip.Message) error {
	via, from, to, cseq := m.Via(), m.From(), m.To(), m.CSeq()
	switch {
	case via == nil || via.Host == "":
		return errors.New("no usable Via header")
	case from == nil:
		return errors.New("no From header")
	case to == nil:
		return errors.New("no To header")
	case m.CallID() == nil || m.CallID().Value() == "":
		return errors.New("no Call-ID header")
	case cseq == nil:
		return errors.New("no CSeq header")
	}
	if req, ok := m.(*sip.Request); ok && req.Method != cseq.MethodName {
		return fmt.Errorf("CSeq method %s in a %s", cseq.MethodName, req.Method)
	}
	return nil
}

func (e *endpoint) request(m message) {
	req := m.req
	if tag, ok := req.To().Params.Get("tag"); ok && tag != "" {
		if l := e.find(dialogKey(req.CallID().Value(), tag)); l != nil {
			l.deliver(m)
		} else if req.Method != sip.ACK {
			e.refuse(m, 481)
		}
		return
	}
	switch req.Method {
	case sip.INVITE:
		if l := e.find(serverKey(req)); l != nil {
			l.deliver(m)
		} else if e.find(mergeKey(req)) != nil {
			e.refuse(m, 482) // RFC 3261 section 8.2.2.2
		} else {
			e.accept(e, m)
		}
	case sip.CANCEL:
		if l := e.find(serverKey(req)); l != nil {
			l.deliver(m)
		} else {
			e.refuse(m, 481)
		}
	case sip.ACK:
	case sip.OPTIONS:
		e.refuse(m, 200)
	case sip.BYE:
		e.refuse(m, 481)
	default:
		e.refuse(m, 405)
	}
}

func (e *endpoint) response(m message) {
	if l := e.find(clientKey(m.res)); l != nil {
		l.deliver(m)
	}
}

// refuse answers a request that belongs to no line.
func (e *endpoint) refuse(m message, code int, more ...sip.Header) {
	res := sip.NewResponseFromRequest(m.req, code, reasonPhrase(code), nil)
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	for _, h := range more {
		res.AppendHeader(h)
	}
	e.send([]byte(res.String()), replyAddr(m))
}

// send writes one datagram. A failure shows to the other side as loss.
func (e *endpoint) send(datagram []byte, to netip.AddrPort) {
	if _, err := e.conn.WriteToUDPAddrPort(datagram, to); err != nil {
		e.log.Debug("could not send", "to", to, "error", err)
	}
}

// contact is the URI at which requests of a dialog reach this endpoint.
func (e *endpoint) contact(user string) sip.Header {
	host := e.addr.Addr()
	if host.IsUnspecified() {
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return sip.NewHeader("Contact", fmt.Sprintf("<sip:%s@%s>", user, netip.AddrPortFrom(host, e.addr.Port())))
}

func (e *endpoint) find(key string) *line {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lines[key]
}

func (e *endpoint) bind(key string, l *line) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines[key] = l
	l.keys = append(l.keys, key)
}

// release forgets a line that is over.
func (e *endpoint) release(l *line) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range l.keys {
		if e.lines[key] == l {
			delete(e.lines, key)
		}
	}
}

// replyAddr is where the response to a request goes: the source address, with
// the port of the Via header unless rport was asked for (RFC 3581).
func replyAddr(m message) netip.AddrPort {
	via := m.req.Via()
	if _, symmetric := via.Params.Get("rport"); symmetric {
		return m.from
	}
	port := via.Port
	if port <= 0 || port > 65535 {
		port = sip.DefaultUdpPort
	}
	return netip.AddrPortFrom(m.from.Addr(), uint16(port))
}

// Keys of the lines map. A server transaction is known by branch and sent-by
// (RFC 3261 section 17.2.3; CANCEL shares those of its INVITE), a client
// transaction by branch and method, a dialog by Call-ID and our tag.

func serverKey(req *sip.Request) string {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	if !strings.HasPrefix(branch, sip.RFC3261BranchMagicCookie) {
		tag, _ := req.From().Params.Get("tag")
		branch += "|" + req.CallID().Value() + "|" + tag + "|" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
	}
	return "server|" + branch + "|" + via.Host + "|" + strconv.Itoa(via.Port)
}

// mergeKey is the same for one request that came by two ways.
func mergeKey(req *sip.Request) string {
	tag, _ := req.From().Params.Get("tag")
	return "merge|" + req.CallID().Value() + "|" + tag + "|" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
}

func clientKey(res *sip.Response) string {
	branch, _ := res.Via().Params.Get("branch")
	return transactionKey(branch, res.CSeq().MethodName)
}

func transactionKey(branch string, method sip.RequestMethod) string {
	return "client|" + branch + "|" + string(method)
}

func dialogKey(callID, localTag string) string {
	return "dialog|" + callID + "|" + localTag
}
