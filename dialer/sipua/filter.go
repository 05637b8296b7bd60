package sipua

import (
	"bytes"
	"net/netip"
	"sync"
	"time"
)

// calledLimit bounds the addresses remembered as called, for each endpoint.
const calledLimit = 8192

// screen says whether a datagram of a listed source may be parsed, and why not.
func screen(data []byte) (dropReason, bool) {
	if len(data) > maxDatagram {
		return dropOversize, false
	}
	if len(bytes.Trim(data, "\r\n\x00")) == 0 {
		return dropKeepalive, false
	}
	head, _, found := bytes.Cut(data, []byte("\r\n\r\n"))
	if !found || bytes.IndexByte(head, 0) >= 0 || bareBreak(head) {
		return dropJunk, false
	}
	line, _, found := bytes.Cut(head, []byte("\r\n"))
	if !found {
		return dropJunk, false
	}
	if bytes.HasPrefix(line, []byte("SIP/2.0 ")) {
		return "", true
	}
	// A request: method, URI and version in exactly three words. The version
	// is judged later, to answer 505.
	method, rest, _ := bytes.Cut(line, []byte(" "))
	uri, version, found := bytes.Cut(rest, []byte(" "))
	if !found || !token(method) || len(uri) == 0 || !bytes.HasPrefix(version, []byte("SIP/")) {
		return dropJunk, false
	}
	return "", true
}

// bareBreak reports a CR or LF that stands alone: sipgo would take it into a
// value.
func bareBreak(head []byte) bool {
	pairs := bytes.Count(head, []byte("\r\n"))
	return bytes.Count(head, []byte("\n")) != pairs || bytes.Count(head, []byte("\r")) != pairs
}

// token reports whether b is a token of RFC 3261 section 25.1 of sane length.
func token(b []byte) bool {
	if len(b) == 0 || len(b) > 32 {
		return false
	}
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case bytes.IndexByte([]byte("-.!%*_+`'~"), c) >= 0:
		default:
			return false
		}
	}
	return true
}

// called remembers the addresses to which we sent an INVITE.
type called struct {
	mu    sync.RWMutex
	since map[netip.Addr]time.Time
}

func newCalled() *called { return &called{since: make(map[netip.Addr]time.Time)} }

func (c *called) has(ip netip.Addr) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, ok := c.since[ip]
	return ok
}

// add remembers an address; when full, the one that was called longest ago is
// forgotten.
func (c *called) add(ip netip.Addr, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.since[ip]; !ok && len(c.since) >= calledLimit {
		var oldest netip.Addr
		var at time.Time
		for a, t := range c.since {
			if !oldest.IsValid() || t.Before(at) {
				oldest, at = a, t
			}
		}
		delete(c.since, oldest)
	}
	c.since[ip] = now
}

// trunkOf gives the listed trunk of a source, the most specific prefix first;
// empty: none.
func (u *UA) trunkOf(ip netip.Addr) string {
	name, bits := "", -1
	for i := range u.opts.Trunks {
		for _, p := range u.opts.Trunks[i].Allow {
			if p.Contains(ip) && p.Bits() > bits {
				name, bits = u.opts.Trunks[i].Name, p.Bits()
			}
		}
	}
	return name
}

// listed reports whether the endpoint hears this source at all.
func (e *endpoint) listed(ip netip.Addr) bool {
	if e.called.has(ip) {
		return true
	}
	if e.phones {
		return ip.IsLoopback()
	}
	return e.ua.trunkOf(ip) != ""
}

// sameParty reports whether a request from ip may belong to a dialog with the
// peer: the same address, or a listed one of the same trunk.
func (e *endpoint) sameParty(trunk string, peer, ip netip.Addr) bool {
	if peer == ip {
		return true
	}
	return !e.phones && trunk != "" && trunk == e.ua.trunkOf(ip)
}

// admit is the endpoint's filter, before parsing.
func (e *endpoint) admit(from netip.AddrPort, data []byte) bool {
	if !e.listed(from.Addr()) {
		e.ua.metrics.drop(dropUnlisted)
		return false
	}
	if reason, ok := screen(data); !ok {
		e.ua.metrics.drop(reason)
		return false
	}
	return true
}
