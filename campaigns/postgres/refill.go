package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// callbackOffset lifts due callbacks above every rank. Ranks are doublings plus
// half-lives since 2020: below a million even for a half-life of a minute.
const callbackOffset = 1e9

// ActiveCampaigns gives the campaigns that the engine looks after: the running
// and the paused ones, and any other one that still has queued candidates.
func (s *Store) ActiveCampaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return s.queryCampaigns(ctx, `select `+campaignColumns+` from campaigns c where state in ('running', 'paused')
		or exists (select from candidates q where q.campaign_id = c.id and q.state = 'queued') order by id`)
}

// Refill marks up to n of a running campaign's best candidates as queued and
// gives them, best first, for the hopper. It gives none when the campaign does
// not run.
//
// Candidates are picked from the heads of the buckets whose window is open, and
// only then locked and marked, so that no row is locked that is not taken. A
// row that somebody else holds or has moved meanwhile is left out; the next
// refill makes up for it.
func (s *Store) Refill(ctx context.Context, campaignID int64, n int) ([]campaigns.HopperItem, error) {
	var items []campaigns.HopperItem
	err := s.tx(ctx, func(tx pgx.Tx) error {
		items = nil
		settings, state, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil || state != campaigns.CampaignRunning || n <= 0 {
			return err
		}
		now := s.clock.Now()
		p := picker{tx: tx, campaignID: campaignID, n: n}
		if err := s.openBuckets(ctx, &p, settings, now); err != nil {
			return err
		}
		best, err := p.pick(ctx)
		if err != nil {
			return err
		}
		items, err = p.mark(ctx, best, now)
		return err
	})
	return items, err
}

// head is a candidate at the head of its bucket.
type head struct {
	bucket int64
	item   campaigns.HopperItem
}

// picker finds the best candidates of the open buckets in one transaction.
type picker struct {
	tx         pgx.Tx
	campaignID int64
	n          int
	// buckets that are open, and the offset of each.
	buckets []int64
	offset  map[int64]float64
	// lists that are active; nil: all are.
	lists []int64
}

// openBuckets finds the buckets whose window is open for as long as a phone may ring,
// and the active lists if not all are.
func (s *Store) openBuckets(ctx context.Context, p *picker, settings *campaigns.Settings, now time.Time) error {
	rows, err := p.tx.Query(ctx, `select id, kind, zones from buckets where campaign_id = $1`, p.campaignID)
	if err != nil {
		return err
	}
	p.offset = map[int64]float64{}
	var id int64
	var kind string
	var zones []string
	if _, err := pgx.ForEachRow(rows, []any{&id, &kind, &zones}, func() error {
		if s.bucketVerdict(settings, campaigns.CampaignRunning, true, zones, now).Allowed {
			p.buckets = append(p.buckets, id)
			if kind == bucketCallback {
				p.offset[id] = callbackOffset
			}
		}
		return nil
	}); err != nil {
		return err
	}
	var all bool
	var active []int64
	if err := p.tx.QueryRow(ctx, `select coalesce(bool_and(active), true), coalesce(array_agg(id) filter (where active), '{}')
		from lists where campaign_id = $1`, p.campaignID).Scan(&all, &active); err != nil {
		return err
	}
	if !all {
		p.lists = active
	}
	return nil
}

// leastHeads is how many candidates of each bucket are read at first.
const leastHeads = 16

// pick merges the heads of the open buckets. It reads a few of each bucket, and
// again n of those that gave all they were asked for to the result, so that the
// cost grows with n and the number of buckets, not with n times that number.
func (p *picker) pick(ctx context.Context) ([]head, error) {
	if len(p.buckets) == 0 {
		return nil, nil
	}
	limit := min(p.n, max(leastHeads, 2*p.n/len(p.buckets)))
	heads, err := p.heads(ctx, p.buckets, limit)
	if err != nil {
		return nil, err
	}
	best := p.best(heads)
	if short := p.short(best, limit); limit < p.n && len(short) > 0 {
		more, err := p.heads(ctx, short, p.n)
		if err != nil {
			return nil, err
		}
		heads = slices.DeleteFunc(heads, func(h head) bool { return slices.Contains(short, h.bucket) })
		best = p.best(append(heads, more...))
	}
	return best, nil
}

// best gives the n heads of the highest score, highest first.
func (p *picker) best(heads []head) []head {
	slices.SortFunc(heads, func(a, b head) int {
		return cmp.Or(cmp.Compare(b.item.Score, a.item.Score), cmp.Compare(a.item.CandidateID, b.item.CandidateID))
	})
	return heads[:min(p.n, len(heads)):min(p.n, len(heads))]
}

// short gives the buckets whose heads are all among the best, so that what
// follows them may belong there too.
func (p *picker) short(best []head, limit int) []int64 {
	taken := map[int64]int{}
	for _, h := range best {
		taken[h.bucket]++
	}
	var short []int64
	for _, id := range p.buckets {
		if taken[id] == limit {
			short = append(short, id)
		}
	}
	return short
}

func (p *picker) heads(ctx context.Context, buckets []int64, limit int) ([]head, error) {
	sql := `select b.id, c.id, c.contact_id, c.number_id, c.answer_probability, c.rank, coalesce(c.agent_id, 0)
		from unnest($2::bigint[]) as b (id) cross join lateral (
			select id, contact_id, number_id, answer_probability, rank, agent_id from candidates
			where campaign_id = $1 and bucket_id = b.id and state = 'ready' order by rank desc limit $3) c
		where c.number_id is not null`
	args := []any{p.campaignID, buckets, limit}
	if p.lists != nil {
		sql = `select b.id, c.id, c.contact_id, c.number_id, c.answer_probability, c.rank, coalesce(c.agent_id, 0)
			from unnest($2::bigint[]) as b (id) cross join lateral (
				select id, contact_id, number_id, answer_probability, rank, agent_id from candidates
				where campaign_id = $1 and bucket_id = b.id and state = 'ready' and list_id = any($4) order by rank desc limit $3) c
			where c.number_id is not null`
		args = append(args, p.lists)
	}
	rows, err := p.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (head, error) {
		h := head{item: campaigns.HopperItem{CampaignID: p.campaignID}}
		i := &h.item
		err := row.Scan(&h.bucket, &i.CandidateID, &i.ContactID, &i.NumberID, &i.AnswerProbability, &i.Score, &i.AgentID)
		offset := p.offset[h.bucket]
		i.Score += offset
		if offset == 0 {
			i.AgentID = 0 // only a due callback is bound to its agent
		}
		return h, err
	})
}

// mark locks the picked candidates that nobody else holds and that are still
// ready, and makes them queued.
func (p *picker) mark(ctx context.Context, best []head, now time.Time) ([]campaigns.HopperItem, error) {
	if len(best) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(best))
	for i, h := range best {
		ids[i] = h.item.CandidateID
	}
	rows, err := p.tx.Query(ctx, `with taken as (
			select id from candidates where id = any($1) and state = 'ready' for no key update skip locked)
		update candidates c set state = 'queued', reason = '', queued_at = $2, state_at = $2
		from taken where c.id = taken.id returning c.id, c.number_id`, ids, now)
	if err != nil {
		return nil, err
	}
	numbers := make(map[int64]int64, len(best))
	var id, number int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &number}, func() error { numbers[id] = number; return nil }); err != nil {
		return nil, err
	}
	items := make([]campaigns.HopperItem, 0, len(numbers))
	for _, h := range best {
		if number, taken := numbers[h.item.CandidateID]; taken {
			h.item.NumberID = number
			items = append(items, h.item)
		}
	}
	return items, nil
}
