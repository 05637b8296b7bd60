package judge

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Each row is scored once, by a model that was trained on all other folds and
// on nothing of its own.
func TestFoldsPartTheRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(4, 300).Draw(t, "rows")
		o := Options{Folds: rapid.IntRange(2, rows/2).Draw(t, "folds"), Seed: rapid.Uint64().Draw(t, "seed")}
		scored := make([]int, rows)
		for _, s := range foldsOf(rows, o) {
			own := make([]bool, rows)
			for _, i := range s.score {
				scored[i]++
				own[i] = true
			}
			if len(s.train)+len(s.score) != rows || slices.ContainsFunc(s.train, func(i int) bool { return own[i] }) {
				t.Fatalf("trained on %v, scored %v", s.train, s.score)
			}
			if least := rows / o.Folds; len(s.score) < least || len(s.score) > least+1 {
				t.Fatalf("a fold of %d among %d rows in %d", len(s.score), rows, o.Folds)
			}
		}
		if slices.ContainsFunc(scored, func(n int) bool { return n != 1 }) {
			t.Fatalf("rows are scored so often: %v", scored)
		}
	})
}

// The last rows are scored once, in order, each block by a model of the rows
// right before it and of no later one.
func TestBlocksLookBackOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(200, 3000).Draw(t, "rows")
		o := Options{Refit: rapid.IntRange(1, 400).Draw(t, "refit"), Last: rapid.Float64Range(0.05, 0.6).Draw(t, "last")}
		next := rows - int(o.Last*float64(rows))
		o.Rolling = rapid.IntRange(1, next).Draw(t, "rolling")
		for _, s := range blocksOf(rows, o) {
			for k, i := range s.train {
				if i != next-o.Rolling+k {
					t.Fatalf("the block from %d is trained on %v", next, s.train)
				}
			}
			if len(s.train) != o.Rolling || len(s.score) > o.Refit {
				t.Fatalf("%d rows of training, %d scored", len(s.train), len(s.score))
			}
			for _, i := range s.score {
				if i != next {
					t.Fatalf("row %d is scored in place of %d", i, next)
				}
				next++
			}
		}
		if next != rows {
			t.Fatalf("scored up to %d of %d", next, rows)
		}
	})
}
