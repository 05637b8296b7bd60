package media

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// farControl is the RTCP socket of a far end.
type farControl struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
}

func newFarControl(t *testing.T, l *Leg) *farControl {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &farControl{t: t, conn: conn, to: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(l.Port()+1))}
}

func (c *farControl) line() string {
	return "a=rtcp:" + (&net.UDPAddr{Port: c.conn.LocalAddr().(*net.UDPAddr).Port}).String()[1:]
}

func (c *farControl) read() []rtcp.Packet {
	c.t.Helper()
	buf := make([]byte, 1500)
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	n, err := c.conn.Read(buf)
	if err != nil {
		c.t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(buf[:n])
	if err != nil {
		c.t.Fatal(err)
	}
	if err := rtcp.CompoundPacket(packets).Validate(); err != nil {
		c.t.Fatal(err)
	}
	return packets
}

func TestReports(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	o, c := newFar(t, l), newFarControl(t, l)
	l.Offer()
	if err := l.SetAnswer(o.sdp("0", c.line())); err != nil {
		t.Fatal(err)
	}
	// Ten packets come, one of them lost before, with 10 ms of jitter.
	for i := range 11 {
		clock.add(frameTime)
		if i == 5 {
			o.seq, o.ts = o.seq+1, o.ts+160
			continue
		}
		o.audio(o.silence())
		want := uint64(i + 1)
		if i > 5 {
			want--
		}
		waitFor(t, func() bool { return l.Stats().PacketsReceived == want })
	}
	f.housekeep(clock.add(reportPeriod))
	rr, ok := c.read()[0].(*rtcp.ReceiverReport)
	if !ok || len(rr.Reports) != 1 {
		t.Fatalf("report %v", rr)
	}
	if r := rr.Reports[0]; r.SSRC != o.ssrc || r.TotalLost != 1 || r.FractionLost != 256/11 || r.LastSequenceNumber != uint32(o.seq-1) {
		t.Errorf("block %+v", r)
	}

	// Having sent something, it is a sender report. Its loss is that since
	// the last one.
	<-playOne(f, clock, l)
	f.housekeep(clock.add(reportPeriod))
	sr, ok := c.read()[0].(*rtcp.SenderReport)
	if !ok || sr.PacketCount != 1 || sr.OctetCount != 160 || len(sr.Reports) != 1 {
		t.Fatalf("report %+v", sr)
	}
	if sr.Reports[0].FractionLost != 0 || sr.Reports[0].TotalLost != 1 {
		t.Errorf("block %+v", sr.Reports[0])
	}
	media := o.read()
	if sr.SSRC != media.SSRC || sr.RTPTime-media.Timestamp != uint32((reportPeriod+frameTime)/time.Millisecond*8) {
		t.Errorf("RTP time %d for a packet at %d", sr.RTPTime, media.Timestamp)
	}
	if got := ntpTime(clock.now()); sr.NTPTime != got {
		t.Errorf("NTP time %x, want %x", sr.NTPTime, got)
	}

	// The far end reports, 100 ms later, having held our report for 60 ms.
	clock.add(100 * time.Millisecond)
	c.send(&rtcp.ReceiverReport{SSRC: o.ssrc, Reports: []rtcp.ReceptionReport{
		{SSRC: 12345, TotalLost: 99},
		{SSRC: sr.SSRC, TotalLost: 3, Jitter: 80, LastSenderReport: uint32(sr.NTPTime >> 16), Delay: 65536 * 60 / 1000},
	}})
	waitFor(t, func() bool { return !l.Stats().LastRTCP.IsZero() })
	s := l.Stats()
	if s.RemoteLost != 3 || s.RemoteJitter != 10*time.Millisecond || (s.RemoteRoundTrip-40*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("far end's view: lost %d, jitter %s, round trip %s", s.RemoteLost, s.RemoteJitter, s.RemoteRoundTrip)
	}
}

func (c *farControl) send(p rtcp.Packet) {
	c.t.Helper()
	b, err := rtcp.Marshal([]rtcp.Packet{p})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.WriteToUDPAddrPort(b, c.to); err != nil {
		c.t.Fatal(err)
	}
}

// playOne plays one frame.
func playOne(f *Factory, clock *fakeClock, l *Leg) <-chan struct{} {
	done := l.Play(newPrompt(make([]int16, 160)), false)
	f.pacer.step(clock.now())
	f.pacer.step(clock.add(frameTime))
	return done
}

func TestJunkOnTheControlPort(t *testing.T) {
	t.Parallel()
	f, clock := stillFactory(t)
	l, _ := newTestLeg(t, f, LegConfig{})
	o, c := newFar(t, l), newFarControl(t, l)
	l.Offer()
	if err := l.SetAnswer(o.sdp("0", c.line())); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{{}, {0x80}, []byte("junk on the control port"), {0x81, 201, 0, 7, 0, 0, 0, 1}, make([]byte, 1400)} {
		if _, err := c.conn.WriteToUDPAddrPort(b, c.to); err != nil {
			t.Fatal(err)
		}
	}
	c.send(&rtcp.SenderReport{SSRC: 5, NTPTime: ntpTime(clock.now())})
	waitFor(t, func() bool { return !l.Stats().LastRTCP.IsZero() })
}

func TestStreamStats(t *testing.T) {
	t.Parallel()
	var s streamStats
	arrival := int64(0)
	feed := func(ssrc uint32, seq uint16) {
		arrival += 160
		s.receive(ssrc, seq, uint32(arrival), arrival, true)
	}
	for _, seq := range []uint16{65534, 65533, 65535, 1, 0, 0, 4} { // lost: 2, 3; twice: 0
		feed(1, seq)
	}
	// 65534..4 are seven; seven came, of which one before the first, one twice.
	if s.expected() != 7 || s.lost() != 0 || s.late != 3 {
		t.Errorf("expected %d, lost %d, late %d", s.expected(), s.lost(), s.late)
	}
	feed(1, 10)
	if s.lost() != 5 {
		t.Errorf("lost %d, want 5", s.lost())
	}
	feed(2, 500) // another stream: the loss so far stays
	feed(2, 502)
	if s.lost() != 6 {
		t.Errorf("lost %d, want 6", s.lost())
	}
	feed(2, 40000) // a restart is no loss of 39,497
	if s.lost() != 6 || s.jitter != 0 {
		t.Errorf("lost %d, jitter %v", s.lost(), s.jitter)
	}
	for i := range uint16(200) { // every other packet is 10 ms late
		arrival += 160
		s.receive(2, 40001+i, uint32(arrival), arrival+int64(i%2)*80, true)
	}
	if j := samplesTime(s.jitter); (j - 10*time.Millisecond).Abs() > 100*time.Microsecond {
		t.Errorf("jitter %s, want 10ms", j)
	}
}
