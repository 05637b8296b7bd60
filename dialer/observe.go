package dialer

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringmaster/campaigns"
	"ringmaster/dialer/pacing"
)

// sight says what an observation tells pacing.
type sight uint8

const (
	sawAnswer sight = iota
	sawFailure
	sawGivenUp
	sawDrop
	sawPhaseOver
	sawWrapped
	sawCaller
)

// observation is something that calls and agents tell pacing; the fields that its
// sight does not name are zero.
type observation struct {
	sight sight
	// campaignID of the call, of answers, failures, calls given up, drops; and of
	// the call that a phase belongs to, 0: none.
	campaignID int64
	// age is for how long the call had rung, or the phase lasted.
	age time.Duration
	// agentID and serves (nil: all campaigns) of phases and ends of wrap-up.
	agentID int64
	serves  []int64
	phase   pacing.Phase
	ready   bool
	// queue and at of a caller who came.
	queue string
	at    time.Time
}

// observations wait here for the pacer. There is room for a number of statistics,
// beyond which the oldest are dropped and counted; answers and drops, by which the
// law is kept, are never dropped. They are bounded by the calls that a node takes
// between two decisions.
type observations struct {
	mu      sync.Mutex
	stats   []observation // a ring, next is the oldest once it is full
	next    int
	limit   int
	answers []observation
	closed  bool
	lost    prometheus.Counter
}

// statsKept is the room for statistics; at 500 calls and agents on a node some
// hundred come in a second.
const statsKept = 4096

func newObservations(limit int, lost prometheus.Counter) *observations {
	return &observations{limit: limit, lost: lost}
}

func (o *observations) put(x observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
	case x.sight == sawAnswer || x.sight == sawDrop:
		o.answers = append(o.answers, x)
	case len(o.stats) < o.limit:
		o.stats = append(o.stats, x)
	default:
		o.stats[o.next] = x
		o.next = (o.next + 1) % o.limit
		o.lost.Inc()
	}
}

// drain appends what waits, answers and drops last, and forgets it.
func (o *observations) drain(into []observation) []observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	into = append(into, o.stats[o.next:]...)
	into = append(into, o.stats[:o.next]...)
	into = append(into, o.answers...)
	clear(o.stats)
	clear(o.answers)
	o.stats, o.next, o.answers = o.stats[:0], 0, o.answers[:0]
	return into
}

// close refuses what comes when nobody paces any more.
func (o *observations) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.stats, o.answers = true, nil, nil
}

// droppedCalls are the dropped calls that the store may not know of yet. A drop
// counts from the start of the safe-harbor message; the store hears of it at the
// end of the call.
type droppedCalls struct {
	mu    sync.Mutex
	calls map[campaigns.CallID]droppedCall
}

type droppedCall struct {
	campaignID int64
	// fact is the number of the fact that tells the store, 0: not told yet.
	fact int64
}

func newDroppedCalls() *droppedCalls {
	return &droppedCalls{calls: make(map[campaigns.CallID]droppedCall)}
}

// begin notes a dropped call.
func (r *droppedCalls) begin(id campaigns.CallID, campaignID int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[id] = droppedCall{campaignID: campaignID}
}

// told notes the number of the fact of the drop, if the call is one.
func (r *droppedCalls) told(id campaigns.CallID, fact int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.calls[id]; ok {
		c.fact = fact
		r.calls[id] = c
	}
}

// settle forgets the drops that the store knows once so many facts are written.
func (r *droppedCalls) settle(written int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range r.calls {
		if c.fact != 0 && c.fact <= written {
			delete(r.calls, id)
		}
	}
}

// open counts the campaign's drops that the store may not know of.
func (r *droppedCalls) open(campaignID int64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, c := range r.calls {
		if c.campaignID == campaignID {
			n++
		}
	}
	return n
}
