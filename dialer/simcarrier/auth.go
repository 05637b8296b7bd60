package simcarrier

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// nonceLife is how long a nonce is good; after it the answer is stale=true.
const nonceLife = 60 * time.Second

// guard checks digest credentials (RFC 2617). It keeps no state: a nonce is
// its time and a MAC of it.
type guard struct {
	auth Auth
	key  [32]byte
}

func newGuard(auth *Auth) *guard {
	if auth == nil {
		return nil
	}
	g := &guard{auth: *auth}
	rand.Read(g.key[:]) // never fails since Go 1.24
	return g
}

// check returns the challenge to answer an INVITE with, and false, or true
// when its credentials are right.
func (g *guard) check(req *sip.Request, now time.Time) (code int, challenge sip.Header, ok bool) {
	name := "Authorization"
	if g.auth.Proxy {
		name = "Proxy-Authorization"
	}
	stale := false
	for _, h := range req.GetHeaders(name) {
		if cred, err := digest.ParseCredentials(h.Value()); err == nil && g.matches(req, cred) {
			if g.fresh(cred.Nonce, now) {
				return 0, nil, true
			}
			stale = g.ours(cred.Nonce)
		}
	}
	demand := digest.Challenge{Realm: g.auth.Realm, Nonce: g.nonce(now), Algorithm: "MD5", QOP: []string{"auth"}, Stale: stale}
	if g.auth.Proxy {
		return 407, sip.NewHeader("Proxy-Authenticate", demand.String()), false
	}
	return 401, sip.NewHeader("WWW-Authenticate", demand.String()), false
}

func (g *guard) matches(req *sip.Request, cred *digest.Credentials) bool {
	if cred.Username != g.auth.User || cred.Realm != g.auth.Realm {
		return false
	}
	challenge := &digest.Challenge{Realm: cred.Realm, Nonce: cred.Nonce, Algorithm: cred.Algorithm, Opaque: cred.Opaque}
	if cred.QOP != "" {
		challenge.QOP = []string{cred.QOP}
	}
	want, err := digest.Digest(challenge, digest.Options{
		Method: req.Method.String(), URI: cred.URI, Username: g.auth.User, Password: g.auth.Password,
		Count: cred.Nc, Cnonce: cred.Cnonce,
	})
	return err == nil && subtle.ConstantTimeCompare([]byte(want.Response), []byte(cred.Response)) == 1
}

func (g *guard) nonce(now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 16)
	return at + "-" + g.mac(at)
}

func (g *guard) mac(text string) string {
	m := hmac.New(sha256.New, g.key[:])
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil)[:12])
}

func (g *guard) ours(nonce string) bool {
	at, mac, ok := strings.Cut(nonce, "-")
	return ok && hmac.Equal([]byte(mac), []byte(g.mac(at)))
}

func (g *guard) fresh(nonce string, now time.Time) bool {
	at, _, _ := strings.Cut(nonce, "-")
	made, err := strconv.ParseInt(at, 16, 64)
	return err == nil && g.ours(nonce) && now.Sub(time.Unix(made, 0)) < nonceLife
}
