package auth

import (
	"crypto/rand"
	"sync"
	"time"

	"ringmaster/campaigns"
)

const (
	// ticketLife is how long a ticket is good.
	ticketLife = 30 * time.Second
	// ticketLimit is the number of tickets that wait to be used.
	ticketLimit = 10_000
)

// tickets are single-use secrets for sockets of clients without cookies.
type tickets struct {
	mu   sync.Mutex
	open map[string]ticket
	// order holds the tickets as they were given: the oldest first.
	order []string
	now   func() time.Time
}

type ticket struct {
	signIn  string
	expires time.Time
}

func newTickets() *tickets { return &tickets{open: map[string]ticket{}, now: time.Now} }

// give makes a ticket; CodeUnavailable when too many wait.
func (t *tickets) give(signIn string) (string, time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for len(t.order) > 0 {
		oldest, ok := t.open[t.order[0]]
		if ok && now.Before(oldest.expires) {
			break
		}
		delete(t.open, t.order[0])
		t.order = t.order[1:]
	}
	if len(t.order) >= ticketLimit {
		return "", time.Time{}, campaigns.Errorf(campaigns.CodeUnavailable, "too many tickets are open")
	}
	secret, expires := rand.Text(), now.Add(ticketLife)
	t.open[secret] = ticket{signIn, expires}
	t.order = append(t.order, secret)
	return secret, expires, nil
}

// use redeems a ticket, once.
func (t *tickets) use(secret string) (signIn string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.open[secret]
	delete(t.open, secret)
	return found.signIn, ok && t.now().Before(found.expires)
}
