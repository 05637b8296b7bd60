package simcarrier

import (
	"errors"
	"strconv"

	"github.com/emiago/sipgo/sip"
)

// This file is the server side of a line: what it answers to requests.

// answerTo sends a response to a request of this line and returns its bytes.
func (l *line) answerTo(m message, code int, tag string, body []byte, more ...sip.Header) []byte {
	res := sip.NewResponseFromRequest(m.req, code, reasonPhrase(code), body)
	if to := res.To(); to != nil && code != 100 {
		to.Params.Add("tag", tag)
	}
	if m.req.Method == sip.INVITE || m.req.Method == sip.UPDATE {
		if code > 100 && code < 300 {
			res.AppendHeader(l.ep.contact(l.user))
		}
		if code == 200 {
			res.AppendHeader(sip.NewHeader("Allow", allowed))
		}
	}
	if len(body) > 0 {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	for _, h := range more {
		res.AppendHeader(h)
	}
	datagram := []byte(res.String())
	l.ep.send(datagram, replyAddr(m))
	return datagram
}

// tag is our tag in the dialog that goes on.
func (l *line) tag() string {
	for _, t := range l.tags {
		if !t.ended {
			return t.tag
		}
	}
	return l.tags[0].tag
}

// addTag gives the line one more tag of our own.
func (l *line) addTag() *dialogTag {
	t := &dialogTag{tag: sip.GenerateTagN(12)}
	l.tags = append(l.tags, t)
	l.ep.bind(dialogKey(l.dialog.callID, t.tag), l)
	return t
}

// provisional answers the INVITE with a 1xx.
func (l *line) provisional(code int, body []byte) {
	l.lastReply = l.answerTo(l.invite, code, l.tags[0].tag, body)
	if code >= 180 && l.rec.RingingAt.IsZero() {
		l.rec.RingingAt = l.now()
	}
}

// fail answers the INVITE with a final refusal and ends the call.
func (l *line) fail(code int, result Result, by Ender, more ...sip.Header) {
	l.final, l.over = true, true
	l.rec.Code, l.rec.Result, l.rec.EndedBy, l.rec.EndedAt = code, result, by, l.now()
	l.lastReply = l.answerTo(l.invite, code, l.tags[0].tag, nil, more...)
	l.resendOnly("final", l.lastReply, replyAddr(l.invite), sigNone)
}

// openMedia takes the offer and a socket; it fails the call where it cannot.
func (l *line) openMedia(grid []int) bool {
	if l.audio.Load() != nil {
		return true
	}
	if body := l.invite.req.Body(); len(body) > 0 {
		offer, err := parseSDP(body)
		if err != nil {
			if !errors.Is(err, errNoCommonCodec) {
				l.log.Debug("offer refused", "error", err)
			}
			l.fail(488, ResultIncompatible, EndedByUs)
			return false
		}
		l.offer, l.offered = offer, true
	}
	leg, err := l.carrier.studio.open(grid)
	if err != nil {
		l.log.Error("no audio for a call", "error", err)
		l.fail(500, ResultFailed, EndedByUs)
		return false
	}
	if l.offered {
		leg.connect(l.offer)
	}
	l.audio.Store(leg)
	return true
}

// sdp is our answer to the offer, or our offer where there was none.
func (l *line) sdp() []byte {
	at := l.audio.Load().port
	if l.offered {
		return answerSDP(l.offer, at, l.sdpID, l.version)
	}
	return offerSDP(at, l.sdpID)
}

// pickUp answers the INVITE with 200, as t, and has it repeated until ACK.
func (l *line) pickUp(t *dialogTag, body []byte) {
	datagram := l.answerTo(l.invite, 200, t.tag, body)
	if !l.final {
		l.lastReply = datagram
		l.final, l.watch = true, true
		l.rec.Code, l.rec.AnsweredAt = 200, l.now()
	}
	expire := sigLost
	if t != l.tags[0] {
		expire = sigNone
	}
	l.resendOnly("200|"+t.tag, datagram, replyAddr(l.invite), expire)
}

func (l *line) handleRequest(m message) signal {
	tag, _ := m.req.To().Params.Get("tag")
	switch m.req.Method {
	case sip.INVITE:
		if tag == "" {
			if l.lastReply != nil {
				l.ep.send(l.lastReply, replyAddr(m)) // a retransmission
			}
			return sigNone
		}
		l.renegotiate(m, tag)
	case sip.UPDATE:
		l.renegotiate(m, tag)
	case sip.ACK:
		return l.acknowledged(m, tag)
	case sip.CANCEL:
		return l.cancelled(m)
	case sip.BYE:
		return l.hungUp(m, tag)
	case sip.OPTIONS, sip.INFO:
		l.answerTo(m, 200, tag, nil, sip.NewHeader("Allow", allowed))
	default:
		l.answerTo(m, 405, tag, nil, sip.NewHeader("Allow", allowed))
	}
	return sigNone
}

// acknowledged stops the repetition of the response that an ACK is for. An ACK
// may carry the answer to our offer.
func (l *line) acknowledged(m message, tag string) signal {
	if leg, body := l.audio.Load(), m.req.Body(); leg != nil && len(body) > 0 && !l.over {
		if s, err := parseSDP(body); err == nil {
			leg.connect(s)
		} else {
			l.log.Debug("unusable SDP in an ACK", "error", err)
		}
	}
	if l.stopResend("re|" + strconv.FormatUint(uint64(m.req.CSeq().SeqNo), 10)) {
		return sigNone
	}
	l.stopResend("final")
	if !l.stopResend("200|" + tag) {
		return sigNone
	}
	for i, t := range l.tags {
		if t.tag != tag {
			continue
		}
		t.acked = true
		if i == 0 {
			l.rec.Acked = true
		} else if l.rec.Fork == "leaked" {
			l.rec.Fork = "acked"
		}
	}
	return sigAck
}

// cancelled handles CANCEL (RFC 3261 section 9.2): without effect after a
// final response, else 200 to it and 487 to the INVITE.
func (l *line) cancelled(m message) signal {
	if l.final {
		code := 200
		if l.rec.Behaviour == Cancel481 {
			code = 481
		}
		l.answerTo(m, code, l.tags[0].tag, nil)
		return sigNone
	}
	if l.onCancel != nil {
		l.onCancel(m)
		return sigCancel
	}
	l.answerTo(m, 200, l.tags[0].tag, nil)
	l.fail(487, ResultCancelled, EndedByThem)
	return sigCancel
}

// hungUp handles BYE. With two tags the call ends with the second BYE.
func (l *line) hungUp(m message, tag string) signal {
	if l.byeFirst {
		l.answerTo(m, 100, tag, nil)
		res := sip.NewResponseFromRequest(m.req, 200, reasonPhrase(200), nil)
		l.later("bye", []byte(res.String()), replyAddr(m), crossDelay)
	} else {
		l.answerTo(m, 200, tag, nil)
	}
	l.stopResend("200|" + tag)
	if l.over {
		return sigNone
	}
	if l.invite.req != nil && !l.final {
		l.fail(487, ResultCancelled, EndedByThem)
		return sigCancel
	}
	left := 0
	for _, t := range l.tags {
		if t.tag == tag {
			t.ended = true
		}
		if !t.ended {
			left++
		}
	}
	if left > 0 {
		if l.rec.Fork == "acked" && l.now().Sub(l.rec.AnsweredAt) < 4*l.carrier.options.T1 {
			l.rec.Fork = "released"
		}
		return sigNone
	}
	l.end(EndedByThem)
	return sigBye
}

// renegotiate handles a re-INVITE or UPDATE: hold, a changed address, a codec.
func (l *line) renegotiate(m message, tag string) {
	leg := l.audio.Load()
	if l.over || leg == nil || l.rec.AnsweredAt.IsZero() {
		code := 491
		if l.over {
			code = 481
		}
		l.answerTo(m, code, tag, nil)
		return
	}
	var answer []byte
	if body := m.req.Body(); len(body) > 0 {
		s, err := parseSDP(body)
		if err != nil {
			l.answerTo(m, 488, tag, nil)
			return
		}
		leg.connect(s)
		l.version++
		leg.touch()
		l.watch = s.toUs()
		answer = answerSDP(s, leg.port, l.sdpID, l.version)
	} else if m.req.Method == sip.INVITE {
		answer = offerSDP(leg.port, l.sdpID)
	}
	if target := m.req.Contact(); target != nil {
		l.dialog.target = *target.Address.Clone()
	}
	datagram := l.answerTo(m, 200, tag, answer)
	if m.req.Method == sip.INVITE {
		l.resendOnly("re|"+strconv.FormatUint(uint64(m.req.CSeq().SeqNo), 10), datagram, replyAddr(m), sigNone)
	}
}

// end closes the record of a call that was answered.
func (l *line) end(by Ender) {
	l.over, l.watch = true, false
	if l.rec.Result == "" {
		l.rec.Result = ResultAnswered
	}
	l.rec.EndedBy, l.rec.EndedAt = by, l.now()
}
