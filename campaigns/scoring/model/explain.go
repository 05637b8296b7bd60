package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"ringmaster/campaigns"
)

// Explain says why a row scores as it does, strongest first: one factor for the
// average person and one for each column that differs. Points are log-odds in
// doublings (base 2), and add up to log2(p/(1−p)) of Score's p.
func (m *Model) Explain(row Row) []campaigns.Factor {
	factors := []campaigns.Factor{{
		Name: "base", Points: doublings(m.Base),
		Text: fmt.Sprintf("the average person: %.3g %% likely", 100*sigmoid(m.Base)),
	}}
	for c, z := range m.contributions(row) {
		if z == 0 {
			continue
		}
		factors = append(factors, campaigns.Factor{
			Name: m.Space.Columns[c].Name, Points: doublings(z),
			Text: m.Space.Columns[c].say(row[m.Space.Columns[c].Name]) + ": " + effect(z),
		})
	}
	slices.SortStableFunc(factors[1:], func(a, b campaigns.Factor) int {
		return cmp.Compare(math.Abs(b.Points), math.Abs(a.Points))
	})
	return factors
}

// effect says a contribution in words.
func effect(z float64) string {
	switch times := math.Exp(math.Abs(z)); {
	case times < 1.05:
		return "hardly matters"
	case z > 0:
		return fmt.Sprintf("%.2g times the odds", times)
	default:
		return fmt.Sprintf("the odds divided by %.2g", times)
	}
}

// say tells a cell in plain words.
func (c *column) say(cell string) string {
	name := plainName(c.Name)
	code, _ := c.code(cell)
	switch {
	case code == c.absent():
		return name + " is not known"
	case c.Numeric:
		return name + " is " + cell
	case code == len(c.Levels):
		return fmt.Sprintf("%s is %s, which is rare or new", name, cell)
	default:
		return name + " is " + cell
	}
}

// plainName is a column's name as one would say it.
func plainName(column string) string { return strings.ReplaceAll(column, "_", " ") }
