package pacing

import "math"

// manyCalls is from how many on ringing calls are taken together, by age and by
// chance in chanceSteps of its square root.
const manyCalls, chanceSteps = 200, 40

// cell holds calls of nearly the same age and chance.
type cell struct {
	age            int
	calls, chances float64
}

type crowd struct {
	index [ringBins * chanceSteps]int32 // of the cell, counted from 1
	cells []cell
}

func newCrowd() *crowd { return &crowd{} }

func (c *crowd) add(age int, chance float64) {
	at := age*chanceSteps + int(math.Sqrt(chance)*chanceSteps)
	i := c.index[at]
	if i == 0 {
		c.cells = append(c.cells, cell{age: age})
		i = int32(len(c.cells))
		c.index[at] = i
	}
	c.cells[i-1].calls++
	c.cells[i-1].chances += chance
}

// drain gives the cells and begins anew; they are valid until the next add.
func (c *crowd) drain() []cell {
	cells := c.cells
	if len(cells) > 0 {
		clear(c.index[:])
		c.cells = c.cells[:0]
	}
	return cells
}
