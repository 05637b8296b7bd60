package sipua

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer"
)

// retryAfterFull is told to callers that are refused for want of room, in
// seconds.
const retryAfterFull = 5

// onRequest serves a request in a goroutine of sipgo's; for an INVITE it
// returns at the end of the call.
func (e *endpoint) onRequest(req *sip.Request, tx *sip.ServerTx) {
	if !e.ua.begin() {
		tx.Terminate()
		return
	}
	defer e.ua.work.Done()
	// Leaves what got its final response to its timers.
	defer tx.TerminateGracefully()
	defer func() {
		if r := recover(); r != nil {
			e.ua.caught("handler", r)
			e.respond(tx, e.response(req, 500, "Server Internal Error"))
		}
	}()
	if req.Method == sip.ACK {
		return
	}
	var arrived *arrival
	if req.Method == sip.INVITE {
		arrived = e.takeArrival(req)
		defer e.forgetArrival(req)
	}
	if code, reason := malformed(req); code != 0 {
		e.respond(tx, e.response(req, code, reason))
		return
	}
	switch {
	case req.Method == sip.CANCEL:
		e.onCancel(req, tx)
	case arrived != nil:
		e.onInvite(req, tx, arrived)
	case toTag(req) != "":
		e.onInDialog(req, tx)
	case req.Method == sip.INVITE:
		e.busy(req, tx)
	case req.Method == sip.OPTIONS:
		res := e.response(req, 200, "OK")
		res.AppendHeader(sip.NewHeader("Allow", allowed))
		res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
		e.respond(tx, res)
	case req.Method == sip.REGISTER:
		e.respond(tx, e.response(req, 403, "Forbidden"))
	case knownMethods[req.Method], req.Method == sip.PRACK:
		e.respond(tx, e.response(req, 481, "Call/Transaction Does Not Exist"))
	default:
		e.unknown(tx, req)
	}
}

// malformed checks what every handler relies on; zero: sound.
func malformed(req *sip.Request) (int, string) {
	if req.SipVersion != "SIP/2.0" {
		return 505, "Version Not Supported"
	}
	cseq := req.CSeq()
	switch {
	case req.From() == nil:
		return 400, "Missing From"
	case req.To() == nil:
		return 400, "Missing To"
	case req.CallID() == nil || req.CallID().Value() == "":
		return 400, "Missing Call-ID"
	case cseq == nil || cseq.MethodName != req.Method:
		return 400, "CSeq Mismatch"
	}
	switch req.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return 416, "Unsupported URI Scheme"
	}
	return 0, ""
}

// onCancel serves a CANCEL that matched no INVITE in sipgo: the INVITE may be
// on its way to its handler.
func (e *endpoint) onCancel(req *sip.Request, tx *sip.ServerTx) {
	if e.cancelArrival(req) {
		e.respond(tx, e.response(req, 200, "OK"))
		return
	}
	e.respond(tx, e.response(req, 481, "Call/Transaction Does Not Exist"))
}

// onInDialog hands a request to its dialog and waits until it is answered.
func (e *endpoint) onInDialog(req *sip.Request, tx *sip.ServerTx) {
	d := e.dialogFor(req)
	if d == nil {
		e.respond(tx, e.response(req, 481, "Call/Transaction Does Not Exist"))
		return
	}
	source, err := netip.ParseAddrPort(req.Source())
	if err != nil || !e.sameParty(d.trunk, d.peer, source.Addr()) {
		e.ua.metrics.drop(dropPeer)
		tx.Terminate()
		return
	}
	item := &inDialog{req: req, tx: tx, done: make(chan struct{}), unserved: 481}
	if !d.inbox.put(item) {
		e.ua.metrics.drop(dropOverload)
		e.respond(tx, e.response(req, 481, "Call/Transaction Does Not Exist"))
		return
	}
	<-item.done
	if item.unserved != 0 {
		e.respond(tx, e.response(req, item.unserved, statusText(item.unserved)))
	}
}

// onInvite takes a new call and is its goroutine until it ends.
func (e *endpoint) onInvite(req *sip.Request, tx *sip.ServerTx, arrived *arrival) {
	source, err := netip.ParseAddrPort(req.Source())
	if err != nil {
		return
	}
	trunk := ""
	if !e.phones {
		trunk = e.ua.trunkOf(source.Addr())
	}
	take := e.ua.takeCall.Load()
	contact, hasContact := contactURI(req)
	switch {
	case trunk == "":
		e.respond(tx, e.response(req, 403, "Forbidden"))
		return
	case len(headerValues(req, "require")) > 0:
		res := e.response(req, 420, "Bad Extension")
		res.AppendHeader(sip.NewHeader("Unsupported", phrase(strings.Join(headerValues(req, "require"), ", "))))
		e.respond(tx, res)
		return
	case len(req.Body()) > 0 && sdpOf(req) == nil:
		res := e.response(req, 415, "Unsupported Media Type")
		res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
		e.respond(tx, res)
		return
	case !hasContact || tagOf(req.From().Params) == "":
		e.respond(tx, e.response(req, 400, "Missing Contact or From tag"))
		return
	case take == nil:
		e.respond(tx, e.response(req, 480, "Temporarily Unavailable"))
		return
	}
	d := e.newServerDialog(req, tx, arrived.tag, trunk, source)
	d.target = contact
	if !e.ua.beginDialog() {
		e.busy(req, tx)
		return
	}
	defer e.ua.dialogs.Done()
	if !e.enter(d) {
		e.busy(req, tx)
		return
	}
	d.run(func() { d.offerCall(*take, arrived) })
}

// offerCall asks the owner whether it takes the call.
func (d *dialog) offerCall(take dialer.TakeCall, arrived *arrival) {
	s := d.server
	s.respond(d, 100, "Trying", nil)
	live := s.tx.OnCancel(func(*sip.Request) { d.inbox.command(cancelCame{}) })
	if !d.ep.bindArrival(arrived, d) || !live {
		s.respond(d, 487, "Request Terminated", nil)
		d.phase = ended
		return
	}
	post, reoffer, refuse := take(dialer.Incoming{
		Trunk: d.trunk, Caller: callerOf(s.req), Called: calledOf(s.req), SDP: sdpOf(s.req), Dialog: d,
	})
	if post == nil {
		if refuse < 400 || refuse > 699 {
			refuse = 480
		}
		s.respond(d, refuse, statusText(refuse), nil)
		d.phase = ended
		return
	}
	d.post, d.reoffer = post, reoffer
	d.ringing()
}

// busy refuses a call for want of room.
func (e *endpoint) busy(req *sip.Request, tx *sip.ServerTx) {
	res := e.response(req, 503, "Service Unavailable")
	res.AppendHeader(sip.NewHeader("Retry-After", strconv.Itoa(retryAfterFull)))
	e.respond(tx, res)
}

// unknown refuses a method: 405 for one of the RFCs, 501 for any other.
func (e *endpoint) unknown(tx *sip.ServerTx, req *sip.Request) {
	res := e.response(req, 501, "Not Implemented")
	if _, known := knownMethods[req.Method]; known {
		res = e.response(req, 405, "Method Not Allowed")
	}
	res.AppendHeader(sip.NewHeader("Allow", allowed))
	e.respond(tx, res)
}

// response builds a response to a request.
func (e *endpoint) response(req *sip.Request, code int, reason string) *sip.Response {
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	res.SipVersion = "SIP/2.0"
	res.AppendHeader(sip.NewHeader("Server", e.ua.opts.UserAgent))
	return res
}

// respond sends a response; an error is only logged: a request that is not
// answered is repeated by its sender.
func (e *endpoint) respond(tx *sip.ServerTx, res *sip.Response) {
	if err := tx.Respond(res); err != nil {
		e.log.Debug("sip: respond", "code", res.StatusCode, "error", err)
	}
}
