package sipua

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// verify checks a digest the way a carrier does, by RFC 7616's formula.
func verify(t *testing.T, m message, header, nonce, password string, h func() hash.Hash) {
	t.Helper()
	value := m.h(header)
	if !strings.HasPrefix(value, "Digest ") {
		t.Fatalf("%s: %q in %q", header, value, m.head)
	}
	get := func(key string) string {
		for _, p := range splitQuoted(value[len("Digest "):], ',') {
			if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); k == key {
				return strings.Trim(v, `"`)
			}
		}
		return ""
	}
	sum := func(parts ...string) string {
		w := h()
		w.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(w.Sum(nil))
	}
	if get("uri") != m.uri() {
		t.Errorf("digest uri %q, Request-URI %q", get("uri"), m.uri())
	}
	want := sum(sum(get("username"), get("realm"), password), nonce, get("nc"), get("cnonce"), get("qop"), sum(m.method(), m.uri()))
	if get("response") != want || get("nonce") != nonce || get("qop") != "auth" || get("nc") != "00000001" || get("cnonce") == "" {
		t.Errorf("digest %q", value)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     int
		challenges []string
		answer     string
		hash       func() hash.Hash
	}{
		"401 MD5":     {401, []string{`WWW-Authenticate: Digest realm="r", nonce="n1", qop="auth,auth-int", algorithm=MD5`}, "Authorization", md5.New},
		"407 SHA-256": {407, []string{`Proxy-Authenticate: Digest realm="r", nonce="n1", qop="auth-int, auth", algorithm=SHA-256`}, "Proxy-Authorization", sha256.New},
		"the stronger": {401, []string{
			`WWW-Authenticate: Basic realm="r"`,
			`WWW-Authenticate: Digest realm="r", nonce="n0", qop="auth", algorithm=MD5`,
			`WWW-Authenticate: Digest realm="r", nonce="n1", qop="auth", algorithm=sha-256`,
			`WWW-Authenticate: Digest realm="r", nonce="n9", qop="auth", algorithm=ROT13`,
		}, "Authorization", sha256.New},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := startUA(t, nil)
			carrier := newPeer(t, "127.0.0.1", u.Addr())
			d, events, invite := place(t, u, carrier, func(r *dialer.Invite) { r.Username, r.Password = "user", "secret" })
			carrier.answer(invite, c.status, "x", c.challenges...)
			carrier.expect("ACK")
			again := carrier.expect("INVITE")
			verify(t, again, c.answer, "n1", "secret", c.hash)
			if again.cseq() != "2 INVITE" || again.branch() == invite.branch() || again.h("Call-ID") != invite.h("Call-ID") ||
				again.h("From") != invite.h("From") || again.toTag() != "" || again.body != offerSDP {
				t.Errorf("second INVITE %q", again.head)
			}
			carrier.answerBody(again, 200, "a", reply1)
			events.expect(leg.Answered)
			if ack := carrier.expect("ACK"); ack.cseq() != "2 ACK" || ack.h(c.answer) == "" {
				t.Errorf("ACK %q", ack.head)
			}
			d.HangUp(0, "")
			bye := carrier.expect("BYE")
			carrier.answer(bye, c.status, "a", strings.ReplaceAll(strings.Join(c.challenges, "\r\n"), `"n1"`, `"n2"`))
			signed := carrier.expect("BYE")
			verify(t, signed, c.answer, "n2", "secret", c.hash)
			if bye.cseq() != "3 BYE" || signed.cseq() != "4 BYE" || signed.branch() == bye.branch() {
				t.Errorf("BYE %q then %q", bye.cseq(), signed.cseq())
			}
			carrier.answer(signed, 200, "a")
			events.expect(leg.LocalBye)
		})
	}
}

func TestDigestTries(t *testing.T) {
	t.Parallel()
	challenge := func(n int, stale bool) string {
		return fmt.Sprintf(`WWW-Authenticate: Digest realm="r", nonce="n%d", qop="auth", stale=%v`, n, stale)
	}
	for name, c := range map[string]struct {
		username string
		stale    bool
		invites  int
	}{
		"no credentials": {"", false, 1},
		"wrong password": {"user", false, 2},
		"for ever stale": {"user", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := startUA(t, nil)
			carrier := newPeer(t, "127.0.0.1", u.Addr())
			_, events, invite := place(t, u, carrier, func(r *dialer.Invite) { r.Username, r.Password = c.username, "secret" })
			for n := 1; ; n++ {
				carrier.answer(invite, 401, "x", challenge(n, c.stale))
				carrier.expect("ACK")
				if n == c.invites {
					break
				}
				invite = carrier.expect("INVITE")
			}
			if ev := events.expect(leg.Failed); ev.Code != 401 || ev.Local {
				t.Errorf("end %+v", ev)
			}
			if n := len(branchesOf(carrier.seen("INVITE"))); n != c.invites {
				t.Errorf("%d INVITEs, want %d", n, c.invites)
			}
		})
	}
}

func branchesOf(messages []message) map[string]bool {
	set := map[string]bool{}
	for _, m := range messages {
		set[m.branch()] = true
	}
	return set
}

// A challenge that cannot be answered, or a hang-up meanwhile, ends the call.
func TestDigestNotAnswered(t *testing.T) {
	t.Parallel()
	u := startUA(t, nil)
	carrier := newPeer(t, "127.0.0.1", u.Addr())
	creds := func(r *dialer.Invite) { r.Username, r.Password = "user", "secret" }
	_, events, invite := place(t, u, carrier, creds)
	carrier.answer(invite, 407, "x", "Proxy-Authenticate: Negotiate abc", `Proxy-Authenticate: Digest realm="r`)
	if ev := events.expect(leg.Failed); ev.Code != 407 {
		t.Errorf("end %+v", ev)
	}
	d, events, invite := place(t, u, carrier, creds)
	carrier.answer(invite, 100, "")
	d.HangUp(0, "")
	carrier.answer(carrier.expect("CANCEL"), 200, "x")
	carrier.answer(invite, 401, "x", `WWW-Authenticate: Digest realm="r", nonce="n"`)
	if ev := events.expect(leg.Cancelled); ev.Code != 401 {
		t.Errorf("end %+v", ev)
	}
}
