package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"

	"ringmaster/campaigns"
)

// bot is an agent of the demo: a client of the real WebSocket that takes
// calls, talks, and gives results. It renders nothing and trusts only the
// snapshots that it is sent.
type bot struct {
	name   string
	base   string // http://host:port
	rng    *rand.Rand
	habits botHabits
	logger *slog.Logger
	// link makes a one-time sign-in link; cookie is what it was exchanged for.
	link   func(context.Context) (string, error)
	cookie string

	snapshot campaigns.AgentSnapshot
	pending  map[string]botFrame // commands not answered yet, by id
	planned  map[string]bool     // what was already decided, by call and step
	timers   chan func()
	home     bool // no more calls
}

// botFrame is a command or an event as it goes over the wire.
type botFrame struct {
	Type string          `json:"t,omitempty"`
	ID   string          `json:"id,omitempty"`
	Rev  int64           `json:"rev,omitempty"`
	Re   string          `json:"re,omitempty"`
	OK   bool            `json:"ok,omitempty"`
	Data json.RawMessage `json:"d,omitempty"`
	Err  json.RawMessage `json:"err,omitempty"`
}

// errBotFinal is a close code that a client must not reconnect after.
var errBotFinal = errors.New("the server closed the seat for good")

func newBot(name, base string, link func(context.Context) (string, error), seed uint64, habits botHabits, logger *slog.Logger) *bot {
	return &bot{
		name: name, base: base, link: link, rng: rand.New(rand.NewPCG(seed, 7)), habits: habits, logger: logger,
		pending: map[string]botFrame{}, planned: map[string]bool{}, timers: make(chan func(), 16),
	}
}

// run works a shift until ctx ends; goHome asks to take no further call, and
// run returns once the last one has its result.
func (b *bot) run(ctx context.Context, goHome <-chan struct{}) error {
	wait := 50 * time.Millisecond
	for {
		started := time.Now()
		err := b.connection(ctx, goHome)
		switch {
		case ctx.Err() != nil, err == nil, errors.Is(err, errBotFinal):
			return err
		case time.Since(started) > 5*time.Second:
			wait = 50 * time.Millisecond
		}
		b.logger.Debug("bot reconnects", "agent", b.name, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait + time.Duration(b.rng.Int64N(int64(wait)))):
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// connection signs in and serves one socket until it breaks.
func (b *bot) connection(ctx context.Context, goHome <-chan struct{}) error {
	if b.cookie == "" {
		link, err := b.link(ctx)
		if err != nil {
			return err
		}
		if b.cookie, err = openSignInLink(ctx, link); err != nil {
			return err
		}
	}
	header := http.Header{"Cookie": {b.cookie}, "Origin": {b.base}}
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, Subprotocols: []string{"ringmaster.v1.json"}}
	socket, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(b.base, "http")+"/v1/socket", header)
	if err != nil {
		if response != nil && response.StatusCode == http.StatusUnauthorized {
			b.cookie = ""
		}
		return fmt.Errorf("agent socket: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	defer func() { _ = socket.Close() }()
	frames := make(chan botFrame, 64)
	broken := make(chan error, 1)
	done := make(chan struct{})
	defer close(done)
	go readBotFrames(socket, frames, broken, done)

	hello := b.command("hello", map[string]any{"client": "bot"}, 0)
	if err := socket.WriteJSON(hello); err != nil {
		return err
	}
	for _, frame := range b.pending {
		if frame.Type != "hello" {
			if err := socket.WriteJSON(frame); err != nil {
				return err
			}
		}
	}
	ping := time.NewTicker(10 * time.Second)
	defer ping.Stop()
	for {
		var next []botFrame
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-goHome:
			b.home, goHome = true, nil
			next = b.react()
		case err := <-broken:
			return err
		case <-ping.C:
			next = append(next, b.command("ping", nil, 0))
		case step := <-b.timers:
			step()
			next = b.react()
		case frame := <-frames:
			if err := b.take(frame); err != nil {
				return err
			}
			next = b.react()
		}
		for _, frame := range next {
			if err := socket.WriteJSON(frame); err != nil {
				return err
			}
		}
		if b.home && b.snapshot.Call == nil && b.snapshot.State == campaigns.AgentNotReady && len(b.pending) == 0 {
			return nil
		}
	}
}

// openSignInLink exchanges a one-time link for a session cookie.
func openSignInLink(ctx context.Context, link string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("sign-in link: %w", err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("sign-in: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, c := range response.Cookies() {
		if c.Value != "" {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", fmt.Errorf("sign-in: %s without a session", response.Status)
}

// readBotFrames is the one reader of a socket.
func readBotFrames(socket *websocket.Conn, frames chan<- botFrame, broken chan<- error, done <-chan struct{}) {
	for {
		var frame botFrame
		if err := socket.ReadJSON(&frame); err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code >= 4500 && closed.Code < 5000 {
				err = fmt.Errorf("%w: %s", errBotFinal, closed.Text)
			}
			broken <- err
			return
		}
		select {
		case frames <- frame:
		case <-done:
			return
		}
	}
}

// command makes a frame with a fresh id and remembers it until answered.
func (b *bot) command(kind string, data any, rev int64) botFrame {
	frame := botFrame{Type: kind, ID: ulid.Make().String(), Rev: rev}
	if data != nil {
		// Marshalling plain maps and structs of this package cannot fail.
		frame.Data, _ = json.Marshal(data)
	}
	b.pending[frame.ID] = frame
	return frame
}

// take reads a frame: a reply settles its command, a snapshot replaces what is
// known.
func (b *bot) take(frame botFrame) error {
	if frame.Re != "" {
		command := b.pending[frame.Re]
		delete(b.pending, frame.Re)
		if !frame.OK {
			b.logger.Debug("bot command refused", "agent", b.name, "command", command.Type, "error", string(frame.Err))
			if command.Type != "ping" {
				// Decide anew from the next snapshot.
				clear(b.planned)
			}
		}
	}
	var body struct {
		Snapshot *campaigns.AgentSnapshot `json:"snapshot"`
	}
	if len(frame.Data) == 0 {
		return nil
	}
	if err := json.Unmarshal(frame.Data, &body); err != nil {
		return fmt.Errorf("frame %s: %w", frame.Type, err)
	}
	if body.Snapshot != nil && body.Snapshot.Rev >= b.snapshot.Rev {
		b.snapshot = *body.Snapshot
	}
	return nil
}
