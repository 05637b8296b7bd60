package simulation

// kind is what happens.
type kind uint8

const (
	answers kind = iota
	fails
	drops
	hints // the screen tells
	talked
	wrapped
	resumes
	leaves
	joins
	ticks
)

// event is something that will happen to a call or an agent.
type event struct {
	at   float64
	kind kind
	id   int
}

// agenda is a binary heap of what will happen, the earliest first.
type agenda []event

func (h *agenda) push(e event) {
	*h = append(*h, e)
	s := *h
	i := len(s) - 1
	for i > 0 {
		p := (i - 1) / 2
		if s[p].at <= s[i].at {
			break
		}
		s[p], s[i] = s[i], s[p]
		i = p
	}
}

func (h *agenda) pop() event {
	s := *h
	e := s[0]
	n := len(s) - 1
	s[0] = s[n]
	s = s[:n]
	*h = s
	i := 0
	for {
		l := 2*i + 1
		if l >= n {
			return e
		}
		if l+1 < n && s[l+1].at < s[l].at {
			l++
		}
		if s[i].at <= s[l].at {
			return e
		}
		s[i], s[l] = s[l], s[i]
		i = l
	}
}
