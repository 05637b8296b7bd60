package configs

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// minNumberKey is the least length of the numbers' HMAC key in bytes: there are
// few phone numbers, so that the key alone protects them.
const minNumberKey = 32

var (
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // ITU-T E.164, 6.2
	regionCode = regexp.MustCompile(`^[A-Z]{2}$`)
	trunkName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// Validate checks each value by itself and against the others. It returns all
// problems joined, each an *Error that names its key.
func (c *Config) Validate() error {
	v := &validator{}
	v.check(c.Node != "", "node", "is empty")
	v.roles(c.Roles)
	v.storeURLs(c)
	v.listen("http.listen", c.HTTP.Listen)
	v.origin("http.public_url", c.HTTP.PublicURL)
	for i, origin := range c.HTTP.Origins {
		v.origin(fmt.Sprintf("http.origins[%d]", i), origin)
	}
	v.sip(c.SIP)
	v.media(c.Media)
	v.trunks(c.Trunks)
	v.inbound(c.Inbound)
	v.limits(c.Limits)
	v.agents(c.Agents)
	v.check(regionCode.MatchString(c.Phone.DefaultRegion), "phone.default_region", "must be two capital letters of ISO 3166-1, such as US")
	v.check(len(c.Secrets.NumberKey) >= minNumberKey, "secrets.number_key",
		fmt.Sprintf("must have %d bytes at least: write one by 'openssl rand -base64 32 > FILE' and name FILE in secrets.number_key_file, or set %s",
			minNumberKey, EnvName("secrets.number_key")))
	v.check(c.Log.Format == "json" || c.Log.Format == "text", "log.format", "must be json or text")
	if c.Metrics.Listen != "" {
		v.listen("metrics.listen", c.Metrics.Listen)
	}
	return errors.Join(v.problems...)
}

// validator gathers problems.
type validator struct{ problems []error }

func (v *validator) check(ok bool, key, problem string) {
	if !ok {
		v.problems = append(v.problems, &Error{Key: key, Problem: problem})
	}
}

func (v *validator) roles(roles []Role) {
	known := []Role{RoleEngine, RoleDialer, RoleWeb}
	v.check(len(roles) > 0, "roles", "names no role: engine, dialer, web")
	for i, role := range roles {
		key := fmt.Sprintf("roles[%d]", i)
		v.check(slices.Contains(known, role), key, fmt.Sprintf("unknown role %q: engine, dialer or web", role))
		v.check(!slices.Contains(roles[:i], role), key, fmt.Sprintf("names %s again", role))
	}
}

func (v *validator) storeURLs(c *Config) {
	if c.Database.URL == "" {
		v.check(false, "database.url", "is not set: set it, database.url_file or "+EnvName("database.url"))
	} else {
		v.scheme("database.url", c.Database.URL, "postgres", "postgresql")
	}
	v.scheme("redis.url", c.Redis.URL, "redis", "rediss", "unix")
}

// scheme checks a server's URL. The problem does not repeat the URL, which may
// hold a password.
func (v *validator) scheme(key, text string, schemes ...string) {
	u, err := url.Parse(text)
	v.check(err == nil && slices.Contains(schemes, u.Scheme), key, "must be a URL that begins with "+strings.Join(schemes, ":// or ")+"://")
}

// listen checks host:port with a port of 0 (any) to 65535 and an empty host or
// an IP address or a name.
func (v *validator) listen(key, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	v.check(err == nil, key, fmt.Sprintf("%q must be host:port, such as 127.0.0.1:8080", address))
}

// origin checks a scheme, host and port without a path.
func (v *validator) origin(key, text string) {
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		strings.TrimSuffix(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
	v.check(ok, key, fmt.Sprintf("%q must be http:// or https:// with a host and no path", text))
}

func (v *validator) number(key, number string) {
	v.check(e164.MatchString(number), key, fmt.Sprintf("%q must be a number in E.164, such as +12125550100", number))
}

func (v *validator) sip(s SIP) {
	v.listen("sip.listen", s.Listen)
	v.listen("sip.phones_listen", s.PhonesListen)
	v.check(s.Listen != s.PhonesListen || strings.HasSuffix(s.Listen, ":0"), "sip.phones_listen",
		"is sip.listen too: phones need a port of their own, where carriers cannot register")
	v.advertised("sip.advertised_ip", s.AdvertisedIP, "sip.listen")
	v.check(!strings.ContainsAny(s.UserAgent, "\r\n"), "sip.user_agent", "must be one line")
}

// advertised checks the IP address that others are told to send to.
func (v *validator) advertised(key, ip, from string) {
	addr, err := netip.ParseAddr(ip)
	v.check(err == nil && !addr.IsUnspecified(), key,
		fmt.Sprintf("must be the IP address where others reach this machine, as %s names none", from))
}

func (v *validator) media(m Media) {
	_, err := netip.ParseAddr(m.BindIP)
	v.check(err == nil, "media.bind_ip", fmt.Sprintf("%q must be an IP address", m.BindIP))
	v.advertised("media.advertised_ip", m.AdvertisedIP, "media.bind_ip")
	v.check(m.PortMin >= 1024, "media.port_min", "must be 1024 or more")
	v.check(m.PortMax <= 65535, "media.port_max", "must be 65535 or less")
	v.check(m.PortMin < m.PortMax, "media.port_max", "must be above media.port_min")
	first := m.PortMin + m.PortMin%2 // RTP takes even ports (RFC 3550, 11)
	pairs := (m.PortMax - first + 1) / 2
	v.check(m.MaxLegs > 0, "media.max_legs", "must be 1 or more")
	v.check(m.MaxLegs <= pairs || m.PortMin >= m.PortMax, "media.max_legs",
		fmt.Sprintf("%d legs need more ports than the %d pairs from media.port_min to media.port_max", m.MaxLegs, pairs))
}

func trunkKey(i int, name string) string { return fmt.Sprintf("trunks[%d].%s", i, name) }

func (v *validator) trunks(trunks []Trunk) {
	names := map[string]int{}
	for i, t := range trunks {
		key := func(name string) string { return trunkKey(i, name) }
		v.check(trunkName.MatchString(t.Name), key("name"), fmt.Sprintf("%q must be letters, digits, dots, dashes and underscores", t.Name))
		if first, taken := names[TrunkPasswordEnv(t.Name)]; taken {
			v.check(false, key("name"), fmt.Sprintf("%q cannot be told from trunks[%d].name", t.Name, first))
		} else {
			names[TrunkPasswordEnv(t.Name)] = i
		}
		v.listen(key("address"), t.Address)
		v.check(!strings.HasPrefix(t.Address, ":") && !strings.HasSuffix(t.Address, ":0"), key("address"), fmt.Sprintf("%q names no host or no port", t.Address))
		v.check(t.Password == "" || t.Username != "", key("username"), "is empty, but there is a password")
		v.check(t.Channels > 0, key("channels"), "must be 1 or more")
		v.check(t.CallsPerSecond > 0, key("calls_per_second"), "must be above 0")
		for n, number := range t.CallerIDs {
			v.number(fmt.Sprintf("%s[%d]", key("caller_ids"), n), number)
		}
	}
}

func inboundKey(i int, name string) string { return fmt.Sprintf("inbound[%d].%s", i, name) }

func (v *validator) inbound(entries []Inbound) {
	numbers, queues := map[string]int{}, map[string]int{}
	for i, entry := range entries {
		v.number(inboundKey(i, "number"), entry.Number)
		if first, taken := numbers[entry.Number]; taken {
			v.check(false, inboundKey(i, "number"), fmt.Sprintf("%s is inbound[%d] already", entry.Number, first))
		}
		numbers[entry.Number] = i
		v.check(entry.Queue != "", inboundKey(i, "queue"), "is empty")
		v.check(entry.ServiceLevelSeconds > 0, inboundKey(i, "service_level_seconds"), "must be 1 or more")
		if first, seen := queues[entry.Queue]; !seen {
			queues[entry.Queue] = i
		} else if other := entries[first].ServiceLevelSeconds; entry.ServiceLevelSeconds > 0 && other > 0 {
			v.check(entry.ServiceLevelSeconds == other, inboundKey(i, "service_level_seconds"),
				fmt.Sprintf("is %d, but inbound[%d] says %d for the same queue", entry.ServiceLevelSeconds, first, other))
		}
	}
}

func (v *validator) limits(l Limits) {
	v.check(l.MaxCalls > 0, "limits.max_calls", "must be 1 or more")
	v.check(l.CallsPerSecond > 0, "limits.calls_per_second", "must be above 0")
	v.check(l.Drain >= 0, "limits.drain", "must not be negative")
	v.check(l.ConnectLimit > 0, "limits.connect_limit", "must be above 0")
	v.check(l.RingTimeout >= time.Second && l.RingTimeout <= 3*time.Minute, "limits.ring_timeout",
		"must be 1s to 3m: proxies on the way may give up after 3m (RFC 3261, 16.6, timer C)")
}

func (v *validator) agents(a Agents) {
	v.check(a.Grace >= 0, "agents.grace", "must not be negative")
}
