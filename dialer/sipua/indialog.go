package sipua

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer/leg"
)

// unacked is a 2xx of ours that waits for its ACK.
type unacked struct {
	tx    *sip.ServerTx
	res   *sip.Response
	seq   uint32
	every time.Duration
	// lateOffer is set when our 2xx made the offer: the ACK brings the answer.
	lateOffer bool
}

// reply sends a response to a request inside the dialog.
func (d *dialog) reply(tx *sip.ServerTx, req *sip.Request, code int, reason string, sdp []byte) *sip.Response {
	res := d.ep.response(req, code, reason)
	if code >= 200 && code < 300 && (req.Method == sip.INVITE || req.Method == sip.UPDATE) {
		res.AppendHeader(d.ep.contact())
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	if len(sdp) > 0 {
		setSDP(res, sdp)
	}
	d.ep.respond(tx, res)
	return res
}

// serveRequest serves one request inside the dialog; its handler checked that the
// source may speak in it.
func (d *dialog) serveRequest(req *sip.Request, tx *sip.ServerTx) {
	if d.phase >= confirmed && tagOf(req.From().Params) != d.remoteTag {
		d.reply(tx, req, 481, "Call/Transaction Does Not Exist", nil)
		return
	}
	// An old CSeq is out of order (RFC 3261 section 12.2.2).
	if seq := req.CSeq().SeqNo; seq < d.remoteSeq || (seq == d.remoteSeq && req.Method == sip.INVITE) {
		d.reply(tx, req, 500, "Server Internal Error", nil)
		return
	}
	d.remoteSeq = req.CSeq().SeqNo
	switch req.Method {
	case sip.BYE:
		d.byeCame(req, tx)
	case sip.INVITE:
		d.reinvited(req, tx)
	case sip.UPDATE:
		d.updated(req, tx)
	case sip.INFO:
		d.informed(req, tx)
	case sip.OPTIONS:
		d.reply(tx, req, 200, "OK", nil)
	default:
		d.ep.unknown(tx, req)
	}
}

// reinvited answers a re-INVITE (RFC 3261 section 14.2).
func (d *dialog) reinvited(req *sip.Request, tx *sip.ServerTx) {
	switch {
	case d.phase != confirmed:
		d.reply(tx, req, 481, "Call/Transaction Does Not Exist", nil)
		return
	case d.waitsForAck() != nil:
		// An offer is still pending.
		d.reply(tx, req, 491, "Request Pending", nil)
		return
	}
	offer := sdpOf(req)
	sdp, ok := d.offered(req, tx, offer)
	if !ok {
		return
	}
	d.retarget(req)
	res := d.reply(tx, req, 200, "OK", sdp)
	d.reinvite = &unacked{tx: tx, res: res, seq: req.CSeq().SeqNo, lateOffer: offer == nil}
	d.startRetransmitting(d.reinvite)
}

// updated answers an UPDATE (RFC 3311), with or without an offer.
func (d *dialog) updated(req *sip.Request, tx *sip.ServerTx) {
	if len(req.Body()) == 0 {
		d.retarget(req)
		d.reply(tx, req, 200, "OK", nil)
		return
	}
	if d.waitsForAck() != nil {
		d.reply(tx, req, 491, "Request Pending", nil)
		return
	}
	sdp, ok := d.offered(req, tx, sdpOf(req))
	if !ok {
		return
	}
	d.retarget(req)
	d.reply(tx, req, 200, "OK", sdp)
}

// offered asks the owner to answer an offer, nil for a late one; it replies
// itself when there is no answer.
func (d *dialog) offered(req *sip.Request, tx *sip.ServerTx, offer []byte) ([]byte, bool) {
	if offer == nil && len(req.Body()) > 0 {
		d.unsupportedMedia(req, tx)
		return nil, false
	}
	if d.reoffer == nil {
		d.reply(tx, req, 488, "Not Acceptable Here", nil)
		return nil, false
	}
	sdp, err := d.reoffer(offer)
	if err != nil {
		d.reply(tx, req, 488, "Not Acceptable Here", nil)
		return nil, false
	}
	return sdp, true
}

func (d *dialog) unsupportedMedia(req *sip.Request, tx *sip.ServerTx) {
	res := d.ep.response(req, 415, "Unsupported Media Type")
	res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	d.ep.respond(tx, res)
}

// retarget follows a new Contact (RFC 3261 section 12.2.2). The hop changes
// only where it is an address: a look-up would stop the dialog.
func (d *dialog) retarget(req *sip.Request) {
	uri, ok := contactURI(req)
	if !ok {
		return
	}
	d.target = uri
	if len(d.routes) > 0 {
		return
	}
	d.findHop(cancelledContext(), req.Source())
}

// informed takes a DTMF digit (RFC 6086, application/dtmf-relay and
// application/dtmf).
func (d *dialog) informed(req *sip.Request, tx *sip.ServerTx) {
	d.reply(tx, req, 200, "OK", nil)
	var text string
	switch contentType(req) {
	case "application/dtmf-relay":
		for line := range strings.Lines(string(req.Body())) {
			key, value, _ := strings.Cut(line, "=")
			if strings.EqualFold(strings.TrimSpace(key), "Signal") {
				text = strings.TrimSpace(value)
			}
		}
	case "application/dtmf":
		text = strings.TrimSpace(string(req.Body()))
	}
	if digit, ok := digitOf(text); ok && d.phase == confirmed {
		d.emit(leg.Event{Kind: leg.Digit, Digit: digit})
	}
}

// digitOf reads a DTMF signal; 10 and 11 stand for star and hash.
func digitOf(s string) (byte, bool) {
	switch s = strings.ToUpper(s); {
	case s == "10":
		return '*', true
	case s == "11":
		return '#', true
	case len(s) == 1 && strings.ContainsRune("0123456789*#ABCD", rune(s[0])):
		return s[0], true
	}
	return 0, false
}

// waitsForAck gives our 2xx that waits for its ACK, if any.
func (d *dialog) waitsForAck() *unacked {
	if d.server != nil && d.server.unacked != nil {
		return d.server.unacked
	}
	return d.reinvite
}

func (d *dialog) startRetransmitting(u *unacked) {
	u.every = sip.T1
	d.alarms.set(alarmRetransmit, u.every)
	d.alarms.set(alarmNoAck, 64*sip.T1)
}

func (d *dialog) stopRetransmitting() {
	d.reinvite = nil
	if d.server != nil {
		d.server.unacked = nil
	}
	d.alarms.stop(alarmRetransmit)
	d.alarms.stop(alarmNoAck)
}

// retransmit sends our 2xx again (RFC 3261 section 13.3.1.4).
func (d *dialog) retransmit() {
	u := d.waitsForAck()
	if u == nil {
		return
	}
	d.ep.respond(u.tx, u.res)
	u.every = min(2*u.every, sip.T2)
	d.alarms.set(alarmRetransmit, u.every)
}

// ackCame takes the ACK of our 2xx.
func (d *dialog) ackCame(req *sip.Request) {
	u := d.waitsForAck()
	if u == nil || req.CSeq() == nil || req.CSeq().SeqNo != u.seq || d.phase != confirmed {
		return
	}
	first := d.server != nil && u == d.server.unacked
	d.stopRetransmitting()
	if first {
		d.acknowledged(req)
		return
	}
	if sdp := sdpOf(req); u.lateOffer && sdp != nil && d.reoffer != nil {
		// The answer to our offer: the owner takes the other side's address
		// and direction from it.
		if _, err := d.reoffer(sdp); err != nil {
			d.ep.log.Debug("sip: answer in ACK", "call_id", d.callID, "error", err)
		}
	}
}

// noAck ends a dialog whose 2xx was never acknowledged.
func (d *dialog) noAck() {
	u := d.waitsForAck()
	if u == nil || d.phase != confirmed {
		return
	}
	if d.server != nil && u == d.server.unacked {
		d.stopRetransmitting()
		d.ep.startAndForget(d.nextBye())
		d.fail(408, "no ACK")
		return
	}
	d.startBye()
}
