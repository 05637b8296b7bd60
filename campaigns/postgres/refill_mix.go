package postgres

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// callbackOffset lifts due callbacks above every rank and every list. Ranks are
// doublings plus half-lives since 2020: below a million even for a half-life of
// a minute.
const callbackOffset = 1e9

// A list's priority lifts its candidates above those of lesser lists by
// priorityOffset for each step; steps beyond mostPriority are one.
const (
	priorityOffset = 2e6
	mostPriority   = 400
)

// listRule says how a list that may be called takes part in the pick.
type listRule struct {
	priority int
	// mix is its share among the lists of its priority, in any unit; zero: it
	// gets what those with a share leave.
	mix float64
}

// offset is what is added to the ranks of the list's candidates.
func (r listRule) offset() float64 { return priorityOffset * float64(r.priority) }

// listRules gives the campaign's lists that may be called now.
func listRules(ctx context.Context, tx pgx.Tx, campaignID int64, now time.Time) (map[int64]listRule, error) {
	rows, err := tx.Query(ctx, `select id, priority, mix from lists
		where campaign_id = $1 and active and (expires_at is null or expires_at > $2)`, campaignID, now)
	if err != nil {
		return nil, err
	}
	rules := map[int64]listRule{}
	var id int64
	var rule listRule
	_, err = pgx.ForEachRow(rows, []any{&id, &rule.priority, &rule.mix}, func() error {
		rule.priority = max(-mostPriority, min(mostPriority, rule.priority))
		rules[id] = rule
		return nil
	})
	return rules, err
}

// pick gives the candidates to take, best first: due callbacks, and then tier
// by tier until there are enough.
func (p *picker) pick(ctx context.Context) ([]head, error) {
	lanes, err := p.lanes(ctx)
	if err != nil {
		return nil, err
	}
	var callbacks []lane
	tiers := map[int][]lane{}
	for _, l := range lanes {
		if p.callbacks[l.bucket] {
			callbacks = append(callbacks, l)
			continue
		}
		priority := p.lists[l.list].priority
		tiers[priority] = append(tiers[priority], l)
	}
	best, err := p.merge(ctx, callbacks, p.n)
	if err != nil {
		return nil, err
	}
	agreed := len(best)
	for _, priority := range descending(tiers) {
		if len(best) >= p.n {
			break
		}
		more, err := p.tier(ctx, tiers[priority], p.n-len(best))
		if err != nil {
			return nil, err
		}
		best = append(best, more...)
	}
	return p.explore(ctx, best, agreed, lanes)
}

func descending(tiers map[int][]lane) []int {
	var all []int
	for priority := range tiers {
		all = append(all, priority)
	}
	slices.SortFunc(all, func(a, b int) int { return cmp.Compare(b, a) })
	return all
}

// tier gives the n best of lists of one priority. Where some of them have a
// share of the mix, each gives the best of its own by its share; one that runs
// out leaves its part to the others, and at last to the lists without a share.
func (p *picker) tier(ctx context.Context, lanes []lane, n int) ([]head, error) {
	var shared []int64
	byList := map[int64][]lane{}
	var rest []lane
	for _, l := range lanes {
		switch {
		case p.lists[l.list].mix <= 0:
			rest = append(rest, l)
		case byList[l.list] == nil:
			shared = append(shared, l.list)
			fallthrough
		default:
			byList[l.list] = append(byList[l.list], l)
		}
	}
	slices.Sort(shared)
	weights, most := make([]float64, len(shared)), make([]int, len(shared))
	for i, list := range shared {
		weights[i], most[i] = p.lists[list].mix, n
	}
	picked := make([][]head, len(shared))
	at := p.store.chance()
	for again := len(shared) > 0; again; {
		again = false
		for i, quota := range apportion(n, weights, most, at) {
			if quota <= len(picked[i]) {
				picked[i] = picked[i][:quota]
				continue
			}
			var err error
			if picked[i], err = p.merge(ctx, byList[shared[i]], quota); err != nil {
				return nil, err
			}
			if len(picked[i]) < quota {
				most[i], again = len(picked[i]), true
			}
		}
	}
	best := slices.Concat(picked...)
	more, err := p.merge(ctx, rest, n-len(best))
	return firstOf(append(best, more...), n), err
}

// apportion shares n by the weights, none above its most. A share that is no
// whole number is rounded up or down so that over many refills, for at drawn
// from [0, 1), each gets its exact share (systematic sampling).
func apportion(n int, weights []float64, most []int, at float64) []int {
	quota := make([]int, len(weights))
	full := make([]bool, len(weights))
	for {
		left, sum := n, 0.0
		for i, w := range weights {
			if full[i] {
				left -= quota[i]
			} else {
				sum += w
			}
		}
		if left <= 0 || sum == 0 {
			return quota
		}
		before, passed, over := 0.0, 0.0, false
		for i, w := range weights {
			if full[i] {
				continue
			}
			passed += w
			after := math.Floor(at + float64(left)*(passed/sum))
			quota[i], before = int(after-before), after
			if quota[i] > most[i] {
				quota[i], full[i], over = most[i], true, true
			}
		}
		if !over {
			return quota
		}
	}
}
