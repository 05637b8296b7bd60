package trial

import "math"

// Share is how many persons of an arm bought.
type Share struct{ Sales, Persons int }

func (s Share) rate() float64 { return float64(s.Sales) / float64(s.Persons) }

// Verdict is what two shares say.
type Verdict struct {
	// Difference of the second share to the first, and its interval at 1 − alpha.
	Difference, Low, High float64
	// PValue of the two-sided test.
	PValue      float64
	Significant bool
}

// Compare tests whether the two shares differ: the z test of two proportions
// with the pooled share, which is the one that Size plans for, and for the
// difference Newcombe's interval from the two Wilson scores (Statistics in
// Medicine 17, 1998, method 10), which holds its level for small shares too.
// Next to the border of significance the two may differ by a hair; the test
// decides. An arm without persons says nothing.
func Compare(a, b Share, alpha float64) Verdict {
	if a.Persons == 0 || b.Persons == 0 {
		return Verdict{Low: -1, High: 1, PValue: 1}
	}
	pa, pb := a.rate(), b.rate()
	v := Verdict{Difference: pb - pa, PValue: 1}
	pooled := float64(a.Sales+b.Sales) / float64(a.Persons+b.Persons)
	if variance := pooled * (1 - pooled) * (1/float64(a.Persons) + 1/float64(b.Persons)); variance > 0 {
		v.PValue = math.Erfc(math.Abs(v.Difference) / math.Sqrt(variance) / math.Sqrt2)
	}
	v.Significant = v.PValue < alpha
	z := quantile(1 - alpha/2)
	lowA, highA := wilson(a, z)
	lowB, highB := wilson(b, z)
	v.Low = v.Difference - math.Hypot(pb-lowB, highA-pa)
	v.High = v.Difference + math.Hypot(highB-pb, pa-lowA)
	return v
}

// wilson gives the score interval of a share.
func wilson(s Share, z float64) (low, high float64) {
	n, p := float64(s.Persons), s.rate()
	centre := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	return max((centre-half)/scale, 0), min((centre+half)/scale, 1)
}
