package configs

import (
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"
)

// Defaults of list entries, which have no place in Default.
const (
	DefaultChannels            = 30
	DefaultCallsPerSecond      = 10
	DefaultServiceLevelSeconds = 20
)

// Default is the configuration before the file and the environment. It listens
// on loopback alone: an installation opens itself by what it writes, not by what
// it forgets.
func Default() *Config {
	node, err := os.Hostname()
	if err != nil {
		node = "ringmaster"
	}
	return &Config{
		Node:  node,
		Roles: []Role{RoleEngine, RoleDialer, RoleWeb},
		Redis: Redis{URL: "redis://127.0.0.1:6379/0"},
		HTTP:  HTTP{Listen: "127.0.0.1:8080"},
		SIP: SIP{
			Listen:       "127.0.0.1:5060",
			PhonesListen: "127.0.0.1:5062", UserAgent: "Ringmaster",
		},
		Media: Media{BindIP: "127.0.0.1", PortMin: 20000, PortMax: 29999, MaxLegs: 1000},
		Limits: Limits{
			MaxCalls: 500, CallsPerSecond: 50,
			Drain: time.Minute, ConnectLimit: 2 * time.Second, RingTimeout: 25 * time.Second,
		},
		Agents: Agents{Grace: 30 * time.Second},
		Phone:  Phone{DefaultRegion: "US"},
		Log:    Log{Level: slog.LevelInfo, Format: "json"},
	}
}

// Derive fills in what follows from other keys, as Load does; call it before
// Validate on a Config made in code. It invents nothing for values
// that Validate will refuse.
func (c *Config) Derive() {
	if host, port, err := net.SplitHostPort(c.HTTP.Listen); err == nil && c.HTTP.PublicURL == "" {
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
			host = c.Node
		}
		c.HTTP.PublicURL = "http://" + net.JoinHostPort(host, port)
	}
	if c.SIP.AdvertisedIP == "" {
		c.SIP.AdvertisedIP = reachable(hostOf(c.SIP.Listen))
	}
	if c.Media.AdvertisedIP == "" {
		if c.Media.AdvertisedIP = reachable(c.Media.BindIP); c.Media.AdvertisedIP == "" {
			c.Media.AdvertisedIP = c.SIP.AdvertisedIP
		}
	}
	for i := range c.Trunks {
		t := &c.Trunks[i]
		if t.Channels == 0 {
			t.Channels = DefaultChannels
		}
		if t.CallsPerSecond == 0 {
			t.CallsPerSecond = DefaultCallsPerSecond
		}
		if ip, err := netip.ParseAddr(hostOf(t.Address)); err == nil && len(t.Allow) == 0 {
			t.Allow = []netip.Prefix{netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())}
		}
	}
	c.deriveServiceLevels()
}

// deriveServiceLevels gives entries without a service level that of another
// entry of their queue, else the default.
func (c *Config) deriveServiceLevels() {
	set := map[string]int{}
	for _, entry := range c.Inbound {
		if set[entry.Queue] == 0 {
			set[entry.Queue] = entry.ServiceLevelSeconds
		}
	}
	for i := range c.Inbound {
		entry := &c.Inbound[i]
		if entry.ServiceLevelSeconds != 0 {
			continue
		}
		if entry.ServiceLevelSeconds = set[entry.Queue]; entry.ServiceLevelSeconds == 0 {
			entry.ServiceLevelSeconds = DefaultServiceLevelSeconds
		}
	}
}

// HasRole tells whether this process runs the role.
func (c *Config) HasRole(role Role) bool { return slices.Contains(c.Roles, role) }

// reachable is the IP address where somebody can send to it, else empty: every
// address (0.0.0.0) and names say nothing about where.
func reachable(host string) string {
	if ip, err := netip.ParseAddr(host); err != nil || ip.IsUnspecified() {
		return ""
	}
	return host
}

// hostOf is the host of a host:port, empty where it is none.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}
