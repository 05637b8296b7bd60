package simcarrier

import (
	"context"
	"time"
)

// misbehave plays what carriers do wrong. Each case was seen to leak a call
// out of a dialer that trusts its SIP library's dialogs.
func (l *line) misbehave(ctx context.Context) {
	switch l.rec.Behaviour {
	case Silent:
		l.silent(ctx)
	case TryingOnly:
		l.tryingOnly(ctx)
	case Cross200, Cancel481:
		l.crossing(ctx)
	case ManyProvisionals:
		l.manyProvisionals(ctx)
	case Bye100:
		l.byeFirst = true
		l.answer(ctx, 500*time.Millisecond)
	case Fork200:
		l.forked(ctx)
	case Late200:
		l.late200(ctx)
	}
}

// silent takes the INVITE and says nothing, for as long as a client waits
// (timer B, 64·T1).
func (l *line) silent(ctx context.Context) {
	if l.wait(ctx, 64*l.carrier.options.T1) == sigTimeout {
		l.over = true
		l.rec.Result, l.rec.EndedBy, l.rec.EndedAt = ResultNoResponse, EndedByUs, l.now()
	}
}

// tryingOnly leaves it at the 100 until CANCEL.
func (l *line) tryingOnly(ctx context.Context) {
	if l.wait(ctx, l.carrier.options.GiveUp) == sigTimeout {
		l.fail(480, ResultNoAnswer, EndedByUs)
	}
}

// crossing rings; its 200 to the INVITE crosses the CANCEL, which is then
// answered with 200 (Cross200) or with 481 (Cancel481).
func (l *line) crossing(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	l.onCancel = func(cancel message) {
		l.pickUp(l.tags[0], l.sdp())
		code := 200
		if l.rec.Behaviour == Cancel481 {
			code = 481
		}
		l.answerTo(cancel, code, l.tags[0].tag, nil)
	}
	l.provisional(180, nil)
	switch l.wait(ctx, l.carrier.options.GiveUp) {
	case sigTimeout:
		l.fail(480, ResultNoAnswer, EndedByUs)
	case sigCancel:
		if !l.over {
			l.talk(ctx)
		}
	}
}

func (l *line) manyProvisionals(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	for i := range 14 {
		code := 180
		if i%2 == 1 {
			code = 183
		}
		l.provisional(code, nil)
		if l.ring(ctx, 150*time.Millisecond) != sigTimeout {
			return
		}
	}
	l.pickUp(l.tags[0], l.sdp())
	l.talk(ctx)
}

// forked answers twice, as two phones behind a forking proxy do. A client must
// acknowledge both and hang one up.
func (l *line) forked(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	l.rec.Fork = "leaked"
	l.provisional(180, nil)
	if l.ring(ctx, 500*time.Millisecond) != sigTimeout {
		return
	}
	l.pickUp(l.tags[0], l.sdp())
	l.pickUp(l.addTag(), l.sdp())
	l.talk(ctx)
}

// late200 gives its SDP in the 183 only.
func (l *line) late200(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	l.earlyMedia()
	if l.ring(ctx, lognormal(l.rng, time.Second, 0.3)) != sigTimeout {
		return
	}
	body := []byte(nil)
	if !l.offered {
		body = l.sdp()
	}
	l.pickUp(l.tags[0], body)
	l.talk(ctx)
}
