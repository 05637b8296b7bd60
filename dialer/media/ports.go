package media

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// portQuarantine is how long a port rests after use, so that packets that are
// still under way to the old call do not reach the next one.
const portQuarantine = 10 * time.Second

// portPool hands out pairs of UDP sockets: RTP on an even port, RTCP on the
// next one.
type portPool struct {
	network string
	ip      netip.Addr
	now     func() time.Time

	mu     sync.Mutex
	first  int
	states []portState // of first, first+2, ...
	cursor int
}

type portState struct {
	used     bool
	restedAt time.Time // not before, when not used
}

func newPortPool(o Options) *portPool {
	p := &portPool{ip: netip.MustParseAddr(o.BindIP).Unmap(), now: o.Now, first: firstPort(o)}
	switch {
	case p.ip.Is4():
		p.network = "udp4"
	case p.ip.IsUnspecified():
		p.network = "udp" // both families
	default:
		p.network = "udp6"
	}
	p.states = make([]portState, (o.PortMax-p.first+1)/2)
	return p
}

// serves reports whether packets can be sent to an address.
func (p *portPool) serves(ip netip.Addr) bool {
	return p.network == "udp" || ip.Is4() == p.ip.Is4()
}

// open binds the next free pair. A port that another process holds is passed
// over and rests like a used one. The error is ErrNoPorts when none is left.
func (p *portPool) open() (port int, rtp, rtcp *net.UDPConn, err error) {
	for range p.states {
		port, ok := p.take()
		if !ok {
			break
		}
		if rtp, err = p.listen(port); err == nil {
			if rtcp, err = p.listen(port + 1); err == nil {
				return port, rtp, rtcp, nil
			}
			_ = rtp.Close()
		}
		p.release(port)
	}
	return 0, nil, nil, ErrNoPorts
}

func (p *portPool) listen(port int) (*net.UDPConn, error) {
	return net.ListenUDP(p.network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.ip, uint16(port)))) // validated range
}

// take marks the next port that is free, round robin, so that the one that
// rested longest comes first.
func (p *portPool) take() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for range p.states {
		i := p.cursor
		p.cursor = (p.cursor + 1) % len(p.states)
		if s := &p.states[i]; !s.used && !now.Before(s.restedAt) {
			s.used = true
			return p.first + 2*i, true
		}
	}
	return 0, false
}

// release puts a port into quarantine.
func (p *portPool) release(port int) {
	p.mu.Lock()
	p.states[(port-p.first)/2] = portState{restedAt: p.now().Add(portQuarantine)}
	p.mu.Unlock()
}
