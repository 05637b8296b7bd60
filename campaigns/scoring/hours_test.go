package scoring_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"ringmaster/campaigns/scoring"
)

func TestShrinkage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		tally scoring.Tally
		want  float64
	}{
		{scoring.Tally{}, 0.3},                             // nothing known: the parent
		{scoring.Tally{Tries: 10, Reached: 10}, 0.65},      // as many tries as the parent is worth: half way
		{scoring.Tally{Tries: 9990, Reached: 999}, 0.1002}, // many: its own
	} {
		if got := tc.tally.Shrink(0.3, 10); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%+v: %v, want %v", tc.tally, got, tc.want)
		}
	}
}

func TestHoursShrinkLevelByLevel(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, time.March, 3, 19, 30, 0, 0, time.UTC) // a Tuesday
	var global, campaign, segment scoring.HourTallies
	for d := range global {
		for h := 9; h < 21; h++ {
			global[d][h] = scoring.Tally{Tries: 1000, Reached: 200}
		}
	}
	global[time.Tuesday][19] = scoring.Tally{Tries: 1000, Reached: 400}
	campaign[time.Tuesday][19] = scoring.Tally{Tries: 50, Reached: 30}
	segment.Add(evening, true)
	p, err := scoring.Hours(50, global, campaign, segment)
	if err != nil {
		t.Fatal(err)
	}
	mean := (84*200 + 200 + 1.0) / (84000 + 2)
	want := (400 + 50*mean) / 1050
	want = (30 + 50*want) / 100
	want = (1 + 50*want) / 51
	got := p.At(evening)
	if math.Abs(got.Probability-want) > 1e-12 || got.Tries != 1 || got.Reached != 1 {
		t.Errorf("Tuesday evening: %+v, want %v", got, want)
	}
	if math.Abs(got.Offset-math.Log2(want/mean)) > 1e-12 || got.Offset < 1 {
		t.Errorf("offset %v, want log2 of %v over %v", got.Offset, want, mean)
	}
	if !(got.Low < want && want < got.High && got.Low > 0.3 && got.High < 0.7) {
		t.Errorf("interval %v to %v around %v", got.Low, got.High, want)
	}
	if night := p[time.Monday][3]; night.Offset != 0 || night.Probability != mean || night.High-night.Low < 0.2 {
		t.Errorf("an hour nobody tried: %+v, want the mean %v, unsure", night, mean)
	}
}

func TestHoursWithoutData(t *testing.T) {
	t.Parallel()
	for _, levels := range [][]scoring.HourTallies{nil, {{}}, {{}, {}}} {
		p, err := scoring.Hours(20, levels...)
		if err != nil || p[0][0].Offset != 0 || p[0][0].Probability != 0.5 {
			t.Errorf("%d empty levels: %+v, %v", len(levels), p[0][0], err)
		}
	}
	if _, err := scoring.Hours(0); err == nil {
		t.Error("a weight of zero is taken")
	}
	var wrong scoring.HourTallies
	wrong[1][10] = scoring.Tally{Tries: 1, Reached: 2}
	if _, err := scoring.Hours(10, wrong); err == nil {
		t.Error("two reached in one try is taken")
	}
}

// Of persons whose probability is drawn as the prior says, 95 in 100 lie in the
// interval.
func TestTheIntervalHoldsWhatItPromises(t *testing.T) {
	t.Parallel()
	lot := rand.New(rand.NewPCG(7, 7))
	inside, all := 0, 0
	for range 40 {
		var global, own scoring.HourTallies
		for d := range own {
			for h := range own[d] {
				global[d][h] = scoring.Tally{Tries: 1e9, Reached: 3e8}
				// A Beta(6, 14), the prior of 0.3 with 20 tries, by its order statistic:
				// the 6th smallest of 19 uniform draws.
				p := orderStatistic(lot, 6, 19)
				own[d][h].Tries = 30
				for range 30 {
					if lot.Float64() < p {
						own[d][h].Reached++
					}
				}
				global[d][h].Tries += p // keeps p for below; too little to matter
			}
		}
		profile, err := scoring.Hours(20, global, own)
		if err != nil {
			t.Fatal(err)
		}
		for d := range own {
			for h := range own[d] {
				p := global[d][h].Tries - 1e9
				all++
				if profile[d][h].Low <= p && p <= profile[d][h].High {
					inside++
				}
			}
		}
	}
	if share := float64(inside) / float64(all); share < 0.94 || share > 0.96 {
		t.Errorf("%.3f of %d lie in their interval of 95 %%", share, all)
	}
}

func orderStatistic(lot *rand.Rand, k, of int) float64 {
	draws := make([]float64, of)
	for i := range draws {
		draws[i] = lot.Float64()
	}
	for i := range k {
		for j := i + 1; j < of; j++ {
			if draws[j] < draws[i] {
				draws[i], draws[j] = draws[j], draws[i]
			}
		}
	}
	return draws[k-1]
}

// The offsets by themselves are those of the profile, on any tallies.
func TestHourOffsetsAreThoseOfTheProfile(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(4, 4))
	var levels []scoring.HourTallies
	for n := range 4 {
		offsets, err := scoring.HourOffsets(30, levels...)
		profile, perr := scoring.Hours(30, levels...)
		if err != nil || perr != nil || len(offsets) != 7*24 {
			t.Fatalf("%d levels: %d offsets, %v, %v", n, len(offsets), err, perr)
		}
		for i, offset := range offsets {
			if want := profile[i/24][i%24].Offset; math.Abs(offset-want) > 1e-12 {
				t.Errorf("%d levels, hour %d: %v, want %v", n, i, offset, want)
			}
		}
		var level scoring.HourTallies
		for d := range level {
			for h := range level[d] {
				tries := float64(draw.IntN(400 >> (2 * n)))
				level[d][h] = scoring.Tally{Tries: tries, Reached: math.Floor(tries * draw.Float64())}
			}
		}
		levels = append(levels, level)
	}
	for name, bad := range map[string]error{
		"a weight of zero":       second(scoring.HourOffsets(0)),
		"two reached in one try": second(scoring.HourOffsets(10, scoring.HourTallies{{{Tries: 1, Reached: 2}}})),
	} {
		if bad == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func second(_ []float64, err error) error { return err }
