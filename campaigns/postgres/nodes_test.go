package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// Two processes under one name would close each other's calls for ever.
func TestANodesNameIsOneProcesss(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other, err := postgres.Open(t.Context(), postgres.Options{URL: h.url, NumberKey: []byte("0123456789abcdef0123456789abcdef")})
	h.must(err)
	defer other.Close()
	_, err = other.Join(t.Context(), "n1", time.Hour)
	h.code(err, campaigns.CodeConflict, "n1")
	if _, err := other.Join(t.Context(), "n2", time.Hour); err != nil {
		t.Errorf("another name: %v", err)
	}
	h.must(h.store.Renew(t.Context(), "n1", h.owner.Epoch, time.Hour))
	// One whose lease has lapsed is taken over although it lives.
	h.exec(`update nodes set lease_until = clock_timestamp() where name = 'n1'`)
	epoch, err := other.Join(t.Context(), "n1", time.Hour)
	if h.must(err); epoch != h.owner.Epoch+1 {
		t.Errorf("epoch %d after %d", epoch, h.owner.Epoch)
	}
	h.code(h.store.Renew(t.Context(), "n1", h.owner.Epoch, time.Hour), campaigns.CodeConflict, "taken over")
}

// A process that is gone leaves its name at once, whatever its lease says.
func TestANodeStartedAgainNeedNotWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	gone, err := postgres.Open(t.Context(), postgres.Options{URL: h.url, NumberKey: []byte("0123456789abcdef0123456789abcdef")})
	h.must(err)
	if _, err := gone.Join(t.Context(), "n3", time.Hour); err != nil {
		t.Fatal(err)
	}
	gone.Close()
	deadline := time.Now().Add(10 * time.Second)
	for { // the server may take a moment to see that the connection is gone
		if _, err := h.store.Join(t.Context(), "n3", time.Hour); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
