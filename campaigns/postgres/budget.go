package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

const (
	// shareAsked is how long a node that asked for its share counts among those
	// between whom the credit is shared out; a node asks every two seconds, and
	// holds itself to have no credit after ten of silence.
	shareAsked = 10 * time.Second
	// shareHeld is how long a live node that asks no more keeps what it held:
	// until its calls of that time have rung out and their ends are recorded. A
	// dead node keeps it until its attempts are reconciled.
	shareHeld = 2 * time.Minute
)

// DropBudgets gives the node its share of the drops that the limits of each of
// the campaigns still allow, instead of the share that it had. A share is an equal
// part of the credit for each node that asks for the campaign, but never more than
// the others have left over. What the node held as it asked stays its own until it
// asks again, since it may have gone on calling on the strength of that.
//
// Credit is limit × answers − drops by the rule's own formula and window, of the
// rule with the least of it. It counts what is recorded: the node takes off the
// drops that it had not recorded when it asked. Until it asks again, an answer
// that it records adds the limit to its credit, and a drop takes one off.
//
// Campaigns that are not there are left out. CodeConflict says that the node has
// no fresh lease.
func (s *Store) DropBudgets(ctx context.Context, node string, holdings []campaigns.DropHolding) ([]campaigns.DropBudget, error) {
	if len(holdings) == 0 {
		return nil, nil
	}
	campaignIDs, held := make([]int64, 0, len(holdings)), make(map[int64]float64, len(holdings))
	for _, h := range holdings {
		campaignIDs = append(campaignIDs, h.CampaignID)
		held[h.CampaignID] = h.Held
	}
	now := s.clock.Now()
	rules, err := s.dropRulesOf(ctx, s.pool, campaignIDs, now)
	if err != nil {
		return nil, classify(err)
	}
	var budgets []campaigns.DropBudget
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockShares(ctx, tx, node, rules); err != nil {
			return err
		}
		states, err := dropStates(ctx, tx, node, rules, now)
		if err != nil {
			return err
		}
		budgets = budgets[:0]
		for i := range states {
			budgets = append(budgets, states[i].share())
		}
		return writeShares(ctx, tx, node, rules, budgets, held)
	})
	return budgets, err
}

// lockShares holds the budgets of the campaigns against all other nodes, and the
// node's own shares against what it records meanwhile.
func lockShares(ctx context.Context, tx pgx.Tx, node string, rules []dropRules) error {
	ids := make([]int64, len(rules))
	for i := range rules {
		ids[i] = rules[i].campaignID
	}
	var fresh bool
	var held int
	var batch pgx.Batch
	batch.Queue(`select exists (select from nodes where name = $1 and lease_until > clock_timestamp())`, node).
		QueryRow(func(row pgx.Row) error { return row.Scan(&fresh) })
	const lock = `select count(*) from (select from drop_budgets where campaign_id = any($1) order by campaign_id for update) l`
	batch.Queue(lock, ids).QueryRow(func(row pgx.Row) error { return row.Scan(&held) })
	batch.Queue(`select from drop_shares where campaign_id = any($1) and node = $2 order by campaign_id for update`, ids, node)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	if !fresh {
		return campaigns.Errorf(campaigns.CodeConflict, "node %s holds no fresh lease", node)
	}
	if held == len(ids) {
		return nil
	}
	if err := exec(ctx, tx, `insert into drop_budgets select unnest($1::bigint[]) order by 1 on conflict do nothing`, ids); err != nil {
		return err
	}
	return tx.QueryRow(ctx, lock, ids).Scan(&held)
}

// writeShares keeps what the node was given, or held if that is more.
func writeShares(ctx context.Context, tx pgx.Tx, node string, rules []dropRules, budgets []campaigns.DropBudget, before map[int64]float64) error {
	ids, held, perAnswer := make([]int64, len(rules)), make([]float64, len(rules)), make([]float64, len(rules))
	for i := range rules {
		ids[i], perAnswer[i] = rules[i].campaignID, rules[i].perAnswer()
		held[i] = max(budgets[i].Credit, before[rules[i].campaignID])
	}
	return exec(ctx, tx, `insert into drop_shares (campaign_id, node, held, per_answer, renewed_at)
		select w.campaign_id, $1, w.held, w.per_answer, clock_timestamp() from unnest($2::bigint[], $3::float8[], $4::float8[]) as w (campaign_id, held, per_answer)
		on conflict (campaign_id, node) do update set held = excluded.held, per_answer = excluded.per_answer, renewed_at = excluded.renewed_at`,
		node, ids, held, perAnswer)
}

// freeShares gives back what nodes without a fresh lease held, once their
// attempts are reconciled.
func freeShares(ctx context.Context, tx pgx.Tx) error {
	return exec(ctx, tx, `delete from drop_shares s where s.renewed_at < clock_timestamp() - $1::interval
		and not exists (select from nodes n where n.name = s.node and n.lease_until > clock_timestamp())`, shareAsked)
}

// DropState is how a campaign stands with the limit on dropped calls that is
// nearest.
type DropState struct {
	// DropBudget holds the credit of all nodes together.
	campaigns.DropBudget
	// Rate is Drops ÷ Answers, a fraction of 1.
	Rate    float64             `json:"rate"`
	Formula calling.DropFormula `json:"formula"`
	Window  calling.DropWindow  `json:"window"`
	// Since is when the window began.
	Since time.Time `json:"since"`
	// Held is the part of the credit that nodes hold.
	Held float64 `json:"held"`

	// heldByOthers and asking are the credit of the other nodes and their number,
	// seen from the node that asks.
	heldByOthers float64
	asking       int
}

// share is what a node gets that asks.
func (d *DropState) share() campaigns.DropBudget {
	b := d.DropBudget
	b.Credit = max(0, min(b.Credit/float64(1+d.asking), b.Credit-d.heldByOthers))
	return b
}

// DropState tells how the campaign stands with the limits on dropped calls.
// CodeNotFound when there is no such campaign.
func (s *Store) DropState(ctx context.Context, campaignID int64) (DropState, error) {
	var states []DropState
	now := s.clock.Now()
	err := s.reading(ctx, func(tx pgx.Tx) error {
		rules, err := s.dropRulesOf(ctx, tx, []int64{campaignID}, now)
		if err != nil {
			return err
		}
		if len(rules) == 0 {
			return noCampaign(pgx.ErrNoRows, campaignID)
		}
		states, err = dropStates(ctx, tx, "", rules, now)
		return err
	})
	if err != nil {
		return DropState{}, err
	}
	states[0].Held = states[0].heldByOthers
	return states[0], nil
}

// dropStates reads how the campaigns stand, each by its limit with the least
// credit, and what nodes other than the named one hold, in one snapshot: who
// records books in the ledger and in its share at once.
func dropStates(ctx context.Context, q querier, node string, rules []dropRules, now time.Time) ([]DropState, error) {
	var ids []int64
	var since []time.Time
	for _, r := range rules {
		for _, limit := range r.limits {
			ids, since = append(ids, r.campaignID), append(since, limit.Window.Begin(now, r.zone))
		}
	}
	rows, err := q.Query(ctx, `select l.answered, l.dropped, l.machines, o.held, o.asking
		from unnest($1::bigint[], $2::timestamptz[]) with ordinality as w (campaign_id, since, at)
		cross join lateral (select coalesce(sum(live_answered), 0)::float8 as answered, coalesce(sum(dropped), 0)::float8 as dropped,
				coalesce(sum(machines), 0)::float8 as machines
			from drop_ledger l where l.campaign_id = w.campaign_id and l.hour >= w.since) l
		cross join lateral (select coalesce(sum(greatest(s.held, 0)), 0) as held,
				count(*) filter (where n.name is not null and s.renewed_at > clock_timestamp() - $4::interval) as asking
			from drop_shares s left join nodes n on n.name = s.node and n.lease_until > clock_timestamp()
			where s.campaign_id = w.campaign_id and s.node <> $3
			and (n.name is null or s.renewed_at > clock_timestamp() - $5::interval)) o
		order by w.at`, ids, since, node, shareAsked, shareHeld)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	states := make([]DropState, 0, len(rules))
	for _, r := range rules {
		var least DropState
		for i, limit := range r.limits {
			var answered, dropped, machines float64
			state := DropState{Formula: limit.Formula, Window: limit.Window, Since: limit.Window.Begin(now, r.zone)}
			if !rows.Next() {
				rows.Close()
				return nil, rows.Err()
			}
			if err := rows.Scan(&answered, &dropped, &machines, &state.heldByOthers, &state.asking); err != nil {
				return nil, err
			}
			drops, answers := limit.Count(dropped, answered-dropped, machines)
			state.DropBudget = campaigns.DropBudget{CampaignID: r.campaignID, Limit: limit.Limit, Rule: limit.Rule,
				Credit: limit.Limit*answers - drops, Answers: answers, Drops: drops}
			state.Rate = state.DropBudget.Rate()
			if i == 0 || state.Credit < least.Credit {
				least = state
			}
		}
		states = append(states, least)
	}
	return states, rows.Err()
}
