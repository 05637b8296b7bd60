package model

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// penalties of the features, per kind; those of pairs are the stronger.
type penalties struct{ level, line, pair float64 }

func (p penalties) of(s *space) []float64 {
	out := make([]float64, s.Size)
	for i := range out {
		out[i] = p.pair
	}
	for c := range s.Columns {
		for code := range s.Columns[c].codes() {
			out[s.First[c]+code] = p.level
		}
		if s.Line[c] >= 0 {
			out[s.Line[c]] = p.line
		}
	}
	return out
}

// The penalties that are tried, the middle one first. Those of straight lines are
// strong, since lines carry furthest where time leads.
var (
	plainPenalty = []penalties{{1, 1, 1}}
	middle       = []penalties{{5, 20, 15}}
	around       = []penalties{{5, 20, 15}, {2, 20, 5}, {15, 20, 40}, {40, 40, 100}}
)

// search fits the columns, screens the pairs, adds the best ones where they
// help, and chooses the penalty, all by the loss on left-out rows.
func search(ctx context.Context, s *space, d coded, labels []bool, weight []float64, o Options) (*fitted, error) {
	if o.Plain {
		return choose(ctx, s, d, labels, weight, plainPenalty, nil)
	}
	single, err := choose(ctx, s, d, labels, weight, middle, nil)
	if err != nil {
		return nil, err
	}
	wide := *s
	wide.Pairs = nil
	for _, p := range screen(s, d, labels, weight, single) {
		wide.addPair(p[0], p[1], d.codes, shapeOf(len(labels), o).rare)
	}
	if wide.Size > s.Size {
		paired, err := choose(ctx, &wide, d, labels, weight, around, single)
		if err != nil {
			return nil, err
		}
		if logLoss(paired.loo, labels, weight) < logLoss(single.loo, labels, weight) {
			*s = wide
			return paired, nil
		}
	}
	return choose(ctx, s, d, labels, weight, around, single)
}

// choose fits with each of the penalties and keeps the fit of the least loss on
// left-out rows. A fit starts where the one before it, or start, ended.
func choose(ctx context.Context, s *space, d coded, labels []bool, weight []float64, tried []penalties, start *fitted) (*fitted, error) {
	m := s.designOf(d)
	var best *fitted
	least := 0.0
	for _, p := range tried {
		f, err := fit(ctx, &m, labels, weight, p.of(s), start)
		if err != nil {
			return nil, err
		}
		if loss := logLoss(f.loo, labels, weight); best == nil || loss < least {
			best, least = f, loss
		}
		start = f
	}
	return best, nil
}

// mostPairs bounds the pairs of a model, mostCells their features, and
// mostScreened the columns of which pairs are tried.
const (
	mostPairs    = 12
	mostCells    = 400
	mostScreened = 60
)

// strong gives, in their order, the columns with the greatest weights, where
// there are too many to try every pair.
func strong(s *space, f *fitted) []int {
	all := make([]int, len(s.Columns))
	for c := range all {
		all[c] = c
	}
	if len(all) <= mostScreened {
		return all
	}
	most := make([]float64, len(all))
	for c := range all {
		for code := range s.Columns[c].codes() {
			most[c] = max(most[c], math.Abs(f.weights[s.First[c]+code]))
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(most[b], most[a]) })
	all = all[:mostScreened]
	slices.Sort(all)
	return all
}

// screen gives the pairs of columns whose cells explain most of what the fit
// leaves: for each cell, with R the sum of residuals and H that of the weights
// p(1 − p), R²/(H + λ) is about twice the gain in log-likelihood of a feature of
// its own, and H/(H + λ) what chance alone would give.
func screen(s *space, d coded, labels []bool, weight []float64, f *fitted) [][2]int {
	const lambda = 20
	type scored struct {
		pair  [2]int
		gain  float64
		cells int
	}
	residual, curvature := make([]float64, len(labels)), make([]float64, len(labels))
	for i, z := range f.loo {
		p := sigmoid(z)
		residual[i], curvature[i] = -weight[i]*p, weight[i]*p*(1-p)
		if labels[i] {
			residual[i] += weight[i]
		}
	}
	coarse := make([][]int32, len(s.Columns))
	for c := range s.Columns {
		coarse[c] = make([]int32, len(labels))
		for i, code := range d.codes[c] {
			coarse[c][i] = int32(s.Columns[c].Coarse[code])
		}
	}
	var all []scored
	screened := strong(s, f)
	for k, b := range screened {
		for _, a := range screened[:k] {
			nb := s.Columns[b].coarses()
			r := make([]float64, s.Columns[a].coarses()*nb)
			h := make([]float64, len(r))
			for i := range labels {
				cell := int(coarse[a][i])*nb + int(coarse[b][i])
				r[cell] += residual[i]
				h[cell] += curvature[i]
			}
			p := scored{pair: [2]int{a, b}}
			for cell := range r {
				if h[cell] > 0 {
					p.gain += (r[cell]*r[cell] - h[cell]) / (h[cell] + lambda)
					p.cells++
				}
			}
			if p.gain > 4 {
				all = append(all, p)
			}
		}
	}
	slices.SortStableFunc(all, func(x, y scored) int { return cmp.Compare(y.gain, x.gain) })
	var out [][2]int
	cells := 0
	for _, p := range all {
		if len(out) == mostPairs {
			break
		}
		if cells+p.cells > mostCells {
			continue
		}
		cells += p.cells
		out = append(out, p.pair)
	}
	return out
}
