package media

import (
	"net/netip"
	"testing"
	"time"
)

func TestLatch(t *testing.T) {
	t.Parallel()
	sdpAddr := netip.MustParseAddrPort("192.0.2.1:4000")
	nat := netip.MustParseAddrPort("198.51.100.7:61000")
	other := netip.MustParseAddrPort("203.0.113.9:5000")
	moveAddr := netip.MustParseAddrPort("192.0.2.1:4002")

	type step struct {
		do       func(*latch) // instead of a packet
		after    time.Duration
		from     netip.AddrPort
		ssrc     uint32
		want     verdict
		wantLock bool
	}
	confirm := step{do: func(l *latch) { l.confirmed = true }}
	renegotiate := func(a netip.AddrPort) step { return step{do: func(l *latch) { l.setWanted(a) }} }
	repeat := func(s step, n int) (steps []step) {
		for range n {
			steps = append(steps, s)
		}
		return steps
	}
	for name, steps := range map[string][]step{
		"the SDP address wins while learning": {
			{from: other, ssrc: 1, want: moved}, {from: nat, ssrc: 2, want: foreign},
			{from: sdpAddr, ssrc: 3, want: moved}, {from: other, ssrc: 1, want: foreign},
		},
		"a silent source is replaced while learning": {
			{from: other, ssrc: 1, want: moved}, {after: sourceSilence, from: nat, ssrc: 2, want: moved},
		},
		"locked by confirmation": {
			{from: sdpAddr, ssrc: 1, want: moved}, confirm, {from: other, ssrc: 9, want: foreign},
			{from: sdpAddr, ssrc: 1, want: accepted, wantLock: true},
			{from: sdpAddr, ssrc: 2, want: foreign}, {from: other, ssrc: 1, want: foreign},
			{after: time.Hour, from: other, ssrc: 1, want: foreign},
		},
		"another SSRC after silence": {
			confirm, {from: sdpAddr, ssrc: 1, want: moved, wantLock: true},
			{after: sourceSilence - 1, from: sdpAddr, ssrc: 2, want: foreign},
			{after: 1, from: sdpAddr, ssrc: 2, want: accepted}, {from: sdpAddr, ssrc: 1, want: foreign},
		},
		"another SSRC after re-negotiation": {
			confirm, {from: sdpAddr, ssrc: 1, want: moved, wantLock: true}, renegotiate(sdpAddr),
			{from: sdpAddr, ssrc: 2, want: accepted}, {from: sdpAddr, ssrc: 3, want: foreign},
		},
		"NAT after confirmation": {
			confirm, {from: nat, ssrc: 1, want: foreign}, {from: nat, ssrc: 1, want: foreign},
			{from: nat, ssrc: 1, want: moved, wantLock: true}, {from: other, ssrc: 2, want: foreign},
			{from: nat, ssrc: 1, want: accepted},
		},
		"single packets of strangers never win": {
			confirm, {from: nat, ssrc: 1, want: foreign}, {from: other, ssrc: 1, want: foreign},
			{from: nat, ssrc: 1, want: foreign}, {from: nat, ssrc: 2, want: foreign}, {from: nat, ssrc: 1, want: foreign},
			{from: sdpAddr, ssrc: 1, want: moved, wantLock: true},
		},
		"the SDP address wins over one that locked by probation": {
			confirm, {from: nat, ssrc: 1}, {from: nat, ssrc: 1}, {from: nat, ssrc: 1, want: moved, wantLock: true},
			{from: sdpAddr, ssrc: 5, want: moved, wantLock: true}, {from: nat, ssrc: 1, want: foreign},
		},
		"re-negotiation to another address": append(append([]step{
			confirm, {from: sdpAddr, ssrc: 1, want: moved, wantLock: true}, renegotiate(moveAddr),
		}, repeat(step{from: sdpAddr, ssrc: 1, want: foreign}, formerSourcePackets-1)...),
			step{from: moveAddr, ssrc: 1, want: moved, wantLock: true}, step{from: sdpAddr, ssrc: 1, want: foreign}),
		"the former source is all there is": append(append([]step{
			confirm, {from: sdpAddr, ssrc: 1, want: moved, wantLock: true}, renegotiate(moveAddr),
		}, repeat(step{from: sdpAddr, ssrc: 1, want: foreign}, formerSourcePackets-1)...),
			step{from: sdpAddr, ssrc: 1, want: moved, wantLock: true}),
		"hold by 0.0.0.0 keeps the lock": {
			confirm, {from: sdpAddr, ssrc: 1, want: moved, wantLock: true}, renegotiate(netip.AddrPort{}),
			{from: other, ssrc: 1, want: foreign}, {from: sdpAddr, ssrc: 1, want: accepted},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := latch{want: sdpAddr}
			now := newFakeClock()
			for i, s := range steps {
				if s.do != nil {
					s.do(&l)
					continue
				}
				v, locked := l.check(s.from, s.ssrc, uint16(i), now.add(s.after))
				if v != s.want || locked != s.wantLock {
					t.Fatalf("step %d from %s: verdict %d, locked now %v; want %d, %v", i, s.from, v, locked, s.want, s.wantLock)
				}
			}
		})
	}
}
