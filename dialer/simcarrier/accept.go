package simcarrier

import (
	"context"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// acceptCall returns what an endpoint does with a new INVITE.
func (c *Carrier) acceptCall(ctx context.Context, kind Kind) func(*endpoint, message) {
	return func(ep *endpoint, m message) {
		if require := m.req.GetHeader("Require"); require != nil && require.Value() != "" {
			ep.refuse(m, 420, sip.NewHeader("Unsupported", require.Value()))
			return
		}
		if kind == KindCustomer && c.guard != nil {
			if code, challenge, ok := c.guard.check(m.req, time.Now()); !ok {
				ep.refuse(m, code, challenge)
				return
			}
		}
		c.begin(ctx, ep, kind, m)
	}
}

// begin starts the line of an INVITE.
func (c *Carrier) begin(ctx context.Context, ep *endpoint, kind Kind, m message) {
	user := m.req.Recipient.User
	number, tone := user, PhoneTone(user)
	if kind == KindCustomer {
		number = dialedNumber(user)
		tone = CustomerTone(number)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || ctx.Err() != nil {
		ep.refuse(m, 503)
		return
	}
	full := c.live >= c.options.MaxCalls
	if !full {
		c.tries[number]++
	}
	try := c.tries[number]
	l := c.newLine(ep, kind, number, tone, randFor(c.options.Seed, number, try))
	l.prepareServer(m, user)
	l.rec.Try = try
	l.rec.Behaviour = phoneBehaviour(user)
	if kind == KindCustomer {
		l.rec.Behaviour = behaviourOf(c.options.Seed, c.options.Mix, c.options.Customers, number, try)
	}
	script := l.customer
	switch {
	case full:
		l.rec.Behaviour, l.rec.Try = Congestion, 0
		script = func(context.Context) { l.fail(503, ResultCongestion, EndedByUs, q850(34)) }
	case kind == KindPhone:
		script = l.phone
	}
	c.live++
	c.lines.Go(func() { l.run(ctx, script) })
}

// prepareServer fills in the dialog of an INVITE that came.
func (l *line) prepareServer(m message, user string) {
	req := m.req
	l.user, l.invite = user, m
	l.rec.InviteAt = l.now().Add(-time.Since(m.at))
	l.rec.CallID, l.rec.From = req.CallID().Value(), callerID(req)
	l.dialog = dialog{
		callID: req.CallID().Value(), remote: req.From().AsTo(), peer: m.from, seq: 0,
		local:  sip.FromHeader{DisplayName: req.To().DisplayName, Address: *req.To().Address.Clone()},
		target: req.From().Address,
	}
	if contact := req.Contact(); contact != nil {
		l.dialog.target = *contact.Address.Clone()
	}
	for _, h := range req.GetHeaders("Record-Route") {
		if rr, ok := h.(*sip.RecordRouteHeader); ok {
			l.dialog.routes = append(l.dialog.routes, rr.Address)
		}
	}
	l.addTag()
	l.ep.bind(serverKey(req), l)
	l.ep.bind(mergeKey(req), l)
}

// callerID is the user of the From header or, of an anonymous call, that of
// P-Asserted-Identity.
func callerID(req *sip.Request) string {
	user := req.From().Address.User
	if pai := req.GetHeader("P-Asserted-Identity"); pai != nil && (user == "" || strings.EqualFold(user, "anonymous")) {
		var uri sip.Uri
		if _, err := sip.ParseAddressValue(pai.Value(), &uri, &sip.HeaderParams{}); err == nil && uri.User != "" {
			return uri.User
		}
	}
	return user
}
