package model

import (
	"cmp"
	"slices"
)

// AUC is the probability that a success scores above a failure, ties counted
// half; NaN where there is one class only. (Mann and Whitney's U over the number
// of pairs.)
func AUC(scores []float64, labels []bool) float64 {
	won, pairs := Wins(scores, labels)
	return won / pairs // 0/0 is NaN
}

// Wins counts the pairs of a success and a failure, and those that the success
// wins, ties half.
func Wins(scores []float64, labels []bool) (won, pairs float64) {
	order := Descending(scores)
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

// Descending gives the indices of scores, the highest first, ties as they stand.
func Descending(scores []float64) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}
