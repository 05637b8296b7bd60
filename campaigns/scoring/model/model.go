package model

import (
	"cmp"
	"math"
	"slices"
	"time"

	"ringmaster/campaigns"
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
	// Spread is the standard deviation of what each column adds: how much it
	// matters.
	Spread []float64 `json:"spread"`
	// LeftOut is how well the rows were predicted without themselves.
	LeftOut LeftOut `json:"left_out"`
}

// LeftOut judges a model by its own rows, each scored as though it had been left
// out of training: the probability that a success scores above a failure, and
// the mean log-loss, in nats, beside that of knowing the base rate only.
type LeftOut struct {
	AUC         float64 `json:"auc"`
	LogLoss     float64 `json:"log_loss"`
	BaseLogLoss float64 `json:"base_log_loss"`
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

// Strongest gives the columns by how much they matter, with the standard
// deviation, in doublings of the odds, of what they add.
func (m *Model) Strongest() []campaigns.Factor {
	out := make([]campaigns.Factor, len(m.Spread))
	for c := range out {
		name := m.Space.Columns[c].Name
		out[c] = campaigns.Factor{Name: name, Text: plainName(name), Points: doublings(m.Spread[c])}
	}
	slices.SortStableFunc(out, func(a, b campaigns.Factor) int { return cmp.Compare(b.Points, a.Points) })
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
func bounded(p float64) float64 { return min(max(p, 1e-9), 1-1e-9) }

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
		codes[c] = int32(code)
		out[c] = m.Weights[s.First[c]+code] - m.Mean[c]
		if s.Line[c] >= 0 {
			out[c] += m.Weights[s.Line[c]] * line
		}
	}
	m.addPairs(out, codes)
	return out
}

// addPairs adds what pairs of columns contribute, half to each.
func (m *Model) addPairs(to []float64, codes []int32) {
	for p := range m.Space.Pairs {
		pair := &m.Space.Pairs[p]
		if f := m.Space.feature(pair, codes[pair.A], codes[pair.B]); f >= 0 {
			half := m.Weights[f] / 2
			to[pair.A] += half
			to[pair.B] += half
		}
	}
}

// settle takes over calibrated weights and splits the intercept into what the
// average person has and what each column adds to that on average.
func (m *Model) settle(intercept float64, weights []float64, d coded, weight []float64) {
	m.Weights = weights
	n := len(m.Space.Columns)
	m.Mean, m.Spread = make([]float64, n), make([]float64, n)
	total := 0.0
	adds := make([]float64, n)
	squares := make([]float64, n)
	codes := make([]int32, n)
	for i, w := range weight {
		for c := range adds {
			codes[c] = d.codes[c][i]
			adds[c] = weights[m.Space.First[c]+int(codes[c])]
			if line := m.Space.Line[c]; line >= 0 {
				adds[c] += weights[line] * d.lines[c][i]
			}
		}
		m.addPairs(adds, codes)
		for c, v := range adds {
			m.Mean[c] += w * v
			squares[c] += w * v * v
		}
		total += w
	}
	m.Base = intercept
	for c := range m.Mean {
		m.Mean[c] /= total
		m.Base += m.Mean[c]
		m.Spread[c] = math.Sqrt(max(squares[c]/total-m.Mean[c]*m.Mean[c], 0))
	}
}

// doublings turns natural log-odds into base 2.
func doublings(z float64) float64 { return z / math.Ln2 }
