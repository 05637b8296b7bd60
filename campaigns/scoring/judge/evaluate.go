package judge

import (
	"context"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/model"
)

// Evaluate trains models on parts of the table and judges them on rows that
// they have not seen. The time that it took is the caller's to measure and to
// fill in. Errors are those of training.
func Evaluate(ctx context.Context, t *model.Table, o Options) (*Report, error) {
	if err := o.fill(t.Len()); err != nil {
		return nil, err
	}
	// Once on all rows, so that what is wrong is told at once and by the row.
	warnings, err := model.Check(t, o.Train)
	if err != nil {
		return nil, err
	}
	splits := foldsOf(t.Len(), o)
	method := fmt.Sprintf("%d folds by lot", o.Folds)
	if o.Rolling > 0 {
		splits = blocksOf(t.Len(), o)
		o.Train.TimeOrder = true
		method = fmt.Sprintf("rolling: the %d rows before each %d, over the last %.3g %%", o.Rolling, o.Refit, 100*o.Last)
	}
	parts := make([]part, len(splits))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.Workers)
	for k := range splits {
		group.Go(func() error {
			var err error
			parts[k], err = try(ctx, t, splits[k], o)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	folds := o.Rolling == 0
	r := &Report{Rows: t.Len(), Models: len(parts), Method: method, Warnings: append([]string{}, warnings...)}
	for _, p := range parts {
		r.Scored += len(p.rows)
		for _, i := range p.rows {
			if t.Labels[i] {
				r.Successes++
			}
		}
	}
	if r.Successes == 0 || r.Successes == r.Scored {
		return nil, campaigns.Invalid(o.Train.Target, "the %d rows that were scored are of one class: there is nothing to judge by", r.Scored)
	}
	r.Figures = figuresOf(parts, func(p *part) []float64 { return p.scores }, t.Labels, t.Days, folds)
	r.Plain = figuresOf(parts, func(p *part) []float64 { return p.plain }, t.Labels, t.Days, folds)
	if o.Against != nil {
		used := figuresOf(parts, func(p *part) []float64 { return p.used }, t.Labels, t.Days, folds)
		r.InUse = &used
	}
	return r, nil
}

// split says which rows a model is trained on and which it scores.
type split struct{ train, score []int }

// foldsOf deals the rows into folds by lot.
func foldsOf(rows int, o Options) []split {
	const stream = 0x5eed
	lot := rand.New(rand.NewPCG(o.Seed, stream)).Perm(rows)
	fold := make([]int, rows)
	for k, row := range lot {
		fold[row] = k % o.Folds
	}
	splits := make([]split, o.Folds)
	for row, of := range fold {
		for k := range splits {
			if k == of {
				splits[k].score = append(splits[k].score, row)
			} else {
				splits[k].train = append(splits[k].train, row)
			}
		}
	}
	return splits
}

// blocksOf splits the last rows into blocks, each with the window before it.
func blocksOf(rows int, o Options) []split {
	var splits []split
	for at := rows - int(o.Last*float64(rows)); at < rows; at += o.Refit {
		var s split
		for i := at - o.Rolling; i < at; i++ {
			s.train = append(s.train, i)
		}
		for i := at; i < min(at+o.Refit, rows); i++ {
			s.score = append(s.score, i)
		}
		splits = append(splits, s)
	}
	return splits
}

// try trains on one part and scores the other.
func try(ctx context.Context, t *model.Table, s split, o Options) (part, error) {
	p := part{rows: s.score}
	train, score := t.Pick(s.train), t.Pick(s.score)
	m, err := model.Train(ctx, train, o.Train)
	if err != nil {
		return p, fmt.Errorf("rows %d to %d: %w", s.train[0]+1, s.train[len(s.train)-1]+1, err)
	}
	p.scores = m.ScoreAll(score)
	options := o.Train
	options.Plain, options.TimeOrder = true, false
	plain, err := model.Train(ctx, train, options)
	if err != nil {
		return p, err
	}
	p.plain = plain.ScoreAll(score)
	if o.Against != nil {
		p.used = o.Against.ScoreAll(score)
	}
	return p, nil
}
