package judge

import (
	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// Options say how a way of training is judged: by folds, or, where Rolling is
// set, by a window that rolls through time.
type Options struct {
	// Train is handed on to training.
	Train model.Options
	// Folds is the number of parts that the rows are dealt into by lot; each is
	// scored by a model trained on the others. Default 10.
	Folds int
	// Seed of the lot.
	Seed uint64
	// Rolling, where above zero, is the number of rows before each block that its
	// model is trained on; the rows must be in the order of time.
	Rolling int
	// Refit is the number of rows of a block. Default 500.
	Refit int
	// Last is the share of rows at the end that are scored. Default 0.3.
	Last float64
	// Against is the model in use, scored on the same rows; nil: none.
	Against *model.Model
	// Workers is how many models are trained at the same time. Default 1.
	Workers int
}

func (o *Options) fill(rows int) error {
	if o.Folds == 0 {
		o.Folds = 10
	}
	if o.Refit == 0 {
		o.Refit = 500
	}
	if o.Last == 0 {
		o.Last = 0.3
	}
	o.Workers = max(o.Workers, 1)
	switch {
	case o.Rolling < 0:
		return campaigns.Invalid("rolling", "%d is no number of rows", o.Rolling)
	case o.Rolling == 0 && (o.Folds < 2 || o.Folds > rows/2):
		return campaigns.Invalid("folds", "%d is not between 2 and half of the %d rows", o.Folds, rows)
	case o.Rolling == 0:
		return nil
	case o.Rolling < model.LeastRows:
		return campaigns.Invalid("rolling", "%d rows are too few to train on: at least %d", o.Rolling, model.LeastRows)
	case o.Refit < 1:
		return campaigns.Invalid("refit", "%d is no number of rows", o.Refit)
	case !(o.Last > 0 && o.Last < 1):
		return campaigns.Invalid("last", "%v is not between 0 and 1", o.Last)
	case rows-int(o.Last*float64(rows)) < o.Rolling:
		return campaigns.Invalid("rolling", "only %d rows lie before the last %v of %d: too few for a window of %d",
			rows-int(o.Last*float64(rows)), o.Last, rows, o.Rolling)
	}
	return nil
}
