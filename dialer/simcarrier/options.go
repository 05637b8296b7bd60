package simcarrier

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"
)

// Defaults of Options. Durations are those of a real telephone network.
const (
	DefaultListen       = "127.0.0.1:5070"
	DefaultPhonesListen = "127.0.0.1:5072"
	DefaultTalkMean     = 15 * time.Second
	DefaultGiveUp       = 60 * time.Second
	DefaultMaxCalls     = 500
	DefaultT1           = 500 * time.Millisecond
	DefaultRTPPortMin   = 24000
	DefaultRTPPortMax   = 31998

	// PhonesOff as PhonesListen starts no listener for agents' phones.
	PhonesOff = "off"
)

// Options configure a Carrier. The zero value of every field but DialerAddr
// has a usable default; DialerAddr may stay empty where nobody calls back.
type Options struct {
	// Listen is the UDP address of the carrier; port 0 takes a free one.
	Listen string
	// PhonesListen is the UDP address of the agents' phones, or PhonesOff.
	PhonesListen string
	// DialerAddr is the SIP address, IP and port, that inbound calls go to.
	// Without it a call_back customer does not call back.
	DialerAddr string
	// InboundNumber is the E.164 number that customers call back. Without it
	// they call the caller id that they saw on the missed call.
	InboundNumber string
	// Seed makes behaviours, ring times and talk times repeatable.
	Seed uint64
	// Mix is the share of each behaviour; nil means DefaultMix.
	Mix Mix
	// Customers pins single numbers to behaviours, see ReadCustomers.
	Customers Customers
	// Auth, when set, challenges each customer's INVITE.
	Auth *Auth
	// Log receives the call log, one JSON line per INVITE; nil discards.
	// Each line is one Write. The carrier does not close it.
	Log io.Writer
	// RTPHost is the IP address of the audio sockets; the default is that of
	// Listen (127.0.0.1 when that is unspecified).
	RTPHost string
	// RTPPortMin and RTPPortMax bound the even audio ports.
	RTPPortMin, RTPPortMax int
	// RingScale multiplies every time that a line rings; 1 when zero.
	RingScale float64
	// WaitScale multiplies the delay before a call back and the patience of
	// the caller; 1 when zero.
	WaitScale float64
	// TalkMean is the mean talk time when the other side does not hang up.
	// An answering machine's greeting and recording scale with it.
	TalkMean time.Duration
	// GiveUp is how long the network lets a line ring before 480.
	GiveUp time.Duration
	// PhoneAnswerDelay is how long an agent's phone rings before it answers
	// by itself; zero answers at once.
	PhoneAnswerDelay time.Duration
	// MaxCalls bounds the calls held at a time; more are refused with 503.
	MaxCalls int
	// T1 is the round-trip estimate of RFC 3261 section 17 that all
	// retransmission timers derive from.
	T1 time.Duration
	// Now is the wall clock of the call log; time.Now when nil. Intervals are
	// always measured on the monotonic clock.
	Now func() time.Time
	// Logger receives diagnostics, with numbers masked; nil discards them.
	Logger *slog.Logger
}

// Auth is the digest account (RFC 2617, MD5 with qop=auth) that the carrier
// demands on customers' INVITEs.
type Auth struct {
	User, Password string
	// Realm defaults to "simcarrier".
	Realm string
	// Proxy challenges with 407 instead of 401.
	Proxy bool
}

// Validate returns an error that names the first key which cannot be used.
func (o Options) Validate() error {
	o = o.withDefaults()
	if _, err := netip.ParseAddrPort(o.Listen); err != nil {
		return keyError("listen", fmt.Errorf("%q is not IP:port", o.Listen))
	}
	if o.PhonesListen != PhonesOff {
		if _, err := netip.ParseAddrPort(o.PhonesListen); err != nil {
			return keyError("phones_listen", fmt.Errorf("%q is neither IP:port nor %q", o.PhonesListen, PhonesOff))
		}
	}
	if o.DialerAddr != "" {
		addr, err := netip.ParseAddrPort(o.DialerAddr)
		if err != nil || addr.Port() == 0 || addr.Addr().IsUnspecified() {
			return keyError("dialer_addr", fmt.Errorf("%q is not an IP:port to send to", o.DialerAddr))
		}
	}
	if n := o.InboundNumber; n != "" && !isE164(n) {
		return keyError("inbound_number", fmt.Errorf("%q is not an E.164 number with a leading +", n))
	}
	if ip, err := netip.ParseAddr(o.RTPHost); err != nil || ip.IsUnspecified() {
		return keyError("rtp_host", fmt.Errorf("%q is not an IP address to receive audio at", o.RTPHost))
	}
	if o.RTPPortMin < 1024 || o.RTPPortMax > 65534 || o.RTPPortMax-o.RTPPortMin < 2 {
		return keyError("rtp_port_min, rtp_port_max", fmt.Errorf("%d to %d is not a range within 1024 to 65534", o.RTPPortMin, o.RTPPortMax))
	}
	if err := o.Mix.validate(); err != nil {
		return keyError("mix", err)
	}
	if err := o.Customers.validate(); err != nil {
		return keyError("customers", err)
	}
	if o.Auth != nil && (o.Auth.User == "" || o.Auth.Password == "") {
		return keyError("auth", errors.New("user and password must both be given"))
	}
	return o.validateScales()
}

func (o Options) validateScales() error {
	switch {
	case o.RingScale < 0:
		return keyError("ring_scale", fmt.Errorf("%v is negative", o.RingScale))
	case o.WaitScale < 0:
		return keyError("wait_scale", fmt.Errorf("%v is negative", o.WaitScale))
	case o.TalkMean < 0:
		return keyError("talk_mean", fmt.Errorf("%v is negative", o.TalkMean))
	case o.GiveUp < 0:
		return keyError("give_up", fmt.Errorf("%v is negative", o.GiveUp))
	case o.PhoneAnswerDelay < 0:
		return keyError("phone_answer_delay", fmt.Errorf("%v is negative", o.PhoneAnswerDelay))
	case o.MaxCalls < 0:
		return keyError("max_calls", fmt.Errorf("%d is negative", o.MaxCalls))
	case o.T1 < 0:
		return keyError("t1", fmt.Errorf("%v is negative", o.T1))
	}
	return nil
}

func keyError(key string, err error) error {
	return fmt.Errorf("simcarrier: %s: %w", key, err)
}

// withDefaults returns o with every zero field replaced by its default.
func (o Options) withDefaults() Options {
	orString(&o.Listen, DefaultListen)
	orString(&o.PhonesListen, DefaultPhonesListen)
	if o.RTPHost == "" {
		o.RTPHost = "127.0.0.1"
		if at, err := netip.ParseAddrPort(o.Listen); err == nil && !at.Addr().IsUnspecified() {
			o.RTPHost = at.Addr().String()
		}
	}
	if o.RTPPortMin == 0 && o.RTPPortMax == 0 {
		o.RTPPortMin, o.RTPPortMax = DefaultRTPPortMin, DefaultRTPPortMax
	}
	if o.Mix == nil {
		o.Mix = DefaultMix()
	}
	if o.RingScale == 0 {
		o.RingScale = 1
	}
	if o.WaitScale == 0 {
		o.WaitScale = 1
	}
	orDuration(&o.TalkMean, DefaultTalkMean)
	orDuration(&o.GiveUp, DefaultGiveUp)
	orDuration(&o.T1, DefaultT1)
	if o.MaxCalls == 0 {
		o.MaxCalls = DefaultMaxCalls
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Auth != nil {
		auth := *o.Auth
		orString(&auth.Realm, "simcarrier")
		o.Auth = &auth
	}
	return o
}

func orString(s *string, fallback string) {
	if *s == "" {
		*s = fallback
	}
}

func orDuration(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}

// isE164 reports whether n is a plus sign and 2 to 15 digits (ITU-T E.164).
func isE164(n string) bool {
	digits, ok := strings.CutPrefix(n, "+")
	if !ok || len(digits) < 2 || len(digits) > 15 {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// dialedNumber returns the E.164 form of the user part of a Request-URI: the
// digits with a plus sign. A user part that is no number is returned as it is.
func dialedNumber(user string) string {
	user, _, _ = strings.Cut(user, ";")
	digits := strings.NewReplacer("+", "", "-", "", ".", "", "(", "", ")", "", "%2B", "", "%2b", "").Replace(user)
	if e164 := "+" + digits; isE164(e164) {
		return e164
	}
	return user
}

// mask hides all digits of a number but the last two, for diagnostics.
func mask(number string) string {
	masked := []byte(number)
	kept := 0
	for i := len(masked) - 1; i >= 0; i-- {
		if masked[i] < '0' || masked[i] > '9' {
			continue
		}
		if kept++; kept > 2 {
			masked[i] = '*'
		}
	}
	return string(masked)
}
