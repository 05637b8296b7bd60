package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// Options of a Hub.
type Options struct {
	Agents    Agents
	Floor     FloorSource
	Campaigns CampaignControl
	Auth      Authenticator
	// Origin reports whether a request's Origin header is welcome.
	Origin func(*http.Request) bool
	Logger *slog.Logger
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
	// Limit is the number of sockets at once; zero: 2,000.
	Limit int
	// Timing is for tests; the zero value means DefaultTiming.
	Timing Timing
}

// Timing are the clocks of a connection.
type Timing struct {
	// Heartbeat is the interval of the client's pings.
	Heartbeat time.Duration
	// Hello is how long a new connection may take to say hello.
	Hello time.Duration
	// Write is the longest write of one frame.
	Write time.Duration
	// Live and Stored limit the commands of the two lanes.
	Live, Stored time.Duration
	// Recheck is how often the sign-in behind a socket is looked up again.
	Recheck time.Duration
	// Floor is the interval of the event floor, FloorGap the shortest one.
	Floor, FloorGap time.Duration
}

// DefaultTiming gives the clocks of DESIGN.md section 8.
func DefaultTiming() Timing {
	return Timing{
		Heartbeat: protocol.HeartbeatMS * time.Millisecond, Hello: 10 * time.Second, Write: 5 * time.Second,
		Live: 5 * time.Second, Stored: 10 * time.Second, Recheck: time.Minute,
		Floor: time.Second, FloorGap: 250 * time.Millisecond,
	}
}

// Validate names the first missing option.
func (o *Options) Validate() error {
	for name, missing := range map[string]bool{
		"Agents": o.Agents == nil, "Floor": o.Floor == nil, "Campaigns": o.Campaigns == nil, "Auth": o.Auth == nil,
		"Origin": o.Origin == nil, "Logger": o.Logger == nil, "Registerer": o.Registerer == nil,
	} {
		if missing {
			return campaigns.Invalid("session.Options."+name, "missing")
		}
	}
	return nil
}

// Hub holds the open sockets.
type Hub struct {
	opts     Options
	log      *slog.Logger
	metrics  *metrics
	upgrader websocket.Upgrader
	floor    *broadcaster

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
	wg     sync.WaitGroup
}

// New makes a Hub; Run must be running for the floor and for the shutdown.
func New(opts Options) (*Hub, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if opts.Limit == 0 {
		opts.Limit = 2000
	}
	if opts.Timing == (Timing{}) {
		opts.Timing = DefaultTiming()
	}
	h := &Hub{opts: opts, log: opts.Logger, metrics: newMetrics(opts.Registerer), conns: map[*conn]struct{}{}}
	h.floor = newBroadcaster(opts.Floor, opts.Timing, opts.Logger, h.metrics)
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: opts.Timing.Write, Subprotocols: []string{protocol.Subprotocol},
		// The origin is checked before, with an answer that says so.
		CheckOrigin:     func(*http.Request) bool { return true },
		WriteBufferPool: &sync.Pool{},
		Error: func(w http.ResponseWriter, _ *http.Request, _ int, reason error) {
			protocol.WriteProblem(w, campaigns.Wrap(campaigns.CodeInvalid, "this address is for WebSockets: "+reason.Error(), reason))
		},
	}
	return h, nil
}

// answerLimit is how long the commands under way may take to be answered before
// the sockets are closed.
const answerLimit = time.Second

// Run sends the floor to those who watch and, when ctx ends, lets the commands
// under way be answered and closes every socket; it returns when all their goroutines have stopped.
func (h *Hub) Run(ctx context.Context) error {
	h.floor.run(ctx)
	h.answer()
	h.mu.Lock()
	h.closed = true
	for c := range h.conns {
		c.out.close(protocol.CloseRestart, "the server restarts")
	}
	h.mu.Unlock()
	h.wg.Wait()
	return nil
}

// answer waits until every command is answered, or for answerLimit.
func (h *Hub) answer() {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	limit := time.NewTimer(answerLimit)
	defer limit.Stop()
	for h.owes() {
		select {
		case <-look.C:
		case <-limit.C:
			return
		}
	}
}

func (h *Hub) owes() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if c.owed.Load() > 0 {
			return true
		}
	}
	return false
}

// ServeHTTP opens a socket and serves it until its end.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.opts.Origin(r) {
		h.metrics.refused.WithLabelValues("origin").Inc()
		protocol.WriteProblem(w, campaigns.Errorf(campaigns.CodeForbidden, "the origin %.100q is not this server", r.Header.Get("Origin")))
		return
	}
	if websocket.IsWebSocketUpgrade(r) && !slices.Contains(websocket.Subprotocols(r), protocol.Subprotocol) {
		h.metrics.refused.WithLabelValues("subprotocol").Inc()
		protocol.WriteProblem(w, campaigns.Errorf(campaigns.CodeInvalid, "the subprotocol %s is not offered", protocol.Subprotocol))
		return
	}
	user, signIn, authErr := h.opts.Auth.SocketUser(r)
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.metrics.refused.WithLabelValues("handshake").Inc()
		return
	}
	defer func() { _ = ws.Close() }()
	// Scripts in a browser see no HTTP status of a failed handshake, so the
	// refusal is a close code.
	if authErr != nil {
		code, text := protocol.CloseUnavailable, "the sign-in cannot be checked just now"
		if protocol.ProblemOf(authErr).Code == protocol.CodeUnauthorized {
			code, text = protocol.CloseBadSignIn, protocol.ProblemOf(authErr).Detail
		} else {
			h.log.Error("check of a socket's sign-in failed", "error", authErr)
		}
		h.metrics.refused.WithLabelValues("sign_in").Inc()
		h.refuse(ws, code, text)
		return
	}
	c := newConn(h, ws, user, signIn, ulid.Make().String())
	if code, text := h.admit(c); code != 0 {
		h.metrics.refused.WithLabelValues("limit").Inc()
		h.refuse(ws, code, text)
		return
	}
	defer h.leave(c)
	c.serve()
}

// refuse closes a socket that was never admitted.
func (h *Hub) refuse(ws *websocket.Conn, code protocol.CloseCode, text string) {
	message := websocket.FormatCloseMessage(int(code), text)
	if err := ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(h.opts.Timing.Write)); err != nil {
		return
	}
	drain(ws)
}

// drain reads until the client's own close frame, for a second at most: a
// connection that is dropped with unread input is reset, and the close frame
// with it.
func drain(ws *websocket.Conn) {
	_ = ws.SetReadDeadline(time.Now().Add(time.Second))
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return
		}
	}
}

// admit takes the connection up, or says with which code it is refused.
func (h *Hub) admit(c *conn) (protocol.CloseCode, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return protocol.CloseRestart, "the server restarts"
	case len(h.conns) >= h.opts.Limit:
		return protocol.CloseUnavailable, "too many sockets are open"
	}
	h.conns[c] = struct{}{}
	h.wg.Add(1)
	h.metrics.open.Inc()
	return 0, ""
}

func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	h.metrics.open.Dec()
	h.wg.Done()
}

// SignedOut closes the sockets that the sign-in vouched for.
func (h *Hub) SignedOut(signIn string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if c.signIn == signIn {
			c.out.close(protocol.CloseSignedOut, "signed out")
		}
	}
}

// internal reports whether an error belongs into the log.
func internal(err error) bool {
	return err != nil && campaigns.CodeOf(err) == campaigns.CodeInternal && !errors.Is(err, context.Canceled)
}
