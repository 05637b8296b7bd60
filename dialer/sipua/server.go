package sipua

import (
	"context"
	"errors"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer/leg"
)

// server is the server's side of a dialog's INVITE.
type server struct {
	req *sip.Request
	tx  *sip.ServerTx
	// unacked is the 200 until its ACK came.
	unacked   *unacked
	lateOffer bool
	// byeWanted: hang up as soon as the ACK came.
	byeWanted bool
	// over is set when a final response was sent or the transaction ended.
	over bool
}

func (s *server) done() <-chan struct{} {
	if s == nil || s.over {
		return nil
	}
	return s.tx.Done()
}

// cancelledContext is for look-ups that must not wait.
func cancelledContext() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	return ctx
}

// newServerDialog takes the dialog state from an INVITE (RFC 3261 section
// 12.1.1).
func (e *endpoint) newServerDialog(req *sip.Request, tx *sip.ServerTx, tag, trunk string, peer netip.AddrPort) *dialog {
	d := e.newDialog(req.CallID().Value(), tag, nil)
	d.phase = proceeding
	d.server = &server{req: req, tx: tx, lateOffer: sdpOf(req) == nil}
	d.peer, d.trunk, d.hop = peer.Addr(), trunk, peer
	d.remoteTag = tagOf(req.From().Params)
	from, to := req.From(), req.To()
	d.remote = from.AsTo()
	d.local = to.AsFrom()
	d.local.Params.Add("tag", tag)
	d.remoteSeq = req.CSeq().SeqNo
	d.routes = routeSet(req)
	d.target, _ = contactURI(req)
	return d
}

// ringing starts the life of a server dialog that was taken.
func (d *dialog) ringing() {
	ctx, stop := context.WithTimeout(context.Background(), resolveLimit)
	defer stop()
	d.alarms.set(alarmNoFinal, timerC)
	d.findHop(ctx, d.server.req.Source())
}

// respond sends a response to the INVITE; false when its transaction is over.
func (s *server) respond(d *dialog, code int, reason string, sdp []byte) (*sip.Response, bool) {
	res := d.ep.response(s.req, code, reason)
	if to := res.To(); to != nil && code > 100 {
		to.Params.Add("tag", d.localTag)
	}
	if code > 100 && code < 300 {
		res.AppendHeader(d.ep.contact())
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	if len(sdp) > 0 {
		setSDP(res, sdp)
	}
	if s.over {
		return nil, false
	}
	if err := s.tx.Respond(res); err != nil {
		s.over = true
		if errors.Is(err, sip.ErrTransactionCanceled) {
			// The CANCEL won: sipgo has sent 487, but would now retransmit
			// what we gave it.
			end := d.ep.response(s.req, 487, "Request Terminated")
			end.To().Params.Add("tag", d.localTag)
			d.ep.respond(s.tx, end)
		}
		return nil, false
	}
	if code >= 200 {
		s.over = true
	}
	return res, true
}

func (d *dialog) ring() {
	if d.server != nil && d.phase == proceeding {
		d.server.respond(d, 180, "Ringing", nil)
	}
}

func (d *dialog) answer(sdp []byte) {
	s := d.server
	if s == nil || d.phase != proceeding {
		return
	}
	d.alarms.stop(alarmNoFinal)
	res, ok := s.respond(d, 200, "OK", sdp)
	if !ok {
		d.serverOver()
		return
	}
	d.phase = confirmed
	s.unacked = &unacked{tx: s.tx, res: res, seq: s.req.CSeq().SeqNo}
	d.startRetransmitting(s.unacked)
}

// acknowledged is the ACK of our 200.
func (d *dialog) acknowledged(ack *sip.Request) {
	ev := leg.Event{Kind: leg.Answered, Code: 200}
	if d.server.lateOffer {
		ev.SDP = sdpOf(ack)
	}
	d.emit(ev)
	if d.server.byeWanted {
		d.startBye()
	}
}

// refuseCall ends the unanswered call with a SIP status.
func (d *dialog) refuseCall(code int, reason string) {
	if code < 400 || code > 699 {
		code = 480
	}
	if reason == "" || unsafe(reason) {
		reason = statusText(code)
	}
	if _, ok := d.server.respond(d, code, reason, nil); !ok {
		d.serverOver()
		return
	}
	d.fail(code, "refused by us: "+reason)
}

// cancelCame is the caller's CANCEL. sipgo has answered 487 unless the CANCEL
// overtook its INVITE.
func (d *dialog) cancelCame() {
	if d.server == nil || d.phase != proceeding {
		return
	}
	d.server.respond(d, 487, "Request Terminated", nil)
	d.server.over = true
	d.emit(leg.Event{Kind: leg.Cancelled, Code: 487})
}

// serverOver is the end of the INVITE's transaction before our final response.
func (d *dialog) serverOver() {
	s := d.server
	s.over = true
	if d.phase != proceeding {
		return
	}
	if errors.Is(s.tx.Err(), sip.ErrTransactionCanceled) {
		d.emit(leg.Event{Kind: leg.Cancelled, Code: 487})
		return
	}
	d.fail(503, "transport error")
}
