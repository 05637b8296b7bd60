package judge

import (
	"math"
	"slices"

	"ringmaster/campaigns/scoring/model"
)

// AUC is model.AUC: the probability that a success scores above a failure.
func AUC(scores []float64, labels []bool) float64 { return model.AUC(scores, labels) }

// WithinDayAUC is the AUC over pairs of the same day: how well the scores order
// a day's list, whatever they know of the day. NaN where no day has both
// classes, or no day is known.
func WithinDayAUC(scores []float64, labels []bool, days []string) float64 {
	won, pairs := winsWithinDays(scores, labels, days)
	return won / pairs
}

// winsWithinDays is wins over pairs of the same day.
func winsWithinDays(scores []float64, labels []bool, days []string) (won, pairs float64) {
	if len(days) != len(scores) {
		return 0, 0
	}
	byDay := map[string][]int{}
	var order []string
	for i, day := range days {
		if _, ok := byDay[day]; !ok {
			order = append(order, day)
		}
		byDay[day] = append(byDay[day], i)
	}
	for _, day := range order {
		s := make([]float64, len(byDay[day]))
		l := make([]bool, len(s))
		for k, i := range byDay[day] {
			s[k], l[k] = scores[i], labels[i]
		}
		w, p := model.Wins(s, l)
		won, pairs = won+w, pairs+p
	}
	return won, pairs
}

// StandardError of the AUC, from the variance of each row's share of pairs won
// (DeLong, DeLong and Clarke-Pearson 1988).
func StandardError(scores []float64, labels []bool) float64 {
	order := model.Descending(scores)
	slices.Reverse(order)
	var yes, no float64
	for _, success := range labels {
		if success {
			yes++
		} else {
			no++
		}
	}
	var ofYes, ofNo []float64 // shares of the other class beaten
	var belowYes, belowNo float64
	for i := 0; i < len(order); {
		j, tiedYes, tiedNo := i, 0.0, 0.0
		for ; j < len(order) && scores[order[j]] == scores[order[i]]; j++ {
			if labels[order[j]] {
				tiedYes++
			} else {
				tiedNo++
			}
		}
		for ; i < j; i++ {
			if labels[order[i]] {
				ofYes = append(ofYes, (belowNo+tiedNo/2)/no)
			} else {
				ofNo = append(ofNo, (belowYes+tiedYes/2)/yes)
			}
		}
		belowYes, belowNo = belowYes+tiedYes, belowNo+tiedNo
	}
	_, a := meanSD(ofYes)
	_, b := meanSD(ofNo)
	return math.Sqrt(a*a/yes + b*b/no)
}
