package media

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// direction of a stream, seen by the one who wrote the description.
type direction string

const (
	sendRecv direction = "sendrecv"
	sendOnly direction = "sendonly"
	recvOnly direction = "recvonly"
	inactive direction = "inactive"
)

// mirrored is the direction of the answer to an offer (RFC 3264, 6.1).
func (d direction) mirrored() direction {
	switch d {
	case sendOnly:
		return recvOnly
	case recvOnly:
		return sendOnly
	}
	return d
}

// codecType is a codec and the payload type it has in a description.
type codecType struct {
	codec       Codec
	payloadType uint8
}

// remoteAudio is what matters to us of the other side's description.
type remoteAudio struct {
	index     int            // of its m= line
	addr      netip.AddrPort // for RTP; invalid: none, or on hold
	rtcp      netip.AddrPort // for RTCP
	codecs    []codecType    // those we know, in its order of preference
	eventType uint8          // of telephone-event; 0: none
	direction direction
	held      bool // c=0.0.0.0, the hold of RFC 2543
}

// onHold reports whether the other side does not listen to us.
func (r *remoteAudio) onHold() bool {
	return r.held || r.direction == sendOnly || r.direction == inactive
}

// find returns the payload type that the other side gives to a codec.
func (r *remoteAudio) find(c Codec) (uint8, bool) {
	for _, o := range r.codecs {
		if o.codec == c {
			return o.payloadType, true
		}
	}
	return 0, false
}

// readRemote picks the audio stream of a description: the first one that is
// not refused (port 0), is plain RTP and has a codec of ours. Its error is
// ErrNoAudio if there is no such stream, and ErrNoCommonCodec if there is one
// but without a codec of ours.
func readRemote(d *sdp.SessionDescription) (remoteAudio, error) {
	failure := ErrNoAudio
	for i, m := range d.MediaDescriptions {
		if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 || !plainRTP(m.MediaName.Protos) {
			continue
		}
		r := readAudio(d, m)
		if len(r.codecs) == 0 {
			failure = ErrNoCommonCodec
			continue
		}
		r.index = i
		return r, nil
	}
	return remoteAudio{}, failure
}

func plainRTP(protos []string) bool {
	p := strings.ToUpper(strings.Join(protos, "/"))
	return p == "RTP/AVP" || p == "RTP/AVPF"
}

// readAudio reads one stream. Its ptime is not looked at: frames of any length
// are understood, and ours last 20 ms, which every receiver has to take
// (RFC 3551, 4.2).
func readAudio(d *sdp.SessionDescription, m *sdp.MediaDescription) remoteAudio {
	r := remoteAudio{direction: sendRecv}
	for _, attributes := range [][]sdp.Attribute{d.Attributes, m.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case string(sendRecv), string(sendOnly), string(recvOnly), string(inactive):
				r.direction = direction(a.Key)
			}
		}
	}
	r.readFormats(m)
	r.readAddress(d, m)
	return r
}

// readFormats reads the payload types. The static ones need no rtpmap; a
// dynamic telephone-event counts only at 8 kHz, the clock of our codecs.
func (r *remoteAudio) readFormats(m *sdp.MediaDescription) {
	names := map[uint8]string{uint8(PCMU): "PCMU/8000", uint8(PCMA): "PCMA/8000"}
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		number, encoding, _ := strings.Cut(a.Value, " ")
		if t, ok := parsePayloadType(number); ok {
			encoding = strings.ToUpper(strings.TrimSpace(encoding))
			names[t] = strings.TrimSuffix(encoding, "/1")
		}
	}
	for _, format := range m.MediaName.Formats {
		t, ok := parsePayloadType(format)
		if !ok {
			continue
		}
		switch names[t] {
		case "PCMU/8000":
			r.codecs = append(r.codecs, codecType{PCMU, t})
		case "PCMA/8000":
			r.codecs = append(r.codecs, codecType{PCMA, t})
		case "TELEPHONE-EVENT/8000":
			if r.eventType == 0 {
				r.eventType = t
			}
		}
	}
}

func parsePayloadType(s string) (uint8, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 7)
	return uint8(n), err == nil // seven bits
}

// readAddress finds where RTP and RTCP shall be sent. A host name is not
// resolved, which could block: the latch finds the source.
func (r *remoteAudio) readAddress(d *sdp.SessionDescription, m *sdp.MediaDescription) {
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	if err != nil {
		return
	}
	ip = ip.Unmap()
	if ip.IsUnspecified() {
		r.held = true
		return
	}
	port := m.MediaName.Port.Value
	r.addr = netip.AddrPortFrom(ip, uint16(port)) // parsed as 16 bits
	if port < 65535 {
		r.rtcp = netip.AddrPortFrom(ip, uint16(port+1)) // checked
	}
	i := slices.IndexFunc(m.Attributes, func(a sdp.Attribute) bool { return a.Key == "rtcp" })
	if i < 0 {
		return
	}
	// RFC 3605: "port [IN IP4 address]"
	fields := strings.Fields(m.Attributes[i].Value)
	if len(fields) == 0 {
		return
	}
	rtcpPort, err := strconv.ParseUint(fields[0], 10, 16)
	if err != nil || rtcpPort == 0 {
		return
	}
	r.rtcp = netip.AddrPortFrom(ip, uint16(rtcpPort))
	if len(fields) == 4 {
		if other, err := netip.ParseAddr(fields[3]); err == nil && !other.IsUnspecified() {
			r.rtcp = netip.AddrPortFrom(other.Unmap(), uint16(rtcpPort))
		}
	}
}
