package simcarrier

import (
	"math"
	"slices"
	"time"
)

// Detection constants. A window of 100 ms resolves 10 Hz, so tones 25 Hz
// apart leak less than 2 % of their power into each other.
const (
	windowSamples = 800
	windowMS      = 100
	// floorRMS is the level (of 32768) under which a window is silence.
	floorRMS = 150
	// toneShare is the least share of a window's power that is a tone. Two
	// voices at once hold about a half each: both are reported.
	toneShare = 0.35
	// soleShare is the share above which no second tone needs looking for.
	soleShare = 0.7
	// minWindows is the least length of an interval; what is shorter counts
	// as other sound, since any beep can hit one window.
	minWindows = 2
	// maxGap ends an interval when its tone was absent for longer.
	maxGap = time.Second
)

// ear finds the tones of the other kind of endpoint in what a leg receives
// (Goertzel's algorithm over windows of 100 ms). It belongs to one goroutine.
type ear struct {
	grid   []int
	coeffs []float64 // 2·cos(2π·hz/8000)
	window [windowSamples]float64
	filled int
	last   int // index of the tone heard last, tried first
	now    func() time.Time
	// onTone is called when an interval has reached minWindows.
	onTone func(hz int)

	open    map[int]*interval
	heard   []Heard
	otherMS int
}

type interval struct {
	Heard
	windows int
}

func newEar(grid []int, now func() time.Time, onTone func(hz int)) *ear {
	e := &ear{grid: grid, now: now, onTone: onTone, open: make(map[int]*interval)}
	e.coeffs = make([]float64, len(grid))
	for i, hz := range grid {
		e.coeffs[i] = 2 * math.Cos(2*math.Pi*float64(hz)/sampleRate)
	}
	return e
}

// listen takes the next received samples.
func (e *ear) listen(payload []byte, decode *[256]float64) {
	for _, b := range payload {
		e.window[e.filled] = decode[b]
		if e.filled++; e.filled == windowSamples {
			e.filled = 0
			e.judge()
		}
	}
}

// judge accounts for one full window.
func (e *ear) judge() {
	now := e.now()
	tones, sound := e.tones()
	for hz, in := range e.open {
		gone := now.Sub(in.LastAt) > maxGap
		if (len(tones) > 0 || gone) && !slices.Contains(tones, hz) {
			e.finish(hz, in)
		}
	}
	for _, hz := range tones {
		in := e.open[hz]
		if in == nil {
			in = &interval{Heard: Heard{Hz: hz, FirstAt: now.Add(-windowMS * time.Millisecond)}}
			e.open[hz] = in
		}
		in.windows++
		in.MS += windowMS
		in.LastAt = now
		if in.windows == minWindows && e.onTone != nil {
			e.onTone(hz)
		}
	}
	if sound && len(tones) == 0 {
		e.otherMS += windowMS
	}
}

// tones returns the grid frequencies present in the window (two at most can
// reach toneShare) and whether there was any sound at all.
func (e *ear) tones() (present []int, sound bool) {
	energy := 0.0
	for _, x := range e.window {
		energy += x * x
	}
	if energy < floorRMS*floorRMS*windowSamples {
		return nil, false
	}
	if e.share(e.last, energy) >= soleShare {
		return []int{e.grid[e.last]}, true
	}
	for i, hz := range e.grid {
		if e.share(i, energy) >= toneShare {
			present = append(present, hz)
			e.last = i
		}
	}
	return present, true
}

// share returns the part of the window's energy that lies at grid tone i: 1
// for a pure tone.
func (e *ear) share(i int, energy float64) float64 {
	c := e.coeffs[i]
	s1, s2 := 0.0, 0.0
	for _, x := range e.window {
		s1, s2 = x+c*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - c*s1*s2
	return 2 * power / (windowSamples * energy)
}

// close ends all intervals; heard and otherMS are final then.
func (e *ear) close() {
	for hz, in := range e.open {
		e.finish(hz, in)
	}
}

func (e *ear) finish(hz int, in *interval) {
	delete(e.open, hz)
	if in.windows < minWindows {
		e.otherMS += in.MS
		return
	}
	e.heard = append(e.heard, in.Heard)
}
