package sipua

import (
	"errors"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// arrival is a received INVITE, noted before its handler runs, so that a CANCEL
// that overtakes it in sipgo is not lost.
type arrival struct {
	tag string
	at  time.Time
	// from sent it: nobody else may cancel it.
	from netip.Addr
	// taken is set when a handler owns it, dialog when it became a call.
	taken     bool
	dialog    *dialog
	cancelled bool
}

// tap sees every parsed message in arrival order, in the reader's goroutine,
// before the transaction layer. It never waits.
func (e *endpoint) tap(msg sip.Message) {
	defer func() {
		if r := recover(); r != nil {
			e.ua.caught("tap", r)
		}
	}()
	source := e.sock.from.String()
	msg.SetSource(source)
	switch m := msg.(type) {
	case *sip.Response:
		e.tapResponse(m)
	case *sip.Request:
		e.sources.note(source, e.tpl.Pool("udp"), string(e.sock.self))
		e.tapRequest(m)
	}
}

func (e *endpoint) tapResponse(res *sip.Response) {
	e.ua.metrics.response(res.StatusCode)
	cseq := res.CSeq()
	if cseq == nil || cseq.MethodName != sip.INVITE || res.To() == nil {
		return
	}
	e.mu.Lock()
	rec := e.invites[branchOf(res)]
	e.mu.Unlock()
	if rec == nil || rec.req.CallID() == nil || res.CallID() == nil || rec.req.CallID().Value() != res.CallID().Value() {
		return
	}
	rec.receive(res)
}

func (e *endpoint) tapRequest(req *sip.Request) {
	e.ua.metrics.request(req.Method, "in")
	switch req.Method {
	case sip.INVITE:
		e.noteArrival(req)
	case sip.ACK:
		if d := e.dialogFor(req); d != nil && e.sameParty(d.trunk, d.peer, e.sock.from.Addr()) {
			d.inbox.put(ackCame{req})
		}
	case sip.CANCEL:
		e.guardCancel(req)
	}
}

// guardCancel hides a CANCEL by somebody else from sipgo, which looks at the
// branch and not at the source: under another branch it finds no INVITE.
func (e *endpoint) guardCancel(req *sip.Request) {
	key, err := inviteKey(req)
	if err != nil {
		return
	}
	e.mu.Lock()
	a := e.arrivals[key]
	e.mu.Unlock()
	if source := e.sock.from.Addr(); a != nil && !e.sameParty(e.ua.trunkOf(a.from), a.from, source) {
		e.ua.metrics.drop(dropPeer)
		req.Via().Params.Add("branch", newBranch())
	}
}

// inviteKey gives the key of the INVITE that a CANCEL means: its own with the
// other method.
func inviteKey(cancel *sip.Request) (string, error) {
	if cancel.Via() == nil || cancel.From() == nil || cancel.CallID() == nil || cancel.CSeq() == nil {
		return "", errIncomplete
	}
	invite := sip.NewRequest(sip.INVITE, cancel.Recipient)
	invite.AppendHeader(sip.HeaderClone(cancel.Via()))
	invite.AppendHeader(sip.HeaderClone(cancel.From()))
	invite.AppendHeader(sip.HeaderClone(cancel.CallID()))
	invite.AppendHeader(&sip.CSeqHeader{SeqNo: cancel.CSeq().SeqNo, MethodName: sip.INVITE})
	return sip.ServerTxKeyMake(invite)
}

var errIncomplete = errors.New("a header is missing")

// noteArrival gives a new INVITE its local tag. The tag is put into the
// request itself, where sipgo finds it for the responses that it makes by
// itself (100, and 487 after a CANCEL).
func (e *endpoint) noteArrival(req *sip.Request) {
	to := req.To()
	if to == nil || to.Params.Has("tag") {
		return
	}
	key, err := sip.ServerTxKeyMake(req)
	if err != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.arrivals[key]
	if a == nil {
		if len(e.arrivals) >= e.ua.opts.MaxCalls+1024 {
			return
		}
		a = &arrival{tag: newTag(), at: time.Now(), from: e.sock.from.Addr()}
		e.arrivals[key] = a
	}
	to.Params.Add("tag", a.tag)
}

// takeArrival gives the arrival of an initial INVITE to its handler; nil for a
// request inside a dialog or one that was not noted.
func (e *endpoint) takeArrival(req *sip.Request) *arrival {
	key, err := sip.ServerTxKeyMake(req)
	if err != nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.arrivals[key]
	if a == nil || a.taken || a.tag != toTag(req) {
		return nil
	}
	a.taken = true
	return a
}

// forgetArrival ends the arrival of an INVITE that got its final response.
func (e *endpoint) forgetArrival(req *sip.Request) {
	if key, err := sip.ServerTxKeyMake(req); err == nil {
		e.mu.Lock()
		delete(e.arrivals, key)
		e.mu.Unlock()
	}
}

// cancelArrival marks an INVITE that its CANCEL overtook; false when there is
// none.
func (e *endpoint) cancelArrival(cancel *sip.Request) bool {
	key, err := inviteKey(cancel)
	if err != nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.arrivals[key]
	if a == nil {
		return false
	}
	a.cancelled = true
	if a.dialog != nil {
		a.dialog.inbox.command(cancelCame{})
	}
	return true
}

// bindArrival ties an arrival to its dialog; false when it was cancelled
// before.
func (e *endpoint) bindArrival(a *arrival, d *dialog) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	a.dialog = d
	return !a.cancelled
}

// dialogFor gives the live dialog that a request inside a dialog names.
func (e *endpoint) dialogFor(req *sip.Request) *dialog {
	tag := toTag(req)
	if tag == "" || req.CallID() == nil {
		return nil
	}
	d := e.dialog(tag)
	if d == nil || d.callID != req.CallID().Value() {
		return nil
	}
	return d
}
