package simcarrier

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// studio opens audio legs and sends the audio of all of them from one
// goroutine, every 20 ms.
type studio struct {
	host       netip.Addr
	low, high  int
	sounds     *sounds
	mulaw      *[256]float64
	alaw       *[256]float64
	now        func() time.Time
	mu         sync.Mutex
	legs       map[*leg]struct{}
	nextPort   int
	sendBuffer [12 + frameSamples]byte // of the pump alone
}

// newStudio uses even ports from low to high, beginning at start modulo their
// number, in turn: a port is used again only after all others.
func newStudio(host netip.Addr, low, high int, start uint32, now func() time.Time) *studio {
	low += low % 2
	span := (high-low)/2 + 1
	return &studio{
		host: host, low: low, high: high, sounds: newSounds(), mulaw: pcmu.table(), alaw: pcma.table(),
		now: now, legs: make(map[*leg]struct{}), nextPort: low + 2*int(start%uint32(span)),
	}
}

// errNoPorts means that every port of the range is taken.
var errNoPorts = errors.New("no free audio port")

// bind takes the next free even port.
func (s *studio) bind() (*net.UDPConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range (s.high-s.low)/2 + 1 {
		at := netip.AddrPortFrom(s.host, uint16(s.nextPort))
		if s.nextPort += 2; s.nextPort > s.high {
			s.nextPort = s.low
		}
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err == nil {
			return conn, nil
		}
	}
	return nil, fmt.Errorf("%w between %d and %d", errNoPorts, s.low, s.high)
}

// open starts a leg that listens for the tones of grid. The caller closes it.
func (s *studio) open(grid []int) (*leg, error) {
	conn, err := s.bind()
	if err != nil {
		return nil, err
	}
	l := newLeg(s, conn, grid)
	go l.receive()
	s.mu.Lock()
	s.legs[l] = struct{}{}
	s.mu.Unlock()
	return l, nil
}

func (s *studio) forget(l *leg) {
	s.mu.Lock()
	delete(s.legs, l)
	s.mu.Unlock()
}

// run sends one frame of every leg each 20 ms until ctx ends.
func (s *studio) run(ctx context.Context) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	var legs []*leg
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		legs = legs[:0]
		s.mu.Lock()
		for l := range s.legs {
			legs = append(legs, l)
		}
		s.mu.Unlock()
		now := time.Now()
		for _, l := range legs {
			l.send(now, s.sendBuffer[:])
		}
	}
}
