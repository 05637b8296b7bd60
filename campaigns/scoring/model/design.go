package model

import (
	"slices"
)

// pair is two columns, by index, whose coarse codes together are features.
type pair struct {
	A int `json:"a"`
	B int `json:"b"`
	// Cells holds for each pair of coarse codes, A's first, the feature, or -1
	// where too few rows were seen.
	Cells []int `json:"cells"`
}

// space says which feature belongs to what: the features of the codes and the
// line of each column, then those of the pairs.
type space struct {
	Columns []column `json:"columns"`
	// First is the feature of a column's code 0; -1 in Line: no straight line.
	First []int  `json:"first"`
	Line  []int  `json:"line"`
	Pairs []pair `json:"pairs,omitempty"`
	Size  int    `json:"size"`
}

// spaceOf gives codes and lines of the columns their features.
func spaceOf(columns []column) space {
	s := space{Columns: columns}
	for i := range columns {
		s.First = append(s.First, s.Size)
		s.Size += columns[i].codes()
		line := -1
		if columns[i].Numeric && columns[i].Scale > 0 {
			line = s.Size
			s.Size++
		}
		s.Line = append(s.Line, line)
	}
	return s
}

// addPair gives the cells of a pair with at least rare rows their features.
func (s *space) addPair(a, b int, codes [][]int32, rare int) {
	ca, cb := &s.Columns[a], &s.Columns[b]
	n := make([]int, ca.coarses()*cb.coarses())
	for i := range codes[a] {
		n[ca.Coarse[codes[a][i]]*cb.coarses()+cb.Coarse[codes[b][i]]]++
	}
	p := pair{A: a, B: b, Cells: make([]int, len(n))}
	for cell := range n {
		p.Cells[cell] = -1
		if n[cell] >= rare {
			p.Cells[cell] = s.Size
			s.Size++
		}
	}
	s.Pairs = append(s.Pairs, p)
}

// feature gives the pair's feature for two codes, or -1.
func (s *space) feature(p *pair, a, b int32) int {
	ca, cb := &s.Columns[p.A], &s.Columns[p.B]
	return p.Cells[ca.Coarse[a]*cb.coarses()+cb.Coarse[b]]
}

// coded is a table as codes and lines, by column and row.
type coded struct {
	codes [][]int32
	lines [][]float64
}

// encode codes the cells of a table, whose columns are found by name.
func encode(columns []column, t *Table) coded {
	out := coded{codes: make([][]int32, len(columns)), lines: make([][]float64, len(columns))}
	for c := range columns {
		from := slices.Index(t.Columns, columns[c].Name)
		out.codes[c] = make([]int32, t.Len())
		out.lines[c] = make([]float64, t.Len())
		known := map[string]struct {
			code int32
			line float64
		}{}
		for i := range t.Len() {
			cell := ""
			if from >= 0 {
				cell = t.cell(i, from)
			}
			k, ok := known[cell]
			if !ok {
				code, line := columns[c].code(cell)
				k.code, k.line = int32(code), line
				known[cell] = k
			}
			out.codes[c][i], out.lines[c][i] = k.code, k.line
		}
	}
	return out
}

// design is the sparse matrix of the features: row i has the features
// index[start[i]:start[i+1]] with those values.
type design struct {
	start []int
	index []int32
	value []float64
	size  int
}

// designOf lays the features of coded rows out.
func (s *space) designOf(d coded) design {
	rows := 0
	if len(d.codes) > 0 {
		rows = len(d.codes[0])
	}
	m := design{start: make([]int, 1, rows+1), size: s.Size}
	for i := range rows {
		for c := range s.Columns {
			m.index = append(m.index, int32(s.First[c])+d.codes[c][i])
			m.value = append(m.value, 1)
			if s.Line[c] >= 0 {
				m.index = append(m.index, int32(s.Line[c]))
				m.value = append(m.value, d.lines[c][i])
			}
		}
		for p := range s.Pairs {
			pair := &s.Pairs[p]
			if f := s.feature(pair, d.codes[pair.A][i], d.codes[pair.B][i]); f >= 0 {
				m.index = append(m.index, int32(f))
				m.value = append(m.value, 1)
			}
		}
		m.start = append(m.start, len(m.index))
	}
	return m
}

// rows is their number.
func (m *design) rows() int { return len(m.start) - 1 }
