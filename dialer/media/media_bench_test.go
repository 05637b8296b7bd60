package media

import (
	"testing"
)

// benchPair returns two running legs, bridged and confirmed, and their ends.
func benchPair(b *testing.B, ca, cb Codec) (from, to *far) {
	b.Helper()
	l, m, from, to, _ := pair(b, runningFactory(b), ca, cb)
	l.SetConfirmed()
	m.SetConfirmed()
	return from, to
}

// relay sends one packet through a leg and its peer and waits for it, without
// allocating itself.
func relay(b *testing.B, from, to *far, packet []byte) {
	putHeader(packet, from.pt, false, from.seq, from.ts, from.ssrc)
	from.seq++
	from.ts += frameSamples
	if _, err := from.conn.WriteToUDPAddrPort(packet, from.to); err != nil {
		b.Fatal(err)
	}
	if _, _, err := to.conn.ReadFromUDPAddrPort(to.buf); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkForwardSockets is the whole way of a packet over four loopback
// sockets: far end, leg, leg, far end. The two system calls of the far ends
// and two goroutine switches are part of the figure.
func BenchmarkForwardSockets(b *testing.B) {
	for _, c := range []struct {
		name string
		a, b Codec
	}{{"same_law", PCMU, PCMU}, {"converted", PCMU, PCMA}} {
		b.Run(c.name, func(b *testing.B) {
			from, to := benchPair(b, c.a, c.b)
			packet := make([]byte, rtpHeaderSize+frameSamples)
			b.ReportAllocs()
			for b.Loop() {
				relay(b, from, to, packet)
			}
		})
	}
}

// BenchmarkForward is what a reader does with one packet: parse, latch, count,
// rewrite, and the system call that sends it.
func BenchmarkForward(b *testing.B) {
	f, _ := stillFactory(b)
	l, _, from, _, _ := pair(b, f, PCMU, PCMU)
	buf := make([]byte, maxDatagram)
	addr := from.addr()
	b.ReportAllocs()
	for b.Loop() {
		putHeader(buf, 0, false, from.seq, from.ts, from.ssrc)
		from.seq++
		from.ts += frameSamples
		l.receive(buf, rtpHeaderSize+frameSamples, addr, f.options.Now())
	}
}

// BenchmarkReceive is the same without the sending: Go code alone.
func BenchmarkReceive(b *testing.B) {
	f, _ := stillFactory(b)
	l, _, from, _, br := pair(b, f, PCMU, PCMU)
	br.Unbridge()
	buf := make([]byte, maxDatagram)
	addr := from.addr()
	b.ReportAllocs()
	for b.Loop() {
		putHeader(buf, 0, false, from.seq, from.ts, from.ssrc)
		from.seq++
		from.ts += frameSamples
		l.receive(buf, rtpHeaderSize+frameSamples, addr, f.options.Now())
	}
}

// BenchmarkConvertLaw converts one frame of 20 ms.
func BenchmarkConvertLaw(b *testing.B) {
	frame := make([]byte, frameSamples)
	b.SetBytes(frameSamples)
	b.ReportAllocs()
	for b.Loop() {
		convertLaw(frame, PCMU, PCMA)
	}
}

// BenchmarkPlayFrame is one paced frame of a prompt, with its system call.
func BenchmarkPlayFrame(b *testing.B) {
	f, clock := stillFactory(b)
	l, _ := newTestLeg(b, f, LegConfig{})
	o := newFar(b, l)
	o.join(l, PCMU)
	l.Play(ComfortTone(), true)
	b.ReportAllocs()
	for b.Loop() {
		f.pacer.step(clock.add(frameTime))
	}
}

func TestForwardingDoesNotAllocate(t *testing.T) {
	f, clock := stillFactory(t)
	for _, c := range []struct{ a, b Codec }{{PCMU, PCMU}, {PCMA, PCMU}} {
		l, m, from, _, _ := pair(t, f, c.a, c.b)
		l.SetConfirmed()
		buf := make([]byte, maxDatagram)
		addr := from.addr()
		n := testing.AllocsPerRun(200, func() {
			putHeader(buf, uint8(c.a), false, from.seq, from.ts, from.ssrc)
			from.seq++
			from.ts += frameSamples
			l.receive(buf, rtpHeaderSize+frameSamples, addr, clock.add(frameTime))
		})
		if n != 0 {
			t.Errorf("%s to %s: %v allocations per packet", c.a, c.b, n)
		}
		if s := m.Stats(); s.PacketsSent != 201 {
			t.Errorf("%d packets sent, want 201", s.PacketsSent)
		}
	}
	l, _ := newTestLeg(t, f, LegConfig{})
	newFar(t, l).join(l, PCMU)
	l.Play(ComfortTone(), true)
	f.pacer.step(clock.now())
	if n := testing.AllocsPerRun(200, func() { f.pacer.step(clock.add(frameTime)) }); n != 0 {
		t.Errorf("playback: %v allocations per frame", n)
	}
}
