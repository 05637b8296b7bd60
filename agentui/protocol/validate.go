package protocol

import (
	"strings"
	"unicode/utf8"

	"ringmaster/campaigns"
)

// maxDraft is the largest draft, in bytes of JSON.
const maxDraft = 32 << 10

// text refuses what is longer than limit characters or holds a NUL, which
// PostgreSQL cannot store.
func text(field, s string, limit int) error {
	if n := utf8.RuneCountInString(s); n > limit {
		return campaigns.Invalid(field, "%d characters are more than %d", n, limit)
	}
	if strings.ContainsRune(s, 0) {
		return campaigns.Invalid(field, "holds a NUL character")
	}
	return nil
}

// callID refuses an empty or oversized call id.
func callID(c campaigns.CallID) error {
	if c == "" {
		return campaigns.Invalid("call_id", "missing")
	}
	return text("call_id", string(c), 64)
}

// id refuses what cannot be a row's id.
func id(field string, n int64) error {
	if n < 1 {
		return campaigns.Invalid(field, "missing, or not above zero")
	}
	return nil
}

// first gives the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
