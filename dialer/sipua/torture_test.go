package sipua

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// torture finds the messages of RFC 4475 and RFC 5118, which lie beside the
// repository and are no part of it.
func torture(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "torture", "*.dat"))
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// The torture messages harm neither endpoint; what they make of it is answered
// or dropped, never a panic.
func TestTorture(t *testing.T) {
	t.Parallel()
	files := torture(t)
	if len(files) == 0 {
		t.Skip("the folder of torture messages is not here")
	}
	if len(files) < 60 {
		t.Fatalf("%d torture files", len(files))
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
