package auth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ringmaster/agentui/protocol"
	"ringmaster/campaigns"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	m := newManager(t, newKeeper(t), nil)
	try := func(name, password, address string) campaigns.Code {
		r := request("")
		r.RemoteAddr = address + ":1234"
		_, err := m.SignIn(r, Credentials{Name: name, Password: password})
		return codeOf(err)
	}
	// Good ones do not count.
	for range 20 {
		if code := try("ana", "correct horse", "192.0.2.1"); code != "" {
			t.Fatalf("good sign-in: %s", code)
		}
	}
	for range nameBurst {
		if code := try("ana", "wrong", "192.0.2.1"); code != protocol.CodeUnauthorized {
			t.Fatalf("wrong password: %s", code)
		}
	}
	if code := try("ANA", "correct horse", "192.0.2.1"); code != protocol.CodeRateLimited {
		t.Errorf("after %d failures: %q", nameBurst, code)
	}
	// Neither another address nor another name suffers.
	if code := try("ana", "correct horse", "192.0.2.2"); code != "" {
		t.Errorf("another address: %s", code)
	}
	if code := try("sue", "correct horse", "192.0.2.1"); code != "" {
		t.Errorf("another name: %s", code)
	}
}

func TestThrottleRefillsAndStaysSmall(t *testing.T) {
	t.Parallel()
	th := newThrottle()
	now := time.Unix(1_800_000_000, 0)
	for range nameBurst {
		if _, wait := th.take("ana", "a", now); wait != 0 {
			t.Fatal("refused too early")
		}
	}
	if _, wait := th.take("ana", "a", now); wait != nameEvery {
		t.Errorf("wait %s, want %s", wait, nameEvery)
	}
	if refund, wait := th.take("ana", "a", now.Add(nameEvery)); wait != 0 {
		t.Errorf("not refilled: %s", wait)
	} else {
		refund()
	}
	if _, wait := th.take("ana", "a", now.Add(nameEvery)); wait != 0 {
		t.Error("not given back")
	}
	// Many names from one address: the address's own bucket refuses.
	refused := 0
	for i := range 2 * throttleLimit {
		if _, wait := th.take(strings.Repeat("x", i%7)+time.Duration(i).String(), "b", now); wait != 0 {
			refused++
		}
	}
	if refused == 0 || len(th.buckets) > throttleLimit {
		t.Errorf("refused %d, %d buckets", refused, len(th.buckets))
	}
}

func TestTicketIsGoodOnceAndShort(t *testing.T) {
	t.Parallel()
	m := newManager(t, newKeeper(t), nil)
	in, err := m.SignIn(request(""), Credentials{Name: "ana", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	m.tickets.now = func() time.Time { return now }
	use := func(ticket string) campaigns.Code {
		u, signIn, err := m.SocketUser(httptest.NewRequest(http.MethodGet, "/v1/socket?ticket="+ticket, nil))
		if err == nil && (u.ID != 12 || signIn != in.SignIn) {
			t.Errorf("ticket of %+v", u)
		}
		return codeOf(err)
	}
	ticket, expires, err := m.Ticket(in.Identity)
	if err != nil || expires.Sub(now) != ticketLife {
		t.Fatal(err, expires)
	}
	if code := use(ticket); code != "" {
		t.Errorf("first use: %s", code)
	}
	if code := use(ticket); code != protocol.CodeUnauthorized {
		t.Errorf("second use: %q", code)
	}
	ticket, _, _ = m.Ticket(in.Identity)
	now = now.Add(ticketLife)
	if code := use(ticket); code != protocol.CodeUnauthorized {
		t.Errorf("late use: %q", code)
	}
	// A bad ticket is not healed by a good cookie or token.
	r := request(in.Token)
	r.URL.RawQuery = "ticket=guess"
	if _, _, err := m.SocketUser(r); codeOf(err) != protocol.CodeUnauthorized {
		t.Errorf("guessed ticket: %v", err)
	}
	if _, _, err := m.SocketUser(request(in.Token)); err != nil {
		t.Errorf("bearer: %v", err)
	}
	for range ticketLimit {
		if _, _, err := m.Ticket(in.Identity); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := m.Ticket(in.Identity); codeOf(err) != campaigns.CodeUnavailable {
		t.Errorf("memory is not bounded: %v", err)
	}
	now = now.Add(ticketLife)
	if _, _, err := m.Ticket(in.Identity); err != nil || len(m.tickets.open) != 1 {
		t.Errorf("old tickets are kept: %v, %d", err, len(m.tickets.open))
	}
}
