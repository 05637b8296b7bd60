package media

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// patience is how long a test waits for what must come.
const patience = 5 * time.Second

// fakeClock is a clock that only tests move.
type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{t: time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)}
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
	return c.t
}

func testOptions() Options {
	// Below the range of ephemeral ports, which the far ends take.
	return Options{BindIP: "127.0.0.1", PortMin: 20000, PortMax: 31999}
}

// runningFactory returns a factory with pacer and housekeeper.
func runningFactory(t testing.TB) *Factory {
	t.Helper()
	f, err := NewFactory(testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// stillFactory returns a factory whose time and pacer the test drives.
func stillFactory(t testing.TB) (*Factory, *fakeClock) {
	t.Helper()
	clock := newFakeClock()
	o := testOptions()
	o.Now = clock.now
	f, err := newFactory(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, clock
}

// events collects what a leg reports.
type events chan Event

func (e events) take(ev Event) { e <- ev }

// want waits for the next event, which must be of the given kind.
func (e events) want(t testing.TB, kind EventKind) Event {
	t.Helper()
	select {
	case got := <-e:
		if got.Kind != kind {
			t.Fatalf("event %s, want %s", got.Kind, kind)
		}
		return got
	case <-time.After(patience):
		t.Fatalf("no event, want %s", kind)
		return Event{}
	}
}

// none fails if an event was reported.
func (e events) none(t testing.TB) {
	t.Helper()
	select {
	case got := <-e:
		t.Fatalf("unexpected event %s", got.Kind)
	default:
	}
}

func newTestLeg(t testing.TB, f *Factory, cfg LegConfig) (*Leg, events) {
	t.Helper()
	ev := make(events, 256)
	cfg.OnEvent = ev.take
	l, err := f.NewLeg(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l, ev
}

// far is the other end of a leg: a plain UDP socket with an RTP stream.
type far struct {
	t    testing.TB
	conn *net.UDPConn
	to   netip.AddrPort
	pt   uint8
	seq  uint16
	ts   uint32
	ssrc uint32
	buf  []byte
}

func newFar(t testing.TB, l *Leg) *far {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &far{
		t: t, conn: conn, buf: make([]byte, 2048), seq: 100, ts: 5000, ssrc: 0xABCD0001,
		to: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(l.Port())),
	}
}

func (f *far) port() int { return f.conn.LocalAddr().(*net.UDPAddr).Port }

func (f *far) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(f.port()))
}

// sdp returns a description of this end with the formats of an m= line and
// further lines.
func (f *far) sdp(formats string, lines ...string) []byte {
	s := fmt.Sprintf("v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n", f.port(), formats)
	for _, l := range lines {
		s += l + "\r\n"
	}
	return []byte(s)
}

const eventMap = "a=rtpmap:101 telephone-event/8000"

// join answers the leg's offer with the given codec and telephone-event 101.
func (f *far) join(l *Leg, c Codec) {
	f.t.Helper()
	f.pt = uint8(c)
	l.Offer()
	if err := l.SetAnswer(f.sdp(fmt.Sprintf("%d 101", c), eventMap)); err != nil {
		f.t.Fatal(err)
	}
}

// write sends a raw datagram to the leg.
func (f *far) write(b []byte) {
	f.t.Helper()
	if _, err := f.conn.WriteToUDPAddrPort(b, f.to); err != nil {
		f.t.Fatal(err)
	}
}

// packet sends an RTP packet built by pion, the reference.
func (f *far) packet(h rtp.Header, payload []byte) {
	f.t.Helper()
	h.Version = 2
	b, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(b)
}

// audio sends the next 20 ms.
func (f *far) audio(payload []byte) {
	f.t.Helper()
	f.packet(rtp.Header{PayloadType: f.pt, SequenceNumber: f.seq, Timestamp: f.ts, SSRC: f.ssrc}, payload)
	f.seq++
	f.ts += uint32(len(payload))
}

// silence is one frame of silence in the far end's law.
func (f *far) silence() []byte {
	b := make([]byte, frameSamples)
	fill(b, Codec(f.pt).silence())
	return b
}

// read returns the next RTP packet that the leg sends.
func (f *far) read() rtp.Packet {
	f.t.Helper()
	p, ok := f.readWithin(patience)
	if !ok {
		f.t.Fatal("no RTP came")
	}
	return p
}

// readWithin returns false if nothing comes in time.
func (f *far) readWithin(d time.Duration) (rtp.Packet, bool) {
	f.t.Helper()
	if err := f.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		f.t.Fatal(err)
	}
	n, _, err := f.conn.ReadFromUDPAddrPort(f.buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return rtp.Packet{}, false
	}
	if err != nil {
		f.t.Fatal(err)
	}
	var p rtp.Packet
	if err := p.Unmarshal(append([]byte(nil), f.buf[:n]...)); err != nil {
		f.t.Fatal(err)
	}
	return p, true
}

// drained fails if the leg has sent anything that was not read.
func (f *far) drained() {
	f.t.Helper()
	// What was sent on loopback is in the socket's buffer at once.
	if p, ok := f.readWithin(time.Millisecond); ok {
		f.t.Fatalf("unexpected packet: %v", p)
	}
}

// tone returns n samples of a sine.
func tone(n int, hz, amplitude float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(amplitude * math.Sin(2*math.Pi*hz*float64(i)/sampleRate))
	}
	return s
}

// encode returns the code words of samples.
func encode(c Codec, samples []int16) []byte {
	b := make([]byte, len(samples))
	c.Encode(b, samples)
	return b
}

// decode returns the samples of code words.
func decode(c Codec, payload []byte) []int16 {
	s := make([]int16, len(payload))
	c.Decode(s, payload)
	return s
}

// pump sends one frame from each far end in turn, waiting until the other has
// it, and returns what each heard.
func pump(a, b *far, fromA, fromB []int16) (heardByA, heardByB []int16) {
	for at := 0; at < len(fromA); at += frameSamples {
		a.audio(encode(Codec(a.pt), fromA[at:at+frameSamples]))
		p := b.read()
		heardByB = append(heardByB, decode(Codec(p.PayloadType), p.Payload)...)
		b.audio(encode(Codec(b.pt), fromB[at:at+frameSamples]))
		p = a.read()
		heardByA = append(heardByA, decode(Codec(p.PayloadType), p.Payload)...)
	}
	return heardByA, heardByB
}
