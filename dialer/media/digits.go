package media

import "time"

const (
	// maxQueuedDigits bounds the digits that wait to be sent; more are
	// dropped.
	maxQueuedDigits = 64
	// A digit sounds for 100 ms and is followed by 60 ms of nothing; RFC 4733
	// and Q.24 ask for at least 40 and 40.
	digitFrames = 5
	gapFrames   = 3
	// endPackets is how often the end of an event is sent (RFC 4733, 2.5.1.4).
	endPackets = 3
	// eventVolume is the level of the events that are sent, -dBm0.
	eventVolume = 10
)

// digitQueue holds the digits that are still to be sent and the state of the
// one that is under way.
type digitQueue struct {
	waiting []uint8   // event codes
	code    uint8     // current digit
	frame   int       // frames of the current digit done; 0: none under way
	key     sourceKey // current digit
	tone    *toneSource
}

// sounding reports whether a digit is being sent now.
func (q *digitQueue) sounding() bool { return q.frame > 0 && q.frame < digitFrames }

// pending reports whether anything is left to do.
func (q *digitQueue) pending() bool { return q.frame > 0 || len(q.waiting) > 0 }

// queueDigitLocked appends a digit; what is none is ignored.
func (s *sender) queueDigitLocked(digit byte) {
	code, ok := eventCode(digit)
	if !ok || s.closed || len(s.digits.waiting) >= maxQueuedDigits {
		return
	}
	s.digits.waiting = append(s.digits.waiting, code)
	s.wakeLocked(true)
}

// tickDigitLocked sends the next 20 ms of the current digit, as telephone
// events or, where these were not negotiated, as tones. It reports whether the
// frame was used, so that nothing else is to be sent in it.
func (s *sender) tickDigitLocked(now time.Time) bool {
	q := &s.digits
	if q.frame == 0 {
		if len(q.waiting) == 0 {
			return false
		}
		q.code = q.waiting[0]
		q.waiting = q.waiting[1:]
		q.key = sourceKey{id: s.nextID()}
		q.tone = nil
		if s.eventType == 0 {
			low, high := dtmfTones(q.code)
			q.tone = newToneSource(ToneSpec{Hz: low, Hz2: high, Level: -eventVolume})
		}
		s.stats.digits++
	}
	q.frame++
	switch {
	case q.frame > digitFrames:
		if q.frame == digitFrames+gapFrames {
			q.frame = 0
		}
		return false
	case q.tone != nil:
		q.tone.next(s.codec, s.frame())
		s.sendFrameLocked(q.key, 0, now)
	default:
		s.sendEventLocked(now)
	}
	return true
}

// sendEventLocked sends the packet of the current frame of a telephone event,
// the last one three times.
func (s *sender) sendEventLocked(now time.Time) {
	q := &s.digits
	if s.muted || !s.dest.IsValid() {
		s.rw.pause()
		return
	}
	e := telephoneEvent{
		code:     q.code,
		end:      q.frame == digitFrames,
		volume:   eventVolume,
		duration: uint16(q.frame * frameSamples), // at most 800
	}
	times := 1
	if e.end {
		times = endPackets
	}
	out := s.packet[:rtpHeaderSize+eventPayloadSize]
	for range times {
		st := s.rw.event(q.key, uint32(e.duration), now)
		putHeader(out, s.eventType, st.fresh, st.seq, st.ts, s.rw.ssrc)
		e.put(out[rtpHeaderSize:])
		s.writeLocked(out)
	}
}
