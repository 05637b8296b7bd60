package trunk

import (
	"errors"
	"fmt"
	"strconv"
)

// Config is one carrier route.
type Config struct {
	Name string
	// Address is the host:port to send to.
	Address string
	// Username and Password answer a digest challenge; empty: none.
	Username, Password string
	// Channels bounds the calls at once; it must be above zero.
	Channels int
	// CallsPerSecond bounds the starts of calls in any second; it must be
	// above zero.
	CallsPerSecond float64
	// Priority: lower is used first.
	Priority int
	// Weight shares the calls among trunks of the same priority; zero: 1.
	Weight int
	// CallerIDs that this trunk may show; empty: any.
	CallerIDs []string
	// Asserted sends the caller id as P-Asserted-Identity too.
	Asserted bool
}

// validate names the first wrong setting.
func (c *Config) validate(key string) error {
	switch {
	case c.Name == "":
		return fmt.Errorf("%s.name: missing", key)
	case c.Address == "":
		return fmt.Errorf("%s.address: missing", key)
	case c.Channels <= 0:
		return fmt.Errorf("%s.channels: %d is not above zero", key, c.Channels)
	case !(c.CallsPerSecond > 0) || c.CallsPerSecond > 10_000:
		return fmt.Errorf("%s.calls_per_second: %v is not in (0, 10000]", key, c.CallsPerSecond)
	case c.Weight < 0:
		return fmt.Errorf("%s.weight: %d is negative", key, c.Weight)
	case c.Password != "" && c.Username == "":
		return fmt.Errorf("%s.username: missing, though a password is given", key)
	}
	for i, id := range c.CallerIDs {
		if id == "" {
			return fmt.Errorf("%s.caller_ids[%d]: empty", key, i)
		}
	}
	return nil
}

func validate(configs []Config) error {
	if len(configs) == 0 {
		return errors.New("trunks: none is configured")
	}
	names := make(map[string]bool, len(configs))
	for i := range configs {
		key := "trunks[" + strconv.Itoa(i) + "]"
		if err := configs[i].validate(key); err != nil {
			return err
		}
		if names[configs[i].Name] {
			return fmt.Errorf("%s.name: %q is used twice", key, configs[i].Name)
		}
		names[configs[i].Name] = true
	}
	return nil
}
