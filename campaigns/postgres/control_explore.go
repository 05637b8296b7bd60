package postgres

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// explorationProbes is how many ids are tried at most for each exploring pick.
const explorationProbes = 64

// explore gives up the last few of the best for candidates drawn at random of
// all that may be dialed now, so that what is never ranked high is learnt about
// too. agreed of the best are callbacks, which are kept.
//
// Ids are drawn until enough of them are ready, which gives each candidate the
// same chance without an index of its own. In the hopper a drawn one stands
// where one of the best stood, or it would never be dialed; pushed again after a
// loss of the hopper, it stands where its rank says.
func (p *picker) explore(ctx context.Context, best []head, agreed int, lanes []lane) ([]head, error) {
	share := p.settings.Selection.ExplorationShare
	wanted := int(share*float64(len(best)-agreed) + p.store.chance())
	if share <= 0 || wanted <= 0 {
		return best, nil
	}
	of, err := p.population(ctx, lanes)
	if err != nil {
		return nil, err
	}
	kept := len(best) - wanted
	drawn, chance, err := p.draw(ctx, of, best[:kept], wanted)
	if err != nil {
		return nil, err
	}
	result := slices.Clone(best[:kept])
	for _, h := range drawn {
		h.item.Score = best[agreed+rand.IntN(len(best)-agreed)].item.Score
		h.chance = chance
		result = append(result, h)
	}
	for _, h := range best[kept:] {
		if len(result) < len(best) && !slices.ContainsFunc(result, func(r head) bool { return r.item.CandidateID == h.item.CandidateID }) {
			result = append(result, h)
		}
	}
	slices.SortStableFunc(result, byScore)
	return result, nil
}

// population says how many ready candidates stand in lanes, and between which
// ids all of them lie.
type population struct {
	n           int
	first, last int64
	buckets     []int64
	lists       []int64
}

func (p *picker) population(ctx context.Context, lanes []lane) (population, error) {
	of := population{first: math.MaxInt64}
	for _, l := range lanes {
		if !p.callbacks[l.bucket] {
			of.buckets, of.lists = append(of.buckets, l.bucket), append(of.lists, l.list)
		}
	}
	err := p.tx.QueryRow(ctx, `select coalesce(sum(n), 0)::bigint, coalesce(min(first), 1), coalesce(max(last), 0)
		from (select list_id, bucket_id, n, first, last from candidate_counts where campaign_id = $1 and state = 'ready'
			union all select list_id, bucket_id, n, first, last from candidate_deltas where campaign_id = $1 and state = 'ready') k
		where (bucket_id, list_id) in (select * from unnest($2::bigint[], $3::bigint[]))`, p.campaignID, of.buckets, of.lists).
		Scan(&of.n, &of.first, &of.last)
	return of, err
}

// draw gives up to wanted candidates of the population beside the kept ones, and
// the chance that each of it had.
func (p *picker) draw(ctx context.Context, of population, kept []head, wanted int) ([]head, float64, error) {
	others, span := of.n-len(kept), of.last-of.first+1
	if others <= 0 || span <= 0 {
		return nil, 0, nil
	}
	probes := min(explorationProbes*wanted, 4+2*int(float64(wanted)*float64(span)/float64(others)))
	ids := make([]int64, probes)
	for i := range ids {
		ids[i] = of.first + rand.Int64N(span)
	}
	keptIDs := make([]int64, len(kept))
	for i, h := range kept {
		keptIDs[i] = h.item.CandidateID
	}
	rows, err := p.tx.Query(ctx, `select c.bucket_id, c.list_id, c.id, c.contact_id, c.number_id, c.answer_probability, c.rank, coalesce(c.agent_id, 0)
		from candidates c where c.id = any($2) and c.campaign_id = $1 and c.state = 'ready' and c.rank >= $3 and c.id <> all($4)
		and (c.bucket_id, c.list_id) in (select * from unnest($5::bigint[], $6::bigint[]))`,
		p.campaignID, ids, p.floor, keptIDs, of.buckets, of.lists)
	if err != nil {
		return nil, 0, err
	}
	drawn, err := pgx.CollectRows(rows, p.scanHead)
	rand.Shuffle(len(drawn), func(i, k int) { drawn[i], drawn[k] = drawn[k], drawn[i] })
	hits := float64(probes) * float64(others) / float64(span)
	return drawn[:min(wanted, len(drawn))], min(1, min(float64(wanted), hits)/float64(others)), err
}

// logPicks logs how each of the queued candidates of a campaign that explores
// came to be picked: by rank for certain, or by lot with its chance.
func (p *picker) logPicks(ctx context.Context, taken []head, now time.Time) error {
	if p.settings.Selection.ExplorationShare <= 0 || len(taken) == 0 {
		return nil
	}
	candidates, contacts := make([]int64, len(taken)), make([]int64, len(taken))
	kinds, chances := make([]string, len(taken)), make([]float64, len(taken))
	for i, h := range taken {
		candidates[i], contacts[i], kinds[i], chances[i] = h.item.CandidateID, h.item.ContactID, "rank", 1
		if h.chance > 0 {
			kinds[i], chances[i] = "exploration", h.chance
		}
	}
	return exec(ctx, p.tx, `insert into selection_log (campaign_id, candidate_id, contact_id, kind, probability, at)
		select $1, candidate, contact, kind, chance, $2
		from unnest($3::bigint[], $4::bigint[], $5::text[], $6::float8[]) as t (candidate, contact, kind, chance)`,
		p.campaignID, now, candidates, contacts, kinds, chances)
}
