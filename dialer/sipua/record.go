package sipua

import (
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	// lateLimit bounds the responses that wait for the late server; what
	// exceeds it is retransmitted by its sender.
	lateLimit = 1024
	// recordLimit bounds the records kept after their dialog's end; the oldest
	// goes first.
	recordLimit = 200_000
	// forkLimit bounds the dialogs that one INVITE may make by forking.
	forkLimit = 16
)

// inviteRecord is what must be known of a sent INVITE to serve its responses,
// also those that come after its dialog ended.
type inviteRecord struct {
	ep     *endpoint
	branch string
	req    *sip.Request

	mu sync.Mutex
	// dialog gets the responses; nil once it ended.
	dialog *dialog
	// acks by To tag: the ACK of each 2xx. Owned by the dialog, then by the
	// late server.
	acks    map[string]*sip.Request
	expires time.Time
}

// lateResponse is a final response to an INVITE whose dialog ended.
type lateResponse struct {
	rec *inviteRecord
	res *sip.Response
}

// record registers an INVITE before it is sent.
func (e *endpoint) record(d *dialog, req *sip.Request) *inviteRecord {
	rec := &inviteRecord{
		ep: e, branch: branchOf(req), req: req, dialog: d, acks: make(map[string]*sip.Request, 1),
	}
	e.mu.Lock()
	e.invites[rec.branch] = rec
	e.mu.Unlock()
	return rec
}

// receive hands a response to the dialog or, after its end, a final one to the
// late server. It never waits.
func (r *inviteRecord) receive(res *sip.Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dialog != nil {
		if !r.dialog.inbox.put(res) {
			r.ep.ua.metrics.drop(dropOverload)
		}
		return
	}
	r.later(res)
}

func (r *inviteRecord) later(res *sip.Response) {
	if res.StatusCode < 200 {
		return
	}
	select {
	case r.ep.ua.late <- lateResponse{rec: r, res: res}:
	default:
		r.ep.ua.metrics.drop(dropOverload)
	}
}

// detach leaves the record to the late server for 64×T1 (RFC 3261 section
// 13.2.2.4: every 2xx is acknowledged until then).
func (r *inviteRecord) detach() {
	r.mu.Lock()
	r.dialog = nil
	r.expires = time.Now().Add(64 * sip.T1)
	r.mu.Unlock()
	e := r.ep
	e.mu.Lock()
	e.lingering = append(e.lingering, r)
	for len(e.lingering) > recordLimit {
		e.dropOldest()
	}
	e.mu.Unlock()
}

// dropOldest forgets the record that ended first; the endpoint is locked.
func (e *endpoint) dropOldest() {
	delete(e.invites, e.lingering[0].branch)
	e.lingering[0] = nil
	e.lingering = e.lingering[1:]
}

// sweep forgets records and arrivals whose time is over.
func (e *endpoint) sweep(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.lingering) > 0 && !now.Before(e.lingering[0].expires) {
		e.dropOldest()
	}
	for key, a := range e.arrivals {
		if !a.taken && now.Sub(a.at) > 64*sip.T1 {
			delete(e.arrivals, key)
		}
	}
}

// serveLate serves what comes after dialogs ended, and sweeps; it ends with
// the UA.
func (u *UA) serveLate() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-u.kill:
			return
		case l := <-u.late:
			u.serveLateResponse(l)
		case now := <-tick.C:
			u.trunks.sweep(now)
			u.phone.sweep(now)
		}
	}
}

func (u *UA) serveLateResponse(l lateResponse) {
	defer func() {
		if r := recover(); r != nil {
			u.caught("late response", r)
		}
	}()
	if l.res.StatusCode < 300 {
		l.rec.acknowledge(l.res, nil)
		return
	}
	l.rec.ep.write(refusalAck(l.rec.req, l.res))
}

// acknowledge sends the ACK of a 2xx: the first one again, or a new one, after
// which an unwanted dialog is ended by BYE. With keep set the first ACK makes
// the dialog kept and no BYE follows.
func (r *inviteRecord) acknowledge(res *sip.Response, keep *dialog) {
	tag := toTag(res)
	if ack, known := r.acks[tag]; known {
		r.ep.write(ack)
		return
	}
	if len(r.acks) >= forkLimit {
		r.ep.ua.metrics.drop(dropOverload)
		return
	}
	d := keep
	if d == nil {
		d = r.ep.unwanted(r.req, res)
	}
	ack := d.ack(r.req)
	r.acks[tag] = ack
	r.ep.write(ack)
	if keep == nil {
		d.seq++
		r.ep.startAndForget(d.request(sip.BYE))
	}
}

// refusalAck builds the ACK of a refusal (RFC 3261 section 17.1.1.3), for the
// time after sipgo's transaction, which sends the first one.
func refusalAck(invite *sip.Request, res *sip.Response) *sip.Request {
	ack := sip.NewRequest(sip.ACK, invite.Recipient)
	ack.AppendHeader(invite.Via().Clone())
	sip.CopyHeaders("Route", invite, ack)
	mf := sip.MaxForwardsHeader(maxForwards)
	ack.AppendHeader(&mf)
	ack.AppendHeader(sip.HeaderClone(invite.From()))
	if to := res.To(); to != nil {
		ack.AppendHeader(sip.HeaderClone(to))
	} else {
		ack.AppendHeader(sip.HeaderClone(invite.To()))
	}
	ack.AppendHeader(sip.HeaderClone(invite.CallID()))
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.ACK})
	ack.SetBody(nil)
	ack.SetTransport("UDP")
	ack.SetDestination(invite.Destination())
	invite.Laddr.Copy(&ack.Laddr)
	return ack
}
