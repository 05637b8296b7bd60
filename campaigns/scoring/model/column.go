package model

import (
	"cmp"
	"math"
	"slices"
)

// column is what was learned of one column: how a cell becomes a code, a small
// whole number that stands for a level or a bin, and a straight line.
type column struct {
	Name    string `json:"name"`
	Numeric bool   `json:"numeric,omitempty"`
	// Levels of a text column that are frequent enough; the code is the index.
	Levels []string `json:"levels,omitempty"`
	// Cuts of a numeric column, ascending; the code is the number of cuts at or
	// below the value.
	Cuts []float64 `json:"cuts,omitempty"`
	// Coarse gives for each code the coarser one that pairs are made of.
	Coarse []int `json:"coarse"`
	// Low and High bound the straight line, Mean and Scale standardise it.
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
	Mean  float64 `json:"mean,omitempty"`
	Scale float64 `json:"scale,omitempty"`

	index map[string]int
}

// codes is the number of codes: those of levels or bins, one for the levels
// that are rare or new, and one for what is missing.
func (c *column) codes() int {
	if c.Numeric {
		return len(c.Cuts) + 2
	}
	return len(c.Levels) + 2
}

// absent is the code of a missing cell.
func (c *column) absent() int { return c.codes() - 1 }

// code gives the code of a cell, and the standardised value for the line. A
// cell that is no number in a numeric column counts as missing.
func (c *column) code(cell string) (code int, line float64) {
	if !c.Numeric {
		if missing(cell) {
			return c.absent(), 0
		}
		if level, ok := c.index[cell]; ok {
			return level, 0
		}
		return len(c.Levels), 0
	}
	value, _ := number(cell)
	return c.codeOf(value)
}

func (c *column) codeOf(value float64) (code int, line float64) {
	if math.IsNaN(value) {
		return c.absent(), 0
	}
	code, _ = slices.BinarySearchFunc(c.Cuts, value, func(cut, v float64) int {
		if cut <= v {
			return -1
		}
		return 1
	})
	if c.Scale > 0 {
		line = (min(max(value, c.Low), c.High) - c.Mean) / c.Scale
	}
	return code, line
}

// coarses is the number of coarse codes.
func (c *column) coarses() int { return slices.Max(c.Coarse) + 1 }

// prepare makes the index; after learning and after reading.
func (c *column) prepare() {
	c.index = make(map[string]int, len(c.Levels))
	for i, level := range c.Levels {
		c.index[level] = i
	}
}

// shape says how finely columns are cut.
type shape struct {
	// bins of a numeric column, and those of it in pairs.
	bins, coarse int
	// rare is the number of rows below which a level is pooled with others.
	rare int
}

// learnText learns the levels of a text column.
func learnText(name string, cells []string, s shape) column {
	counts := map[string]int{}
	for _, cell := range cells {
		if !missing(cell) {
			counts[cell]++
		}
	}
	c := column{Name: name}
	for level, n := range counts {
		if n >= s.rare {
			c.Levels = append(c.Levels, level)
		}
	}
	slices.SortFunc(c.Levels, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	if most := 200; len(c.Levels) > most {
		c.Levels = c.Levels[:most]
	}
	// In pairs, the levels behind the most frequent ones stand together.
	c.Coarse = make([]int, c.codes())
	for code := range c.Coarse {
		c.Coarse[code] = min(code, 2*s.coarse)
	}
	if len(c.Coarse) > 2*s.coarse {
		c.Coarse[c.absent()] = 2*s.coarse + 1
	}
	c.prepare()
	return c
}

// learnNumber learns the bins and the line of a numeric column; NaN is missing.
func learnNumber(name string, values []float64, s shape) column {
	known := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			known = append(known, v)
		}
	}
	slices.Sort(known)
	c := column{Name: name, Numeric: true, Cuts: cuts(known, s.bins, s.rare)}
	coarse := cuts(known, s.coarse, s.rare)
	c.Coarse = make([]int, c.codes())
	for code := range len(c.Cuts) + 1 {
		for _, cut := range coarse {
			if code > 0 && cut <= c.Cuts[code-1] {
				c.Coarse[code]++
			}
		}
	}
	c.Coarse[c.absent()] = len(coarse) + 1
	if len(known) > 0 {
		c.Low, c.High = known[len(known)/50], known[len(known)-1-len(known)/50]
		for _, v := range known {
			c.Mean += min(max(v, c.Low), c.High)
		}
		c.Mean /= float64(len(known))
		for _, v := range known {
			d := min(max(v, c.Low), c.High) - c.Mean
			c.Scale += d * d
		}
		c.Scale = math.Sqrt(c.Scale / float64(len(known)))
		if c.Scale < 1e-12*math.Max(1, math.Abs(c.Mean)) {
			c.Scale = 0
		}
	}
	c.prepare()
	return c
}

// cuts splits sorted values into at most n bins of about equal size, between
// distinct values. A value that fills a bin alone, such as 999 for "never",
// gets one.
func cuts(sorted []float64, n, rare int) []float64 {
	if len(sorted) == 0 {
		return nil
	}
	size := max(len(sorted)/n, rare, 1)
	var out []float64
	in := 0 // rows in the open bin
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		if run := j - i; i > 0 && (in >= size || run >= size && in >= rare) {
			out = append(out, sorted[i-1]+(sorted[i]-sorted[i-1])/2)
			in = 0
		}
		in += j - i
		i = j
	}
	if in < rare && len(out) > 0 {
		out = out[:len(out)-1]
	}
	return out
}

// numeric reports whether the cells are numbers: all but 2 in 100 of those that
// are not missing. The first other one is its index in bad, else -1.
func numeric(cells []string) (is bool, bad int) {
	known, numbers := 0, 0
	bad = -1
	for i, cell := range cells {
		v, ok := number(cell)
		switch {
		case !ok:
			known++
			if bad < 0 {
				bad = i
			}
		case !math.IsNaN(v):
			known++
			numbers++
		}
	}
	return numbers > 0 && float64(numbers) >= 0.98*float64(known), bad
}
