package agentui_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"ringmaster/agentui"
	"ringmaster/agentui/auth"
	"ringmaster/agentui/protocol"
	"ringmaster/agentui/rest"
	"ringmaster/campaigns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world fakes every owner behind the server.
type world struct {
	mu         sync.Mutex
	sessions   map[string][]byte
	links      map[string]int64
	unready    map[string]string
	suppressed []string
	err        error
}

func (w *world) users() map[int64]campaigns.User {
	return map[int64]campaigns.User{
		1:  {ID: 1, Name: "sue", DisplayName: "Sue", Role: campaigns.RoleSupervisor},
		2:  {ID: 2, Name: "adm", DisplayName: "Adm", Role: campaigns.RoleAdmin},
		12: {ID: 12, Name: "ana", DisplayName: "Ana", Role: campaigns.RoleAgent},
	}
}

func (w *world) User(_ context.Context, id int64) (campaigns.User, error) {
	u, ok := w.users()[id]
	if !ok {
		return u, campaigns.Errorf(campaigns.CodeNotFound, "no user")
	}
	return u, nil
}

func (w *world) UserByName(context.Context, string) (campaigns.User, string, error) {
	return campaigns.User{}, "", campaigns.Errorf(campaigns.CodeNotFound, "no user")
}

func (w *world) UseSignInLink(ctx context.Context, token string) (campaigns.User, error) {
	w.mu.Lock()
	id, ok := w.links[token]
	delete(w.links, token)
	w.mu.Unlock()
	if !ok {
		return campaigns.User{}, campaigns.Errorf(campaigns.CodeForbidden, "used")
	}
	return w.User(ctx, id)
}

func (w *world) FindSession(_ context.Context, token string) ([]byte, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	data, ok := w.sessions[token]
	return data, ok, w.err
}

func (w *world) CommitSession(_ context.Context, token string, data []byte, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions[token] = data
	return w.err
}

func (w *world) DeleteSession(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sessions, token)
	return w.err
}

func (w *world) Attach(_ context.Context, u campaigns.User, _ string, _ func(campaigns.AgentNotice), _ func()) (campaigns.AgentSnapshot, error) {
	return campaigns.AgentSnapshot{AgentID: u.ID, Rev: 1, State: campaigns.AgentNotReady}, nil
}
func (w *world) Detach(int64, string)      {}
func (w *world) Alive(int64, string, bool) {}
func (w *world) Command(context.Context, int64, string, campaigns.AgentCommand) (campaigns.AgentReply, error) {
	return campaigns.AgentReply{Rev: 1}, nil
}

func (w *world) Floor(context.Context) (campaigns.Floor, error) { return campaigns.Floor{}, nil }
func (w *world) Changed() <-chan struct{}                       { return nil }

func (w *world) Campaigns(context.Context) ([]campaigns.Campaign, error) { return nil, nil }
func (w *world) Campaign(_ context.Context, id int64) (campaigns.Campaign, error) {
	if id == 500 {
		panic("a bug")
	}
	if id != 3 {
		return campaigns.Campaign{}, campaigns.Errorf(campaigns.CodeNotFound, "no campaign %d", id)
	}
	return campaigns.Campaign{ID: 3, Name: "c", State: campaigns.CampaignDraft, Settings: campaigns.DefaultSettings(campaigns.KindWinBack)}, nil
}
func (w *world) MoveCampaign(ctx context.Context, id int64, to campaigns.CampaignState, _ campaigns.User) (campaigns.Campaign, error) {
	c, err := w.Campaign(ctx, id)
	c.State = to
	return c, err
}
func (w *world) ChangePacing(ctx context.Context, id int64, change campaigns.PacingChange, _ campaigns.User) (campaigns.Campaign, error) {
	c, err := w.Campaign(ctx, id)
	if err != nil {
		return c, err
	}
	c.Settings = change.On(campaigns.DefaultSettings(campaigns.KindProspecting))
	return c, c.Settings.Validate()
}

func (w *world) Why(_ context.Context, id, contact int64) (any, error) {
	return []map[string]any{{"id": id, "contact": contact, "reason": "outside_window", "count": 7}}, nil
}

func (w *world) Suppress(_ context.Context, number string, _ int64, reason string, by campaigns.User) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.suppressed = append(w.suppressed, number+" "+reason+" "+by.Name)
	return nil
}
func (w *world) OpenComplaint(_ context.Context, id int64, _ string, _ campaigns.User) error {
	if id == 404 {
		return campaigns.Errorf(campaigns.CodeNotFound, "no contact 404")
	}
	return nil
}
func (w *world) LiftSuppression(_ context.Context, number string, _ int64, by campaigns.User) error {
	return w.Suppress(context.Background(), number, 0, "lifted", by)
}

func (w *world) DoNotCall(context.Context, string) ([]campaigns.DoNotCall, error) { return nil, nil }

func (w *world) Consents(_ context.Context, id int64) ([]campaigns.ConsentEntry, error) {
	if id == 404 {
		return nil, campaigns.Errorf(campaigns.CodeNotFound, "no contact 404")
	}
	return nil, nil
}

func (w *world) RecordConsent(_ context.Context, c campaigns.ConsentEntry, by campaigns.User) (campaigns.ConsentEntry, error) {
	c.RecordedBy = by.ID
	return c, c.Validate()
}
func (w *world) Object(context.Context, campaigns.Objection, campaigns.User) error { return nil }
func (w *world) WithdrawObjection(context.Context, int64, campaigns.User) error    { return nil }
func (w *world) Erase(context.Context, int64, campaigns.User) (campaigns.Erased, error) {
	return campaigns.Erased{Contacts: 1}, nil
}

func (w *world) CloseComplaint(context.Context, int64, campaigns.User) error { return nil }

func (w *world) Report(_ context.Context, q rest.ReportQuery) ([]byte, error) {
	return []byte(`{"kind":"` + q.Kind + `"}`), nil
}

// Forecast is refused for campaign 9, as while another one is being made.
func (w *world) Forecast(_ context.Context, id int64, q rest.ForecastQuery) (rest.Forecast, error) {
	if id == 9 {
		return rest.Forecast{}, campaigns.Errorf(campaigns.CodeUnavailable, "another forecast is being made")
	}
	f := rest.Forecast{Base: rest.ForecastFigures{Limit: 0.03}, Changed: rest.ForecastFigures{Limit: 0.03}}
	if q.Limit != nil {
		f.Changed.Limit = *q.Limit
	}
	return f, nil
}

func (w *world) ListFigures(context.Context, int64) ([]campaigns.ListFigures, error) { return nil, nil }

func (w *world) CreateList(_ context.Context, campaign int64, name string, s campaigns.ListSettings) (campaigns.List, error) {
	return campaigns.List{ID: 5, CampaignID: campaign, Name: name, ListSettings: s}, nil
}

func (w *world) ChangeList(_ context.Context, id int64, change func(*campaigns.ListSettings)) (campaigns.List, error) {
	l := campaigns.List{ID: id, ListSettings: campaigns.ListSettings{Active: true, Mix: 0.5}}
	change(&l.ListSettings)
	return l, nil
}

func (w *world) ResetList(_ context.Context, _ int64, reasons []campaigns.Reason, _ bool) (campaigns.ListReset, error) {
	return campaigns.ListReset{}, campaigns.CheckReset(reasons)
}

func (w *world) ApproveDiscount(context.Context, campaigns.CallID, float64, campaigns.User, string) error {
	return nil
}

func (w *world) TellEvent(_ context.Context, e campaigns.CustomerEvent, _ campaigns.User) (campaigns.EventReceipt, error) {
	return campaigns.EventReceipt{Key: e.Key, ContactID: 7, Effects: []campaigns.EventEffect{}}, nil
}

func (w *world) ready(context.Context) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unready
}

// site is a running server with its world.
type site struct {
	*world
	t      *testing.T
	server *agentui.Server
	base   string
	client *http.Client
	stop   func() error
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, world: &world{
		sessions: map[string][]byte{}, links: map[string]int64{"agent": 12, "supervisor": 1, "admin": 2},
	}}
	reg := prometheus.NewRegistry()
	server, err := agentui.New(agentui.Options{
		PublicURL: "http://calls.example.com", Origins: []string{"https://crm.example.com"}, Version: "test",
		Users: s.world, Sessions: s.world, Agents: s.world, Floor: s.world, Campaigns: s.world, Protection: s.world, DNC: s.world, Rights: s.world, Events: s.world, Discounts: s.world, Reports: s.world, Lists: s.world, Forecasts: s.world, Ready: s.ready,
		Logger: slog.New(slog.DiscardHandler), Registerer: reg, Gatherer: reg, PasswordCost: auth.Cost{MemoryKiB: 64, Iterations: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := agentui.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, listener) }()
	s.server, s.base = server, "http://"+listener.Addr().String()
	s.stop = sync.OnceValue(func() error { cancel(); return <-done })
	s.client = &http.Client{
		Transport: &http.Transport{}, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// answer is a response without its body.
type answer struct {
	StatusCode   int
	Header       http.Header
	method, path string
}

// Cookies of the answer.
func (a answer) Cookies() []*http.Cookie {
	return (&http.Response{Header: a.Header}).Cookies()
}

// do makes a request and gives the answer and its body.
func (s *site) do(method, path, token, body string, header ...string) (answer, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, method, path}, string(data)
}

// signIn exchanges a link for a bearer token.
func (s *site) signIn(link string) string {
	s.t.Helper()
	resp, text := s.do(http.MethodPost, "/v1/sign-in", "", `{"link":"`+link+`","bearer":true}`)
	var in struct{ Token, Home string }
	if err := json.Unmarshal([]byte(text), &in); err != nil || resp.StatusCode != 200 || in.Token == "" {
		s.t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("Cache-Control") != "no-store" {
		s.t.Errorf("headers of a bearer sign-in: %v", resp.Header)
	}
	return in.Token
}

// problem expects a problem+json answer of the code.
func (s *site) problem(resp answer, text string, status int, code campaigns.Code) protocol.Problem {
	s.t.Helper()
	var p protocol.Problem
	if err := json.Unmarshal([]byte(text), &p); err != nil || resp.StatusCode != status || p.Code != code || p.Status != status ||
		resp.Header.Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s %s: %d %s %s, want %d %s", resp.method, resp.path, resp.StatusCode, resp.Header.Get("Content-Type"), text, status, code)
	}
	return p
}

// openSocket says hello over a socket and reads until the reply; it gives the
// HTTP status of the handshake.
func (s *site) openSocket(query string, header http.Header) (*websocket.Conn, int, error) {
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 5 * time.Second}
	ws, resp, err := dialer.Dial("ws"+strings.TrimPrefix(s.base, "http")+"/v1/socket"+query, header)
	status := 0
	if resp != nil {
		status = resp.StatusCode
		_ = resp.Body.Close()
	}
	if err != nil {
		return nil, status, err
	}
	s.t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := ws.WriteJSON(map[string]any{"t": "hello", "id": ulid.Make().String(), "d": map[string]any{}}); err != nil {
		return nil, status, err
	}
	for {
		var frame map[string]any
		if err := ws.ReadJSON(&frame); err != nil {
			return nil, status, err
		}
		if frame["ok"] == true {
			return ws, status, nil
		}
	}
}

func TestPortInUseIsNamed(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	_, err = agentui.Listen(t.Context(), busy.Addr().String())
	if err == nil || !strings.Contains(err.Error(), busy.Addr().String()) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v does not name the address", err)
	}
}

func TestOptionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	if _, err := agentui.New(agentui.Options{}); err == nil || !strings.Contains(err.Error(), "Logger") {
		t.Errorf("%v", err)
	}
	_, err := agentui.New(agentui.Options{
		Logger: slog.Default(), Registerer: prometheus.NewRegistry(), PublicURL: "http://x", Origins: []string{"crm.example.com"},
	})
	if err == nil || !strings.Contains(err.Error(), "crm.example.com") {
		t.Errorf("%v", err)
	}
}

func TestShutdownClosesSocketsWithRestart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ws, _, err := s.openSocket("", http.Header{"Authorization": {"Bearer " + s.signIn("agent")}})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { _, _, err := ws.ReadMessage(); closed <- err }()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; !websocket.IsCloseError(err, int(protocol.CloseRestart)) {
		t.Errorf("closed by %v", err)
	}
}

func TestSocketDoors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.signIn("agent")
	bearer := http.Header{"Authorization": {"Bearer " + token}}
	for origin, ok := range map[string]bool{
		s.base: true, "http://calls.example.com": true, "https://crm.example.com": true,
		"http://evil.example": false, "null": false, "https://calls.example.com.evil.example": false,
	} {
		header := bearer.Clone()
		header.Set("Origin", origin)
		_, status, err := s.openSocket("", header)
		if (err == nil) != ok || !ok && status != http.StatusForbidden {
			t.Errorf("origin %s: %v", origin, err)
		}
	}
	_, text := s.do(http.MethodPost, "/v1/tickets", token, "")
	var ticket struct{ Ticket string }
	if err := json.Unmarshal([]byte(text), &ticket); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.openSocket("?ticket="+ticket.Ticket, nil); err != nil {
		t.Errorf("ticket: %v", err)
	}
	if _, _, err := s.openSocket("?ticket="+ticket.Ticket, nil); !websocket.IsCloseError(err, int(protocol.CloseBadSignIn)) {
		t.Errorf("ticket again: %v", err)
	}
	// Signing out ends the sockets of the session.
	ws, _, err := s.openSocket("", bearer)
	if err != nil {
		t.Fatal(err)
	}
	if resp, text := s.do(http.MethodPost, "/v1/sign-out", token, ""); resp.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, int(protocol.CloseSignedOut)) {
		t.Errorf("after sign-out: %v", err)
	}
	resp, text := s.do(http.MethodGet, "/v1/me", token, "")
	s.problem(resp, text, http.StatusUnauthorized, protocol.CodeUnauthorized)
}

var _ http.Handler = (*agentui.Server)(nil)
