package session

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

const (
	// commandRate and commandBurst limit the commands of one connection per
	// second; tolerance is how many may be refused in a row before it is closed.
	commandRate  = 20
	commandBurst = 40
	tolerance    = 100
	// junkLimit is the number of frames without sense before the close.
	junkLimit = 5
	// jobLimit is the length of the worker's queue.
	jobLimit = 32
)

// conn is one open socket.
type conn struct {
	hub     *Hub
	ws      *websocket.Conn
	log     *slog.Logger
	user    campaigns.User
	signIn  string
	session string
	out     *outbox
	jobs    chan job
	// owed counts the commands that are not answered yet.
	owed    atomic.Int32
	started time.Time

	// Of the reader alone.
	limiter *rate.Limiter
	refused int
	junk    int
	greeted bool

	mu sync.Mutex
	// attached: the agent's owner knows this session.
	attached bool
	// welcomed: notices may go out; before that they wait in held.
	welcomed bool
	held     []campaigns.AgentNotice
	// last is the newest snapshot, encoded; lastRev its revision.
	last    json.RawMessage
	lastRev int64
	// heard is when the last frame came.
	heard time.Time

	// aliveMu keeps the answers to the owner in order. It is not mu: the owner
	// may be waiting for notify while it is told.
	aliveMu sync.Mutex
	alive   bool
}

func newConn(h *Hub, ws *websocket.Conn, user campaigns.User, signIn, session string) *conn {
	now := time.Now()
	return &conn{
		hub: h, ws: ws, user: user, signIn: signIn, session: session, out: newOutbox(), jobs: make(chan job, jobLimit),
		log:     h.log.With("user", user.ID, "session", session),
		limiter: rate.NewLimiter(commandRate, commandBurst), started: now, heard: now, alive: true,
	}
}

// agent reports whether the user works the phone.
func (c *conn) agent() bool { return c.user.Role == campaigns.RoleAgent }

// serve reads until the end of the connection and returns when the writer and
// the worker have stopped and the agent is detached.
func (c *conn) serve() {
	c.log.Info("socket opened", "role", c.user.Role)
	stopped := make(chan struct{})
	written := make(chan struct{})
	worked := make(chan struct{})
	go func() { defer close(written); c.write(stopped) }()
	work, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { defer close(worked); c.work(work) }()

	c.read()
	close(stopped)
	c.hub.floor.unwatch(c.out)
	c.setAlive(false)
	// The worker finishes what was asked for before the agent is detached.
	close(c.jobs)
	drained := time.AfterFunc(drainLimit, cancel)
	<-worked
	drained.Stop()
	c.detach()
	<-written
	c.log.Info("socket closed", "after", time.Since(c.started).Round(time.Millisecond))
}

// read is the reader: it carries out live commands and queues the others.
func (c *conn) read() {
	c.ws.SetReadLimit(protocol.ReadLimit)
	for {
		kind, data, err := c.ws.ReadMessage()
		if err != nil {
			if errors.Is(err, websocket.ErrReadLimit) {
				// The library has sent close code 1009; what is still on its way
				// is thrown away, lest the close frame is lost to a reset.
				c.log.Warn("socket sent a frame above the limit", "limit", protocol.ReadLimit)
				_ = c.ws.NetConn().SetReadDeadline(time.Now().Add(time.Second))
				_, _ = io.Copy(io.Discard, c.ws.NetConn())
			}
			return
		}
		if c.out.closing() {
			// Only the client's close frame is waited for; see drain.
			continue
		}
		c.hear()
		c.frame(kind, data)
	}
}

// frame takes one incoming frame.
func (c *conn) frame(kind int, data []byte) {
	if !c.limiter.Allow() {
		c.refused++
		if c.refused > tolerance {
			c.out.close(protocol.CloseTooMany, "too many commands")
			return
		}
		// The id is read, so that the client knows what to send again.
		cmd, _ := protocol.ParseCommand(data)
		c.fail(cmd, campaigns.Errorf(protocol.CodeRateLimited, "more than %d commands a second", commandRate))
		return
	}
	c.refused = 0
	if kind != websocket.TextMessage {
		c.nonsense(campaigns.Errorf(campaigns.CodeInvalid, "binary frames are not spoken here"))
		return
	}
	cmd, err := protocol.ParseCommand(data)
	switch {
	case protocol.IsJunk(err):
		c.nonsense(err)
	case err != nil:
		c.fail(cmd, err)
	default:
		c.dispatch(cmd)
	}
}

// nonsense answers what is no command at all, a few times.
func (c *conn) nonsense(err error) {
	c.fail(protocol.Command{}, err)
	if c.junk++; c.junk >= junkLimit {
		c.out.close(protocol.CloseJunk, "too many frames that are no commands")
	}
}

// write is the writer: it sends what is queued, watches the pings, and ends
// the connection. It stops after the close frame, on a failed write, or when
// the reader has stopped.
func (c *conn) write(stopped <-chan struct{}) {
	beat := c.hub.opts.Timing.Heartbeat
	ticker := time.NewTicker(beat / 10)
	defer ticker.Stop()
	hello := time.NewTimer(c.hub.opts.Timing.Hello)
	defer hello.Stop()
	var seq int64
	for {
		f, end := c.out.take()
		switch {
		case f != nil:
			if f.event != "" {
				seq++
			}
			if err := c.send(f, seq); err != nil {
				c.hub.metrics.ended(nil)
				// The reader is woken by the closed connection.
				_ = c.ws.Close()
				return
			}
			continue
		case end != nil:
			c.finish(end)
			return
		}
		select {
		case <-stopped:
			c.hub.metrics.ended(nil)
			return
		case <-c.out.wake:
		case <-ticker.C:
			c.checkPings(beat)
		case <-hello.C:
			if c.silent() {
				c.out.close(protocol.CloseNoPing, "no hello came")
			}
		}
	}
}

// send writes one frame within the write deadline.
func (c *conn) send(f *frame, seq int64) error {
	data := []byte(f.data)
	if f.event != "" {
		var err error
		if data, err = protocol.EventFrame(f.event, seq, time.Now(), f.data); err != nil {
			return err
		}
	}
	if err := c.ws.SetWriteDeadline(time.Now().Add(c.hub.opts.Timing.Write)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, data)
}

// finish sends the close frame and gives the client a second to answer it.
func (c *conn) finish(end *ending) {
	c.hub.metrics.ended(end)
	c.log.Info("socket is closed", "code", int(end.code), "reason", end.text)
	message := websocket.FormatCloseMessage(int(end.code), end.text)
	if err := c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(c.hub.opts.Timing.Write)); err != nil {
		_ = c.ws.Close()
		return
	}
	// The reader goes on until the client's close frame or this deadline.
	_ = c.ws.NetConn().SetReadDeadline(time.Now().Add(time.Second))
}

// silent reports whether hello was never carried out.
func (c *conn) silent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.welcomed
}

// hear notes a sign of life.
func (c *conn) hear() {
	c.mu.Lock()
	c.heard = time.Now()
	c.mu.Unlock()
	c.setAlive(true)
}

// checkPings tells the owner of two overdue pings and closes soon after.
func (c *conn) checkPings(beat time.Duration) {
	c.mu.Lock()
	silence := time.Since(c.heard)
	c.mu.Unlock()
	if silence >= 2*beat {
		c.setAlive(false)
	}
	if silence >= beat*5/2 {
		c.out.close(protocol.CloseNoPing, "no ping came")
	}
}

// setAlive tells the agent's owner when the answer changes.
func (c *conn) setAlive(alive bool) {
	c.aliveMu.Lock()
	defer c.aliveMu.Unlock()
	if c.alive == alive {
		return
	}
	c.alive = alive
	c.mu.Lock()
	attached := c.attached
	c.mu.Unlock()
	if attached {
		c.hub.opts.Agents.Alive(c.user.ID, c.session, alive)
	}
}

// detach ends the session at the agent's owner.
func (c *conn) detach() {
	c.mu.Lock()
	attached := c.attached
	c.attached = false
	c.mu.Unlock()
	if attached {
		c.hub.opts.Agents.Detach(c.user.ID, c.session)
	}
}

// recheck closes the socket when its sign-in has ended. A store that is away
// proves nothing.
func (c *conn) recheck(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, c.hub.opts.Timing.Stored)
	defer cancel()
	if ok, err := c.hub.opts.Auth.Valid(ctx, c.user, c.signIn); err == nil && !ok {
		c.out.close(protocol.CloseSignedOut, "the sign-in has ended")
	}
}
