package media

import "time"

// Bounds of what still counts as the same stream: RFC 3550, A.1 (MAX_DROPOUT,
// MAX_MISORDER) for sequence numbers, and a deviation of two seconds between
// timestamps and clock.
const (
	maxDropout    = 3000
	maxMisorder   = 100
	maxClockDrift = 2 * sampleRate
)

// sourceKey names what a leg is sending: a bridge, playback or digit by its
// id, and for forwarded streams the SSRC they arrived with.
type sourceKey struct {
	id   uint64
	ssrc uint32
}

// rewriter keeps the outgoing stream of one leg continuous. Within a source,
// loss and reordering show through unchanged; when the source changes, the
// sequence goes on by one and the timestamp by the time that has passed.
// It does no I/O and is not safe for concurrent use.
type rewriter struct {
	ssrc uint32
	seq  uint16 // newest sequence number sent
	ts   uint32 // its timestamp
	dur  uint32 // its duration, samples
	at   time.Time

	started bool
	key     sourceKey
	// Of a forwarded source: what to add to its numbers, its oldest number
	// that may still be sent, and its newest packet.
	seqOff uint16
	tsOff  uint32
	base   uint16
	inSeq  uint16
	inTS   uint32
	inAt   time.Time
}

// stamp is what the rewriter decides for one packet.
type stamp struct {
	seq   uint16
	ts    uint32
	fresh bool // first packet of a source: carries the marker bit
}

// next returns the timestamp for a source that begins now: later by the time
// that has passed since the newest packet, but not overlapping with it.
func (r *rewriter) next(now time.Time) uint32 {
	if !r.started {
		return r.ts
	}
	elapsed := samplesBetween(r.at, now)
	return r.ts + uint32(max(elapsed, int64(r.dur))) // wraps by design
}

// samplesBetween converts the time between two instants to samples.
func samplesBetween(from, to time.Time) int64 {
	return int64(to.Sub(from) / (time.Second / sampleRate))
}

// forward stamps a packet of a forwarded stream that lasts dur samples. Audio
// tells apart voice, whose timestamps follow the clock, from telephone events,
// which all carry the time of their beginning. It reports false for a packet
// older than the point where the source was joined.
func (r *rewriter) forward(key sourceKey, seq uint16, ts, dur uint32, audio bool, now time.Time) (stamp, bool) {
	if !r.started || key != r.key {
		return r.join(key, seq, ts, dur, now), true
	}
	ahead := int16(seq - r.inSeq) // signed distance modulo 2^16
	if ahead > maxDropout || ahead < -maxMisorder {
		return r.join(key, seq, ts, dur, now), true
	}
	if ahead <= 0 {
		if int16(seq-r.base) < 0 { // signed distance
			return stamp{}, false
		}
		return stamp{seq: seq + r.seqOff, ts: ts + r.tsOff}, true
	}
	if audio {
		drift := int64(int32(ts-r.inTS)) - samplesBetween(r.inAt, now) // signed distance
		if drift > maxClockDrift || drift < -maxClockDrift {
			return r.join(key, seq, ts, dur, now), true
		}
		r.inTS, r.inAt = ts, now
	}
	r.inSeq = seq
	if seq-r.base > 2*maxMisorder {
		r.base = seq - 2*maxMisorder
	}
	r.advance(seq+r.seqOff, ts+r.tsOff, dur, now)
	return stamp{seq: r.seq, ts: r.ts}, true
}

// join makes a stream the source from this packet on.
func (r *rewriter) join(key sourceKey, seq uint16, ts, dur uint32, now time.Time) stamp {
	outTS, outSeq := r.next(now), r.seq+1
	r.key, r.started = key, true
	r.seqOff, r.tsOff = outSeq-seq, outTS-ts
	r.base, r.inSeq, r.inTS, r.inAt = seq, seq, ts, now
	r.seq, r.ts, r.dur, r.at = outSeq, outTS, dur, now
	return stamp{seq: outSeq, ts: outTS, fresh: true}
}

// skip takes note of a packet of the current source that is not sent on, so
// that it leaves no hole which the far end would count as loss.
func (r *rewriter) skip(key sourceKey, seq uint16) {
	if r.started && key == r.key && int16(seq-r.inSeq) > 0 { // signed distance
		r.inSeq = seq
		r.seqOff--
	}
}

// local stamps a frame of 20 ms that is made here. Frames of one key follow each other exactly, whenever the pacer wakes up; skipped is the
// number of frames that the pacer left out since the last one.
func (r *rewriter) local(key sourceKey, skipped int, now time.Time) stamp {
	if !r.started || key != r.key {
		return r.join(key, 0, 0, frameSamples, now)
	}
	ts := r.ts + uint32(1+skipped)*frameSamples // wraps by design
	r.advance(r.seq+1, ts, frameSamples, now)
	return stamp{seq: r.seq, ts: r.ts}
}

// event stamps a packet of a telephone event that is made here: all packets of
// one key share a timestamp, dur grows.
func (r *rewriter) event(key sourceKey, dur uint32, now time.Time) stamp {
	if !r.started || key != r.key {
		return r.join(key, 0, 0, dur, now)
	}
	r.advance(r.seq+1, r.ts, dur, now)
	return stamp{seq: r.seq, ts: r.ts}
}

func (r *rewriter) advance(seq uint16, ts, dur uint32, now time.Time) {
	if ts != r.ts {
		r.at = now
	}
	r.seq, r.ts, r.dur = seq, ts, dur
}

// pause ends the current source: whatever is sent next starts afresh.
func (r *rewriter) pause() { r.key = sourceKey{} }
