package sipua

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// The torture messages of RFC 4475 and RFC 5118 harm neither endpoint; what
// they make of it is answered or dropped, never a panic.
func TestTorture(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "torture", "*.dat"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d torture files, %v", len(files), err)
	}
	reg := prometheus.NewRegistry()
	u, in, caller := serve(t, func(o *Options) { o.Registerer = reg })
	phone := newPeer(t, "127.0.0.1", u.PhonesAddr())
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*peer{caller, phone} {
			p.raw(string(data))
			p.healthy()
		}
	}
	if n := counter(t, reg, "ringmaster_sip_panics_total"); n != 0 {
		t.Errorf("%v panics", n)
	}
	for len(in.calls) > 0 {
		(<-in.calls).Dialog.HangUp(486, "")
	}
}
