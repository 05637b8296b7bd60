package simcarrier

import (
	"net/netip"
	"slices"
	"time"
)

// resend is a datagram that is sent again until stopped: timers A, B, E, F, G
// and H of RFC 3261 section 17, and the 2xx of section 13.3.1.4.
type resend struct {
	key      string
	datagram []byte
	to       netip.AddrPort
	next     time.Time
	interval time.Duration
	limit    time.Duration // of the interval
	until    time.Time
	expire   signal // returned when until has passed
}

// newResend repeats a datagram that was sent just now at T1, 2·T1 … up to T2 =
// 8·T1, until 64·T1.
func newResend(t1 time.Duration, key string, datagram []byte, to netip.AddrPort, expire signal) *resend {
	now := time.Now()
	return &resend{
		key: key, datagram: datagram, to: to, next: now.Add(t1), interval: t1, limit: 8 * t1,
		until: now.Add(64 * t1), expire: expire,
	}
}

// repeat sends a datagram now and has it repeated until stopResend.
func (l *line) repeat(key string, datagram []byte, to netip.AddrPort, expire signal) *resend {
	r := l.resendOnly(key, datagram, to, expire)
	l.ep.send(datagram, to)
	return r
}

// resendOnly has a datagram repeated that was sent already.
func (l *line) resendOnly(key string, datagram []byte, to netip.AddrPort, expire signal) *resend {
	l.stopResend(key)
	r := newResend(l.carrier.options.T1, key, datagram, to, expire)
	l.resends = append(l.resends, r)
	return r
}

// later sends a datagram once, after d.
func (l *line) later(key string, datagram []byte, to netip.AddrPort, d time.Duration) {
	l.stopResend(key)
	at := time.Now().Add(d)
	l.resends = append(l.resends, &resend{key: key, datagram: datagram, to: to, next: at, interval: d, limit: d, until: at.Add(d / 2)})
}

// stopResend stops what has the key and reports whether there was such.
func (l *line) stopResend(key string) bool {
	before := len(l.resends)
	l.resends = slices.DeleteFunc(l.resends, func(r *resend) bool { return r.key == key })
	return len(l.resends) < before
}

// due sends again what is due, and returns a signal when something has expired
// or the audio is lost.
func (l *line) due(now time.Time) signal {
	expired := sigNone
	l.resends = slices.DeleteFunc(l.resends, func(r *resend) bool {
		if now.Before(r.next) {
			return false
		}
		if now.After(r.until) {
			expired = max(expired, r.expire)
			return true
		}
		l.ep.send(r.datagram, r.to)
		r.interval = min(2*r.interval, r.limit)
		r.next = now.Add(r.interval)
		if r.next.After(r.until) {
			r.next = r.until.Add(time.Nanosecond)
		}
		return false
	})
	if expired == sigNone && l.lost(now) {
		return sigLost
	}
	return expired
}
