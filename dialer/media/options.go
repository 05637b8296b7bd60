package media

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Defaults of the dead-media limits.
const (
	DefaultNoMediaFirst = 30 * time.Second
	DefaultNoMediaLater = 15 * time.Second
)

// Options of a Factory.
type Options struct {
	// BindIP is the address that sockets are bound to. "0.0.0.0" and "::"
	// bind to all and then need an AdvertisedIP; "::" serves IPv4 too.
	BindIP string
	// AdvertisedIP is the address written into SDP; empty: BindIP.
	AdvertisedIP string
	// PortMin and PortMax bound the ports, both included. A leg takes an even
	// one for RTP and the next for RTCP.
	PortMin, PortMax int
	// MaxLegs bounds the legs that are open at once; 0: as many as there are
	// ports.
	MaxLegs int
	// Logger takes debug lines about legs; nil: none.
	Logger *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// NoMediaFirst is how long a confirmed leg may wait for the first RTP,
	// NoMediaLater how long RTP may pause, before Dead is reported;
	// 0: 30 s and 15 s.
	NoMediaFirst, NoMediaLater time.Duration
}

// Validate returns an error that names every option that is wrong.
func (o Options) Validate() error {
	var errs []error
	bind, err := netip.ParseAddr(o.BindIP)
	if err != nil {
		errs = append(errs, fmt.Errorf("media: BindIP %q is not an IP address", o.BindIP))
	}
	if o.AdvertisedIP != "" {
		if ip, err := netip.ParseAddr(o.AdvertisedIP); err != nil || ip.IsUnspecified() {
			errs = append(errs, fmt.Errorf("media: AdvertisedIP %q is not an address that others can send to", o.AdvertisedIP))
		}
	} else if err == nil && bind.IsUnspecified() {
		errs = append(errs, fmt.Errorf("media: AdvertisedIP is needed with BindIP %q", o.BindIP))
	}
	switch {
	case o.PortMin < 1 || o.PortMax > 65535:
		errs = append(errs, fmt.Errorf("media: ports %d-%d are not within 1-65535", o.PortMin, o.PortMax))
	case firstPort(o)+1 > o.PortMax:
		errs = append(errs, fmt.Errorf("media: PortMin %d to PortMax %d hold no even port and its successor", o.PortMin, o.PortMax))
	}
	if o.MaxLegs < 0 {
		errs = append(errs, fmt.Errorf("media: MaxLegs %d is negative", o.MaxLegs))
	}
	if o.NoMediaFirst < 0 {
		errs = append(errs, fmt.Errorf("media: NoMediaFirst %s is negative", o.NoMediaFirst))
	}
	if o.NoMediaLater < 0 {
		errs = append(errs, fmt.Errorf("media: NoMediaLater %s is negative", o.NoMediaLater))
	}
	return errors.Join(errs...)
}

// firstPort returns the lowest even port.
func firstPort(o Options) int { return o.PortMin + o.PortMin&1 }

// withDefaults fills in what may be left out of valid options.
func (o Options) withDefaults() Options {
	if o.AdvertisedIP == "" {
		o.AdvertisedIP = o.BindIP
	}
	if o.MaxLegs == 0 {
		o.MaxLegs = (o.PortMax - firstPort(o) + 1) / 2
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NoMediaFirst == 0 {
		o.NoMediaFirst = DefaultNoMediaFirst
	}
	if o.NoMediaLater == 0 {
		o.NoMediaLater = DefaultNoMediaLater
	}
	return o
}
