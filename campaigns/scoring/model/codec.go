package model

import (
	"encoding/json"
	"fmt"
	"math"

	"ringmaster/campaigns"
)

// Format is the version of the written form that Marshal gives.
const Format = 1

type written struct {
	Format int    `json:"format"`
	Kind   string `json:"kind"`
	*Model
}

const kind = "ringmaster.logistic"

// Marshal writes a model as JSON, with format, columns and their levels.
func Marshal(m *Model) ([]byte, error) {
	return json.Marshal(written{Format: Format, Kind: kind, Model: m})
}

// Unmarshal reads a model, and refuses what is none or was written by a later
// version.
func Unmarshal(data []byte) (*Model, error) {
	w := written{Model: &Model{}}
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, campaigns.Wrap(campaigns.CodeInvalid, "the model cannot be read", err)
	}
	if w.Kind != kind || w.Format != Format {
		return nil, campaigns.Invalid("model", "is %q of format %d; this version reads %q of format %d", w.Kind, w.Format, kind, Format)
	}
	if err := w.check(); err != nil {
		return nil, campaigns.Wrap(campaigns.CodeInvalid, "the model is damaged", err)
	}
	for c := range w.Space.Columns {
		w.Space.Columns[c].prepare()
	}
	return w.Model, nil
}

// check holds every index against what it points into.
func (m *Model) check() error {
	s := &m.Space
	n := len(s.Columns)
	if n == 0 || len(s.First) != n || len(s.Line) != n || len(m.Mean) != n || len(m.Spread) != n || len(m.Weights) != s.Size {
		return fmt.Errorf("%d columns, %d weights of %d", n, len(m.Weights), s.Size)
	}
	for c := range s.Columns {
		col := &s.Columns[c]
		if s.First[c] < 0 || s.First[c]+col.codes() > s.Size || s.Line[c] < -1 || s.Line[c] >= s.Size || len(col.Coarse) != col.codes() {
			return fmt.Errorf("column %s does not fit", col.Name)
		}
		for _, coarse := range col.Coarse {
			if coarse < 0 || coarse >= col.codes()+1 {
				return fmt.Errorf("column %s does not fit", col.Name)
			}
		}
	}
	for _, p := range s.Pairs {
		if p.A < 0 || p.A >= n || p.B < 0 || p.B >= n || len(p.Cells) != s.Columns[p.A].coarses()*s.Columns[p.B].coarses() {
			return fmt.Errorf("pair %d, %d does not fit", p.A, p.B)
		}
		for _, f := range p.Cells {
			if f < -1 || f >= s.Size {
				return fmt.Errorf("pair %d, %d does not fit", p.A, p.B)
			}
		}
	}
	for _, w := range m.Weights {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return fmt.Errorf("a weight is %v", w)
		}
	}
	return nil
}
