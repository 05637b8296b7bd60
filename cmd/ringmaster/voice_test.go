package main

import (
	"math"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

const (
	// toneHz is what the agent says; 20 ms of it are fourteen whole waves.
	toneHz = 700
	// frameBytes is 20 ms of G.711, and rtpHeader what comes before it.
	frameBytes = 160
	rtpHeader  = 12
)

// voice is the sound of agents' phones: it sends a tone to whoever sends to it
// and listens for the same tone. The customers of these tests say what they
// hear, so that a tone heard here went to the customer and came back.
type voice struct {
	conn  *net.UDPConn
	heard chan struct{} // one for each 20 ms of the tone; lossy

	mu    sync.Mutex
	peers map[netip.AddrPort]bool
}

// startVoice listens until the end of the test.
func startVoice(t *testing.T) *voice {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	v := &voice{conn: conn, heard: make(chan struct{}, 1), peers: map[netip.AddrPort]bool{}}
	var running sync.WaitGroup
	stop := make(chan struct{})
	running.Go(v.listen)
	running.Go(func() { v.speak(stop) })
	t.Cleanup(func() {
		close(stop)
		_ = conn.Close()
		running.Wait()
	})
	return v
}

func (v *voice) port() int { return int(netip.MustParseAddrPort(v.conn.LocalAddr().String()).Port()) }

// listen learns who sends, and reports the tone.
func (v *voice) listen() {
	buffer := make([]byte, 2048)
	for {
		n, from, err := v.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		v.mu.Lock()
		v.peers[from] = true
		v.mu.Unlock()
		if n == rtpHeader+frameBytes && isTone(buffer[rtpHeader:n]) {
			select {
			case v.heard <- struct{}{}:
			default:
			}
		}
	}
}

// speak sends the tone every 20 ms.
func (v *voice) speak(stop <-chan struct{}) {
	packet := make([]byte, rtpHeader+frameBytes)
	packet[0] = 0x80 // version 2; payload type 0 is PCMU
	copy(packet[rtpHeader:], toneFrame())
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for sequence := uint16(1); ; sequence++ {
		select {
		case <-stop:
			return
		case <-every.C:
		}
		at := uint32(sequence) * frameBytes
		packet[2], packet[3] = byte(sequence>>8), byte(sequence)
		packet[4], packet[5], packet[6], packet[7] = byte(at>>24), byte(at>>16), byte(at>>8), byte(at)
		v.mu.Lock()
		for peer := range v.peers {
			_, _ = v.conn.WriteToUDPAddrPort(packet, peer)
		}
		v.mu.Unlock()
	}
}

// hears waits for n frames of the tone from now on.
func (v *voice) hears(t *testing.T, n int) {
	t.Helper()
	limit := time.After(8 * time.Second)
	select {
	case <-v.heard: // of earlier
	default:
	}
	for i := range n {
		select {
		case <-v.heard:
		case <-limit:
			t.Fatalf("%d of %d frames came back from the customer", i, n)
		}
	}
}

// silent waits until a while has passed without the tone.
func (v *voice) silent(t *testing.T) {
	t.Helper()
	const while = 300 * time.Millisecond
	limit := time.After(5 * time.Second)
	quiet := time.NewTimer(while)
	for {
		select {
		case <-quiet.C:
			return
		case <-v.heard:
			quiet.Reset(while)
		case <-limit:
			t.Fatal("the tone goes on")
		}
	}
}

// ulawSample is the value of a byte of G.711 µ-law (ITU-T G.711, table 2a).
func ulawSample(b byte) float64 {
	b = ^b
	value := float64((int(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84)
	if b&0x80 != 0 {
		return -value
	}
	return value
}

// toneFrame is 20 ms of the tone.
func toneFrame() []byte {
	frame := make([]byte, frameBytes)
	for i := range frame {
		want, best := 8000*math.Sin(2*math.Pi*toneHz*float64(i)/8000), math.Inf(1)
		for b := range 256 {
			if miss := math.Abs(ulawSample(byte(b)) - want); miss < best {
				frame[i], best = byte(b), miss
			}
		}
	}
	return frame
}

// isTone reports whether most of a frame's power lies at the tone, by Goertzel's
// algorithm.
func isTone(frame []byte) bool {
	var before, last, power float64
	turn := 2 * math.Cos(2*math.Pi*toneHz/8000)
	for _, b := range frame {
		x := ulawSample(b)
		before, last = last, x+turn*last-before
		power += x * x
	}
	at := (before*before + last*last - turn*before*last) * 2 / frameBytes
	return power > frameBytes*1e6 && at > 0.8*power
}

func TestToneIsToldFromSilenceAndOtherTones(t *testing.T) {
	t.Parallel()
	if !isTone(toneFrame()) {
		t.Error("the tone is not heard")
	}
	silence, other := make([]byte, frameBytes), toneFrame()
	for i := range silence {
		silence[i] = 0xff
	}
	for i := range other {
		other[i] = toneFrame()[i/2] // an octave lower
	}
	if isTone(silence) || isTone(other) {
		t.Error("silence or another tone is taken for it")
	}
}
