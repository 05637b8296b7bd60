package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// ExhaustedList is a list of which nobody is left to be called: all of its
// candidates are done or blocked.
type ExhaustedList struct {
	CampaignID int64  `json:"campaign_id"`
	Campaign   string `json:"campaign"`
	ListID     int64  `json:"list_id"`
	List       string `json:"list"`
	Done       int    `json:"done"`
	Blocked    int    `json:"blocked"`
}

// exhaustedLists finds the lists l with candidates of which none is left, in the
// campaign $1 or (zero) in all that are not closed.
const exhaustedLists = `select c.id as campaign_id, c.name as campaign, l.id as list_id, l.name as list,
		sum(k.n) filter (where k.state = 'done') as done, sum(k.n) filter (where k.state = 'blocked') as blocked
	from (select campaign_id, list_id, state, n from candidate_counts union all select campaign_id, list_id, state, n from candidate_deltas) k
	join lists l on l.id = k.list_id join campaigns c on c.id = k.campaign_id
	where case when $1 = 0 then c.state <> 'closed' else c.id = $1 end
	group by c.id, l.id having coalesce(sum(k.n) filter (where k.state not in ('done', 'blocked')), 0) = 0 and sum(k.n) > 0`

// Exhausted gives the campaign's lists of which nobody is left to be called, by
// name. It reads the maintained counts.
func (s *Store) Exhausted(ctx context.Context, campaignID int64) ([]ExhaustedList, error) {
	return s.exhausted(ctx, `select campaign_id, campaign, list_id, list, coalesce(done, 0)::int, coalesce(blocked, 0)::int
		from (`+exhaustedLists+`) e order by list`, campaignID)
}

// NewlyExhausted gives the lists that ran out since it was last asked by any
// node, and forgets those that have somebody again.
func (s *Store) NewlyExhausted(ctx context.Context) ([]ExhaustedList, error) {
	return s.exhausted(ctx, `with e as materialized (`+exhaustedLists+`),
		again as (update lists set exhausted_at = null where exhausted_at is not null and id not in (select list_id from e)),
		told as (update lists l set exhausted_at = $2 from e where l.id = e.list_id and l.exhausted_at is null returning l.id)
		select e.campaign_id, e.campaign, e.list_id, e.list, coalesce(e.done, 0)::int, coalesce(e.blocked, 0)::int
		from e join told on told.id = e.list_id order by e.list`, 0, s.clock.Now())
}

func (s *Store) exhausted(ctx context.Context, sql string, args ...any) ([]ExhaustedList, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	lists, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ExhaustedList])
	return lists, classify(err)
}

// tellExhausted logs the lists that ran out.
func (s *Store) tellExhausted(ctx context.Context) error {
	lists, err := s.NewlyExhausted(ctx)
	for _, l := range lists {
		s.log.Warn("a list is exhausted: nobody of it is left to be called", "campaign", l.CampaignID, "list", l.List, "done", l.Done, "blocked", l.Blocked)
	}
	return err
}
