package media

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"

	"github.com/pion/sdp/v3"
)

// negotiation is the offer/answer state of a leg (RFC 3264). All fields are
// guarded by mu.
type negotiation struct {
	mu        sync.Mutex
	session   uint64
	version   uint64
	sent      []byte // our newest description
	agreed    bool   // an exchange has been completed, if only provisionally
	confirmed bool
	codec     Codec // in use; before an agreement the preferred one
	eventType uint8 // our number for telephone-event in the last offer or answer
	remote    remoteAudio
}

// begin sets what a new leg starts with.
func (n *negotiation) begin(preferPCMA bool) {
	n.eventType, n.codec = localEventType, PCMU
	if preferPCMA {
		n.codec = PCMA
	}
	// 62 bits: some implementations read a signed number.
	n.session, n.version = rand.Uint64()>>2, 1 // need not be secret
}

// Offer returns our offer: both laws, telephone-event, ptime 20. Before the
// first agreement it is the same each time; after it, it is a re-offer with a
// version of its own, which keeps the payload types in use.
func (l *Leg) Offer() []byte {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	return l.offerLocked()
}

func (l *Leg) offerLocked() []byte {
	n := &l.nego
	codecs, eventType := offerOf(n.codec)
	if n.agreed && n.eventType != 0 {
		eventType = n.eventType
	}
	n.eventType = eventType
	return n.writeLocked(n.agreed, func() *sdp.SessionDescription {
		return l.localLocked(codecs, eventType, sendRecv).offer()
	})
}

// localLocked returns our side as it stands.
func (l *Leg) localLocked(codecs []codecType, eventType uint8, d direction) *localAudio {
	return &localAudio{
		addr:    netip.AddrPortFrom(l.f.advertised, uint16(l.port)), // validated range
		session: l.nego.session, version: l.nego.version,
		codecs: codecs, eventType: eventType, direction: d,
	}
}

// writeLocked returns a description of ours. Its version goes up when it is
// not what was sent last, or when that is asked for (RFC 3264, 8).
func (n *negotiation) writeLocked(raise bool, build func() *sdp.SessionDescription) []byte {
	body := marshal(build())
	if n.sent != nil && (raise || !bytes.Equal(body, n.sent)) {
		n.version++
		body = marshal(build())
	}
	n.sent = body
	return bytes.Clone(body)
}

// marshal never fails: pion's Marshal has an error result without a case.
func marshal(d *sdp.SessionDescription) []byte {
	b, _ := d.Marshal()
	return b
}

// SetAnswer takes the final answer to our offer. An empty one is right if a
// provisional answer had a description already, which then holds; otherwise
// the error is ErrNoAnswer. Other errors: ErrNoCommonCodec, ErrNoAudio,
// ErrAddressFamily, or what is wrong with the description.
func (l *Leg) SetAnswer(answer []byte) error {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	if len(bytes.TrimSpace(answer)) == 0 {
		if l.nego.agreed {
			return nil
		}
		return ErrNoAnswer
	}
	return l.acceptLocked(answer)
}

// SetEarly takes the description of a provisional response. The next
// provisional or the final one replaces it. An empty one changes nothing.
func (l *Leg) SetEarly(answer []byte) error {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	if len(bytes.TrimSpace(answer)) == 0 {
		return nil
	}
	return l.acceptLocked(answer)
}

// acceptLocked applies an answer to our offer.
func (l *Leg) acceptLocked(answer []byte) error {
	_, remote, err := l.readLocked(answer)
	if err != nil {
		return err
	}
	n := &l.nego
	types := payloadMap{pcmu: uint8(PCMU), pcma: uint8(PCMA), event: n.eventType, eventAlias: remote.eventType}
	l.applyLocked(remote, remote.codecs[0], types)
	return nil
}

// Answer returns the answer to an offer, be it the first or that of a
// re-INVITE, and applies it: hold, resume, another address, another codec. To
// an empty offer it returns our own offer, whose answer comes with SetAnswer.
// After an error nothing has changed and the caller refuses with 488.
func (l *Leg) Answer(offer []byte) ([]byte, error) {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	if len(bytes.TrimSpace(offer)) == 0 {
		return l.offerLocked(), nil
	}
	description, remote, err := l.readLocked(offer)
	if err != nil {
		return nil, err
	}
	n := &l.nego
	chosen := choose(&remote, n.codec)
	n.eventType = remote.eventType
	types := payloadMap{pcmu: uint8(PCMU), pcma: uint8(PCMA), event: remote.eventType}
	for _, c := range remote.codecs {
		switch c.codec {
		case PCMU:
			types.pcmu = c.payloadType
		case PCMA:
			types.pcma = c.payloadType
		}
	}
	mine := remote.direction.mirrored()
	if remote.held && mine == sendRecv {
		mine = recvOnly
	}
	l.applyLocked(remote, chosen, types)
	return n.writeLocked(false, func() *sdp.SessionDescription {
		return l.localLocked([]codecType{chosen}, remote.eventType, mine).answer(description, remote.index)
	}), nil
}

// readLocked parses a description of the far end.
func (l *Leg) readLocked(b []byte) (*sdp.SessionDescription, remoteAudio, error) {
	description, err := parseSDP(b)
	if err != nil {
		return nil, remoteAudio{}, err
	}
	remote, err := readRemote(description)
	if err != nil {
		return nil, remoteAudio{}, err
	}
	if ip := remote.addr.Addr(); ip.IsValid() && !l.f.ports.serves(ip) {
		return nil, remoteAudio{}, fmt.Errorf("%w: %s", ErrAddressFamily, ip)
	}
	return description, remote, nil
}

// applyLocked makes receiver and sender do what was agreed.
func (l *Leg) applyLocked(remote remoteAudio, chosen codecType, types payloadMap) {
	n := &l.nego
	n.agreed, n.remote, n.codec = true, remote, chosen.codec
	l.out.setTarget(target{
		codec: chosen.codec, codecType: chosen.payloadType,
		eventType: remote.eventType, muted: remote.onHold(),
	})
	l.in.setRemote(remote.addr, types)
	l.watchLocked()
}

// watchLocked starts or stops the watch over dead media: it makes sense while
// the far end is to send and does not hold.
func (l *Leg) watchLocked() {
	n := &l.nego
	on := n.confirmed && n.agreed && !n.remote.onHold() && n.remote.direction != recvOnly
	l.in.watch(on, l.f.options.Now())
}

// Codec returns the law in use; before an agreement the preferred one.
func (l *Leg) Codec() Codec {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	return l.nego.codec
}

// OnHold reports whether the far end holds us: it does not want to hear us.
func (l *Leg) OnHold() bool {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	return l.nego.agreed && l.nego.remote.onHold()
}
