package model

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"ringmaster/campaigns"
)

// fitted is a ridge logistic regression.
type fitted struct {
	intercept float64
	weights   []float64
	// z are the log-odds of the rows, loo those that each row would have had
	// were it left out (approximately, see leaveOneOut).
	z, loo []float64
}

// Newton's method stops when no step moves the loss by more than tolerance
// times it, or after maxSteps.
const (
	maxSteps  = 25
	tolerance = 1e-6
)

// fit minimises the weighted log-loss plus ½ Σ penalty × weight²; the intercept
// is free. It starts at start where that is given.
func fit(ctx context.Context, m *design, labels []bool, weight, penalty []float64, start *fitted) (*fitted, error) {
	d := m.size + 1 // the intercept is last
	beta := make([]float64, d)
	if start != nil {
		copy(beta, start.weights)
		beta[d-1] = start.intercept
	} else {
		beta[d-1] = logit(baseRate(labels, weight))
	}
	z := make([]float64, m.rows())
	loss := m.loss(beta, labels, weight, penalty, z)
	var chol mat.Cholesky
	for range maxSteps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		gradient, hessian := m.derivatives(beta, z, labels, weight, penalty)
		if !chol.Factorize(hessian) {
			return nil, errors.New("the regression has no solution: a column may hold numbers beyond all measure")
		}
		step := mat.NewVecDense(d, nil)
		if err := chol.SolveVecTo(step, mat.NewVecDense(d, gradient)); err != nil {
			return nil, campaigns.Wrap(campaigns.CodeInternal, "the regression has no solution", err)
		}
		before := loss
		next := make([]float64, d)
		for scale := 1.0; scale > 1e-4; scale /= 2 {
			for j := range next {
				next[j] = beta[j] - scale*step.AtVec(j)
			}
			if loss = m.loss(next, labels, weight, penalty, z); loss <= before {
				break
			}
		}
		if !(loss <= before) {
			m.loss(beta, labels, weight, penalty, z) // z of the last good step
			break
		}
		copy(beta, next)
		if before-loss <= tolerance*math.Abs(before) {
			break
		}
	}
	f := &fitted{intercept: beta[d-1], weights: beta[:d-1], z: z}
	if err := f.leaveOneOut(m, &chol, labels, weight); err != nil {
		return nil, err
	}
	return f, nil
}

// loss computes the log-odds into z and gives the penalised log-loss.
func (m *design) loss(beta []float64, labels []bool, weight, penalty, z []float64) float64 {
	total := 0.0
	for i := range z {
		s := beta[m.size]
		for k := m.start[i]; k < m.start[i+1]; k++ {
			s += beta[m.index[k]] * m.value[k]
		}
		z[i] = s
		if labels[i] {
			s = -s
		}
		total += weight[i] * softplus(s)
	}
	for j, p := range penalty {
		total += p * beta[j] * beta[j] / 2
	}
	return total
}

// derivatives gives the gradient and the Hessian of the loss.
func (m *design) derivatives(beta, z []float64, labels []bool, weight, penalty []float64) (gradient []float64, hessian *mat.SymDense) {
	d := m.size + 1
	gradient = make([]float64, d)
	h := make([]float64, d*d)
	for i := range z {
		p := sigmoid(z[i])
		w := weight[i] * math.Max(p*(1-p), 1e-9)
		r := weight[i] * p
		if labels[i] {
			r -= weight[i]
		}
		index, value := m.index[m.start[i]:m.start[i+1]], m.value[m.start[i]:m.start[i+1]]
		for a, ja := range index {
			va := value[a]
			gradient[ja] += r * va
			row := h[int(ja)*d : int(ja)*d+d]
			wa := w * va
			// Features of a row ascend, so this fills the upper triangle.
			rest := value[a:]
			for b, jb := range index[a:] {
				row[jb] += wa * rest[b]
			}
			row[d-1] += wa
		}
		gradient[d-1] += r
		h[d*d-1] += w
	}
	for j, p := range penalty {
		gradient[j] += p * beta[j]
		h[j*d+j] += p
	}
	h[d*d-1] += 1e-9
	return gradient, mat.NewSymDense(d, h)
}

// leaveOneOut fills f.loo: the log-odds that each row would have had were it not
// among those trained on, by one Newton step from the fit: z + h r / (1 − h w),
// where h = xᵀ H⁻¹ x, r is the weighted residual p − y and w = weight × p(1 − p)
// (Pregibon 1981; Rad and Maleki, "A scalable estimate of the out-of-sample
// prediction error via approximate leave-one-out", 2020). Scores of this kind
// choose the penalty and calibrate: as honest as cross-validation, from one fit.
// H is that of the last step.
func (f *fitted) leaveOneOut(m *design, chol *mat.Cholesky, labels []bool, weight []float64) error {
	d := m.size + 1
	var inverse mat.SymDense
	if err := chol.InverseTo(&inverse); err != nil {
		return campaigns.Wrap(campaigns.CodeInternal, "the regression has no solution", err)
	}
	raw := inverse.RawSymmetric()
	f.loo = make([]float64, len(f.z))
	for i := range f.z {
		lo, hi := m.start[i], m.start[i+1]
		h := raw.Data[(d-1)*raw.Stride+d-1]
		for a := lo; a < hi; a++ {
			row := raw.Data[int(m.index[a])*raw.Stride:]
			sum := row[d-1] + m.value[a]*row[m.index[a]]/2
			for b := a + 1; b < hi; b++ {
				sum += m.value[b] * row[m.index[b]]
			}
			h += 2 * m.value[a] * sum
		}
		p := sigmoid(f.z[i])
		r := p
		if labels[i] {
			r--
		}
		left := 1 - h*weight[i]*p*(1-p)
		f.loo[i] = f.z[i] + h*weight[i]*r/math.Max(left, 0.05)
	}
	return nil
}

// logLoss is the mean weighted log-loss of log-odds.
func logLoss(z []float64, labels []bool, weight []float64) float64 {
	sum, of := 0.0, 0.0
	for i := range z {
		s := z[i]
		if labels[i] {
			s = -s
		}
		sum += weight[i] * softplus(s)
		of += weight[i]
	}
	return sum / of
}

func baseRate(labels []bool, weight []float64) float64 {
	sum, of := 0.0, 0.0
	for i, success := range labels {
		of += weight[i]
		if success {
			sum += weight[i]
		}
	}
	return sum / of
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

func softplus(z float64) float64 {
	if z > 0 {
		return z + math.Log1p(math.Exp(-z))
	}
	return math.Log1p(math.Exp(z))
}
