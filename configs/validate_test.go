package configs

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// valid is a configuration that passes, with a trunk and an inbound number.
func valid() *Config {
	c := Default()
	c.Node = "n1"
	c.Database.URL = "postgres://h/d"
	c.Secrets.NumberKey = Secret(strings.Repeat("k", minNumberKey))
	c.Trunks = []Trunk{{Name: "a", Address: "192.0.2.10:5060"}}
	c.Inbound = []Inbound{{Number: "+12125550100", Queue: "q"}}
	c.Derive()
	return c
}

func TestDefaultIsValidButForWhatIsNeeded(t *testing.T) {
	t.Parallel()
	if err := valid().Validate(); err != nil {
		t.Error(err)
	}
}

// TestValidateNamesTheKey breaks one value at a time and wants that key named,
// and no other.
func TestValidateNamesTheKey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		key  string
		harm func(*Config)
	}{
		{"node", func(c *Config) { c.Node = "" }},
		{"roles", func(c *Config) { c.Roles = nil }},
		{"roles[1]", func(c *Config) { c.Roles = []Role{"web", "cook"} }},
		{"roles[1]", func(c *Config) { c.Roles = []Role{"web", "web"} }},
		{"database.url", func(c *Config) { c.Database.URL = "mysql://h/d" }},
		{"database.url", func(c *Config) { c.Database.URL = "postgres://%zz" }},
		{"redis.url", func(c *Config) { c.Redis.URL = "127.0.0.1:6379" }},
		{"http.listen", func(c *Config) { c.HTTP.Listen = "8080" }},
		{"http.listen", func(c *Config) { c.HTTP.Listen = ":99999" }},
		{"http.public_url", func(c *Config) { c.HTTP.PublicURL = "calls.example" }},
		{"http.origins[0]", func(c *Config) { c.HTTP.Origins = []string{"https://a.example/path"} }},
		{"sip.listen", func(c *Config) { c.SIP.Listen = "127.0.0.1" }},
		{"sip.phones_listen", func(c *Config) { c.SIP.PhonesListen = c.SIP.Listen }},
		{"sip.advertised_ip", func(c *Config) { c.SIP.AdvertisedIP = "0.0.0.0" }},
		{"sip.user_agent", func(c *Config) { c.SIP.UserAgent = "a\r\nVia: b" }},
		{"media.bind_ip", func(c *Config) { c.Media.BindIP = "localhost" }},
		{"media.advertised_ip", func(c *Config) { c.Media.AdvertisedIP = "" }},
		{"media.port_min", func(c *Config) { c.Media.PortMin = 80 }},
		{"media.port_max", func(c *Config) { c.Media.PortMax = 70000 }},
		{"media.port_max", func(c *Config) { c.Media.PortMax = c.Media.PortMin }},
		{"media.max_legs", func(c *Config) { c.Media.MaxLegs = 0 }},
		{"media.max_legs", func(c *Config) { c.Media.PortMin, c.Media.PortMax, c.Media.MaxLegs = 20001, 20010, 5 }},
		{"trunks[0].name", func(c *Config) { c.Trunks[0].Name = "my trunk" }},
		{"trunks[1].name", func(c *Config) { c.Trunks = append(c.Trunks, c.Trunks[0]); c.Trunks[1].Name = "A" }},
		{"trunks[0].address", func(c *Config) { c.Trunks[0].Address = "192.0.2.10" }},
		{"trunks[0].address", func(c *Config) { c.Trunks[0].Address = ":5060" }},
		{"trunks[0].username", func(c *Config) { c.Trunks[0].Password = "p" }},
		{"trunks[0].channels", func(c *Config) { c.Trunks[0].Channels = -1 }},
		{"trunks[0].calls_per_second", func(c *Config) { c.Trunks[0].CallsPerSecond = -1 }},
		{"trunks[0].caller_ids[0]", func(c *Config) { c.Trunks[0].CallerIDs = []string{"2125550100"} }},
		{"inbound[0].number", func(c *Config) { c.Inbound[0].Number = "+0125550100" }},
		{"inbound[1].number", func(c *Config) { c.Inbound = append(c.Inbound, c.Inbound[0]) }},
		{"inbound[0].queue", func(c *Config) { c.Inbound[0].Queue = "" }},
		{"inbound[0].service_level_seconds", func(c *Config) { c.Inbound[0].ServiceLevelSeconds = -1 }},
		{"inbound[1].service_level_seconds", func(c *Config) {
			c.Inbound = append(c.Inbound, Inbound{Number: "+12125550101", Queue: "q", ServiceLevelSeconds: 30})
		}},
		{"limits.max_calls", func(c *Config) { c.Limits.MaxCalls = 0 }},
		{"limits.calls_per_second", func(c *Config) { c.Limits.CallsPerSecond = 0 }},
		{"limits.drain", func(c *Config) { c.Limits.Drain = -1 }},
		{"limits.connect_limit", func(c *Config) { c.Limits.ConnectLimit = 0 }},
		{"limits.ring_timeout", func(c *Config) { c.Limits.RingTimeout = time.Hour }},
		{"agents.grace", func(c *Config) { c.Agents.Grace = -1 }},
		{"phone.default_region", func(c *Config) { c.Phone.DefaultRegion = "usa" }},
		{"secrets.number_key", func(c *Config) { c.Secrets.NumberKey = "short" }},
		{"log.format", func(c *Config) { c.Log.Format = "xml" }},
		{"metrics.listen", func(c *Config) { c.Metrics.Listen = "x" }},
	} {
		t.Run(tc.key, func(t *testing.T) {
			t.Parallel()
			c := valid()
			tc.harm(c)
			var keys []string
			for _, problem := range flatten(c.Validate()) {
				var e *Error
				if !errors.As(problem, &e) {
					t.Fatalf("%v is no *Error", problem)
				}
				keys = append(keys, e.Key)
			}
			if !slices.Equal(keys, []string{tc.key}) {
				t.Errorf("named %q, want %q alone", keys, tc.key)
			}
		})
	}
}

// FuzzLoad holds that no file makes the loader panic, and that what it accepts
// is valid.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "sip: {listen: 'h:1'}", "trunks: [{name: a, address: 'h:1'}]", "a: &a [*a]", "<<: {node: x}",
		"&x sip: {}\nmedia: *x", "node: [1]", "trunks: [1, {allow: {a: b}}]", "? [a]\n: b", "1: 2", "sip: &s {<<: *s}", "sip: {<<: [{listen: 'h:1'}]}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		c, err := Load(write(t, t.TempDir(), "c.yaml", content), needed())
		if err == nil && c.Validate() != nil {
			t.Errorf("accepted, but invalid: %v", c.Validate())
		}
	})
}
