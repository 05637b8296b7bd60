package media

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// freeRange finds n neighbouring pairs of ports that nobody holds, in a
// thousand ports from the given one on, and returns the first.
func freeRange(t *testing.T, from, n int) int {
	t.Helper()
search:
	for first := from; first < from+1000; first += 2 * n {
		for port := first; port < first+2*n; port++ {
			c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
			if err != nil {
				continue search
			}
			_ = c.Close()
		}
		return first
	}
	t.Fatal("no free ports")
	return 0
}

func TestPortQuarantine(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	first := freeRange(t, 17000, 3)
	// The range begins and ends with an odd port: two pairs are left.
	f, err := newFactory(Options{BindIP: "127.0.0.1", PortMin: first + 1, PortMax: first + 5, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, limit := f.Legs(); limit != 2 {
		t.Fatalf("%d legs, want 2", limit)
	}
	open := func() *Leg {
		t.Helper()
		l, err := f.NewLeg(LegConfig{})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a, b := open(), open()
	if a.Port() != first+2 || b.Port() != first+4 {
		t.Fatalf("ports %d and %d, want %d and %d", a.Port(), b.Port(), first+2, first+4)
	}
	if _, err := f.NewLeg(LegConfig{}); !errors.Is(err, ErrTooManyLegs) {
		t.Fatalf("third leg: %v", err)
	}
	a.Close()
	clock.add(portQuarantine - time.Nanosecond)
	if _, err := f.NewLeg(LegConfig{}); !errors.Is(err, ErrNoPorts) {
		t.Fatalf("a leg in quarantine: %v", err)
	}
	clock.add(time.Nanosecond)
	if c := open(); c.Port() != first+2 {
		t.Errorf("port %d after quarantine", c.Port())
	}
}

func TestPortsOfOthersArePassedOver(t *testing.T) {
	t.Parallel()
	first := freeRange(t, 18000, 2)
	// Another process holds the RTCP port of the first pair.
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: first + 1})
	if err != nil {
		t.Skipf("port %d was taken meanwhile: %v", first+1, err)
	}
	defer func() { _ = c.Close() }()
	f, err := newFactory(Options{BindIP: "127.0.0.1", PortMin: first, PortMax: first + 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	l, err := f.NewLeg(LegConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Port() != first+2 {
		t.Errorf("port %d, want %d", l.Port(), first+2)
	}
	if _, err := f.NewLeg(LegConfig{}); !errors.Is(err, ErrNoPorts) {
		t.Errorf("second leg: %v", err)
	}
}

func TestOptionsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := testOptions()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Options){
		`BindIP "localhost"`:                   func(o *Options) { o.BindIP = "localhost" },
		"AdvertisedIP is needed":               func(o *Options) { o.BindIP = "0.0.0.0" },
		`AdvertisedIP "::"`:                    func(o *Options) { o.AdvertisedIP = "::" },
		"ports 0-70000 are not within 1-65535": func(o *Options) { o.PortMin, o.PortMax = 0, 70000 },
		"PortMin 4001 to PortMax 4002 hold no": func(o *Options) { o.PortMin, o.PortMax = 4001, 4002 },
		"MaxLegs -1":                           func(o *Options) { o.MaxLegs = -1 },
		"NoMediaFirst -1ns":                    func(o *Options) { o.NoMediaFirst = -1 },
		"NoMediaLater -1ns":                    func(o *Options) { o.NoMediaLater = -1 },
	} {
		o := good
		change(&o)
		if _, err := NewFactory(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestAllAddressesOfBothFamilies(t *testing.T) {
	t.Parallel()
	f, err := NewFactory(Options{BindIP: "::", AdvertisedIP: "127.0.0.1", PortMin: 20000, PortMax: 31999})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	l, err := f.NewLeg(LegConfig{})
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	o := newFar(t, l)
	o.join(l, PCMU)
	Bridge(l, l)
	l.SetConfirmed()
	o.audio(o.silence())
	o.read()
	if s := l.Stats(); s.Source != o.addr() || s.Foreign != 0 {
		t.Errorf("source %s, foreign %d", s.Source, s.Foreign)
	}
}
