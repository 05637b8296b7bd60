package sipua

import (
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxForwards of every request (RFC 3261 section 8.1.1.6).
const maxForwards = 70

// newTag gives an unpredictable tag (130 random bits): knowing it is what lets
// somebody speak in a dialog.
func newTag() string { return rand.Text() }

// newBranch gives an unpredictable branch (RFC 3261 section 8.1.1.7).
func newBranch() string { return "z9hG4bK" + rand.Text() }

// unsafe reports whether a value would break out of its header.
func unsafe(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) >= 0
}

// userPart reports whether s may stand as the user part of a SIP URI without
// escaping (RFC 3261 section 25.1: unreserved and user-unreserved).
func userPart(s string) bool {
	if len(s) > 128 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("-_.!~*'()&=+$,;?/#%", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// quoted escapes a display name for sipgo, which puts it between quotes as it
// is (RFC 3261 section 25.1, quoted-string).
func quoted(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

// tagOf gives the tag of From or To parameters.
func tagOf(p sip.HeaderParams) string {
	tag, _ := p.Get("tag")
	return tag
}

// toTag gives the To tag of a message; empty where there is none.
func toTag(m sip.Message) string {
	if to := m.To(); to != nil {
		return tagOf(to.Params)
	}
	return ""
}

// branchOf gives the branch of the top Via.
func branchOf(m sip.Message) string {
	if via := m.Via(); via != nil {
		b, _ := via.Params.Get("branch")
		return b
	}
	return ""
}

// headerValues gives the values of a header that sipgo does not parse.
func headerValues(m sip.Message, name string) []string {
	var values []string
	for _, h := range m.GetHeaders(name) {
		values = append(values, h.Value())
	}
	return values
}

// sdpOf gives the body if it is SDP; a body without a content type is taken
// for SDP when it looks like it.
func sdpOf(m sip.Message) []byte {
	body := m.Body()
	if len(body) == 0 {
		return nil
	}
	if ct := contentType(m); ct != "application/sdp" && (ct != "" || !strings.HasPrefix(string(body), "v=0")) {
		return nil
	}
	return body
}

// contentType gives the media type in lower case without parameters.
func contentType(m sip.Message) string {
	for _, name := range []string{"content-type", "c"} {
		if v := headerValues(m, name); len(v) > 0 {
			ct, _, _ := strings.Cut(v[0], ";")
			return strings.ToLower(strings.TrimSpace(ct))
		}
	}
	return ""
}

// q850 gives the cause of the first Q.850 Reason header (RFC 3326), 0 where
// there is none.
func q850(m sip.Message) int {
	for _, value := range headerValues(m, "reason") {
		for _, reason := range splitQuoted(value, ',') {
			parts := splitQuoted(reason, ';')
			if !strings.EqualFold(strings.TrimSpace(parts[0]), "Q.850") {
				continue
			}
			for _, p := range parts[1:] {
				key, val, _ := strings.Cut(p, "=")
				if !strings.EqualFold(strings.TrimSpace(key), "cause") {
					continue
				}
				if n, err := strconv.Atoi(strings.TrimSpace(val)); err == nil && n > 0 && n < 128 {
					return n
				}
			}
		}
	}
	return 0
}

// splitQuoted splits at sep outside of quoted strings.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	start, inside := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && inside:
			i++
		case s[i] == '"':
			inside = !inside
		case s[i] == sep && !inside:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// retryAfter gives the seconds of a Retry-After header (RFC 3261 section
// 20.33), at most one hour.
func retryAfter(m sip.Message) time.Duration {
	for _, v := range headerValues(m, "retry-after") {
		digits := v
		if i := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = v[:i]
		}
		if n, err := strconv.Atoi(digits); err == nil {
			return min(time.Duration(min(n, 3600))*time.Second, time.Hour)
		}
	}
	return 0
}

// phrase makes a carrier's text fit to keep: printable, at most 120 bytes.
func phrase(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > 120 {
		s = strings.ToValidUTF8(s[:120], "")
	}
	return s
}

// routeSet gives the Record-Route URIs of a message, from the top.
func routeSet(m sip.Message) []sip.Uri {
	var set []sip.Uri
	for _, h := range m.GetHeaders("record-route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			set = append(set, *rr.Address.Clone())
		}
	}
	return set
}

// contactURI gives the URI of the Contact header.
func contactURI(m interface{ Contact() *sip.ContactHeader }) (sip.Uri, bool) {
	c := m.Contact()
	if c == nil || c.Address.Host == "" || c.Address.Wildcard {
		return sip.Uri{}, false
	}
	if s := c.Address.Scheme; s != "sip" && s != "sips" {
		return sip.Uri{}, false
	}
	return *c.Address.Clone(), true
}
