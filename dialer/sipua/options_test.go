package sipua

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Options){
		`listen: "5060" is not ip:port`:                 func(o *Options) { o.Listen = "5060" },
		`phones_listen: "x:1" is not ip:port`:           func(o *Options) { o.PhonesListen = "x:1" },
		"advertised_host: needed, since listen is":      func(o *Options) { o.Listen = "0.0.0.0:0" },
		`advertised_host: "a b" is no host`:             func(o *Options) { o.AdvertisedHost = "a b" },
		"user_agent: holds a control character":         func(o *Options) { o.UserAgent = "a\r\nX: y" },
		"max_calls: -1 is negative":                     func(o *Options) { o.MaxCalls = -1 },
		"trunks[0].name: missing":                       func(o *Options) { o.Trunks[0].Name = "" },
		"trunks[0]: neither address nor allow is given": func(o *Options) { o.Trunks[0].Allow = nil },
		`trunks[0].address: "h:x" is not host:port`:     func(o *Options) { o.Trunks[0].Address = "h:x" },
		`trunks[1].name: "main" is used twice`:          func(o *Options) { o.Trunks = append(o.Trunks, o.Trunks[0]) },
		"trunks[0].allow[0]: no valid prefix":           func(o *Options) { o.Trunks[0].Allow = []netip.Prefix{{}} },
	} {
		o := Options{
			Listen: "127.0.0.1:0", PhonesListen: "127.0.0.1:0",
			Trunks: []TrunkPeer{{Name: "main", Allow: prefixes("127.0.0.1/32")}},
		}
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for key, o := range map[string]Options{
		"listen":        {Listen: taken.LocalAddr().String(), PhonesListen: "127.0.0.1:0"},
		"phones_listen": {Listen: "127.0.0.1:0", PhonesListen: taken.LocalAddr().String()},
	} {
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), key+": cannot listen for SIP on udp "+taken.LocalAddr().String()) {
			t.Errorf("error %v", err)
		}
	}
}
