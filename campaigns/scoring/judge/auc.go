package judge

import (
	"cmp"
	"math"
	"slices"
)

// AUC is the probability that a success scores above a failure, ties counted
// half; NaN where there is one class only. (Mann and Whitney's U over the number
// of pairs.)
func AUC(scores []float64, labels []bool) float64 {
	wins, pairs := wins(scores, labels)
	return wins / pairs // 0/0 is NaN
}

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
		w, p := wins(s, l)
		won, pairs = won+w, pairs+p
	}
	return won, pairs
}

// StandardError of the AUC, from the variance of each row's share of pairs won
// (DeLong, DeLong and Clarke-Pearson 1988).
func StandardError(scores []float64, labels []bool) float64 {
	order := descending(scores)
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

// wins counts the pairs of a success and a failure, and those that the success
// wins.
func wins(scores []float64, labels []bool) (won, pairs float64) {
	order := descending(scores)
	var yes, no float64
	for i := len(order) - 1; i >= 0; {
		var tiedYes, tiedNo float64
		for s := scores[order[i]]; i >= 0 && scores[order[i]] == s; i-- {
			if labels[order[i]] {
				tiedYes++
			} else {
				tiedNo++
			}
		}
		won += tiedYes * (no + tiedNo/2)
		yes, no = yes+tiedYes, no+tiedNo
	}
	return won, yes * no
}

// descending gives the indices of scores, the highest first, ties as they stand.
func descending(scores []float64) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}
