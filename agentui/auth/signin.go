package auth

import (
	"context"
	"net/http"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

// Credentials are a name with a password, or the token of a one-time link.
type Credentials struct {
	Name, Password string
	Link           string
}

// maxPassword bounds the work on one password, in bytes.
const maxPassword = 1024

// SignIn checks the credentials and makes a session. r is the request that
// brought them: its address is throttled and its earlier session ended. The
// error is of CodeUnauthorized and the same for an unknown name, a disabled
// user and a wrong password; protocol.CodeRateLimited when it was tried too
// often from this address.
func (m *Manager) SignIn(r *http.Request, c Credentials) (SignedIn, error) {
	ctx := r.Context()
	if c.Link != "" {
		user, err := m.opts.Users.UseSignInLink(ctx, c.Link)
		if code := campaigns.CodeOf(err); err != nil && (code == campaigns.CodeForbidden || code == campaigns.CodeNotFound) {
			m.opts.Logger.Warn("sign-in link refused", "address", addressOf(r))
			return SignedIn{}, campaigns.Errorf(protocol.CodeUnauthorized, "this sign-in link was used or has expired")
		}
		if err != nil {
			return SignedIn{}, err
		}
		return m.begin(ctx, user, m.token(r))
	}
	if c.Name == "" || c.Password == "" || len(c.Password) > maxPassword || len(c.Name) > 200 {
		return SignedIn{}, campaigns.Invalid("name", "a name and a password of at most %d bytes are needed", maxPassword)
	}
	// A try is counted before the work and given back on success, so that
	// many at once cannot slip through.
	refund, wait := m.throttle.take(c.Name, addressOf(r), time.Now())
	if wait > 0 {
		m.opts.Logger.Warn("sign-in throttled", "name", c.Name, "address", addressOf(r))
		return SignedIn{}, campaigns.Errorf(protocol.CodeRateLimited, "too many tries; try again in %s", wait.Round(time.Second))
	}
	user, err := m.checkPassword(ctx, c)
	if err != nil {
		if protocol.ProblemOf(err).Code != protocol.CodeUnauthorized {
			refund()
		} else {
			m.opts.Logger.Warn("sign-in refused", "name", c.Name, "address", addressOf(r))
		}
		return SignedIn{}, err
	}
	refund()
	return m.begin(ctx, user, m.token(r))
}

// checkPassword takes the same time whether the name exists or not.
func (m *Manager) checkPassword(ctx context.Context, c Credentials) (campaigns.User, error) {
	user, hash, err := m.opts.Users.UserByName(ctx, c.Name)
	known := err == nil && hash != ""
	if err != nil && campaigns.CodeOf(err) != campaigns.CodeNotFound {
		return campaigns.User{}, err
	}
	if !known {
		hash = m.hasher.decoy
	}
	ok, err := m.hasher.check(ctx, c.Password, hash)
	if err != nil {
		return campaigns.User{}, err
	}
	if !known || !ok {
		return campaigns.User{}, campaigns.Errorf(protocol.CodeUnauthorized, "name or password is wrong")
	}
	return user, nil
}

// Link serves GET /sign-in?token=…: it exchanges a one-time link for a session
// cookie and goes on to the role's page; a bad link goes to the sign-in page.
func (m *Manager) Link(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	token := r.URL.Query().Get("token")
	if token == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	in, err := m.SignIn(r, Credentials{Link: token})
	if err != nil {
		if p := protocol.ProblemOf(err); p.Code != protocol.CodeUnauthorized {
			m.opts.Logger.Error("sign-in by link failed", "error", err)
			protocol.WriteProblem(w, err)
			return
		}
		http.Redirect(w, r, "/?sign_in=link_expired", http.StatusSeeOther)
		return
	}
	http.SetCookie(w, m.Cookie(in.Token, in.ExpiresAt))
	http.Redirect(w, r, HomeOf(in.User.Role), http.StatusSeeOther)
}

// HomeOf is the page on which a role works.
func HomeOf(role campaigns.Role) string {
	if role == campaigns.RoleAgent {
		return "/agent"
	}
	return "/wallboard"
}
