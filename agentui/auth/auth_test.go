package auth

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"go.uber.org/goleak"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keeper is a fake of the store.
type keeper struct {
	mu       sync.Mutex
	users    map[int64]campaigns.User
	hashes   map[string]string
	links    map[string]int64
	sessions map[string][]byte
	err      error
}

func cheap() Cost { return Cost{MemoryKiB: 64, Iterations: 1} }

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	hash, err := argon2id.CreateHash("correct horse", cheap().params())
	if err != nil {
		t.Fatal(err)
	}
	return &keeper{
		users: map[int64]campaigns.User{
			1: {ID: 1, Name: "sue", Role: campaigns.RoleSupervisor}, 12: {ID: 12, Name: "ana", Role: campaigns.RoleAgent},
			13: {ID: 13, Name: "nopass", Role: campaigns.RoleAgent},
		},
		hashes: map[string]string{"ana": hash, "sue": hash}, links: map[string]int64{"once": 12, "sup": 1},
		sessions: map[string][]byte{},
	}
}

func (k *keeper) User(_ context.Context, id int64) (campaigns.User, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if u, ok := k.users[id]; ok {
		return u, k.err
	}
	return campaigns.User{}, campaigns.Errorf(campaigns.CodeNotFound, "no user")
}

func (k *keeper) UserByName(_ context.Context, name string) (campaigns.User, string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, u := range k.users {
		if u.Name == name {
			return u, k.hashes[name], k.err
		}
	}
	return campaigns.User{}, "", campaigns.Errorf(campaigns.CodeNotFound, "no user")
}

func (k *keeper) UseSignInLink(_ context.Context, token string) (campaigns.User, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id, ok := k.links[token]
	delete(k.links, token)
	if !ok {
		return campaigns.User{}, campaigns.Errorf(campaigns.CodeForbidden, "used")
	}
	return k.users[id], nil
}

func (k *keeper) FindSession(_ context.Context, token string) ([]byte, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	data, ok := k.sessions[token]
	return data, ok, k.err
}

func (k *keeper) CommitSession(_ context.Context, token string, data []byte, _ time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sessions[token] = data
	return k.err
}

func (k *keeper) DeleteSession(_ context.Context, token string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.sessions, token)
	return k.err
}

func newManager(t *testing.T, k *keeper, change func(*Options)) *Manager {
	t.Helper()
	o := Options{Users: k, Sessions: k, PublicURL: "http://localhost:8080", Logger: slog.New(slog.DiscardHandler), Cost: cheap()}
	if change != nil {
		change(&o)
	}
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func request(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func codeOf(err error) campaigns.Code {
	if err == nil {
		return ""
	}
	return protocol.ProblemOf(err).Code
}

func TestPasswordSignIn(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	m := newManager(t, k, nil)
	in, err := m.SignIn(request(""), Credentials{Name: "ana", Password: "correct horse"})
	if err != nil || in.User.ID != 12 {
		t.Fatalf("%+v, %v", in, err)
	}
	who, err := m.Who(request(in.Token))
	if err != nil || who.User.ID != 12 || who.SignIn != in.SignIn {
		t.Errorf("%+v, %v", who, err)
	}
	// The store sees the hash of the token only.
	if _, plain := k.sessions[in.Token]; plain || len(k.sessions) != 1 || k.sessions[in.SignIn] == nil {
		t.Error("the session is not kept under the hash of its token")
	}
	// Unknown name, wrong password and no password look alike.
	var texts []string
	for _, c := range []Credentials{{Name: "ana", Password: "wrong"}, {Name: "nobody", Password: "wrong"}, {Name: "nopass", Password: "wrong"}, {Name: "nopass", Password: " "}} {
		_, err := m.SignIn(request(""), c)
		if codeOf(err) != protocol.CodeUnauthorized {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("errors tell names apart: %q", texts)
		}
	}
	// Names that do not exist cost a hash as well: with a decoy that cannot be
	// read, that shows.
	m.hasher.decoy = "no hash"
	if _, err := m.SignIn(request(""), Credentials{Name: "nobody else", Password: "wrong"}); codeOf(err) != campaigns.CodeInternal {
		t.Errorf("no hash was compared for an unknown name: %v", err)
	}
	if _, err := m.SignIn(request(""), Credentials{Name: "ana", Password: strings.Repeat("x", 2000)}); codeOf(err) != campaigns.CodeInvalid {
		t.Errorf("oversized password: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	var ended []string
	m := newManager(t, k, func(o *Options) { o.Ended = func(s string) { ended = append(ended, s) } })
	first, err := m.SignIn(request(""), Credentials{Name: "ana", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	// A second sign-in of the same browser ends the first session.
	second, err := m.SignIn(request(first.Token), Credentials{Name: "sue", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Who(request(first.Token)); codeOf(err) != protocol.CodeUnauthorized || len(ended) != 1 || ended[0] != first.SignIn {
		t.Errorf("first session: %v, ended %v", err, ended)
	}
	if ok, err := m.Valid(t.Context(), second.User, second.SignIn); !ok || err != nil {
		t.Errorf("second session: %v, %v", ok, err)
	}
	// Another role, a disabled user, a store that is away.
	changed := second.User
	changed.Role = campaigns.RoleAdmin
	if ok, _ := m.Valid(t.Context(), changed, second.SignIn); ok {
		t.Error("valid with another role")
	}
	k.err = campaigns.Errorf(campaigns.CodeUnavailable, "away")
	if ok, err := m.Valid(t.Context(), second.User, second.SignIn); ok || err == nil {
		t.Error("a store that is away is no answer")
	}
	k.err = nil
	delete(k.users, 1)
	if _, err := m.Who(request(second.Token)); codeOf(err) != protocol.CodeUnauthorized {
		t.Errorf("disabled user: %v", err)
	}
	// An expired one, in case the store still gives it.
	short := newManager(t, k, func(o *Options) { o.Lifetime = time.Nanosecond })
	third, err := short.SignIn(request(""), Credentials{Name: "ana", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := short.Who(request(third.Token)); codeOf(err) != protocol.CodeUnauthorized {
		t.Errorf("expired session: %v", err)
	}
}

func TestLinkIsGoodOnce(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	m := newManager(t, k, func(o *Options) { o.PublicURL = "https://calls.example.com" })
	open := func(token string) (status int, location string, cookies []*http.Cookie) {
		w := httptest.NewRecorder()
		m.Link(w, httptest.NewRequest(http.MethodGet, "/sign-in?token="+token, nil))
		cookies = (&http.Response{Header: w.Header()}).Cookies()
		return w.Code, w.Header().Get("Location"), cookies
	}
	for token, want := range map[string]string{"once": "/agent", "sup": "/wallboard"} {
		status, location, cookies := open(token)
		if status != http.StatusSeeOther || location != want || len(cookies) != 1 {
			t.Fatalf("%s: %d to %s", token, status, location)
		}
		c := cookies[0]
		if c.Name != "__Host-ringmaster_session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %+v", c)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(c)
		if _, err := m.Who(r); err != nil {
			t.Error(err)
		}
		if _, location, cookies := open(token); location != "/?sign_in=link_expired" || len(cookies) != 0 {
			t.Errorf("%s twice: %s", token, location)
		}
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	m := newManager(t, k, nil)
	h := m.Require(campaigns.RoleSupervisor)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := From(r.Context())
		if !ok || who.User.ID != 1 {
			t.Errorf("identity %+v", who)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	status := func(token string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(token))
		return w.Code
	}
	agent, _ := m.SignIn(request(""), Credentials{Link: "once"})
	supervisor, _ := m.SignIn(request(""), Credentials{Link: "sup"})
	if a, s, n, g := status(agent.Token), status(supervisor.Token), status(""), status("guess"); a != 403 || s != 204 || n != 401 || g != 401 {
		t.Errorf("agent %d, supervisor %d, nobody %d, guess %d", a, s, n, g)
	}
	k.err = campaigns.Errorf(campaigns.CodeUnavailable, "away")
	if s := status(supervisor.Token); s != 503 {
		t.Errorf("store away: %d", s)
	}
}

func TestHashPassword(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=2,p=1$") {
		t.Errorf("%s, %v", hash, err)
	}
	if _, err := HashPassword("short"); campaigns.CodeOf(err) != campaigns.CodeInvalid {
		t.Errorf("short password: %v", err)
	}
}

func TestOptionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	good := Options{Users: k, Sessions: k, PublicURL: "http://localhost", Logger: slog.Default(), Cost: cheap()}
	for field, spoil := range map[string]func(*Options){
		"auth.Options.Users":    func(o *Options) { o.Users = nil },
		"auth.Options.Sessions": func(o *Options) { o.Sessions = nil },
		"public_url":            func(o *Options) { o.PublicURL = "calls.example.com" },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
