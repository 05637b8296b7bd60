package media

// Bridged joins two legs: what one receives, the other sends.
type Bridged struct {
	id   uint64
	a, b *Leg
}

// Bridge joins two legs and ends what is being played on either. A leg that is
// in another bridge leaves it; the leg it leaves then hears nothing. A leg may
// be bridged to itself, as an echo test. Bridging a closed leg has no effect
// on the other one but silence.
func Bridge(a, b *Leg) *Bridged {
	br := &Bridged{id: a.f.id(), a: a, b: b}
	for _, l := range [...]*Leg{a, b} {
		if old := l.bridge.Swap(br); old != nil && old != br {
			old.other(l).bridge.CompareAndSwap(old, nil)
		}
	}
	a.StopPlay()
	b.StopPlay()
	return br
}

// Unbridge parts the two legs, unless they were bridged to others meanwhile.
// It may be called more than once. A packet that is being forwarded at this
// moment may still be sent.
func (br *Bridged) Unbridge() {
	br.a.bridge.CompareAndSwap(br, nil)
	br.b.bridge.CompareAndSwap(br, nil)
}

// other returns the leg at the other side.
func (br *Bridged) other(l *Leg) *Leg {
	if l == br.a {
		return br.b
	}
	return br.a
}
