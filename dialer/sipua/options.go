package sipua

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/dialer"
)

// TrunkPeer is a carrier that may call in, and whose answers are heard.
type TrunkPeer struct {
	// Name of the trunk, as given to TakeCall.
	Name string
	// Address is the host:port to which its calls are sent; it may send
	// responses and requests of existing dialogs, and new calls only if Allow
	// lists it. Empty: a trunk that only calls in.
	Address string
	// Allow lists the sources of its calls.
	Allow []netip.Prefix
}

// Options of a UA.
type Options struct {
	// Listen is the ip:port of the trunk endpoint's UDP socket.
	Listen string
	// PhonesListen is the ip:port of the agents' phones' UDP socket.
	PhonesListen string
	// AdvertisedHost is put into Via and Contact on the trunk endpoint; empty:
	// the address of Listen, which must not be a wildcard then.
	AdvertisedHost string
	// PhonesAdvertisedHost is the same for the phones; empty: the address of
	// PhonesListen, or AdvertisedHost where that is a wildcard.
	PhonesAdvertisedHost string
	// UserAgent is the product name sent; empty: Ringmaster.
	UserAgent string
	Trunks    []TrunkPeer
	// TakeCall receives inbound calls; nil: they are refused with 480.
	TakeCall dialer.TakeCall
	// MaxCalls bounds the live dialogs of each endpoint; zero: 2,000.
	MaxCalls int
	// HangUpLimit bounds the hang-up of live dialogs at the end of Run; zero:
	// two seconds.
	HangUpLimit time.Duration
	// Logger gets the UA's messages, and sipgo's at debug without payloads;
	// nil: none.
	Logger *slog.Logger
	// Registerer receives the metrics; nil: none.
	Registerer prometheus.Registerer
	// Now gives the time of events, compared with Invite.DialBy; nil: time.Now.
	Now func() time.Time
}

// Validate names the first wrong option by its configuration key.
func (o *Options) Validate() error {
	if err := validListen("listen", o.Listen, o.AdvertisedHost, "advertised_host"); err != nil {
		return err
	}
	phonesHost := o.PhonesAdvertisedHost
	if phonesHost == "" {
		phonesHost = o.AdvertisedHost
	}
	if err := validListen("phones_listen", o.PhonesListen, phonesHost, "phones_advertised_host"); err != nil {
		return err
	}
	for key, host := range map[string]string{
		"advertised_host": o.AdvertisedHost, "phones_advertised_host": o.PhonesAdvertisedHost,
	} {
		if host != "" && !validHost(host) {
			return fmt.Errorf("%s: %q is no host name or address", key, host)
		}
	}
	if unsafe(o.UserAgent) {
		return errors.New("user_agent: holds a control character")
	}
	if o.MaxCalls < 0 {
		return fmt.Errorf("max_calls: %d is negative", o.MaxCalls)
	}
	if o.HangUpLimit < 0 {
		return fmt.Errorf("hang_up_limit: %s is negative", o.HangUpLimit)
	}
	names := make(map[string]bool, len(o.Trunks))
	for i, t := range o.Trunks {
		key := "trunks[" + strconv.Itoa(i) + "]"
		switch {
		case t.Name == "":
			return fmt.Errorf("%s.name: missing", key)
		case names[t.Name]:
			return fmt.Errorf("%s.name: %q is used twice", key, t.Name)
		case t.Address == "" && len(t.Allow) == 0:
			return fmt.Errorf("%s: neither address nor allow is given", key)
		}
		names[t.Name] = true
		if t.Address != "" {
			if _, _, err := splitHostPort(t.Address); err != nil {
				return fmt.Errorf("%s.address: %w", key, err)
			}
		}
		for j, p := range t.Allow {
			if !p.IsValid() {
				return fmt.Errorf("%s.allow[%d]: no valid prefix", key, j)
			}
		}
	}
	return nil
}

func (o *Options) defaults() {
	if o.UserAgent == "" {
		o.UserAgent = "Ringmaster"
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = 2000
	}
	if o.HangUpLimit == 0 {
		o.HangUpLimit = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// validListen checks a listen address and that something can be advertised
// for it.
func validListen(key, listen, advertised, advertisedKey string) error {
	ap, err := netip.ParseAddrPort(listen)
	if err != nil {
		return fmt.Errorf("%s: %q is not ip:port", key, listen)
	}
	if ap.Addr().IsUnspecified() && advertised == "" {
		return fmt.Errorf("%s: needed, since %s is the wildcard %s", advertisedKey, key, listen)
	}
	return nil
}

// splitHostPort splits host:port; the port is 5060 where it is missing.
func splitHostPort(s string) (string, int, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "5060"
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || !validHost(host) {
		return "", 0, fmt.Errorf("%q is not host:port", s)
	}
	return host, n, nil
}

// validHost accepts addresses and host names.
func validHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}
