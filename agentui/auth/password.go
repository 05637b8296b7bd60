package auth

import (
	"context"
	"fmt"

	"github.com/alexedwards/argon2id"

	"ringmaster/campaigns"
)

// Cost is the work of one password hash.
type Cost struct {
	MemoryKiB, Iterations uint32
}

// DefaultCost is above the floor of the OWASP Password Storage Cheat Sheet for
// argon2id (46 MiB with one iteration).
func DefaultCost() Cost { return Cost{MemoryKiB: 64 << 10, Iterations: 2} }

func (c Cost) params() *argon2id.Params {
	return &argon2id.Params{Memory: c.MemoryKiB, Iterations: c.Iterations, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// HashPassword gives the argon2id hash to store; CodeInvalid for a password
// that is shorter than eight characters or too long.
func HashPassword(password string) (string, error) {
	if n := len([]rune(password)); n < 8 || len(password) > maxPassword {
		return "", campaigns.Invalid("password", "it needs 8 characters to %d bytes", maxPassword)
	}
	return argon2id.CreateHash(password, DefaultCost().params())
}

// hasher checks passwords, two at a time: each takes 64 MiB.
type hasher struct {
	slots chan struct{}
	// decoy is a hash that no password has, for names that do not exist.
	decoy string
}

func newHasher(cost Cost) (*hasher, error) {
	if cost == (Cost{}) {
		cost = DefaultCost()
	}
	decoy, err := argon2id.CreateHash("", cost.params())
	if err != nil {
		return nil, fmt.Errorf("hash a decoy: %w", err)
	}
	return &hasher{slots: make(chan struct{}, 2), decoy: decoy}, nil
}

// check reports whether the hash is the password's.
func (h *hasher) check(ctx context.Context, password, hash string) (bool, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return false, campaigns.Wrap(campaigns.CodeUnavailable, "too many sign-ins at once", ctx.Err())
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, campaigns.Wrap(campaigns.CodeInternal, "a stored password hash cannot be read", err)
	}
	return ok, nil
}
