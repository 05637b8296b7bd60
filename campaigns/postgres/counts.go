package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// countedOf gives a campaign's candidates by (list_id, bucket_id, state, reason)
// as rows of n that add up: the folded counts and what was not folded yet. In
// one snapshot with the candidates they are right to the last one.
const countedOf = `(select list_id, bucket_id, state, reason, n from candidate_counts where campaign_id = $1
	union all select list_id, bucket_id, state, reason, n from candidate_deltas where campaign_id = $1)`

// foldedDeltas is how many deltas one transaction folds at most.
const foldedDeltas = 20_000

// FoldCounts adds the statements' differences up into the maintained counts of
// candidates and gives how many it has folded; zero means that there are none
// or that another node is at it.
func (s *Store) FoldCounts(ctx context.Context) (int, error) {
	folded := 0
	err := s.tx(ctx, func(tx pgx.Tx) error {
		folded = 0
		mine, err := alone(ctx, tx, "counts")
		if err != nil || !mine {
			return err
		}
		if err := tx.QueryRow(ctx, `with gone as (
				delete from candidate_deltas where ctid = any(array(select ctid from candidate_deltas limit $1)) returning *
			), folded as (
				insert into candidate_counts as c select campaign_id, list_id, bucket_id, state, reason, sum(n), min(first), max(last) from gone
				group by 1, 2, 3, 4, 5 having sum(n) <> 0
				on conflict (campaign_id, state, reason, bucket_id, list_id) do update set
					n = c.n + excluded.n, first = least(c.first, excluded.first), last = greatest(c.last, excluded.last)
			) select count(*) from gone`, foldedDeltas).Scan(&folded); err != nil || folded == 0 {
			return err
		}
		return exec(ctx, tx, `delete from candidate_counts where n = 0`)
	})
	return folded, err
}

// alone takes a job's lock until the end of the transaction and reports whether
// nobody else has it.
func alone(ctx context.Context, tx pgx.Tx, job string) (bool, error) {
	var mine bool
	err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock(hashtextextended('ringmaster ' || $1 || ' of ' || current_schema(), 0))`, job).Scan(&mine)
	return mine, err
}
