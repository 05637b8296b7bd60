package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"ringmaster/campaigns"
)

// A column that alone orders the rows nearly without fault knows the result:
// no field known before a call does. One that orders them better than any field
// we saw that was known before (0.77 was the best) may be known only after it,
// as a call's duration is (0.82).
const (
	leakedAUC     = 0.985
	suspiciousAUC = 0.80
)

// Leaks gives, for each column that knows more of the result than one known
// before the call would, a sentence that names it; the error names the first
// that knows all.
func Leaks(t *Table) ([]string, error) {
	var suspicious []string
	cells := make([]string, t.Len())
	for c, name := range t.Columns {
		for i := range cells {
			cells[i] = t.cell(i, c)
		}
		codes := leakCodes(cells)
		switch auc := aloneAUC(codes, t.Labels); {
		case auc >= leakedAUC:
			return nil, campaigns.Invalid(name, "is leaked: alone it tells success from failure (AUC %.3f), which nothing known before the call does; exclude it", auc)
		case auc >= suspiciousAUC:
			suspicious = append(suspicious, fmt.Sprintf(
				"column %s alone orders the rows with an AUC of %.2f: is it known before the call? If not, exclude it", name, auc))
		default:
			if cell := telltale(cells, t.Labels); cell != "" {
				suspicious = append(suspicious, fmt.Sprintf(
					"column %s is %q only where the call was a success: is it known before the call? If not, exclude it", name, cell))
			}
		}
	}
	return suspicious, nil
}

// leakCodes gives equal cells, or numbers of one small bin, the same code.
func leakCodes(cells []string) []int32 {
	codes := make([]int32, len(cells))
	if is, _ := numeric(cells); is {
		values := make([]float64, len(cells))
		for i, cell := range cells {
			values[i], _ = number(cell)
		}
		c := learnNumber("", values, shape{bins: 100, coarse: 1, rare: 4})
		for i, v := range values {
			code, _ := c.codeOf(v)
			codes[i] = int32(code)
		}
		return codes
	}
	known := map[string]int32{}
	for i, cell := range cells {
		if missing(cell) {
			cell = ""
		}
		code, ok := known[cell]
		if !ok {
			code = int32(len(known))
			known[cell] = code
		}
		codes[i] = code
	}
	return codes
}

// aloneAUC scores each half of the rows by the rates that the codes have in the
// other half, and gives the mean AUC. So a column of names, each of which stands
// once, tells nothing.
func aloneAUC(codes []int32, labels []bool) float64 {
	n := int(slices.Max(codes)) + 1
	sum, halves := 0.0, 0
	for half := range 2 {
		yes, all := make([]float64, n), make([]float64, n)
		total, of := 0.0, 0.0
		for i := half; i < len(codes); i += 2 {
			all[codes[i]]++
			of++
			if labels[i] {
				yes[codes[i]]++
				total++
			}
		}
		base := total / of
		rates := make([]float64, n)
		for code := range rates {
			rates[code] = (yes[code] + base) / (all[code] + 1)
		}
		won, pairs := winsByCode(rates, codes, labels, 1-half)
		if pairs > 0 {
			sum += won / pairs
			halves++
		}
	}
	if halves == 0 {
		return 0.5
	}
	return sum / float64(halves)
}

// winsByCode counts, among every second row from the first on, the pairs of a
// success and a failure, and those where the success's code has the higher rate.
func winsByCode(rates []float64, codes []int32, labels []bool, first int) (won, pairs float64) {
	yes, no := make([]float64, len(rates)), make([]float64, len(rates))
	for i := first; i < len(codes); i += 2 {
		if labels[i] {
			yes[codes[i]]++
		} else {
			no[codes[i]]++
		}
	}
	order := make([]int, len(rates))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rates[a], rates[b]) })
	var allYes, below float64
	for i := 0; i < len(order); {
		var tiedYes, tiedNo float64
		for rate := rates[order[i]]; i < len(order) && rates[order[i]] == rate; i++ {
			tiedYes += yes[order[i]]
			tiedNo += no[order[i]]
		}
		won += tiedYes * (below + tiedNo/2)
		allYes, below = allYes+tiedYes, below+tiedNo
	}
	return won, allYes * below
}

// telltale gives a cell, or is empty, that stands in rows of success only, in so
// many that chance would do it once in a million columns.
func telltale(cells []string, labels []bool) string {
	yes, all := map[string]int{}, map[string]int{}
	total := 0
	for i, cell := range cells {
		if missing(cell) {
			continue
		}
		all[cell]++
		if labels[i] {
			yes[cell]++
			total++
		}
	}
	base := float64(total) / float64(len(cells))
	best := ""
	for cell, n := range all {
		if yes[cell] == n && n >= 10 && math.Pow(base, float64(n))*float64(len(all)) < 1e-6 && (best == "" || n > all[best] || n == all[best] && cell < best) {
			best = cell
		}
	}
	return best
}
