package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"ringmaster/campaigns"
)

// Options say how a model is trained. The zero value is right for rows without
// an order.
type Options struct {
	// Target names what is predicted, for messages.
	Target string `json:"target,omitempty"`
	// Exclude are columns that the model must not read; those that there are not
	// do no harm.
	Exclude []string `json:"exclude,omitempty"`
	// TimeOrder says that the rows are in the order of time, the newest last:
	// newer ones then count more.
	TimeOrder bool `json:"time_order,omitempty"`
	// Window, where above zero, is the number of last rows that are used.
	Window int `json:"window,omitempty"`
	// Plain trains the baseline: one-hot levels and straight lines, nothing else.
	Plain bool `json:"plain,omitempty"`
	// Seed is kept with the model; training draws no random numbers.
	Seed uint64 `json:"seed,omitempty"`
}

// LeastRows and LeastOfClass are what a model needs: fewer say nothing.
const (
	LeastRows    = 100
	LeastOfClass = 10
)

// Train fits a model to labelled rows. It gives campaigns.CodeInvalid, with the
// column as the field, for a protected or a leaked column or a cell that is no
// number among numbers, and for rows that are too few or of one class.
func Train(ctx context.Context, rows *Table, o Options) (*Model, error) {
	t, err := admit(rows, o)
	if err != nil {
		return nil, err
	}
	warnings, err := Leaks(t)
	if err != nil {
		return nil, err
	}
	return train(ctx, t, o, warnings)
}

// Check gives the warnings of training, or its refusal, without training.
func Check(rows *Table, o Options) ([]string, error) {
	t, err := admit(rows, o)
	if err != nil {
		return nil, err
	}
	warnings, err := Leaks(t)
	if err != nil {
		return nil, err
	}
	_, more, err := learnWithin(t, shapeOf(t.Len(), o))
	return append(warnings, more...), err
}

func train(ctx context.Context, t *Table, o Options, warnings []string) (*Model, error) {
	columns, more, err := learnWithin(t, shapeOf(t.Len(), o))
	if err != nil {
		return nil, err
	}
	warnings = append(warnings, more...)
	weight := weights(t.Len(), o)
	d := encode(columns, t)
	s := spaceOf(columns)
	f, err := search(ctx, &s, d, t.Labels, weight, o)
	if err != nil {
		return nil, err
	}
	a, b := platt(f.loo, t.Labels, weight)
	m := &Model{Target: o.Target, Rows: t.Len(), Successes: t.Successes(), Options: o, Warnings: warnings, Space: s}
	calibrated := make([]float64, len(f.weights))
	for j, w := range f.weights {
		calibrated[j] = a * w
	}
	m.settle(a*f.intercept+b, calibrated, d, weight)
	for i, z := range f.loo {
		f.loo[i] = a*z + b
	}
	rate := baseRate(t.Labels, weight)
	m.LeftOut = LeftOut{
		AUC: AUC(f.loo, t.Labels), LogLoss: logLoss(f.loo, t.Labels, weight),
		BaseLogLoss: -rate*math.Log(rate) - (1-rate)*math.Log(1-rate),
	}
	return m, nil
}

// admit applies the options and refuses what no model may or can be trained on.
func admit(t *Table, o Options) (*Table, error) {
	if len(t.Labels) != len(t.Cells) {
		return nil, campaigns.Invalid("labels", "%d for %d rows", len(t.Labels), len(t.Cells))
	}
	if slices.Contains(t.Columns, o.Target) && !slices.Contains(o.Exclude, o.Target) {
		o.Exclude = append(slices.Clone(o.Exclude), o.Target)
	}
	var known []string
	for _, name := range o.Exclude {
		if slices.Contains(t.Columns, name) {
			known = append(known, name)
		}
	}
	if len(known) > 0 {
		var err error
		if t, err = t.Without(known...); err != nil {
			return nil, err
		}
	}
	if o.Window > 0 && t.Len() > o.Window {
		t = t.Slice(t.Len()-o.Window, t.Len())
	}
	if err := refuseProtected(t.Columns); err != nil {
		return nil, err
	}
	target := o.Target
	if target == "" {
		target = "target"
	}
	yes := t.Successes()
	switch {
	case t.Len() < LeastRows:
		return nil, campaigns.Invalid(target, "only %d rows: a model needs %d", t.Len(), LeastRows)
	case yes == 0 || yes == t.Len():
		class := "successes"
		if yes == 0 {
			class = "failures"
		}
		return nil, campaigns.Invalid(target, "has one class: all %d rows are %s, so there is nothing to tell apart", t.Len(), class)
	case min(yes, t.Len()-yes) < LeastOfClass:
		return nil, campaigns.Invalid(target, "has %d successes and %d failures: a model needs %d of each", yes, t.Len()-yes, LeastOfClass)
	case len(t.Columns) == 0:
		return nil, campaigns.Invalid(target, "is the only column: there is nothing to predict it from")
	}
	return t, nil
}

// mostFeatures bounds the features of single columns: solving takes the cube of
// their number, a second for a thousand.
const mostFeatures = 1000

// learnWithin learns the columns, more coarsely where they are so many that their
// features would pass the bound.
func learnWithin(t *Table, s shape) (columns []column, warnings []string, err error) {
	for {
		columns, warnings, err = learn(t, s)
		if err != nil {
			return nil, nil, err
		}
		size := spaceOf(columns).Size
		switch {
		case size <= mostFeatures:
			return columns, warnings, nil
		case s.rare > t.Len():
			return nil, nil, campaigns.Invalid("columns", "%d are too many to learn from; exclude some", len(t.Columns))
		}
		s.rare *= 2
		s.bins = max(s.bins/2, 2)
	}
}

// learn learns the columns, without those that say the same of everybody. In a
// file, a cell that is no number among numbers is an error; elsewhere it is a
// warning and counts as missing.
func learn(t *Table, s shape) (columns []column, warnings []string, err error) {
	cells := make([]string, t.Len())
	for c, name := range t.Columns {
		for i := range cells {
			cells[i] = t.cell(i, c)
		}
		if dates(cells) {
			warnings = append(warnings, fmt.Sprintf("column %s holds dates, which say nothing of later ones: it is not used; give the days since then instead", name))
			continue
		}
		is, bad := numeric(cells)
		if !is {
			if l := learnText(name, cells, s); len(l.Levels) > 0 {
				columns = append(columns, l)
			}
			continue
		}
		switch {
		case bad >= 0 && t.Lines != nil:
			return nil, nil, campaigns.Invalid(name, "line %d: %q is not a number, as the column's other cells are", t.Lines[bad], cells[bad])
		case bad >= 0:
			warnings = append(warnings, fmt.Sprintf("column %s, row %d: %q is not a number, as its other cells are; it counts as missing", name, bad+1, cells[bad]))
		}
		values := make([]float64, len(cells))
		for i, cell := range cells {
			values[i], _ = number(cell)
		}
		if l := learnNumber(name, values, s); len(l.Cuts) > 0 || l.Scale > 0 {
			columns = append(columns, l)
		}
	}
	if len(columns) == 0 {
		return nil, nil, campaigns.Invalid("columns", "none says anything: every value is the same or rare")
	}
	return columns, warnings, nil
}

// shapeOf cuts finer where there are more rows.
func shapeOf(rows int, o Options) shape {
	if o.Plain {
		return shape{bins: 1, coarse: 1, rare: 1}
	}
	return shape{
		bins:   min(max(rows/400, 5), 40),
		coarse: min(max(rows/2000, 3), 8),
		rare:   min(max(rows/1000, 10), 30),
	}
}

// weights are those of the rows: with an order of time, halved every half of
// the rows.
func weights(rows int, o Options) []float64 {
	w := make([]float64, rows)
	for i := range w {
		w[i] = 1
		if o.TimeOrder {
			w[i] = math.Exp2(-2 * float64(rows-1-i) / float64(rows))
		}
	}
	return w
}
