package simcarrier

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// handset is an RTP endpoint made for the tests: it sends one tone and keeps
// what it receives. It shares no code with the carrier but the G.711 tables,
// which TestG711 holds against the recommendation.
type handset struct {
	conn *net.UDPConn
	at   netip.AddrPort
	law  law

	mu      sync.Mutex
	peer    netip.AddrPort
	hz      int
	samples []float64
	types   map[byte]int
	stop    chan struct{}
	wg      sync.WaitGroup
}

func newHandset(t testing.TB, l law, hz int) *handset {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	h := &handset{conn: conn, at: conn.LocalAddr().(*net.UDPAddr).AddrPort(), law: l, hz: hz, stop: make(chan struct{}), types: map[byte]int{}}
	h.wg.Go(h.send)
	h.wg.Go(h.receive)
	t.Cleanup(func() {
		close(h.stop)
		conn.Close()
		h.wg.Wait()
	})
	return h
}

// call directs the handset by the SDP of an answer.
func (h *handset) call(t testing.TB, sdp []byte) {
	t.Helper()
	s, err := parseSDP(sdp)
	if err != nil {
		t.Fatalf("SDP of the carrier: %v\n%s", err, sdp)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peer = s.remote
}

// tune changes the tone; zero is silence and negative stops sending.
func (h *handset) tune(hz int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hz = hz
}

func (h *handset) send() {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	var sequence uint16
	var sample int
	for {
		select {
		case <-h.stop:
			return
		case <-ticker.C:
		}
		h.mu.Lock()
		peer, hz := h.peer, h.hz
		h.mu.Unlock()
		if !peer.IsValid() || hz < 0 {
			continue
		}
		packet := make([]byte, 12+frameSamples)
		packet[0], packet[1] = 0x80, byte(h.law)
		binary.BigEndian.PutUint16(packet[2:], sequence)
		binary.BigEndian.PutUint32(packet[4:], uint32(sample))
		binary.BigEndian.PutUint32(packet[8:], 0xfeed)
		for i := range frameSamples {
			level := 0.0
			if hz > 0 {
				level = 8000 * math.Sin(2*math.Pi*float64(hz)*float64(sample+i)/8000)
			}
			packet[12+i] = h.law.encode(int(level))
		}
		sequence++
		sample += frameSamples
		h.conn.WriteToUDPAddrPort(packet, peer)
	}
}

func (h *handset) receive() {
	buffer := make([]byte, 2048)
	for {
		n, _, err := h.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.types[buffer[1]&0x7f]++
		for _, b := range buffer[12:n] {
			h.samples = append(h.samples, float64(law(buffer[1]&0x7f).decode(b)))
		}
		h.mu.Unlock()
	}
}

// hears reports whether hz makes up most of some window of 100 ms received.
func (h *handset) hears(hz int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for at := 0; at+800 <= len(h.samples); at += 400 {
		re, im, energy := 0.0, 0.0, 1.0
		for i, x := range h.samples[at : at+800] {
			phase := 2 * math.Pi * float64(hz) * float64(i) / 8000
			re, im, energy = re+x*math.Cos(phase), im+x*math.Sin(phase), energy+x*x
		}
		if energy > 800*1000*1000 && 2*(re*re+im*im)/(800*energy) > 0.6 {
			return true
		}
	}
	return false
}

func (h *handset) packets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.samples) / frameSamples
}

// TestG711 holds the codec against values of ITU-T G.711 and its tables 1a to
// 2b, and every code against itself.
func TestG711(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		law  law
		code byte
		want int
	}{
		{pcmu, 0xff, 0}, {pcmu, 0x80, 32124}, {pcmu, 0x00, -32124}, {pcmu, 0xef, 132}, {pcmu, 0x6f, -132},
		{pcma, 0xd5, 8}, {pcma, 0x55, -8}, {pcma, 0xaa, 32256}, {pcma, 0x2a, -32256}, {pcma, 0xc5, 264},
	} {
		if got := c.law.decode(c.code); got != c.want {
			t.Errorf("law %d: %#02x decodes to %d, want %d", c.law, c.code, got, c.want)
		}
	}
	for _, l := range []law{pcmu, pcma} {
		for b := range 256 {
			value := l.decode(byte(b))
			if again := l.decode(l.encode(value)); again != value {
				t.Errorf("law %d: %d becomes %d", l, value, again)
			}
		}
		for _, x := range []int{-40000, -32768, 32767, 40000} {
			if got := l.decode(l.encode(x)); got*x < 0 || math.Abs(float64(got)) < 30000 {
				t.Errorf("law %d: %d becomes %d", l, x, got)
			}
		}
	}
}

// TestTonePlan holds every tone in its band and every loop seamless.
func TestTonePlan(t *testing.T) {
	t.Parallel()
	for _, hz := range append(customerGrid(), append(phoneGrid(), beepHz)...) {
		if hz*loopSamples%sampleRate != 0 {
			t.Errorf("%d Hz does not fit the loop", hz)
		}
	}
	for i := range 500 {
		n := "+1212555" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
		if hz := CustomerTone(n); hz < 400 || hz > 2000 || hz%25 != 0 {
			t.Errorf("%s speaks on %d Hz", n, hz)
		}
	}
	for user, want := range map[string]int{"agent0": 2150, "agent1": 2190, "agent30": 3350, "agent31": 2150, "agent7": 2430, "agent7-busy": 2430} {
		if got := PhoneTone(user); got != want {
			t.Errorf("%s speaks on %d Hz, want %d", user, got, want)
		}
	}
}

// listenTo feeds an ear with a sum of sounds and a clock that goes along.
func listenTo(e *ear, clock *time.Time, ms int, at func(i int) float64) {
	table := pcmu.table()
	frame := make([]byte, frameSamples)
	for f := range ms / 20 {
		for i := range frame {
			frame[i] = pcmu.encode(int(at(f*frameSamples + i)))
		}
		*clock = clock.Add(frameTime)
		e.listen(frame, table)
	}
}

func TestEar(t *testing.T) {
	t.Parallel()
	silence := func(int) float64 { return 0 }
	voice := func(hz int) func(int) float64 {
		return func(i int) float64 { return sound(hz).level(i) }
	}
	type part struct {
		ms int
		at func(int) float64
	}
	tests := map[string]struct {
		parts []part
		want  []Heard // hz and ms
		other int
	}{
		"silence":        {parts: []part{{1000, silence}}},
		"one voice":      {parts: []part{{1000, voice(725)}}, want: []Heard{{Hz: 725, MS: 1000}}},
		"short pause":    {parts: []part{{500, voice(725)}, {800, silence}, {500, voice(725)}}, want: []Heard{{Hz: 725, MS: 1000}}},
		"long pause":     {parts: []part{{500, voice(725)}, {1500, silence}, {500, voice(725)}}, want: []Heard{{Hz: 725, MS: 500}, {Hz: 725, MS: 500}}},
		"another speaks": {parts: []part{{500, voice(725)}, {500, voice(750)}, {500, voice(725)}}, want: []Heard{{Hz: 725, MS: 500}, {Hz: 750, MS: 500}, {Hz: 725, MS: 500}}},
		"neighbours": {parts: []part{{600, voice(400)}, {600, voice(425)}, {600, voice(2000)}},
			want: []Heard{{Hz: 400, MS: 600}, {Hz: 425, MS: 600}, {Hz: 2000, MS: 600}}},
		"two at once": {parts: []part{{1000, func(i int) float64 { return voice(725)(i) + voice(1300)(i) }}},
			want: []Heard{{Hz: 725, MS: 1000}, {Hz: 1300, MS: 1000}}},
		"own kind":    {parts: []part{{1000, voice(2430)}}, other: 1000},
		"a beep":      {parts: []part{{1000, soundBeep.level}}, other: 1000},
		"ringback":    {parts: []part{{1000, soundRingback.level}}, other: 1000},
		"one window":  {parts: []part{{100, voice(725)}, {1500, silence}}, other: 100},
		"faint":       {parts: []part{{1000, func(i int) float64 { return voice(725)(i) / 100 }}}},
		"with noise":  {parts: []part{{1000, func(i int) float64 { return voice(725)(i) + 500*math.Sin(float64(i*i)) }}}, want: []Heard{{Hz: 725, MS: 1000}}},
		"white noise": {parts: []part{{1000, func(i int) float64 { return 3000 * math.Sin(float64(i*i)) }}}, other: 1000},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := time.Unix(1_000_000, 0)
			e := newEar(customerGrid(), func() time.Time { return clock }, nil)
			for _, p := range test.parts {
				listenTo(e, &clock, p.ms, p.at)
			}
			e.close()
			if len(e.heard) != len(test.want) || e.otherMS != test.other {
				t.Fatalf("heard %v and %d ms of other sound, want %v and %d", e.heard, e.otherMS, test.want, test.other)
			}
			missing := append([]Heard(nil), test.want...)
			for _, got := range e.heard {
				for i, want := range missing {
					if got.Hz == want.Hz && got.MS == want.MS {
						missing = append(missing[:i], missing[i+1:]...)
						break
					}
				}
				if span := got.LastAt.Sub(got.FirstAt); span < time.Duration(got.MS)*time.Millisecond {
					t.Errorf("%d ms heard within %v", got.MS, span)
				}
			}
			if len(missing) > 0 {
				t.Errorf("heard %v, want %v", e.heard, test.want)
			}
		})
	}
}

func TestRTPCounter(t *testing.T) {
	t.Parallel()
	type packet struct {
		ssrc uint32
		seq  uint16
	}
	tests := map[string]struct {
		packets        []packet
		received, lost uint64
	}{
		"in order":     {[]packet{{1, 10}, {1, 11}, {1, 12}}, 3, 0},
		"one lost":     {[]packet{{1, 10}, {1, 12}}, 2, 1},
		"reordered":    {[]packet{{1, 10}, {1, 12}, {1, 11}}, 3, 0},
		"wrap":         {[]packet{{1, 65535}, {1, 1}}, 2, 1},
		"duplicate":    {[]packet{{1, 10}, {1, 10}}, 2, 0},
		"new source":   {[]packet{{1, 10}, {1, 12}, {2, 500}, {2, 502}}, 4, 2},
		"restart":      {[]packet{{1, 10}, {1, 40000}, {1, 40001}}, 3, 0},
		"from zero up": {[]packet{{1, 0}, {1, 1}, {1, 3}}, 3, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c rtpCounter
			for _, p := range test.packets {
				c.count(p.ssrc, p.seq)
			}
			if c.received != test.received || c.lost() != test.lost {
				t.Errorf("received %d lost %d, want %d and %d", c.received, c.lost(), test.received, test.lost)
			}
		})
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	var d digitReader
	event := func(digit byte, duration uint16, timestamp uint32) {
		payload := []byte{digit, 10, 0, 0}
		binary.BigEndian.PutUint16(payload[2:], duration)
		d.read(payload, timestamp)
	}
	event(4, 160, 1000)
	event(4, 320, 1000)
	event(4, 320, 1000)
	event(2, 160, 3000)
	event(11, 160, 5000)
	event(99, 160, 7000)
	d.read([]byte{1}, 9000)
	if got := string(d.pressed); got != "42#" {
		t.Errorf("read %q, want 42#", got)
	}
}
