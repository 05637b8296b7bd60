package sipua

import (
	"net/url"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// callerOf gives who calls: the first P-Asserted-Identity (RFC 3325, trusted
// since it comes from a listed trunk), else From.
func callerOf(req *sip.Request) string {
	for _, value := range headerValues(req, "p-asserted-identity") {
		var uri sip.Uri
		first := splitQuoted(value, ',')[0]
		if _, err := sip.ParseAddressValue(first, &uri, &sip.HeaderParams{}); err == nil {
			if user := userOf(&uri); user != "" {
				return user
			}
		}
	}
	return userOf(&req.From().Address)
}

// calledOf gives the number that was called.
func calledOf(req *sip.Request) string { return userOf(&req.Recipient) }

// userOf gives the user part of a SIP URI, or the number of a tel URI, without
// parameters and unescaped; empty where it holds control characters.
func userOf(uri *sip.Uri) string {
	user := uri.User
	if raw := uri.Raw(); raw != "" {
		user = raw
	}
	user, _, _ = strings.Cut(user, ";")
	if plain, err := url.PathUnescape(user); err == nil {
		user = plain
	}
	if unsafe(user) {
		return ""
	}
	return user
}

// statusText gives the phrase of the statuses that we send.
func statusText(code int) string {
	if text, ok := statusTexts[code]; ok {
		return text
	}
	switch code / 100 {
	case 4:
		return "Request Failure"
	case 5:
		return "Server Failure"
	}
	return "Global Failure"
}

var statusTexts = map[int]string{
	400: "Bad Request", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 410: "Gone",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 484: "Address Incomplete",
	486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 500: "Server Internal Error",
	503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline",
}
