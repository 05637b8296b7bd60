package media

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/pion/sdp/v3"
)

// localEventType is the payload type that our offers give to telephone-event.
const localEventType = 101

// localAudio is our side of a description.
type localAudio struct {
	addr      netip.AddrPort
	session   uint64 // o= session id
	version   uint64 // o= session version
	codecs    []codecType
	eventType uint8 // 0: none
	direction direction
}

// offerOf returns the audio line of an offer with both laws, the preferred one
// first.
func offerOf(preferred Codec) (codecs []codecType, eventType uint8) {
	codecs = []codecType{{PCMU, uint8(PCMU)}, {PCMA, uint8(PCMA)}}
	if preferred == PCMA {
		slices.Reverse(codecs)
	}
	return codecs, localEventType
}

// choose returns the codec for an answer: the preferred law if it is offered,
// so that both legs of a call speak the same one, else the offerer's first.
// RFC 3264, 6.1 leaves the choice to the answerer.
func choose(r *remoteAudio, preferred Codec) codecType {
	if t, ok := r.find(preferred); ok {
		return codecType{preferred, t}
	}
	return r.codecs[0]
}

// offer returns the session description of an offer.
func (l *localAudio) offer() *sdp.SessionDescription {
	d := l.sessionPart()
	d.MediaDescriptions = []*sdp.MediaDescription{l.media([]string{"RTP", "AVP"})}
	return d
}

// answer returns the session description of an answer to an offer whose audio
// line is the one at index: it has the same number of m= lines, all but that
// one refused (RFC 3264, 6).
func (l *localAudio) answer(offer *sdp.SessionDescription, index int) *sdp.SessionDescription {
	d := l.sessionPart()
	for i, m := range offer.MediaDescriptions {
		name := m.MediaName
		if i == index {
			d.MediaDescriptions = append(d.MediaDescriptions, l.media(name.Protos))
			continue
		}
		name.Port = sdp.RangedPort{Value: 0}
		if len(name.Formats) == 0 { // the grammar wants at least one
			name.Formats = []string{"0"}
		}
		d.MediaDescriptions = append(d.MediaDescriptions, &sdp.MediaDescription{MediaName: name})
	}
	return d
}

// sessionPart returns the session part of a description.
func (l *localAudio) sessionPart() *sdp.SessionDescription {
	family := "IP4"
	if l.addr.Addr().Is6() {
		family = "IP6"
	}
	return &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: l.session, SessionVersion: l.version,
			NetworkType: "IN", AddressType: family, UnicastAddress: l.addr.Addr().String(),
		},
		SessionName: "-",
		ConnectionInformation: &sdp.ConnectionInformation{
			NetworkType: "IN", AddressType: family,
			Address: &sdp.Address{Address: l.addr.Addr().String()},
		},
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
}

func (l *localAudio) media(protos []string) *sdp.MediaDescription {
	m := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: "audio", Port: sdp.RangedPort{Value: int(l.addr.Port())}, Protos: protos,
	}}
	add := func(t uint8, encoding string) {
		number := strconv.Itoa(int(t))
		m.MediaName.Formats = append(m.MediaName.Formats, number)
		m.WithValueAttribute("rtpmap", number+" "+encoding)
	}
	for _, c := range l.codecs {
		add(c.payloadType, c.codec.String()+"/8000")
	}
	if l.eventType != 0 {
		add(l.eventType, "telephone-event/8000")
		m.WithValueAttribute("fmtp", strconv.Itoa(int(l.eventType))+" 0-15")
	}
	return m.WithValueAttribute("ptime", "20").WithPropertyAttribute(string(l.direction))
}
