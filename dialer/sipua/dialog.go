package sipua

import (
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

// phase is how far a dialog is.
type phase int

const (
	// calling: our INVITE has no response yet.
	calling phase = iota
	// proceeding: a provisional response came, or (as server) the INVITE is
	// unanswered.
	proceeding
	// confirmed: a 2xx was received or sent.
	confirmed
	// leaving: our BYE is under way.
	leaving
	// ended: the terminal event was posted.
	ended
)

// Items of a dialog's inbox, beside *sip.Response (to our INVITE).
type (
	hangUp struct {
		code   int
		reason string
	}
	ring   struct{}
	answer struct{ sdp []byte }
	// ackCame is an ACK of a 2xx, from the tap.
	ackCame struct{ req *sip.Request }
	// cancelCame is the caller's CANCEL.
	cancelCame struct{}
	// inDialog is a request inside the dialog with its transaction; its
	// handler waits for done, and replies with unserved if that is not zero.
	inDialog struct {
		req      *sip.Request
		tx       *sip.ServerTx
		done     chan struct{}
		unserved int
	}
)

// dialog is one SIP dialog of ours, as client or as server. Its fields belong
// to the goroutine of run but for those that never change after its start.
type dialog struct {
	ep       *endpoint
	inbox    *inbox
	callID   string
	localTag string
	post     func(leg.Event)
	reoffer  func([]byte) ([]byte, error)
	phase    phase
	alarms   alarms

	// Of the dialog state of RFC 3261 section 12.
	remoteTag string
	local     sip.FromHeader
	remote    sip.ToHeader
	target    sip.Uri
	routes    []sip.Uri
	seq       uint32
	remoteSeq uint32
	// hop is where requests inside the dialog go, resolved.
	hop netip.AddrPort
	// peer and trunk say who may speak in it.
	peer  netip.Addr
	trunk string

	client *client
	server *server
	bye    *byeState
	// reinvite waits for the ACK of our answer to a re-INVITE.
	reinvite *unacked
}

var _ dialer.Dialog = (*dialog)(nil)

func (e *endpoint) newDialog(callID, localTag string, post func(leg.Event)) *dialog {
	return &dialog{
		ep: e, inbox: newInbox(), callID: callID, localTag: localTag, post: post,
	}
}

// CallID implements dialer.Dialog.
func (d *dialog) CallID() string { return d.callID }

// HangUp implements dialer.Dialog.
func (d *dialog) HangUp(code int, reason string) { d.inbox.command(hangUp{code, reason}) }

// Ring implements dialer.Dialog.
func (d *dialog) Ring() { d.inbox.command(ring{}) }

// Answer implements dialer.Dialog.
func (d *dialog) Answer(sdp []byte) { d.inbox.command(answer{sdp}) }

// run is the dialog's goroutine, until its terminal event.
func (d *dialog) run(begin func()) {
	defer d.finish()
	defer func() {
		if r := recover(); r != nil {
			d.ep.ua.caught("dialog", r)
			d.wreck()
		}
	}()
	begin()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for d.phase != ended {
		timer.Reset(d.alarms.next())
		select {
		case <-d.inbox.wake:
			d.flush()
		case res := <-d.client.responses():
			// Items that the tap saw before this final response come first.
			d.flush()
			d.inviteFinal(res)
		case <-d.client.done():
			d.flush()
			d.inviteOver()
		case <-d.server.done():
			d.flush()
			d.serverOver()
		case res := <-d.bye.responses():
			d.byeResponse(res)
		case <-d.bye.done():
			d.byeOver()
		case now := <-timer.C:
			d.alarm(now)
		case <-d.ep.ua.kill:
			d.killed()
		}
	}
}

// flush handles what is in the inbox.
func (d *dialog) flush() {
	items := d.inbox.take()
	for i, item := range items {
		if d.phase == ended {
			refuse(items[i:])
			return
		}
		d.handle(item)
	}
}

// refuse lets the handlers of requests that nobody will answer go on.
func refuse(items []any) {
	for _, item := range items {
		if r, ok := item.(*inDialog); ok {
			close(r.done)
		}
	}
}

func (d *dialog) handle(item any) {
	switch it := item.(type) {
	case *sip.Response:
		d.inviteResponse(it)
	case *inDialog:
		defer close(it.done)
		it.unserved = 500
		d.serveRequest(it.req, it.tx)
		it.unserved = 0
	case ackCame:
		d.ackCame(it.req)
	case hangUp:
		d.hangUp(it.code, it.reason)
	case ring:
		d.ring()
	case answer:
		d.answer(it.sdp)
	case cancelCame:
		d.cancelCame()
	}
}

// alarm handles the timers that are due.
func (d *dialog) alarm(now time.Time) {
	for d.phase != ended {
		kind, due := d.alarms.pop(now)
		if !due {
			return
		}
		switch kind {
		case alarmNoFinal:
			d.noFinal()
		case alarmCancel:
			d.cancelUnanswered()
		case alarmHold:
			d.release(nil)
		case alarmRetransmit:
			d.retransmit()
		case alarmNoAck:
			d.noAck()
		}
	}
}

// emit posts an event; a terminal one ends the dialog.
func (d *dialog) emit(ev leg.Event) {
	switch ev.Kind {
	case leg.Failed, leg.Cancelled, leg.RemoteBye, leg.LocalBye:
		if d.phase == ended {
			return
		}
		d.phase = ended
	}
	if d.post == nil {
		return
	}
	ev.At = d.ep.ua.opts.Now()
	d.post(ev)
}

func (d *dialog) fail(code int, text string) {
	d.emit(leg.Event{Kind: leg.Failed, Code: code, Text: text, Local: true})
}

// hangUp ends the dialog in whatever phase it is.
func (d *dialog) hangUp(code int, reason string) {
	switch {
	case d.phase == confirmed:
		if d.server != nil && d.server.unacked != nil {
			// A BYE must not precede the ACK (RFC 3261 section 15): it is sent
			// when the ACK comes or its time is over.
			d.server.byeWanted = true
			return
		}
		d.startBye()
	case d.phase == leaving, d.phase == ended:
	case d.client != nil:
		d.cancel()
	default:
		d.refuseCall(code, reason)
	}
}

// killed ends the dialog at once at the end of Run.
func (d *dialog) killed() {
	switch {
	case d.phase >= confirmed:
		d.emit(leg.Event{Kind: leg.LocalBye, Local: true, Text: "shutdown"})
	case d.client != nil:
		d.emit(leg.Event{Kind: leg.Cancelled, Local: true, Text: "shutdown"})
	default:
		d.fail(480, "shutdown")
	}
}

// wreck ends the call after a panic of its own goroutine.
func (d *dialog) wreck() {
	defer func() {
		if r := recover(); r != nil {
			d.ep.ua.caught("dialog after a panic", r)
			d.phase = ended
		}
	}()
	switch {
	case d.phase == ended:
	case d.phase == confirmed:
		d.seq++
		d.ep.startAndForget(d.request(sip.BYE))
	case d.client != nil:
		d.sendCancel()
	case d.server != nil:
		d.server.respond(d, 500, "Server Internal Error", nil)
	}
	d.fail(500, "internal error")
}

// finish releases what the dialog holds.
func (d *dialog) finish() {
	d.phase = ended
	d.ep.leave(d)
	refuse(d.client.release(d.inbox.close()))
	d.bye.release()
}
