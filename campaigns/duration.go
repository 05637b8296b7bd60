package campaigns

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written as text in JSON and YAML: "2s",
// "24h0m0s", and in days of 24 hours "10.5d", which may stand before the rest.
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
	v, err := parseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as 30s, 24h or 10.5d", text)
	}
	*d = Duration(v)
	return nil
}

// parseDuration reads what time.ParseDuration reads, and days before it.
func parseDuration(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || strings.ContainsAny(days, "xXpPnN_") || math.Abs(n) > 100*365 {
		return 0, errors.New("no number of days")
	}
	all := time.Duration(math.Round(n * float64(24*time.Hour)))
	if rest == "" {
		return all, nil
	}
	part, err := time.ParseDuration(rest)
	if err != nil || part < 0 || n < 0 {
		return 0, errors.New("no time after the days")
	}
	return all + part, nil
}

// Short gives the shortest text form: days where it is whole or half days.
func (d Duration) Short() string {
	const day = Duration(24 * time.Hour)
	if d >= day && d%(day/2) == 0 {
		return strconv.FormatFloat(float64(d)/float64(day), 'f', -1, 64) + "d"
	}
	text := d.String()
	if rest, cut := strings.CutSuffix(text, "m0s"); cut {
		text = rest + "m"
	}
	if rest, cut := strings.CutSuffix(text, "h0m"); cut {
		text = rest + "h"
	}
	return text
}
