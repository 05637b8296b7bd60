package postgres

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// head is a candidate at the head of its lane.
type head struct {
	bucket int64
	lane   lane
	item   campaigns.HopperItem
	// chance is the probability of an exploring pick, zero for one by rank.
	chance float64
}

// lane is what one bucket holds of one list: a stretch of the index of the ready
// candidates in which they stand by rank. A list that is switched off is lanes
// that are not read, however much of the best it holds.
type lane struct {
	bucket, list int64
}

// lanes finds the lanes of the open buckets in which anybody stands. It leaps
// from list to list in the index, one probe each, and so costs nothing for the
// length of a lane.
func (p *picker) lanes(ctx context.Context) ([]lane, error) {
	rows, err := p.tx.Query(ctx, `with recursive l as (
			select b.bucket, f.list from unnest($2::bigint[]) as b (bucket) cross join lateral (
				select list_id as list from candidates where campaign_id = $1 and bucket_id = b.bucket and state = 'ready'
				order by list_id desc, rank limit 1) f
		union all
			select l.bucket, f.list from l cross join lateral (
				select list_id as list from candidates where campaign_id = $1 and bucket_id = l.bucket and state = 'ready' and list_id < l.list
				order by list_id desc, rank limit 1) f
		) select bucket, list from l order by bucket, list`, p.campaignID, p.buckets)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (lane, error) {
		var l lane
		return l, row.Scan(&l.bucket, &l.list)
	})
	return slices.DeleteFunc(all, func(l lane) bool { _, on := p.lists[l.list]; return !on }), err
}

// leastHeads is how many candidates of each lane are read at first, where there
// are few lanes.
const leastHeads = 16

// merge gives the n best of the lanes, best first. It reads a few of each lane,
// and again n of those that gave all they were asked for to the result: with k
// lanes some 2n√k rows at worst, whatever their length.
func (p *picker) merge(ctx context.Context, lanes []lane, n int) ([]head, error) {
	if len(lanes) == 0 || n <= 0 {
		return nil, nil
	}
	k := float64(len(lanes))
	limit := min(n, max(1, 2*n/len(lanes), min(leastHeads, int(math.Ceil(float64(n)/math.Sqrt(k))))))
	heads, err := p.heads(ctx, lanes, limit)
	if err != nil {
		return nil, err
	}
	best := firstOf(heads, n)
	if short := shortOf(best, limit); limit < n && len(short) > 0 {
		more, err := p.heads(ctx, short, n)
		if err != nil {
			return nil, err
		}
		heads = slices.DeleteFunc(heads, func(h head) bool { return slices.Contains(short, h.lane) })
		best = firstOf(append(heads, more...), n)
	}
	return best, nil
}

// best gives the n heads of the highest score, highest first.
func (p *picker) best(heads []head) []head { return firstOf(heads, p.n) }

func firstOf(heads []head, n int) []head {
	slices.SortFunc(heads, byScore)
	n = min(n, len(heads))
	return heads[:n:n]
}

func byScore(a, b head) int {
	return cmp.Or(cmp.Compare(b.item.Score, a.item.Score), cmp.Compare(a.item.CandidateID, b.item.CandidateID))
}

// shortOf gives the lanes whose heads are all among the best, so that what
// follows them may belong there too.
func shortOf(best []head, limit int) []lane {
	taken := map[lane]int{}
	for _, h := range best {
		taken[h.lane]++
	}
	var short []lane
	for l, n := range taken {
		if n == limit {
			short = append(short, l)
		}
	}
	return short
}

// heads reads the best of each lane that are worth a call. An agreed callback
// is kept whatever it is worth.
func (p *picker) heads(ctx context.Context, lanes []lane, limit int) ([]head, error) {
	buckets, lists, floors := make([]int64, len(lanes)), make([]int64, len(lanes)), make([]float64, len(lanes))
	for i, l := range lanes {
		buckets[i], lists[i], floors[i] = l.bucket, l.list, p.floor
		if p.callbacks[l.bucket] {
			floors[i] = math.Inf(-1)
		}
	}
	rows, err := p.tx.Query(ctx, `select b.bucket, b.list, c.id, c.contact_id, c.number_id, c.answer_probability, c.rank, coalesce(c.agent_id, 0)
		from unnest($2::bigint[], $3::bigint[], $4::float8[]) as b (bucket, list, floor) cross join lateral (
			select id, contact_id, number_id, answer_probability, rank, agent_id from candidates
			where campaign_id = $1 and bucket_id = b.bucket and list_id = b.list and state = 'ready' and rank >= b.floor
			order by rank desc limit $5) c`, p.campaignID, buckets, lists, floors, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, p.scanHead)
}

func (p *picker) scanHead(row pgx.CollectableRow) (head, error) {
	h := head{item: campaigns.HopperItem{CampaignID: p.campaignID}}
	i := &h.item
	err := row.Scan(&h.lane.bucket, &h.lane.list, &i.CandidateID, &i.ContactID, &i.NumberID, &i.AnswerProbability, &i.Score, &i.AgentID)
	h.bucket = h.lane.bucket
	i.Score += p.offset[h.bucket]
	if !p.callbacks[h.bucket] {
		i.AgentID = 0 // only a due callback is bound to its agent
		i.Score += p.lists[h.lane.list].offset()
	}
	return h, err
}
