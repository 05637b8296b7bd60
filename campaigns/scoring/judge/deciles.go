package judge

import "ringmaster/campaigns/scoring/model"

// Decile is a tenth of the rows, in the order of their scores.
type Decile struct {
	// Rows and the successes among them.
	Rows      int `json:"rows"`
	Successes int `json:"successes"`
	// Predicted and Actual are the mean score and the share of successes.
	Predicted float64 `json:"predicted"`
	Actual    float64 `json:"actual"`
	// Lift is Actual over the share of all rows.
	Lift float64 `json:"lift"`
}

// Deciles splits the rows by score, the highest first.
func Deciles(scores []float64, labels []bool) []Decile {
	order := model.Descending(scores)
	total := 0
	for _, success := range labels {
		if success {
			total++
		}
	}
	out := make([]Decile, 10)
	for k := range out {
		d := &out[k]
		for _, i := range order[k*len(order)/10 : (k+1)*len(order)/10] {
			d.Rows++
			d.Predicted += scores[i]
			if labels[i] {
				d.Successes++
			}
		}
		if d.Rows > 0 {
			d.Predicted /= float64(d.Rows)
			d.Actual = float64(d.Successes) / float64(d.Rows)
		}
		if total > 0 {
			d.Lift = d.Actual * float64(len(labels)) / float64(total)
		}
	}
	return out
}
