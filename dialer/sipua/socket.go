package sipua

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxDatagram bounds messages in both directions, in bytes.
	maxDatagram = 16 << 10
	// socketBuffer is asked of the kernel for bursts; it may give less.
	socketBuffer = 4 << 20
)

// socket filters datagrams before sipgo sees them, in arrival order. sipgo
// itself would keep an entry for every source and parse (and log) everything.
type socket struct {
	*net.UDPConn
	// admit decides on one datagram; it is called by the one reader only.
	admit func(from netip.AddrPort, data []byte) bool
	// ready is closed when sipgo reads and thus knows the socket.
	ready     chan struct{}
	readyOnce sync.Once
	// from is the source of the last datagram, for the tap, which runs in the
	// reader's goroutine.
	from netip.AddrPort
	self ownAddr
	// over is set when the socket was closed.
	over bool
}

// ownAddr is given to sipgo as every datagram's source: sipgo remembers each
// address that it sees for as long as it reads. The tap puts the real source
// into the message.
type ownAddr string

// Network implements net.Addr.
func (ownAddr) Network() string { return "udp" }

// String implements net.Addr.
func (a ownAddr) String() string { return string(a) }

// openSocket binds a UDP socket; the error names the key and the address.
func openSocket(key, listen string) (*socket, error) {
	ap, err := netip.ParseAddrPort(listen)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is not ip:port", key, listen)
	}
	network := "udp6"
	if ap.Addr().Unmap().Is4() {
		network = "udp4"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen for SIP on udp %s: %w", key, listen, err)
	}
	// A smaller buffer than asked for costs retransmissions, not calls.
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	return &socket{UDPConn: conn, ready: make(chan struct{}), self: ownAddr(conn.LocalAddr().String())}, nil
}

// local is the bound address.
func (s *socket) local() *net.UDPAddr {
	address, _ := s.LocalAddr().(*net.UDPAddr) // a UDP socket has no other
	return address
}

// ReadFrom gives the next admitted datagram. An error other than the socket's
// closing is passing (an ICMP report, say) and must not stop the listener.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	s.readyOnce.Do(func() { close(s.ready) })
	for {
		n, from, err := s.ReadFromUDPAddrPort(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				s.over = true
				return 0, nil, err
			}
			time.Sleep(time.Millisecond)
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if !s.admit(from, b[:n]) {
			continue
		}
		s.from = from
		return n, s.self, nil
	}
}
