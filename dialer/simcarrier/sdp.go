package simcarrier

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// session is what an SDP body (RFC 4566, RFC 3264) says of the audio stream.
type session struct {
	remote    netip.AddrPort // where the other side receives
	law       law            // the first G.711 law that it lists
	event     uint8          // payload type of telephone-event, zero if none
	direction string         // sendrecv, sendonly, recvonly, inactive
	// lines are the m= lines of the offer; audio is the index of ours in it.
	lines []string
	audio int
}

// errNoCommonCodec means that 488 is the right answer.
var errNoCommonCodec = errors.New("no RTP/AVP audio stream with PCMU or PCMA")

// parseSDP reads an offer or an answer.
func parseSDP(body []byte) (session, error) {
	s := session{direction: "sendrecv", audio: -1}
	var host, sessionHost string
	port, media, inAudio := 0, 0, false
	for raw := range strings.Lines(string(body)) {
		line := strings.TrimRight(raw, "\r\n")
		kind, value, ok := strings.Cut(line, "=")
		if !ok || len(kind) != 1 {
			if line == "" {
				continue
			}
			return s, fmt.Errorf("SDP line %q has no type", line)
		}
		switch kind {
		case "m":
			s.lines = append(s.lines, value)
			inAudio = false
			if p, l, ok := audioLine(value); ok && s.audio < 0 {
				s.audio, port, s.law, inAudio = media, p, l, true
			}
			media++
		case "c":
			at := connectionHost(value)
			if media == 0 {
				sessionHost = at
			} else if inAudio {
				host = at
			}
		case "a":
			if media == 0 || inAudio {
				s.attribute(value)
			}
		}
	}
	if s.audio < 0 {
		return s, errNoCommonCodec
	}
	if host == "" {
		host = sessionHost
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return s, fmt.Errorf("SDP connection address %q is not an IP address", host)
	}
	s.remote = netip.AddrPortFrom(ip.Unmap(), uint16(port))
	if !slices.Contains(strings.Fields(s.lines[s.audio])[3:], strconv.Itoa(int(s.event))) {
		s.event = 0
	}
	if ip.IsUnspecified() {
		s.direction = "inactive" // RFC 2543 hold
	}
	return s, nil
}

// audioLine returns the port and the first G.711 law of "audio 4000 RTP/AVP 0 8".
func audioLine(value string) (port int, l law, ok bool) {
	f := strings.Fields(value)
	if len(f) < 4 || f[0] != "audio" || (f[2] != "RTP/AVP" && f[2] != "RTP/AVPF") {
		return 0, 0, false
	}
	digits, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.Atoi(digits)
	if err != nil || port <= 0 || port > 65535 {
		return 0, 0, false
	}
	for _, pt := range f[3:] {
		switch pt {
		case "0":
			return port, pcmu, true
		case "8":
			return port, pcma, true
		}
	}
	return 0, 0, false
}

func connectionHost(value string) string {
	f := strings.Fields(value) // IN IP4 192.0.2.1
	if len(f) < 3 {
		return ""
	}
	host, _, _ := strings.Cut(f[2], "/")
	return host
}

func (s *session) attribute(value string) {
	switch value {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		s.direction = value
		return
	}
	if mapping, ok := strings.CutPrefix(value, "rtpmap:"); ok {
		pt, codec, _ := strings.Cut(mapping, " ")
		if n, err := strconv.ParseUint(pt, 10, 7); err == nil && strings.HasPrefix(strings.ToLower(codec), "telephone-event/8000") {
			s.event = uint8(n)
		}
	}
}

// toUs reports whether the other side sends, toThem whether it listens.
func (s session) toUs() bool   { return s.direction == "sendrecv" || s.direction == "sendonly" }
func (s session) toThem() bool { return s.direction == "sendrecv" || s.direction == "recvonly" }

// mirrored is the direction of our answer.
func (s session) mirrored() string {
	switch s.direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return s.direction
}

// offerSDP is our own offer: both laws and telephone-event.
func offerSDP(at netip.AddrPort, id uint64) []byte {
	return sdpHead(at, id, 1, fmt.Sprintf("m=audio %d RTP/AVP 0 8 101\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"+
		"a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n", at.Port()))
}

// answerSDP accepts the audio stream of an offer with the one law that its
// sender prefers, and declines all other streams.
func answerSDP(offer session, at netip.AddrPort, id, version uint64) []byte {
	var b strings.Builder
	for i, line := range offer.lines {
		f := strings.Fields(line)
		if i != offer.audio {
			if len(f) >= 4 {
				fmt.Fprintf(&b, "m=%s 0 %s\r\n", f[0], strings.Join(f[2:], " "))
			}
			continue
		}
		name := map[law]string{pcmu: "PCMU", pcma: "PCMA"}[offer.law]
		fmt.Fprintf(&b, "m=audio %d %s %d", at.Port(), f[2], offer.law)
		if offer.event != 0 {
			fmt.Fprintf(&b, " %d", offer.event)
		}
		fmt.Fprintf(&b, "\r\na=rtpmap:%d %s/8000\r\n", offer.law, name)
		if offer.event != 0 {
			fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-16\r\n", offer.event, offer.event)
		}
		fmt.Fprintf(&b, "a=ptime:20\r\na=%s\r\n", offer.mirrored())
	}
	return sdpHead(at, id, version, b.String())
}

func sdpHead(at netip.AddrPort, id, version uint64, media string) []byte {
	family := "IP4"
	if at.Addr().Is6() {
		family = "IP6"
	}
	return fmt.Appendf(nil, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n%s",
		id, version, family, at.Addr(), family, at.Addr(), media)
}
