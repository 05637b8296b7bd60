package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// Users finds who may sign in; the store implements it.
type Users interface {
	// User finds a user that is not disabled; CodeNotFound when there is none.
	User(ctx context.Context, id int64) (campaigns.User, error)
	// UserByName also gives the hash of the password, empty where none is set.
	UserByName(ctx context.Context, name string) (campaigns.User, string, error)
	// UseSignInLink exchanges a token for its user, once; CodeForbidden when it
	// is unknown, used or expired.
	UseSignInLink(ctx context.Context, token string) (campaigns.User, error)
}

// Sessions keeps sessions by the hash of their token; the store implements it.
type Sessions interface {
	FindSession(ctx context.Context, token string) (data []byte, found bool, err error)
	CommitSession(ctx context.Context, token string, data []byte, expiry time.Time) error
	DeleteSession(ctx context.Context, token string) error
}

// Options of a Manager.
type Options struct {
	Users    Users
	Sessions Sessions
	// PublicURL is how browsers reach the server; https makes cookies Secure.
	PublicURL string
	Logger    *slog.Logger
	// Lifetime of a session; zero: 14 h, a long shift.
	Lifetime time.Duration
	// Ended is told of each sign-in that was ended by sign-out; nil: nobody.
	Ended func(signIn string)
	// Cost is for tests; the zero value means DefaultCost.
	Cost Cost
}

// Validate names the first missing option.
func (o *Options) Validate() error {
	switch {
	case o.Users == nil:
		return campaigns.Invalid("auth.Options.Users", "missing")
	case o.Sessions == nil:
		return campaigns.Invalid("auth.Options.Sessions", "missing")
	case o.Logger == nil:
		return campaigns.Invalid("auth.Options.Logger", "missing")
	}
	if u, err := url.Parse(o.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return campaigns.Invalid("public_url", "%q is no address such as https://calls.example.com", o.PublicURL)
	}
	return nil
}

// Manager signs people in and out.
type Manager struct {
	opts     Options
	scs      *scs.SessionManager
	hasher   *hasher
	tickets  *tickets
	throttle *throttle
}

// keyUser is the session's value that holds the user's id.
const keyUser = "user"

// New makes a Manager.
func New(opts Options) (*Manager, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if opts.Lifetime == 0 {
		opts.Lifetime = 14 * time.Hour
	}
	hasher, err := newHasher(opts.Cost)
	if err != nil {
		return nil, err
	}
	// Not scs.New: it would start the goroutine of a store in memory.
	m := &scs.SessionManager{
		Store: store{opts.Sessions}, Codec: scs.GobCodec{}, Lifetime: opts.Lifetime, HashTokenInStore: true,
		Cookie: scs.SessionCookie{Name: "ringmaster_session"},
	}
	if u, _ := url.Parse(opts.PublicURL); u.Scheme == "https" {
		// The prefix makes browsers refuse the cookie from another host or
		// over plain HTTP.
		m.Cookie.Name, m.Cookie.Secure = "__Host-ringmaster_session", true
	}
	return &Manager{opts: opts, scs: m, hasher: hasher, tickets: newTickets(), throttle: newThrottle()}, nil
}

// Identity is who makes a request.
type Identity struct {
	User campaigns.User
	// SignIn names the session that vouches for the user: the hash of its token.
	SignIn string
}

// SignedIn is a fresh session.
type SignedIn struct {
	Identity
	// Token is the session's secret, for the cookie or as a bearer token.
	Token     string
	ExpiresAt time.Time
}

// errNobody is the answer to everybody who is not signed in.
func errNobody() error { return campaigns.Errorf(protocol.CodeUnauthorized, "sign in first") }

// Who tells who makes the request, by bearer token or cookie. The error is of
// CodeUnauthorized when nobody does, else the store's.
func (m *Manager) Who(r *http.Request) (Identity, error) {
	token := m.token(r)
	if token == "" {
		return Identity{}, errNobody()
	}
	return m.bySignIn(r.Context(), hashOf(token))
}

// bySignIn finds the user behind the hash of a session token.
func (m *Manager) bySignIn(ctx context.Context, signIn string) (Identity, error) {
	data, found, err := m.opts.Sessions.FindSession(ctx, signIn)
	if err != nil {
		return Identity{}, err
	}
	if !found {
		return Identity{}, errNobody()
	}
	deadline, values, err := m.scs.Codec.Decode(data)
	if err != nil {
		return Identity{}, campaigns.Wrap(campaigns.CodeInternal, "a stored session cannot be read", err)
	}
	id, ok := values[keyUser].(int64)
	if !ok || !time.Now().Before(deadline) {
		return Identity{}, errNobody()
	}
	user, err := m.opts.Users.User(ctx, id)
	if campaigns.CodeOf(err) == campaigns.CodeNotFound && err != nil {
		return Identity{}, errNobody()
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{User: user, SignIn: signIn}, nil
}

// Valid reports whether the sign-in still stands for the user in the same role.
func (m *Manager) Valid(ctx context.Context, user campaigns.User, signIn string) (bool, error) {
	who, err := m.bySignIn(ctx, signIn)
	if err != nil {
		if protocol.ProblemOf(err).Code == protocol.CodeUnauthorized {
			return false, nil
		}
		return false, err
	}
	return who.User.ID == user.ID && who.User.Role == user.Role, nil
}

// SocketUser tells who opens a socket: by the query's single-use ticket, a
// bearer token, or the cookie.
func (m *Manager) SocketUser(r *http.Request) (campaigns.User, string, error) {
	var who Identity
	var err error
	if ticket := r.URL.Query().Get("ticket"); ticket != "" {
		signIn, ok := m.tickets.use(ticket)
		if !ok {
			return campaigns.User{}, "", campaigns.Errorf(protocol.CodeUnauthorized, "the ticket is unknown, used or older than %s", ticketLife)
		}
		who, err = m.bySignIn(r.Context(), signIn)
	} else {
		who, err = m.Who(r)
	}
	return who.User, who.SignIn, err
}

// Ticket gives a single-use ticket for a socket of the identity, good for 30 s.
func (m *Manager) Ticket(who Identity) (ticket string, expires time.Time, err error) {
	return m.tickets.give(who.SignIn)
}

// begin makes a session for the user. The session of the request itself, if
// there is one, is ended: a browser has one seat.
func (m *Manager) begin(ctx context.Context, user campaigns.User, old string) (SignedIn, error) {
	ctx, err := m.scs.Load(ctx, "")
	if err != nil {
		return SignedIn{}, err
	}
	m.scs.Put(ctx, keyUser, user.ID)
	token, expires, err := m.scs.Commit(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if old != "" {
		if err := m.SignOut(ctx, hashOf(old)); err != nil {
			m.opts.Logger.Warn("the earlier session was not ended", "user", user.ID, "error", err)
		}
	}
	m.opts.Logger.Info("signed in", "user", user.ID, "name", user.Name, "role", user.Role)
	return SignedIn{Identity: Identity{User: user, SignIn: hashOf(token)}, Token: token, ExpiresAt: expires}, nil
}

// SignOut ends the session and the sockets that it vouches for.
func (m *Manager) SignOut(ctx context.Context, signIn string) error {
	if err := m.opts.Sessions.DeleteSession(ctx, signIn); err != nil {
		return err
	}
	if m.opts.Ended != nil {
		m.opts.Ended(signIn)
	}
	return nil
}

// hashOf names a session by its token as scs does with HashTokenInStore; a
// test holds the two together.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// store gives Sessions the shape that scs asks for.
type store struct{ sessions Sessions }

var errNoContext = errors.New("sessions are kept with a context only")

// FindCtx implements scs.CtxStore.
func (s store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.sessions.FindSession(ctx, token)
}

// CommitCtx implements scs.CtxStore.
func (s store) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.sessions.CommitSession(ctx, token, data, expiry)
}

// DeleteCtx implements scs.CtxStore.
func (s store) DeleteCtx(ctx context.Context, token string) error {
	return s.sessions.DeleteSession(ctx, token)
}

// Find completes scs.Store; scs prefers the methods with a context.
func (store) Find(string) ([]byte, bool, error) { return nil, false, errNoContext }

// Commit completes scs.Store.
func (store) Commit(string, []byte, time.Time) error { return errNoContext }

// Delete completes scs.Store.
func (store) Delete(string) error { return errNoContext }
