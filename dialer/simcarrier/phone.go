package simcarrier

import (
	"context"
	"strings"
	"time"
)

// phone plays an agent's desk phone: it answers by itself and stays off-hook
// until the other side hangs up. The suffixes "-busy" and "-noanswer" of the
// user name make it do that instead.
func (l *line) phone(ctx context.Context) {
	switch l.rec.Behaviour {
	case Busy:
		l.fail(486, ResultBusy, EndedByUs)
		return
	case NoAnswer:
		l.ringOut(ctx, 180)
		return
	}
	if !l.takeSeat(ctx) {
		return
	}
	defer l.carrier.leaveSeat(l)
	if !l.openMedia(customerGrid()) {
		return
	}
	if delay := l.carrier.options.PhoneAnswerDelay; delay > 0 {
		l.provisional(180, nil)
		if l.wait(ctx, delay) != sigTimeout {
			return
		}
	}
	l.pickUp(l.tags[0], l.sdp())
	l.audio.Load().play(segment{sound: l.voice()})
	for {
		switch l.next(ctx, time.Time{}) {
		case sigBye, sigStop:
			return
		case sigLost:
			l.hangUp(l.lostBy())
			return
		}
	}
}

// phoneBehaviour is what the suffix of a phone's user name asks for.
func phoneBehaviour(user string) Behaviour {
	switch {
	case strings.HasSuffix(user, "-busy"):
		return Busy
	case strings.HasSuffix(user, "-noanswer"):
		return NoAnswer
	}
	return Answer
}

// takeSeat makes this line the phone's one call. A live call keeps its place:
// the new one is busy. A call whose other side has gone silent gives way.
func (l *line) takeSeat(ctx context.Context) bool {
	for {
		holder := l.carrier.seat(l)
		if holder == l {
			return true
		}
		if !holder.stale() {
			l.fail(486, ResultBusy, EndedByUs)
			return false
		}
		l.carrier.replace(holder)
		if l.waitGone(ctx, holder) != sigNone {
			return false
		}
	}
}

// waitGone serves the line until another one is over; sigNone is success.
func (l *line) waitGone(ctx context.Context, other *line) signal {
	for deadline := time.Now().Add(4 * l.carrier.options.T1); ; {
		select {
		case <-other.gone:
			return sigNone
		default:
		}
		if time.Now().After(deadline) {
			l.fail(486, ResultBusy, EndedByUs)
			return sigTimeout
		}
		if s := l.wait(ctx, 10*time.Millisecond); s != sigTimeout {
			return s
		}
	}
}

// stale tells, from any goroutine, whether nothing has come for a while: its
// dialer may have died and dial again.
func (l *line) stale() bool {
	leg := l.audio.Load()
	if leg == nil {
		return false
	}
	quiet, flowed := leg.quiet()
	if !flowed {
		quiet = time.Since(leg.born)
	}
	return quiet >= l.carrier.stalePhone
}
