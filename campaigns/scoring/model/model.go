package model

import (
	"math"
	"time"
)

// Model gives propensities. Its parts are written and read by Marshal and
// Unmarshal.
type Model struct {
	// Target names what is predicted.
	Target string `json:"target"`
	// TrainedAt is for the registry; Train leaves it to the caller, who knows
	// the business time.
	TrainedAt time.Time `json:"trained_at"`
	// Rows it was trained on and the successes among them.
	Rows      int `json:"rows"`
	Successes int `json:"successes"`
	// Options it was trained with.
	Options Options `json:"options"`
	// Warnings that training gave.
	Warnings []string `json:"warnings,omitempty"`

	// Space and Weights are the features and their log-odds, calibrated; Mean is
	// what each column adds on average, Base the log-odds of the average person.
	Space   space     `json:"space"`
	Weights []float64 `json:"weights"`
	Mean    []float64 `json:"mean"`
	Base    float64   `json:"base"`
}

// Score gives the propensity of a row: the calibrated probability of success,
// in (0, 1). Columns that the model does not know are ignored, missing ones and
// new levels count as such.
func (m *Model) Score(row Row) float64 { return bounded(sigmoid(m.logOdds(row))) }

// ScoreAll gives the propensities of a table's rows.
func (m *Model) ScoreAll(t *Table) []float64 {
	d := m.Space.designOf(encode(m.Space.Columns, t))
	out := make([]float64, t.Len())
	base := m.Base
	for _, mean := range m.Mean {
		base -= mean
	}
	for i := range out {
		z := base
		for k := d.start[i]; k < d.start[i+1]; k++ {
			z += m.Weights[d.index[k]] * d.value[k]
		}
		out[i] = bounded(sigmoid(z))
	}
	return out
}

// Columns are the names of those that the model reads.
func (m *Model) Columns() []string {
	names := make([]string, len(m.Space.Columns))
	for i := range m.Space.Columns {
		names[i] = m.Space.Columns[i].Name
	}
	return names
}

// bounded keeps a probability off 0 and 1, of which no logarithm is.
func bounded(p float64) float64 { return min(max(p, 1e-6), 1-1e-6) }

// logOdds sums the contributions of the columns.
func (m *Model) logOdds(row Row) float64 {
	z := m.Base
	for _, c := range m.contributions(row) {
		z += c
	}
	return z
}

// contributions gives what each column adds to the log-odds, compared with the
// average person. What two columns add together is halved between them, as the
// Shapley value does.
func (m *Model) contributions(row Row) []float64 {
	s := &m.Space
	out := make([]float64, len(s.Columns))
	codes := make([]int32, len(s.Columns))
	for c := range s.Columns {
		code, line := s.Columns[c].code(row[s.Columns[c].Name])
		codes[c] = int32(code) //nolint:gosec // a column has a few hundred codes
		out[c] = m.Weights[s.First[c]+code] - m.Mean[c]
		if s.Line[c] >= 0 {
			out[c] += m.Weights[s.Line[c]] * line
		}
	}
	for p := range s.Pairs {
		pair := &s.Pairs[p]
		if f := s.feature(pair, codes[pair.A], codes[pair.B]); f >= 0 {
			half := m.Weights[f] / 2
			out[pair.A] += half
			out[pair.B] += half
		}
	}
	return out
}

// settle takes over calibrated weights and splits the intercept into what the
// average person has and what each column adds to that on average.
func (m *Model) settle(intercept float64, weights []float64, d coded, weight []float64) {
	m.Weights = weights
	m.Mean = make([]float64, len(m.Space.Columns))
	total := 0.0
	for _, w := range weight {
		total += w
	}
	for c := range m.Space.Columns {
		for i, code := range d.codes[c] {
			v := weights[m.Space.First[c]+int(code)]
			if line := m.Space.Line[c]; line >= 0 {
				v += weights[line] * d.lines[c][i]
			}
			m.Mean[c] += weight[i] * v
		}
	}
	for p := range m.Space.Pairs {
		pair := &m.Space.Pairs[p]
		for i := range weight {
			if f := m.Space.feature(pair, d.codes[pair.A][i], d.codes[pair.B][i]); f >= 0 {
				half := weight[i] * weights[f] / 2
				m.Mean[pair.A] += half
				m.Mean[pair.B] += half
			}
		}
	}
	m.Base = intercept
	for c := range m.Mean {
		m.Mean[c] /= total
		m.Base += m.Mean[c]
	}
}

// doublings turns natural log-odds into base 2.
func doublings(z float64) float64 { return z / math.Ln2 }
