package sipua

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer"
	"ringmaster/dialer/leg"
)

const (
	// timerC bounds an INVITE without a final response (RFC 3261 section
	// 16.6, more than three minutes).
	timerC = 3*time.Minute + 10*time.Second
	// readyWait bounds the wait of an INVITE for the endpoint to be served.
	readyWait = 5 * time.Second
	// answerWait is how long an answer without SDP waits for the 18x that it
	// overtook.
	answerWait = 200 * time.Millisecond
)

// client is the client's side of a dialog's INVITE.
type client struct {
	req  dialer.Invite
	tx   *sip.ClientTx
	rec  *inviteRecord
	sent *sip.Request

	tries     int
	cancelled bool
	// cancelSent is set once a CANCEL left.
	cancelSent bool
	// early is the last SDP of a 18x by To tag.
	early map[string][]byte
	// lastCode and lastSDP of what was posted, to post changes only.
	lastCode int
	lastSDP  string
	// held is an answer without SDP that waits for it.
	held *leg.Event
}

func (c *client) responses() <-chan *sip.Response {
	if c == nil || c.tx == nil {
		return nil
	}
	return c.tx.Responses()
}

func (c *client) done() <-chan struct{} {
	if c == nil || c.tx == nil {
		return nil
	}
	return c.tx.Done()
}

// dropTx ends the transaction; the record serves what still comes.
func (c *client) dropTx() {
	if c.tx != nil {
		c.tx.Terminate()
		c.tx = nil
	}
}

// release leaves the INVITE to the late server, with the responses that were
// not handled, and gives the other items back.
func (c *client) release(items []any) []any {
	if c == nil || c.rec == nil {
		return items
	}
	c.dropTx()
	c.rec.detach()
	var others []any
	for _, item := range items {
		if res, ok := item.(*sip.Response); ok {
			c.rec.receive(res)
			continue
		}
		others = append(others, item)
	}
	return others
}

// invite starts a client dialog.
func (e *endpoint) invite(req dialer.Invite, post func(leg.Event)) dialer.Dialog {
	d := e.newDialog(req.CallID, newTag(), post)
	if d.callID == "" {
		d.callID = newTag() + "@" + e.host
	}
	d.reoffer = req.Reoffer
	d.client = &client{req: req, early: make(map[string][]byte)}
	refused := func(code int, text string) dialer.Dialog {
		d.inbox.close()
		d.fail(code, text)
		return d
	}
	if !e.ua.beginDialog() {
		return refused(503, "the user agent is closing")
	}
	if !e.enter(d) {
		e.ua.dialogs.Done()
		return refused(503, fmt.Sprintf("%d calls are live (max_calls)", e.ua.opts.MaxCalls))
	}
	go func() {
		defer e.ua.dialogs.Done()
		d.run(d.place)
	}()
	return d
}

// place resolves the destination and sends the first INVITE.
func (d *dialog) place() {
	c := d.client
	first, err := d.firstInvite()
	if err != nil {
		d.fail(400, err.Error())
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), readyWait)
	defer stop()
	dest, err := d.ep.resolve(ctx, c.req.Destination, first.Recipient)
	if err != nil {
		d.fail(503, err.Error())
		return
	}
	select {
	case <-d.ep.sock.ready:
	case <-ctx.Done():
		d.fail(503, "the endpoint is not served")
		return
	case <-d.ep.ua.kill:
		d.killed()
		return
	}
	d.hop, d.peer = dest, dest.Addr()
	d.trunk = d.ep.ua.trunkAt(c.req.Destination, d.peer)
	d.ep.called.add(d.peer, time.Now())
	d.flush()
	if d.phase == ended {
		return
	}
	d.sendInvite(first)
	if d.phase != ended {
		d.emit(leg.Event{Kind: leg.Sent})
	}
}

// sendInvite starts an INVITE transaction; the first one only until DialBy.
func (d *dialog) sendInvite(req *sip.Request) {
	c := d.client
	d.ep.route(req, d.hop)
	c.rec, c.sent = d.ep.record(d, req), req
	if by := c.req.DialBy; c.tries == 0 && !by.IsZero() && d.ep.ua.opts.Now().After(by) {
		d.emit(leg.Event{Kind: leg.Failed, Local: true, Text: "dial_by passed"})
		return
	}
	tx, err := d.ep.start(req)
	if err != nil {
		d.fail(503, "send: "+transportText(err))
		return
	}
	c.tx = tx
	d.phase = calling
	d.alarms.set(alarmNoFinal, timerC)
}

// transportText tells a transport error without message text.
func transportText(err error) string {
	if errors.Is(err, sip.ErrUDPMTUCongestion) {
		return "message larger than a datagram"
	}
	return phrase(err.Error())
}

// inviteResponse handles a response to the INVITE in arrival order. Refusals
// are left to inviteFinal: the transaction acknowledges them first.
func (d *dialog) inviteResponse(res *sip.Response) {
	c := d.client
	if c == nil || branchOf(res) != c.rec.branch {
		return
	}
	switch {
	case res.StatusCode < 200:
		d.provisional(res)
	case res.StatusCode < 300:
		d.success(res)
	}
}

func (d *dialog) provisional(res *sip.Response) {
	c := d.client
	sdp := sdpOf(res)
	if tag := toTag(res); len(sdp) > 0 && (len(c.early) < forkLimit || c.early[tag] != nil) {
		c.early[tag] = sdp
	}
	if d.phase == confirmed {
		if c.held != nil && len(sdp) > 0 && toTag(res) == d.remoteTag {
			d.release(sdp)
		}
		return
	}
	if d.phase > proceeding {
		return
	}
	d.phase = proceeding
	if c.cancelled && !c.cancelSent {
		d.sendCancel()
	}
	if res.StatusCode == 100 || (c.lastCode == res.StatusCode && (len(sdp) == 0 || c.lastSDP == string(sdp))) {
		return
	}
	c.lastCode = res.StatusCode
	if len(sdp) > 0 {
		c.lastSDP = string(sdp)
	}
	d.emit(leg.Event{
		Kind: leg.Provisional, Code: res.StatusCode, Q850: q850(res), Text: phrase(res.Reason), SDP: sdp,
	})
}

// success acknowledges a 2xx; the first one makes the dialog, and one that is
// unwanted is ended by BYE.
func (d *dialog) success(res *sip.Response) {
	c := d.client
	if d.phase > proceeding {
		c.rec.acknowledge(res, nil)
		return
	}
	d.alarms.stop(alarmNoFinal)
	d.alarms.stop(alarmCancel)
	d.establish(res)
	c.rec.acknowledge(res, d)
	d.phase = confirmed
	ev := leg.Event{Kind: leg.Answered, Code: res.StatusCode, Text: phrase(res.Reason), SDP: sdpOf(res)}
	if ev.SDP == nil {
		ev.SDP = c.early[d.remoteTag]
	}
	switch {
	case c.cancelled:
		d.emit(ev)
		d.startBye()
	case ev.SDP == nil && len(c.req.SDP) > 0:
		c.held = &ev
		d.alarms.set(alarmHold, answerWait)
	default:
		d.emit(ev)
	}
}

// release posts the held answer.
func (d *dialog) release(sdp []byte) {
	if c := d.client; c != nil && c.held != nil {
		ev := *c.held
		ev.SDP = sdp
		c.held = nil
		d.alarms.stop(alarmHold)
		d.emit(ev)
	}
}

// inviteFinal handles what the transaction passed up: it matters for refusals,
// whose ACK has been sent by then.
func (d *dialog) inviteFinal(res *sip.Response) {
	c := d.client
	if res.StatusCode < 200 {
		return
	}
	if res.StatusCode < 300 || d.phase > proceeding {
		// The transaction stays for its timer M, on its own.
		c.tx = nil
		return
	}
	c.dropTx()
	if (res.StatusCode == 401 || res.StatusCode == 407) && !c.cancelled && c.req.Username != "" {
		if d.retryWithCredentials(res) {
			return
		}
	}
	ev := leg.Event{
		Kind: leg.Failed, Code: res.StatusCode, Q850: q850(res), Text: phrase(res.Reason), RetryAfter: retryAfter(res),
	}
	if c.cancelled {
		ev.Kind = leg.Cancelled
	}
	d.emit(ev)
}

// retryWithCredentials answers a challenge with a new INVITE.
func (d *dialog) retryWithCredentials(res *sip.Response) bool {
	c := d.client
	next, err := d.inviteAgain(res)
	if err != nil {
		d.ep.log.Debug("sip: challenge", "call_id", d.callID, "error", err)
		return false
	}
	c.tries++
	c.rec.detach()
	c.rec = nil
	d.sendInvite(next)
	return true
}

// inviteOver is the end of the INVITE's transaction without a final response.
func (d *dialog) inviteOver() {
	c := d.client
	err := c.tx.Err()
	c.tx = nil
	if d.phase > proceeding {
		return
	}
	code, text := 503, "transport error"
	if errors.Is(err, sip.ErrTransactionTimeout) {
		code, text = 408, "no response (timer B)"
	}
	if c.cancelled {
		d.emit(leg.Event{Kind: leg.Cancelled, Code: code, Text: text, Local: true})
		return
	}
	d.fail(code, text)
}

// trunkAt gives the name of the trunk that was called.
func (u *UA) trunkAt(destination string, ip netip.Addr) string {
	for i := range u.opts.Trunks {
		if destination != "" && u.opts.Trunks[i].Address == destination {
			return u.opts.Trunks[i].Name
		}
	}
	return u.trunkOf(ip)
}
