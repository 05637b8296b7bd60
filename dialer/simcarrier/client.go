package simcarrier

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"
)

// This file is the client side of a line: the requests that it sends.

// newRequest builds a request of the dialog from our tag, with a new branch.
func (l *line) newRequest(method sip.RequestMethod, tag string, seq uint32) *sip.Request {
	d := &l.dialog
	req := sip.NewRequest(method, d.target)
	via := &sip.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP",
		Host: l.ep.addr.Addr().String(), Port: int(l.ep.addr.Port()), Params: sip.NewParams(),
	}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	req.AppendHeader(via)
	for _, route := range d.routes {
		req.AppendHeader(&sip.RouteHeader{Address: route})
	}
	from := d.local
	from.Params = from.Params.Clone()
	from.Params.Add("tag", tag)
	to := d.remote
	to.Params = to.Params.Clone()
	callID := sip.CallIDHeader(d.callID)
	forwards := sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{
		&from, &to, &callID, &sip.CSeqHeader{SeqNo: seq, MethodName: method}, &forwards, l.ep.contact(l.user),
	} {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	return req
}

// destination is the address of the first route or of the target. A host name
// is not looked up: the message then goes where the last one came from.
func (d *dialog) destination() netip.AddrPort {
	uri := d.target
	if len(d.routes) > 0 {
		uri = d.routes[0]
	}
	ip, err := netip.ParseAddr(uri.Host)
	if err != nil || ip.IsUnspecified() {
		return d.peer
	}
	port := uri.Port
	if port <= 0 || port > 65535 {
		port = sip.DefaultUdpPort
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port))
}

// ask sends a request other than ACK, repeats it until a response and takes
// the responses to its branch.
func (l *line) ask(req *sip.Request, key string, expire signal) *resend {
	branch, _ := req.Via().Params.Get("branch")
	l.ep.bind(transactionKey(branch, req.Method), l)
	return l.repeat(key, []byte(req.String()), l.dialog.destination(), expire)
}

// hangUp ends an answered call with BYE.
func (l *line) hangUp(by Ender) {
	l.end(by)
	l.bye()
}

func (l *line) bye() {
	for _, t := range l.tags {
		if t.ended {
			continue
		}
		t.ended = true
		l.stopResend("200|" + t.tag)
		l.dialog.seq++
		l.ask(l.newRequest(sip.BYE, t.tag, l.dialog.seq), "bye|"+t.tag, sigNone)
	}
}

// probe asks whether the other side still knows the dialog.
func (l *line) probe() {
	l.dialog.seq++
	r := l.ask(l.newRequest(sip.OPTIONS, l.tag(), l.dialog.seq), "probe", sigLost)
	r.until = time.Now().Add(6 * l.carrier.options.T1)
}

// abort ends a call that no script ended: the carrier stops. The record keeps
// no end, since the call had none of its own.
func (l *line) abort() {
	l.over = true
	switch {
	case !l.rec.AnsweredAt.IsZero():
		l.bye()
	case l.invite.req == nil:
		l.cancelOwn()
	case l.rec.Behaviour != Silent:
		l.final = true
		l.lastReply = l.answerTo(l.invite, 503, l.tags[0].tag, nil)
	}
}

// handleResponse takes the response to one of our requests.
func (l *line) handleResponse(m message) signal {
	res, method := m.res, m.res.CSeq().MethodName
	provisional := res.StatusCode < 200
	tag, _ := res.From().Params.Get("tag")
	switch method {
	case sip.BYE:
		if !provisional {
			l.stopResend("bye|" + tag)
		}
	case sip.OPTIONS:
		return l.probed(res.StatusCode)
	case sip.CANCEL:
		l.stopResend("cancel")
	case sip.INVITE:
		l.stopResend("invite")
		l.response = res
		l.dialog.peer = m.from
		if !provisional {
			l.final = true
			l.acknowledge(res)
		}
		return sigResponse
	}
	return sigNone
}

// probed takes the answer to probe: any but 481 and 408 shows a live dialog.
func (l *line) probed(code int) signal {
	if !l.stopResend("probe") || code < 200 {
		return sigNone
	}
	if code == 481 || code == 408 {
		return sigLost
	}
	l.probing = false
	l.probeAt = time.Now().Add(l.carrier.mediaLost)
	return sigNone
}

// acknowledge sends ACK for a final response to our INVITE: in the INVITE's
// transaction for a refusal, in the dialog that it makes for a 2xx.
func (l *line) acknowledge(res *sip.Response) {
	if res.StatusCode >= 300 {
		ack := l.newRequest(sip.ACK, l.tags[0].tag, res.CSeq().SeqNo)
		ack.ReplaceHeader(l.ownInvite.Via().Clone())
		ack.ReplaceHeader(res.To())
		l.ep.send([]byte(ack.String()), l.dialog.destination())
		return
	}
	l.adopt(res)
	ack := l.newRequest(sip.ACK, l.tags[0].tag, res.CSeq().SeqNo)
	l.ep.send([]byte(ack.String()), l.dialog.destination())
}

// adopt makes the dialog of a 2xx ours (RFC 3261 section 12.1.2).
func (l *line) adopt(res *sip.Response) {
	l.dialog.remote = *res.To()
	if contact := res.Contact(); contact != nil {
		l.dialog.target = *contact.Address.Clone()
	}
	l.dialog.routes = l.dialog.routes[:0]
	headers := res.GetHeaders("Record-Route")
	for _, h := range slices.Backward(headers) {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			l.dialog.routes = append(l.dialog.routes, rr.Address)
		}
	}
}

// cancelOwn gives up our own INVITE. CANCEL waits for a provisional response;
// without one it is sent when that comes.
func (l *line) cancelOwn() {
	if l.ownInvite == nil || l.final {
		return
	}
	l.giveUp = true
	l.stopResend("invite")
	if l.response == nil || l.cancelSent {
		return
	}
	l.cancelSent = true
	cancel := l.newRequest(sip.CANCEL, l.tags[0].tag, l.ownInvite.CSeq().SeqNo)
	cancel.ReplaceHeader(l.ownInvite.Via().Clone())
	l.ask(cancel, "cancel", sigNone)
}

// lateResponse handles a response to our INVITE after we gave up: CANCEL after
// the first provisional one, BYE after a 2xx that crossed it.
func (l *line) lateResponse() {
	if !l.giveUp || l.response == nil {
		return
	}
	switch code := l.response.StatusCode; {
	case code < 200:
		l.cancelOwn()
	case code < 300:
		l.bye()
	}
}

// newInvite builds the INVITE of an inbound call.
func (l *line) newInvite(sdp []byte) *sip.Request {
	l.dialog.seq++
	req := l.newRequest(sip.INVITE, l.tags[0].tag, l.dialog.seq)
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	req.AppendHeader(sip.NewHeader("P-Asserted-Identity", fmt.Sprintf("<sip:%s@%s>", l.rec.Number, l.ep.addr.Addr())))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(sdp)
	return req
}
