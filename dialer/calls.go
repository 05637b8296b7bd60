package dialer

import (
	"maps"
	"slices"
	"sync"
	"time"

	"ringmaster/campaigns"
	"ringmaster/dialer/call"
)

// callNote is what others may know of a call without asking its actor.
type callNote struct {
	kind       call.Kind
	phase      call.Phase
	ringing    bool
	routed     bool // has, or had, a trunk's channel
	campaignID int64
	contactID  int64
	numberID   int64
	agentID    int64
	queue      string
	since      time.Time // of the answer or arrival
	paced      pacedNote
}

// pacedNote is what pacing knows of a call that it placed.
type pacedNote struct {
	// placed is when the INVITE was sent, or the call was launched; rang when the
	// phone began to ring, zero: not yet; stopping is set once its end was asked for.
	placed, rang time.Time
	stopping     bool
	// chance is the candidate's own that a person answers, 0: unknown; least how
	// long the law lets the phone ring before the call may be given up.
	chance float64
	least  time.Duration
}

// mustRing is for how long the phone rings before the call may be given up.
func (n *pacedNote) mustRing() time.Duration { return max(campaigns.LeastRing, n.least) }

// mayEnd reports whether it has rung for so long.
func (n *pacedNote) mayEnd(now time.Time) bool {
	return !n.rang.IsZero() && now.Sub(n.rang) >= n.mustRing()
}

// unrouted reports whether it will take a trunk's channel and has not yet.
func (n *callNote) unrouted() bool {
	return n.kind != call.Inbound && !n.routed && (n.phase == call.New || n.phase == call.Dialing)
}

// unanswered reports whether there is an attempt that no customer answered.
func (n *callNote) unanswered() bool {
	if n.kind == call.Inbound {
		return false
	}
	return n.phase == call.New || n.phase == call.Dialing
}

// calls is the registry of the node's call actors.
type calls struct {
	mu    sync.Mutex
	all   map[campaigns.CallID]noted
	empty chan struct{} // closed when the last call ends, nil while nobody waits
}

// noted is a call and the last note on it, which is never changed.
type noted struct {
	actor *callActor
	note  *callNote
}

func newCalls() *calls { return &calls{all: make(map[campaigns.CallID]noted)} }

// add registers a call; false when limit calls are there already.
func (r *calls) add(c *callActor, n callNote, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= limit {
		return false
	}
	r.all[c.id] = noted{c, &n}
	return true
}

func (r *calls) note(id campaigns.CallID, n callNote) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.all[id]; ok {
		r.all[id] = noted{c.actor, &n}
	}
}

func (r *calls) remove(id campaigns.CallID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, id)
	if len(r.all) == 0 && r.empty != nil {
		close(r.empty)
		r.empty = nil
	}
}

func (r *calls) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// idle gives a channel that is closed when no call is left.
func (r *calls) idle() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if r.empty == nil {
		r.empty = make(chan struct{})
	}
	return r.empty
}

// each calls f for every call, outside the lock.
func (r *calls) each(f func(*callActor, callNote)) {
	r.mu.Lock()
	all := slices.Collect(maps.Values(r.all))
	r.mu.Unlock()
	for _, c := range all {
		f(c.actor, *c.note)
	}
}

// lines are the numbers of one campaign's calls.
type lines struct {
	dialing, ringing, waiting, talking int
	// paced counts the dials for agents who are not in them yet.
	paced int
	// messages are told that nobody is there; placed are the talking ones that the
	// campaign called.
	messages, placed int
}

// taken is the number of lines that the campaign itself takes.
func (l lines) taken() int { return l.dialing + l.ringing + l.answered() }

// answered is the number of calls that a person answered and that go on.
func (l lines) answered() int { return l.waiting + l.messages + l.placed }

// byCampaign counts the calls of each campaign.
func (r *calls) byCampaign() map[int64]lines {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[int64]lines)
	for _, c := range r.all {
		l := out[c.note.campaignID]
		l.count(c.note)
		out[c.note.campaignID] = l
	}
	return out
}

// survey shows f every call; f must not call back, nor change the note.
func (r *calls) survey(f func(campaigns.CallID, *callNote)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range r.all {
		f(id, c.note)
	}
}

// giveUp asks the call to end, if the phone has rung for long enough.
func (r *calls) giveUp(id campaigns.CallID) {
	r.mu.Lock()
	c, ok := r.all[id]
	r.mu.Unlock()
	if ok {
		c.actor.step(call.Input{Kind: call.GiveUp, Least: c.note.paced.mustRing()})
	}
}

// count adds a call.
func (l *lines) count(n *callNote) {
	switch n.phase {
	case call.New, call.Dialing, call.Reserving:
		if n.kind == call.Inbound {
			return
		}
		if n.ringing {
			l.ringing++
		} else {
			l.dialing++
		}
		if n.kind == call.Outbound {
			l.paced++
		}
	case call.Waiting, call.Connecting:
		if n.kind == call.Outbound {
			l.waiting++
		}
	case call.Message:
		if n.kind == call.Outbound {
			l.messages++
		}
	case call.Talking, call.Held:
		l.talking++
		if n.kind != call.Inbound {
			l.placed++
		}
	}
}

// byQueue counts the waiting and talking calls of each queue, and the longest
// wait.
func (r *calls) byQueue(now time.Time) map[string]queueLines {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]queueLines)
	for _, c := range r.all {
		n := c.note
		if n.kind != call.Inbound {
			continue
		}
		q := out[n.queue]
		switch n.phase {
		case call.Waiting, call.Connecting, call.Arriving:
			q.waiting++
			if !n.since.IsZero() {
				q.longest = max(q.longest, now.Sub(n.since))
			}
		case call.Talking, call.Held:
			q.talking++
		}
		out[n.queue] = q
	}
	return out
}

type queueLines struct {
	waiting, talking int
	longest          time.Duration
}
