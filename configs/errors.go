package configs

import "strings"

// Error is one thing wrong with the configuration.
type Error struct {
	// Key is the key in full, such as trunks[1].address; for an unknown variable
	// the variable.
	Key string
	// Where tells where it was set: file:line, or "environment NAME"; empty for a
	// default or a key that is set nowhere.
	Where string
	// Problem says what is wrong and, where that is known, what would be right.
	Problem string
}

// Error puts the place before the key, as compilers do.
func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	for _, part := range [...]string{e.Where, e.Key, e.Problem} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}
