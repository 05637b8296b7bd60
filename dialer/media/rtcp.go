package media

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// reportPeriod is how often a leg sends an RTCP report (RFC 3550, 6.2).
const reportPeriod = 5 * time.Second

// control is the RTCP state of a leg, guarded by mu.
type control struct {
	mu         sync.Mutex
	name       string    // CNAME
	next       time.Time // when the next report is due
	packets    uint64    // sent until the last report
	lastSR     uint32    // middle bits of the far end's last sender report
	lastSRAt   time.Time
	lastAt     time.Time
	remoteLost uint64
	jitter     time.Duration
	roundTrip  time.Duration
}

// begin sets what a new leg starts with. The first report falls due at a
// random moment, so that those of many legs are spread.
func (c *control) begin(now time.Time) {
	c.name = fmt.Sprintf("%016x", rand.Uint64())              // need not be secret
	c.next = now.Add(reportPeriod/2 + rand.N(reportPeriod/2)) // need not be secret
}

func (c *control) fill(s *Stats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.LastRTCP, s.RemoteLost, s.RemoteJitter, s.RemoteRoundTrip = c.lastAt, c.remoteLost, c.jitter, c.roundTrip
}

// readRTCP receives RTCP until the socket is closed. Only the host that RTP
// comes from, or that the SDP names, is listened to.
func (l *Leg) readRTCP() {
	l.readFrom(l.rtcp, func(buf []byte, n int, from netip.AddrPort) {
		if from.Addr() != l.in.source().Addr() && from.Addr() != l.remote().rtcp.Addr() {
			return
		}
		if packets, err := rtcp.Unmarshal(buf[:n]); err == nil {
			l.ctl.take(packets, l.out.rw.ssrc, l.f.options.Now())
		}
	})
}

// remote returns the far end's side of the last agreement.
func (l *Leg) remote() remoteAudio {
	l.nego.mu.Lock()
	defer l.nego.mu.Unlock()
	return l.nego.remote
}

// take notes what the far end reports; ssrc is ours.
func (c *control) take(packets []rtcp.Packet, ssrc uint32, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastAt = now
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			c.lastSR, c.lastSRAt = uint32(p.NTPTime>>16), now // middle 32 bits
			c.takeReports(p.Reports, ssrc, now)
		case *rtcp.ReceiverReport:
			c.takeReports(p.Reports, ssrc, now)
		}
	}
}

func (c *control) takeReports(reports []rtcp.ReceptionReport, ssrc uint32, now time.Time) {
	for _, r := range reports {
		if r.SSRC != ssrc {
			continue
		}
		// The cumulative loss is a signed 24-bit number.
		if r.TotalLost < 1<<23 {
			c.remoteLost = uint64(r.TotalLost)
		}
		c.jitter = samplesTime(float64(r.Jitter))
		if r.LastSenderReport == 0 {
			continue
		}
		trip := int32(uint32(ntpTime(now)>>16) - r.LastSenderReport - r.Delay) // modulo 2^32 by design
		if trip >= 0 {
			c.roundTrip = time.Duration(trip) * time.Second / 65536
		}
	}
}

// ntpTime returns t in 32.32 fixed-point seconds since 1900 (RFC 3550, 4).
func ntpTime(t time.Time) uint64 {
	const epochs = 2208988800                                      // seconds from 1900 to 1970
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second) // below 2^30
	return uint64(t.Unix()+epochs)<<32 | fraction                  // after 1900
}

// report sends an RTCP report if one is due and there is something to report:
// a sender report if anything was sent since the last one, otherwise a
// receiver report.
func (l *Leg) report(now time.Time) {
	c := &l.ctl
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.next) {
		return
	}
	c.next = now.Add(reportPeriod)
	to, ok := l.reportAddress()
	if !ok {
		return
	}
	reports := l.receptionReport(c, now)
	sender, sent := l.senderReport(now)
	var head rtcp.Packet
	switch {
	case sent > c.packets:
		sender.Reports = reports
		head = sender
	case len(reports) > 0:
		head = &rtcp.ReceiverReport{SSRC: sender.SSRC, Reports: reports}
	default:
		return
	}
	c.packets = sent
	b, err := rtcp.Marshal([]rtcp.Packet{head, rtcp.NewCNAMESourceDescription(sender.SSRC, c.name)})
	if err != nil {
		return
	}
	// A report that is lost is followed by another.
	_, _ = l.rtcp.WriteToUDPAddrPort(b, to)
}

// reportAddress is the RTCP address of the SDP, or the port after the source
// of RTP where that is another host than the SDP says.
func (l *Leg) reportAddress() (netip.AddrPort, bool) {
	source, remote := l.in.source(), l.remote()
	if !source.IsValid() || source.Addr() == remote.addr.Addr() {
		return remote.rtcp, remote.rtcp.IsValid()
	}
	if source.Port() == 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(source.Addr(), source.Port()+1), true
}

// senderReport returns our sender report and the number of packets sent.
func (l *Leg) senderReport(now time.Time) (*rtcp.SenderReport, uint64) {
	s := l.out
	s.mu.Lock()
	defer s.mu.Unlock()
	elapsed := uint32(0)
	if s.rw.started {
		elapsed = uint32(samplesBetween(s.rw.at, now)) // wraps by design
	}
	return &rtcp.SenderReport{
		SSRC: s.rw.ssrc, NTPTime: ntpTime(now), RTPTime: s.rw.ts + elapsed,
		PacketCount: uint32(s.stats.packets), OctetCount: uint32(s.stats.octets), // wraps by design
	}, s.stats.packets
}

// receptionReport returns what we report of the far end's stream, at most one
// block; c is locked.
func (l *Leg) receptionReport(c *control, now time.Time) []rtcp.ReceptionReport {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	st := &l.in.stream
	if !st.started {
		return nil
	}
	r := rtcp.ReceptionReport{
		SSRC: st.ssrc, FractionLost: st.fraction(),
		TotalLost:          uint32(min(st.lost(), 1<<23-1)), // bounded
		LastSequenceNumber: st.highest - 1<<16,
		Jitter:             uint32(st.jitter),
	}
	if !c.lastSRAt.IsZero() {
		r.LastSenderReport = c.lastSR
		r.Delay = uint32(now.Sub(c.lastSRAt).Seconds() * 65536)
	}
	return []rtcp.ReceptionReport{r}
}
