package campaigns

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is written as text ("2s", "24h0m0s") in
// JSON and YAML.
type Duration time.Duration

// Seconds gives a Duration of n seconds.
func Seconds(n int) Duration { return Duration(time.Duration(n) * time.Second) }

// Std gives the time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives the text form.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText gives the text form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form; the error quotes the wrong text.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as 30s or 24h: %w", text, err)
	}
	*d = Duration(v)
	return nil
}
