package sipua

import (
	"fmt"
	"net"
	"testing"
)

// TestEndUnderTraffic ends the user agent in the middle of requests: sipgo, which
// still handles some, must not answer them through sockets of its own (TestMain
// would find their readers).
func TestEndUnderTraffic(t *testing.T) {
	t.Parallel()
	for range 20 {
		u, stop := runUA(t, nil)
		conn, err := net.DialUDP("udp", nil, u.Addr())
		if err != nil {
			t.Fatal(err)
		}
		p := newPeer(t, "127.0.0.1", u.Addr())
		p.health()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range 400 {
				// A refusal by the closed socket is the end.
				if _, err := fmt.Fprint(conn, p.outside("OPTIONS", fmt.Sprint("end", n), "")); err != nil {
					return
				}
			}
		}()
		stop()
		<-done
		_ = conn.Close()
	}
}
