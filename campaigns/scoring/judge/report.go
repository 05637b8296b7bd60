package judge

import (
	"encoding/json"
	"math"
)

// Figure is a number that may be unknown: NaN, which JSON writes as null.
type Figure float64

// MarshalJSON implements json.Marshaler.
func (f Figure) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// Known reports whether there is a number.
func (f Figure) Known() bool { return !math.IsNaN(float64(f)) }

// Figures are what scores of one kind reach.
type Figures struct {
	// AUC is the mean over folds, or that of all rows scored in rolling; AUCSD
	// its standard deviation over folds, or its standard error (DeLong) in rolling.
	AUC   Figure `json:"auc"`
	AUCSD Figure `json:"auc_sd"`
	// WithinDayAUC is over pairs of the same day (and fold).
	WithinDayAUC Figure `json:"within_day_auc"`
	// LiftTopDecile is the share of successes among the best tenth of the rows
	// over that among all.
	LiftTopDecile Figure `json:"lift_top_decile"`
	// Calibration is the successes predicted over those that happened: 1 is
	// right. CalibrationError is the mean distance of the two over the deciles,
	// as a probability.
	Calibration      Figure   `json:"calibration"`
	CalibrationError Figure   `json:"calibration_error"`
	Deciles          []Decile `json:"deciles"`
}

// Report is the judgement.
type Report struct {
	Figures
	// Rows of the table; Scored is how many of them were, each by a model that
	// had not seen it. Successes are among the scored.
	Rows      int `json:"rows"`
	Scored    int `json:"scored"`
	Successes int `json:"successes"`
	// Models that were trained, and the seconds of it all.
	Models  int     `json:"models"`
	Seconds float64 `json:"seconds"`
	// Method in words.
	Method string `json:"method"`
	// Plain is a plain logistic regression (one-hot levels, straight lines), by
	// the same folds or windows; InUse the model in use on the same rows, which
	// it may have been trained on.
	Plain Figures  `json:"plain"`
	InUse *Figures `json:"in_use,omitempty"`
	// Warnings of training.
	Warnings []string `json:"warnings"`
}

// part is what one fold or block scored.
type part struct {
	rows                []int
	scores, plain, used []float64
}

// figuresOf gives the figures of scores by part. With folds, what compares rows
// compares those of one fold: scores of two models are not on one scale, and the
// rows that one lacked moved the other.
func figuresOf(parts []part, scores func(*part) []float64, labels []bool, days []string, folds bool) Figures {
	var all []float64
	var hits []bool
	var won, pairs float64
	var aucs []float64
	var dayOf []string
	for p := range parts {
		s := scores(&parts[p])
		l := make([]bool, len(s))
		var d []string
		for k, i := range parts[p].rows {
			l[k] = labels[i]
			if days != nil {
				d = append(d, days[i])
			}
		}
		all, hits, dayOf = append(all, s...), append(hits, l...), append(dayOf, d...)
		if folds {
			if auc := AUC(s, l); !math.IsNaN(auc) {
				aucs = append(aucs, auc)
			}
			w, n := winsWithinDays(s, l, d)
			won, pairs = won+w, pairs+n
		}
	}
	f := Figures{Deciles: Deciles(all, hits)}
	if folds {
		mean, sd := meanSD(aucs)
		f.AUC, f.AUCSD, f.WithinDayAUC = Figure(mean), Figure(sd), Figure(won/pairs)
	} else {
		f.AUC, f.AUCSD = Figure(AUC(all, hits)), Figure(StandardError(all, hits))
		f.WithinDayAUC = Figure(WithinDayAUC(all, hits, dayOf))
	}
	f.LiftTopDecile = Figure(f.Deciles[0].Lift)
	predicted, actual, distance := 0.0, 0.0, 0.0
	for _, d := range f.Deciles {
		predicted += d.Predicted * float64(d.Rows)
		actual += float64(d.Successes)
		distance += math.Abs(d.Predicted-d.Actual) * float64(d.Rows)
	}
	f.Calibration = Figure(predicted / actual)
	f.CalibrationError = Figure(distance / float64(len(all)))
	return f
}

func meanSD(values []float64) (mean, sd float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(values)-1))
}
