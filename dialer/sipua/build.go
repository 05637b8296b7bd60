package sipua

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// resolveLimit bounds a name look-up inside a dialog.
const resolveLimit = 2 * time.Second

// firstInvite builds the INVITE; every value is checked, since one that held a
// line break would add headers.
func (d *dialog) firstInvite() (*sip.Request, error) {
	c := &d.client.req
	for name, v := range map[string]string{
		"target": c.Target, "display name": c.DisplayName, "call id": d.callID, "destination": c.Destination,
		"user name": c.Username,
	} {
		if unsafe(v) {
			return nil, fmt.Errorf("invite: %s holds a control character", name)
		}
	}
	if !userPart(c.From) || !userPart(c.Asserted) {
		return nil, errors.New("invite: from or asserted identity is no user part of a SIP URI")
	}
	if strings.ContainsAny(d.callID, " \t<>") {
		return nil, errors.New("invite: call id is no word")
	}
	var target sip.Uri
	if err := sip.ParseUri(c.Target, &target); err != nil {
		return nil, errors.New("invite: target is no URI")
	}
	if (target.Scheme != "sip" && target.Scheme != "sips") || !validHost(strings.Trim(target.Host, "[]")) ||
		strings.ContainsAny(c.Target, " \t<>\"") {
		return nil, errors.New("invite: target is no SIP URI")
	}
	d.target = target
	d.local = sip.FromHeader{
		DisplayName: quoted(c.DisplayName), Address: sip.Uri{Scheme: "sip", User: c.From, Host: d.ep.host},
	}
	d.local.Params.Add("tag", d.localTag)
	d.remote = sip.ToHeader{Address: sip.Uri{Scheme: target.Scheme, User: target.User, Host: target.Host, Port: target.Port}}
	d.seq = 1
	return d.inviteRequest(), nil
}

// inviteRequest builds an initial INVITE with the current CSeq.
func (d *dialog) inviteRequest() *sip.Request {
	c := &d.client.req
	req := d.request(sip.INVITE)
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	if c.Asserted != "" {
		id := sip.Uri{Scheme: "sip", User: c.Asserted, Host: d.ep.host}
		req.AppendHeader(sip.NewHeader("P-Asserted-Identity", "<"+id.String()+">"))
	}
	if len(c.SDP) > 0 {
		setSDP(req, c.SDP)
	}
	return req
}

// setSDP puts an SDP body into a message.
func setSDP(m interface {
	AppendHeader(sip.Header)
	SetBody([]byte)
}, sdp []byte) {
	ct := sip.ContentTypeHeader("application/sdp")
	m.AppendHeader(&ct)
	m.SetBody(sdp)
}

// request builds a request of this dialog with the current CSeq: route set and
// remote target as RFC 3261 section 12.2.1.1 says, strict routers included.
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	uri, routes := d.target, d.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") {
		uri = routes[0]
		routes = append(append([]sip.Uri{}, routes[1:]...), d.target)
	}
	req := sip.NewRequest(method, uri)
	req.AppendHeader(d.ep.via(newBranch()))
	for i := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: *routes[i].Clone()})
	}
	mf := sip.MaxForwardsHeader(maxForwards)
	req.AppendHeader(&mf)
	req.AppendHeader(sip.HeaderClone(&d.local))
	req.AppendHeader(sip.HeaderClone(&d.remote))
	id := sip.CallIDHeader(d.callID)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: d.seq, MethodName: method})
	if method != sip.BYE && method != sip.CANCEL {
		req.AppendHeader(d.ep.contact())
	}
	req.AppendHeader(sip.NewHeader("User-Agent", d.ep.ua.opts.UserAgent))
	req.SetBody(nil)
	if d.hop.IsValid() {
		d.ep.route(req, d.hop)
	}
	return req
}

// ack builds the ACK of a 2xx: the INVITE's CSeq and credentials, a branch of
// its own (RFC 3261 sections 13.2.2.4 and 22.1).
func (d *dialog) ack(invite *sip.Request) *sip.Request {
	ack := d.request(sip.ACK)
	ack.CSeq().SeqNo = invite.CSeq().SeqNo
	sip.CopyHeaders("Authorization", invite, ack)
	sip.CopyHeaders("Proxy-Authorization", invite, ack)
	return ack
}

// cancelOf builds the CANCEL of an INVITE (RFC 3261 section 9.1).
func cancelOf(invite *sip.Request) *sip.Request {
	req := sip.NewRequest(sip.CANCEL, invite.Recipient)
	req.AppendHeader(invite.Via().Clone())
	sip.CopyHeaders("Route", invite, req)
	mf := sip.MaxForwardsHeader(maxForwards)
	req.AppendHeader(&mf)
	req.AppendHeader(sip.HeaderClone(invite.From()))
	req.AppendHeader(sip.HeaderClone(invite.To()))
	req.AppendHeader(sip.HeaderClone(invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	sip.CopyHeaders("User-Agent", invite, req)
	req.SetBody(nil)
	req.SetTransport("UDP")
	req.SetDestination(invite.Destination())
	invite.Laddr.Copy(&req.Laddr)
	return req
}

// establish takes the dialog state from the 2xx to our INVITE (RFC 3261
// section 12.1.2).
func (d *dialog) establish(res *sip.Response) {
	ctx, stop := context.WithTimeout(context.Background(), resolveLimit)
	defer stop()
	d.adopt(ctx, res)
}

func (d *dialog) adopt(ctx context.Context, res *sip.Response) {
	d.remoteTag = toTag(res)
	if to := res.To(); to != nil {
		d.remote = sip.ToHeader{DisplayName: to.DisplayName, Address: *to.Address.Clone(), Params: to.Params.Clone()}
	}
	if uri, ok := contactURI(res); ok {
		d.target = uri
	}
	set := routeSet(res)
	d.routes = make([]sip.Uri, 0, len(set))
	for _, route := range slices.Backward(set) {
		d.routes = append(d.routes, route)
	}
	d.findHop(ctx, res.Source())
}

// findHop resolves where requests of the dialog go: the first route, else the
// remote target; to a phone, which may sit behind a NAT, the address that it
// spoke from. Where it does not resolve, the last hop stays.
func (d *dialog) findHop(ctx context.Context, source string) {
	next := d.target
	if len(d.routes) > 0 {
		next = d.routes[0]
	} else if d.ep.phones {
		if ap, err := netip.ParseAddrPort(source); err == nil {
			d.hop = ap
			return
		}
	}
	if hop, err := d.ep.resolve(ctx, "", next); err == nil {
		d.hop = hop
		d.ep.called.add(hop.Addr(), time.Now())
	}
}

// unwanted gives the dialog of a forked or late 2xx, only to end it. It waits
// for no look-up.
func (e *endpoint) unwanted(invite *sip.Request, res *sip.Response) *dialog {
	d := &dialog{ep: e, callID: invite.CallID().Value(), target: invite.Recipient, seq: invite.CSeq().SeqNo}
	from := invite.From()
	d.local = sip.FromHeader{DisplayName: from.DisplayName, Address: from.Address, Params: from.Params}
	if hop, err := netip.ParseAddrPort(invite.Destination()); err == nil {
		d.hop = hop
	}
	d.adopt(cancelledContext(), res)
	return d
}

// resolve gives the address of host:port, or of the URI where that is empty.
// Addresses need no look-up; the first address record of a name is used.
func (e *endpoint) resolve(ctx context.Context, destination string, uri sip.Uri) (netip.AddrPort, error) {
	host, port := strings.Trim(uri.Host, "[]"), uri.Port
	if destination != "" {
		var err error
		if host, port, err = splitHostPort(destination); err != nil {
			return netip.AddrPort{}, fmt.Errorf("destination: %w", err)
		}
	}
	if port == 0 {
		port = sip.DefaultUdpPort
	}
	if port < 1 || port > 65535 {
		return netip.AddrPort{}, fmt.Errorf("port %d", port)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
	}
	network := "ip6"
	if e.laddr.IP.To4() != nil {
		network = "ip4"
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("resolve %s: %w", host, err)
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(port)), nil
}
