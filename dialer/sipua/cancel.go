package sipua

import (
	"github.com/emiago/sipgo/sip"

	"ringmaster/dialer/leg"
)

// cancel ends an unanswered INVITE: CANCEL now if a 1xx came, else with the
// first one (RFC 3261 section 9.1).
func (d *dialog) cancel() {
	c := d.client
	if c.cancelled {
		return
	}
	c.cancelled = true
	switch {
	case c.tx == nil:
		// Nothing was sent yet.
		d.emit(leg.Event{Kind: leg.Cancelled, Local: true, Text: "before the INVITE"})
	case d.phase == proceeding:
		d.sendCancel()
	}
}

// sendCancel sends the CANCEL with the INVITE's URI, branch, route and
// destination, whatever Record-Route the responses carried.
func (d *dialog) sendCancel() {
	c := d.client
	if c.sent == nil || c.cancelSent {
		return
	}
	c.cancelSent = true
	d.ep.startAndForget(cancelOf(c.sent))
	d.alarms.stop(alarmNoFinal)
	d.alarms.set(alarmCancel, 64*sip.T1)
}

// cancelUnanswered gives up on the final response to a cancelled INVITE (RFC
// 3261 section 9.1). A 2xx that comes still is acknowledged and ended.
func (d *dialog) cancelUnanswered() {
	if d.phase <= proceeding {
		d.emit(leg.Event{Kind: leg.Cancelled, Local: true, Text: "no final response to the cancelled INVITE"})
	}
}

// noFinal ends an INVITE that was never answered nor hung up.
func (d *dialog) noFinal() {
	if d.phase > proceeding {
		return
	}
	if d.client == nil {
		d.refuseCall(480, "")
		return
	}
	d.sendCancel()
	d.emit(leg.Event{Kind: leg.Cancelled, Code: 408, Local: true, Text: "no final response (timer C)"})
}
