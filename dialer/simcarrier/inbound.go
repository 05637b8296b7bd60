package simcarrier

import (
	"context"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// inbound plays a customer who calls: waits for an agent's voice, up to a
// patience of 10 to 40 s (scaled), talks, hangs up.
func (l *line) inbound(ctx context.Context) {
	leg, err := l.carrier.studio.open(phoneGrid())
	if err != nil {
		l.log.Error("no audio for an inbound call", "error", err)
		l.over = true
		l.rec.Result, l.rec.EndedAt = ResultFailed, l.now()
		return
	}
	l.audio.Store(leg)
	patience := scaled(between(l.rng, 10*time.Second, 40*time.Second), l.carrier.options.WaitScale)
	deadline := time.Now().Add(patience)
	l.ownInvite = l.newInvite(offerSDP(leg.port, l.sdpID))
	r := l.ask(l.ownInvite, "invite", sigLost)
	r.limit = 64 * l.carrier.options.T1
	served := false
	for {
		switch l.next(ctx, deadline) {
		case sigResponse:
			if l.progress() {
				return
			}
		case sigTone:
			served = true
			l.rec.Result = ResultAnswered
			leg.play(segment{sound: l.voice()})
			deadline = time.Now().Add(lognormal(l.rng, l.carrier.options.TalkMean, 0.6))
		case sigTimeout:
			l.leave(ctx, served)
			return
		case sigBye:
			if !served {
				l.rec.Result = ResultRefused
			}
			return
		case sigLost:
			l.unreachable(served)
			return
		case sigStop:
			return
		}
	}
}

// progress takes a response to our INVITE and reports whether it was a refusal.
func (l *line) progress() bool {
	code := l.response.StatusCode
	if code >= 180 && code < 200 && l.rec.RingingAt.IsZero() {
		l.rec.RingingAt = l.now()
	}
	if code >= 300 {
		l.over = true
		l.rec.Code, l.rec.Result, l.rec.EndedBy, l.rec.EndedAt = code, ResultRefused, EndedByThem, l.now()
		return true
	}
	leg := l.audio.Load()
	if body := l.response.Body(); code > 100 && len(body) > 0 {
		if s, err := parseSDP(body); err != nil {
			l.log.Warn("unusable SDP in the answer to an inbound call", "error", err)
		} else {
			leg.connect(s)
		}
	}
	if code >= 200 && l.rec.AnsweredAt.IsZero() {
		l.rec.Code, l.rec.AnsweredAt, l.rec.Acked = code, l.now(), true
		l.tags[0].acked = true
		l.watch, l.tone = true, leg.tone
		// A caller in a queue is quiet, but the line is open.
		leg.play(segment{sound: soundSilence})
	}
	return false
}

// leave hangs up: after the talk, or for want of patience.
func (l *line) leave(ctx context.Context, served bool) {
	if served {
		l.hangUp(EndedByUs)
		return
	}
	l.rec.Result = ResultAbandoned
	if !l.rec.AnsweredAt.IsZero() {
		l.hangUp(EndedByUs)
		return
	}
	l.end(EndedByUs)
	l.cancelOwn()
	for until := time.Now().Add(4 * l.carrier.options.T1); !l.final; {
		switch l.next(ctx, until) {
		case sigResponse:
			if l.final {
				l.rec.Code = l.response.StatusCode
			}
			l.lateResponse()
		case sigTimeout, sigStop:
			return
		}
	}
}

// unreachable ends a call whose other side is gone.
func (l *line) unreachable(served bool) {
	if l.rec.AnsweredAt.IsZero() {
		l.over, l.giveUp = true, true
		l.rec.Result, l.rec.Code, l.rec.EndedBy, l.rec.EndedAt = ResultNoResponse, 408, EndedByThem, l.now()
		return
	}
	if !served {
		l.rec.Result = ResultRefused
	}
	l.hangUp(EndedByMediaLost)
}

// prepareInbound fills in the dialog of a call from number to the dialer.
func (l *line) prepareInbound(to string) {
	c := l.carrier
	host := c.dialer.Addr().String()
	target := sip.Uri{Scheme: "sip", User: to, Host: host, Port: int(c.dialer.Port())}
	l.user = l.rec.Number
	l.dialog = dialog{
		// Not by the seed: two runs must not share a Call-ID.
		callID: fmt.Sprintf("%s@%s", sip.GenerateTagN(20), l.ep.addr.Addr()),
		local:  sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: l.rec.Number, Host: l.ep.addr.Addr().String()}},
		remote: sip.ToHeader{Address: sip.Uri{Scheme: "sip", User: to, Host: host}},
		target: target, peer: c.dialer, seq: 1,
	}
	l.rec.CallID, l.rec.From, l.rec.To = l.dialog.callID, l.rec.Number, to
	l.addTag()
}
