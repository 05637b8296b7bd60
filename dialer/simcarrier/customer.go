package simcarrier

import (
	"context"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// customer plays the behaviour of a customer's line. Each function returns
// when the call is over or the context has ended.
func (l *line) customer(ctx context.Context) {
	if l.rec.Behaviour != Silent {
		l.provisional(100, nil)
	}
	switch l.rec.Behaviour {
	case Answer:
		l.answer(ctx, 3*time.Second)
	case Busy:
		l.refuse(ctx, 486, ResultBusy, 0)
	case BadNumber:
		l.refuse(ctx, 404, ResultBadNumber, 1)
	case Reject:
		l.reject(ctx)
	case Congestion:
		l.refuse(ctx, 503, ResultCongestion, 34)
	case NoAnswer:
		l.ringOut(ctx, 180)
	case CallBack:
		l.missed(ctx)
	case Machine:
		l.machine(ctx)
	case HangUpEarly:
		l.hangUpEarly(ctx)
	case SlowRing:
		l.slowRing(ctx)
	case NoMedia:
		l.noMedia(ctx)
	default:
		l.misbehave(ctx)
	}
}

// ring waits for a ring time, scaled.
func (l *line) ring(ctx context.Context, d time.Duration) signal {
	return l.wait(ctx, scaled(d, l.carrier.options.RingScale))
}

// voice is the line's own tone.
func (l *line) voice() sound { return sound(l.rec.ToneHz) }

// answer rings for a lognormal time of the given mean, picks up and talks. One
// in three lines rings with early media.
func (l *line) answer(ctx context.Context, mean time.Duration) {
	early := l.rng.IntN(3) == 0
	ringing := lognormal(l.rng, mean, 0.5)
	if !l.openMedia(phoneGrid()) {
		return
	}
	if early {
		l.earlyMedia()
	} else {
		l.provisional(180, nil)
	}
	if l.ring(ctx, ringing) != sigTimeout {
		return
	}
	l.pickUp(l.tags[0], l.sdp())
	l.talk(ctx)
}

// earlyMedia sends 183 with SDP and a ringback tone.
func (l *line) earlyMedia() {
	body := l.sdp()
	if !l.offered {
		body = nil // our offer belongs to a reliable response
	}
	l.provisional(183, body)
	l.audio.Load().play(segment{sound: soundRingback})
}

// talk is a person: a short greeting, a pause for the answer, then speech until
// the talk time is over or the other side hangs up.
func (l *line) talk(ctx context.Context) {
	l.audio.Load().play(
		segment{soundSilence, 10},
		segment{l.voice(), 35},
		segment{soundSilence, 30},
		segment{sound: l.voice()},
	)
	l.stay(ctx, lognormal(l.rng, l.carrier.options.TalkMean, 0.6))
}

// stay holds an answered call for d and then hangs up, unless it ends first.
func (l *line) stay(ctx context.Context, d time.Duration) {
	switch l.wait(ctx, d) {
	case sigTimeout:
		l.settle(ctx)
	case sigLost:
		l.hangUp(l.lostBy())
	}
}

// lostBy is who ended a call by being gone: the audio stopped, or the answer
// was never acknowledged.
func (l *line) lostBy() Ender {
	if l.tags[0].acked {
		return EndedByMediaLost
	}
	return EndedByUs
}

// settle hangs up, but not before the ACK has come or is given up: no BYE may
// be sent before it (RFC 3261 section 15).
func (l *line) settle(ctx context.Context) {
	for !l.tags[0].acked && !l.over {
		switch l.next(ctx, time.Time{}) {
		case sigBye, sigStop:
			return
		case sigLost:
			l.hangUp(EndedByUs)
			return
		}
	}
	if !l.over {
		l.hangUp(EndedByUs)
	}
}

// refuse ends the call after a short delay, as a network does.
func (l *line) refuse(ctx context.Context, code int, result Result, cause int) {
	if l.wait(ctx, between(l.rng, 50*time.Millisecond, 300*time.Millisecond)) != sigTimeout {
		return
	}
	var more []sip.Header
	if cause > 0 {
		more = append(more, q850(cause))
	}
	l.fail(code, result, EndedByUs, more...)
}

// q850 is the Reason header (RFC 3326) of a Q.850 cause.
func q850(cause int) sip.Header {
	text := map[int]string{1: "Unallocated (unassigned) number", 34: "No circuit/channel available"}[cause]
	return sip.NewHeader("Reason", fmt.Sprintf("Q.850;cause=%d;text=%q", cause, text))
}

// reject rings shortly and declines.
func (l *line) reject(ctx context.Context) {
	l.provisional(180, nil)
	if l.ring(ctx, lognormal(l.rng, 2*time.Second, 0.4)) == sigTimeout {
		l.fail(603, ResultRejected, EndedByUs)
	}
}

// ringOut rings until CANCEL or until the network gives up.
func (l *line) ringOut(ctx context.Context, code int) {
	l.provisional(code, nil)
	if l.wait(ctx, l.carrier.options.GiveUp) == sigTimeout {
		l.fail(480, ResultNoAnswer, EndedByUs)
	}
}

// missed is not answered; the person then calls back.
func (l *line) missed(ctx context.Context) {
	l.ringOut(ctx, 180)
	if ctx.Err() == nil {
		l.carrier.callBack(ctx, l.rec.Number, l.rec.From, l.rec.Try)
	}
}

// machine answers, plays a greeting of 6 to 14 s and a beep, and records for
// about 10 s (both scaled as talk times are).
func (l *line) machine(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	l.provisional(180, nil)
	if l.ring(ctx, between(l.rng, 3*time.Second, 6*time.Second)) != sigTimeout {
		return
	}
	l.pickUp(l.tags[0], l.sdp())
	scale := float64(l.carrier.options.TalkMean) / float64(DefaultTalkMean)
	greeting := scaled(between(l.rng, 6*time.Second, 14*time.Second), scale)
	recording := scaled(between(l.rng, 8*time.Second, 12*time.Second), scale)
	const opening, beep = 400 * time.Millisecond, 400 * time.Millisecond
	l.audio.Load().play(
		segment{soundSilence, int(opening / frameTime)},
		segment{l.voice(), max(1, int(greeting/frameTime))},
		segment{soundBeep, int(beep / frameTime)},
		segment{sound: soundSilence},
	)
	l.stay(ctx, opening+greeting+beep+recording)
}

func (l *line) hangUpEarly(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	l.provisional(180, nil)
	if l.ring(ctx, lognormal(l.rng, 3*time.Second, 0.5)) != sigTimeout {
		return
	}
	l.pickUp(l.tags[0], l.sdp())
	l.audio.Load().play(segment{sound: l.voice()})
	l.stay(ctx, between(l.rng, 300*time.Millisecond, 1500*time.Millisecond))
}

func (l *line) slowRing(ctx context.Context) {
	if l.ring(ctx, 2*time.Second) != sigTimeout || !l.openMedia(phoneGrid()) {
		return
	}
	l.provisional(180, nil)
	if l.ring(ctx, between(l.rng, 8*time.Second, 15*time.Second)) != sigTimeout {
		return
	}
	l.pickUp(l.tags[0], l.sdp())
	l.talk(ctx)
}

// noMedia answers and sends nothing.
func (l *line) noMedia(ctx context.Context) {
	if !l.openMedia(phoneGrid()) {
		return
	}
	l.provisional(180, nil)
	if l.ring(ctx, lognormal(l.rng, 3*time.Second, 0.5)) != sigTimeout {
		return
	}
	l.pickUp(l.tags[0], l.sdp())
	l.stay(ctx, lognormal(l.rng, l.carrier.options.TalkMean, 0.6))
}
