package sipua

import (
	"strconv"

	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer/leg"
)

// byeState is our BYE under way.
type byeState struct {
	tx    *sip.ClientTx
	tries int
}

func (b *byeState) responses() <-chan *sip.Response {
	if b == nil || b.tx == nil {
		return nil
	}
	return b.tx.Responses()
}

func (b *byeState) done() <-chan struct{} {
	if b == nil || b.tx == nil {
		return nil
	}
	return b.tx.Done()
}

func (b *byeState) release() {
	if b != nil && b.tx != nil {
		b.tx.Terminate()
		b.tx = nil
	}
}

// startBye ends the confirmed dialog.
func (d *dialog) startBye() {
	d.release(nil)
	d.stopRetransmitting()
	d.phase = leaving
	d.bye = &byeState{}
	d.sendBye(d.nextBye())
}

func (d *dialog) nextBye() *sip.Request {
	d.seq++
	return d.request(sip.BYE)
}

func (d *dialog) sendBye(req *sip.Request) {
	tx, err := d.ep.start(req)
	if err != nil {
		d.emit(leg.Event{Kind: leg.LocalBye, Local: true, Code: 503, Text: transportText(err)})
		return
	}
	d.bye.tx = tx
}

// byeResponse handles a response to our BYE; provisional ones are waited
// through.
func (d *dialog) byeResponse(res *sip.Response) {
	if res.StatusCode < 200 || d.phase == ended {
		return
	}
	d.bye.release()
	if (res.StatusCode == 401 || res.StatusCode == 407) && d.signBye(res) {
		return
	}
	d.emit(leg.Event{Kind: leg.LocalBye, Code: res.StatusCode, Text: phrase(res.Reason)})
}

// signBye answers a challenge of our BYE.
func (d *dialog) signBye(res *sip.Response) bool {
	if d.client == nil || d.client.req.Username == "" || d.bye.tries >= authTries {
		return false
	}
	name, chal, err := challengeOf(res)
	if err != nil || (d.bye.tries > 0 && !chal.Stale) {
		return false
	}
	d.bye.tries++
	req := d.nextBye()
	if err := sign(req, name, chal, d.client.req.Username, d.client.req.Password); err != nil {
		return false
	}
	d.sendBye(req)
	return true
}

// byeOver is a BYE that was never answered.
func (d *dialog) byeOver() {
	d.bye.tx = nil
	d.emit(leg.Event{Kind: leg.LocalBye, Local: true, Code: 408, Text: "BYE unanswered"})
}

// byeCame ends the dialog at the other side's wish.
func (d *dialog) byeCame(req *sip.Request, tx *sip.ServerTx) {
	switch d.phase {
	case confirmed:
		d.reply(tx, req, 200, "OK", nil)
		d.release(nil)
		d.emit(leg.Event{Kind: leg.RemoteBye, Q850: q850(req), Text: byeText(req)})
	case leaving:
		// Both hung up: theirs proves the end, ours need not be answered.
		d.reply(tx, req, 200, "OK", nil)
		d.emit(leg.Event{Kind: leg.LocalBye, Text: "both sides hung up"})
	default:
		d.reply(tx, req, 481, "Call/Transaction Does Not Exist", nil)
	}
}

// byeText tells the cause of a BYE where it gives one.
func byeText(req *sip.Request) string {
	if cause := q850(req); cause != 0 {
		return "cause " + strconv.Itoa(cause)
	}
	return ""
}
