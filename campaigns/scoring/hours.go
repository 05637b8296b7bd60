package scoring

import (
	"math"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"ringmaster/campaigns"
)

// Tally counts attempts and those of them that reached the person.
type Tally struct {
	Tries   float64 `json:"tries"`
	Reached float64 `json:"reached"`
}

// AddAll adds another tally.
func (t *Tally) AddAll(of Tally) { t.Tries, t.Reached = t.Tries+of.Tries, t.Reached+of.Reached }

// HourTallies are tallies by weekday (time.Sunday is 0) and hour, in the
// person's own time.
type HourTallies [7][24]Tally

// Add counts an attempt at a time in the person's zone.
func (h *HourTallies) Add(at time.Time, reached bool) {
	cell := &h[at.Weekday()][at.Hour()]
	cell.Tries++
	if reached {
		cell.Reached++
	}
}

// Total sums all hours.
func (h *HourTallies) Total() Tally {
	var sum Tally
	for d := range h {
		for _, cell := range h[d] {
			sum.Tries += cell.Tries
			sum.Reached += cell.Reached
		}
	}
	return sum
}

// validate names the first hour whose counts cannot be.
func (h *HourTallies) validate() error {
	for d := range h {
		for hour, cell := range h[d] {
			if !(cell.Reached >= 0 && cell.Reached <= cell.Tries) || math.IsInf(cell.Tries, 0) {
				return campaigns.Invalid("reached", "%v of %v tries on %v at %d h", cell.Reached, cell.Tries, time.Weekday(d), hour)
			}
		}
	}
	return nil
}

// validLevels names a weight or a level that cannot be.
func validLevels(k float64, levels []HourTallies) error {
	if !(k > 0) || math.IsInf(k, 0) {
		return campaigns.Invalid("k", "%v is no weight above zero", k)
	}
	for i := range levels {
		if err := levels[i].validate(); err != nil {
			return err
		}
	}
	return nil
}

// Shrink estimates a probability from few tries: (s + k × parent)/(n + k), as
// though k more tries had gone as the parent says. It is the mean of the Beta
// distribution that the parent, worth k tries, becomes after the tally.
func (t Tally) Shrink(parent, k float64) float64 {
	return (t.Reached + k*parent) / (t.Tries + k)
}

// HourCell is what is known of one hour of the week.
type HourCell struct {
	Tally
	// Probability to reach a person, with a credible interval of 95 %.
	Probability float64 `json:"probability"`
	Low         float64 `json:"low"`
	High        float64 `json:"high"`
	// Offset in doublings, for ranks: log2 of the probability over that of all
	// hours in the broadest level; zero where nothing is known.
	Offset float64 `json:"offset"`
}

// HourProfile is the probability to reach a person by weekday and hour.
type HourProfile [7][24]HourCell

// At gives the cell of a time in the person's zone.
func (p *HourProfile) At(at time.Time) HourCell { return p[at.Weekday()][at.Hour()] }

// Hours estimates the profile of the last of the levels, which stand from the
// broadest to the narrowest (all campaigns, the campaign, a place): each
// hour is shrunk, with the weight of k tries, to the same hour of the level
// before it, and in the broadest level to the mean of all hours. A narrower
// level's tries count in the broader ones too, as they do in the data. The
// tallies are those of the last level. Without levels nothing is known.
func Hours(k float64, levels ...HourTallies) (HourProfile, error) {
	var p HourProfile
	if err := validLevels(k, levels); err != nil {
		return p, err
	}
	mean := meanOf(levels)
	for d := range p {
		for h := range p[d] {
			cell := HourCell{Probability: mean}
			parent := mean
			for _, level := range levels {
				cell.Tally = level[d][h]
				parent, cell.Probability = cell.Probability, cell.Shrink(cell.Probability, k)
			}
			known := distuv.Beta{Alpha: cell.Reached + k*parent, Beta: cell.Tries - cell.Reached + k*(1-parent)}
			cell.Low, cell.High = known.Quantile(0.025), known.Quantile(0.975)
			cell.Offset = math.Log2(cell.Probability / mean)
			p[d][h] = cell
		}
	}
	return p, nil
}

// meanOf is the probability over all hours of the broadest level.
func meanOf(levels []HourTallies) float64 {
	if len(levels) == 0 {
		return 0.5
	}
	return levels[0].Total().Shrink(0.5, 2) // Laplace's rule; never 0 or 1
}

// HourOffsets gives the offsets of Hours alone, at 24 × weekday + hour. They
// cost some microseconds, for they leave out the intervals.
func HourOffsets(k float64, levels ...HourTallies) ([]float64, error) {
	if err := validLevels(k, levels); err != nil {
		return nil, err
	}
	mean := meanOf(levels)
	offsets := make([]float64, 0, 7*24)
	for d := range 7 {
		for h := range 24 {
			p := mean
			for i := range levels {
				p = levels[i][d][h].Shrink(p, k)
			}
			offsets = append(offsets, math.Log2(p/mean))
		}
	}
	return offsets, nil
}
