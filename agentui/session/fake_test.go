package session_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"ringmaster/agentui/protocol"
	"ringmaster/agentui/session"
	"ringmaster/campaigns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// attachment is a session that the fake owner knows.
type attachment struct {
	session   string
	notify    func(campaigns.AgentNotice)
	takenOver func()
}

// agents is a fake of the agents' owner.
type agents struct {
	mu       sync.Mutex
	attached map[int64]attachment
	rev      int64
	// early is pushed while Attach is under way.
	early []campaigns.AgentNotice
	// attachErr refuses Attach.
	attachErr error
	// answer carries out commands; nil: an empty reply.
	answer func(context.Context, campaigns.AgentCommand) (campaigns.AgentReply, error)

	commands chan campaigns.AgentCommand
	alive    chan bool
	detached chan string
}

func newAgents() *agents {
	return &agents{
		attached: map[int64]attachment{}, rev: 5, commands: make(chan campaigns.AgentCommand, 1000),
		alive: make(chan bool, 100), detached: make(chan string, 100),
	}
}

func (a *agents) Attach(_ context.Context, u campaigns.User, s string, notify func(campaigns.AgentNotice), takenOver func()) (campaigns.AgentSnapshot, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.attachErr != nil {
		return campaigns.AgentSnapshot{}, a.attachErr
	}
	if old, ok := a.attached[u.ID]; ok {
		old.takenOver()
	}
	a.attached[u.ID] = attachment{s, notify, takenOver}
	for _, n := range a.early {
		notify(n)
	}
	return campaigns.AgentSnapshot{AgentID: u.ID, Name: u.DisplayName, Rev: a.rev, State: campaigns.AgentNotReady}, nil
}

func (a *agents) Detach(id int64, s string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.attached[id].session == s {
		delete(a.attached, id)
	}
	a.detached <- s
}

func (a *agents) Alive(_ int64, _ string, alive bool) { a.alive <- alive }

func (a *agents) Command(ctx context.Context, _ int64, _ string, cmd campaigns.AgentCommand) (campaigns.AgentReply, error) {
	a.commands <- cmd
	a.mu.Lock()
	answer, rev := a.answer, a.rev
	a.mu.Unlock()
	if answer != nil {
		return answer(ctx, cmd)
	}
	return campaigns.AgentReply{Rev: rev}, nil
}

func (a *agents) notify(t *testing.T, id int64, n campaigns.AgentNotice) {
	t.Helper()
	a.mu.Lock()
	at, ok := a.attached[id]
	a.mu.Unlock()
	if !ok {
		t.Fatalf("agent %d is not attached", id)
	}
	at.notify(n)
}

// floor is a fake of the floor.
type floor struct {
	mu      sync.Mutex
	looks   int
	err     error
	changed chan struct{}
}

func (f *floor) Floor(context.Context) (campaigns.Floor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	return campaigns.Floor{
		Campaigns: []campaigns.CampaignLive{{ID: 3, Attempts: f.looks}}, Agents: []campaigns.AgentLive{{ID: 12}},
	}, f.err
}

func (f *floor) Changed() <-chan struct{} { return f.changed }

func (f *floor) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.looks
}

// control is a fake of the campaigns' owner.
type control struct{ moves chan campaigns.CampaignState }

func (c *control) MoveCampaign(_ context.Context, id int64, to campaigns.CampaignState, by campaigns.User) (campaigns.Campaign, error) {
	if id == 404 {
		return campaigns.Campaign{}, campaigns.Errorf(campaigns.CodeNotFound, "no campaign 404")
	}
	c.moves <- to
	return campaigns.Campaign{ID: id, Name: by.Name, State: to}, nil
}

// door is a fake of the sign-in: ?as=agent|agent2|supervisor.
type door struct {
	mu    sync.Mutex
	valid bool
	err   error
}

func (d *door) SocketUser(r *http.Request) (campaigns.User, string, error) {
	if d.err != nil {
		return campaigns.User{}, "", d.err
	}
	switch as := r.URL.Query().Get("as"); as {
	case "agent":
		return campaigns.User{ID: 12, Name: "ana", DisplayName: "Ana", Role: campaigns.RoleAgent}, as, nil
	case "agent2":
		return campaigns.User{ID: 13, Name: "ben", DisplayName: "Ben", Role: campaigns.RoleAgent}, as, nil
	case "supervisor":
		return campaigns.User{ID: 1, Name: "sue", DisplayName: "Sue", Role: campaigns.RoleSupervisor}, as, nil
	}
	return campaigns.User{}, "", campaigns.Errorf(protocol.CodeUnauthorized, "sign in first")
}

func (d *door) Valid(context.Context, campaigns.User, string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.valid, nil
}

// house is a hub with its fakes on a real listener.
type house struct {
	agents  *agents
	floor   *floor
	control *control
	door    *door
	hub     *session.Hub
	metrics *prometheus.Registry
	url     string
	stop    func()
}

func newHouse(t *testing.T, change func(*session.Options)) *house {
	t.Helper()
	h := &house{
		agents: newAgents(), floor: &floor{changed: make(chan struct{}, 1)},
		control: &control{moves: make(chan campaigns.CampaignState, 10)}, door: &door{valid: true},
	}
	opts := session.Options{
		Agents: h.agents, Floor: h.floor, Campaigns: h.control, Auth: h.door,
		Origin: func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" },
		Logger: slog.New(slog.DiscardHandler), Timing: session.DefaultTiming(),
	}
	if change != nil {
		change(&opts)
	}
	h.metrics = prometheus.NewRegistry()
	opts.Registerer = h.metrics
	hub, err := session.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	h.hub = hub
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = hub.Run(ctx) }()
	server := httptest.NewServer(hub)
	h.url = "ws" + strings.TrimPrefix(server.URL, "http")
	h.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(func() { h.stop(); server.Close() })
	return h
}

// watching gives the gauge of the sockets that watch the floor.
func (h *house) watching(t *testing.T) float64 {
	t.Helper()
	families, err := h.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "ringmaster_sockets_watching" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("no gauge of the watching sockets")
	return 0
}

// client is one side of a socket, as a browser has it.
type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func (h *house) dial(t *testing.T, as string) *client {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 5 * time.Second}
	ws, resp, err := dialer.Dial(h.url+"/?as="+as, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return &client{t, ws}
}

// hello opens the conversation and gives welcome.
func (h *house) hello(t *testing.T, as string) (*client, protocol.Welcome) {
	t.Helper()
	c := h.dial(t, as)
	id := c.send("hello", protocol.Hello{Client: "test"}, 0)
	var welcome protocol.Welcome
	c.event("welcome", &welcome)
	c.ok(id)
	return c, welcome
}

func (c *client) send(name string, d any, rev int64) string {
	c.t.Helper()
	data, err := json.Marshal(d)
	if err != nil {
		c.t.Fatal(err)
	}
	id := ulid.Make().String()
	frame, err := json.Marshal(protocol.Command{T: name, ID: id, Rev: rev, D: data})
	if err != nil {
		c.t.Fatal(err)
	}
	c.raw(string(frame))
	return id
}

func (c *client) raw(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// incoming is an event or a reply.
type incoming struct {
	protocol.Event
	Re  *string           `json:"re"`
	OK  bool              `json:"ok"`
	Rev int64             `json:"rev"`
	Err *protocol.Problem `json:"err"`
}

func (c *client) next() (incoming, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		return incoming{}, err
	}
	var in incoming
	return in, json.Unmarshal(data, &in)
}

func (c *client) must() incoming {
	c.t.Helper()
	in, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return in
}

// event expects the event next and decodes its payload.
func (c *client) event(name string, d any) incoming {
	c.t.Helper()
	in := c.must()
	if in.T != name {
		c.t.Fatalf("got %+v (%v), want event %s", in, in.Err, name)
	}
	if d != nil {
		if err := json.Unmarshal(in.D, d); err != nil {
			c.t.Fatal(err)
		}
	}
	return in
}

// ok expects the good reply to id next.
func (c *client) ok(id string) incoming {
	c.t.Helper()
	in := c.must()
	if in.Re == nil || *in.Re != id || !in.OK {
		c.t.Fatalf("got %+v (%v), want ok of %s", in, in.Err, id)
	}
	return in
}

// refused expects the bad reply to id next.
func (c *client) refused(id string, code campaigns.Code) incoming {
	c.t.Helper()
	in := c.must()
	if in.Re == nil || *in.Re != id || in.OK || in.Err == nil || in.Err.Code != code {
		c.t.Fatalf("got %+v (%v), want %s of %s", in, in.Err, code, id)
	}
	return in
}

// closed reads on until the close frame and expects its code.
func (c *client) closed(code protocol.CloseCode) {
	c.t.Helper()
	for {
		_, err := c.next()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, int(code)) {
			c.t.Fatalf("got %v, want close code %d", err, code)
		}
		return
	}
}

// within takes a value of the channel or fails.
func within[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came within 10 s")
		panic("unreachable")
	}
}
