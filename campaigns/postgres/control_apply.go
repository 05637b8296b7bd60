package postgres

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

const (
	// selectionMoves is how many candidates one step moves over the cut-off.
	selectionMoves = 5000
	// selectionSpan is how many ids one step looks through, whosever they are.
	selectionSpan = 20_000
)

// ApplySelection takes one bounded step of bringing the candidates of a campaign
// in line with its policy, in both directions: ready ones below the cut-off, of
// the control group or with owners of the product are blocked with their reason,
// and those blocked for such a reason that holds no more are ready again. It
// gives the id to go on after, zero at the end, and how many it has moved.
//
// The cut-off costs by what moves over it: it is a range of ranks (breakEven). For
// the other reasons the candidates are looked through by id. Nobody is dialed
// meanwhile whom the policy refuses, since the refill asks it too.
func (s *Store) ApplySelection(ctx context.Context, campaignID, after int64) (next int64, moved int, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		next, moved = 0, 0
		settings, _, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		now := s.clock.Now()
		if after == 0 {
			if moved, err = applyCutOff(ctx, tx, campaignID, breakEven(settings, now), now); err != nil {
				return err
			}
		}
		a := applying{store: s, tx: tx, campaignID: campaignID, selection: &settings.Selection, now: now}
		through, err := a.span(ctx, after)
		if err != nil || through.last == 0 {
			return err
		}
		n, err := a.step(ctx, through)
		moved += n
		next = through.next
		return err
	})
	return next, moved, err
}

// applyCutOff blocks the ready candidates below the floor, the worst first, and
// makes those ready that are blocked for it and stand above. Due callbacks are
// kept: they were agreed on.
func applyCutOff(ctx context.Context, tx pgx.Tx, campaignID int64, floor float64, now time.Time) (int, error) {
	moved := 0
	if !math.IsInf(floor, -1) {
		tag, err := tx.Exec(ctx, `with low as (
				select c.id from buckets b join lists l on l.campaign_id = b.campaign_id cross join lateral (
					select id from candidates where campaign_id = $1 and bucket_id = b.id and list_id = l.id and state = 'ready' and rank < $2
					order by rank limit $3) c
				where b.campaign_id = $1 and b.kind = 'rank' limit $3
			), taken as (
				select c.id from candidates c join low on low.id = c.id where c.state = 'ready' and c.rank < $2 for no key update of c skip locked)
			update candidates c set state = 'blocked', reason = 'below_cut_off', state_at = $4 from taken where c.id = taken.id`,
			campaignID, floor, selectionMoves, now)
		if err != nil {
			return 0, err
		}
		moved = int(tag.RowsAffected())
	}
	tag, err := tx.Exec(ctx, `with taken as (
			select id from candidates where campaign_id = $1 and state = 'blocked' and reason = 'below_cut_off' and rank >= $2
			order by rank desc limit $3 for no key update skip locked)
		update candidates c set state = 'ready', reason = '', state_at = $4 from taken where c.id = taken.id`,
		campaignID, floor, selectionMoves, now)
	return moved + int(tag.RowsAffected()), err
}

// applying is one step through the candidates of a campaign.
type applying struct {
	store      *Store
	tx         pgx.Tx
	campaignID int64
	selection  *campaigns.Selection
	now        time.Time
}

// idSpan is the ids from first to last; next is where to go on after, zero at
// the end.
type idSpan struct{ first, last, next int64 }

// span gives the next ids to look through, none where the policy moves nobody.
func (a *applying) span(ctx context.Context, after int64) (idSpan, error) {
	wanted := a.selection.ControlShare > 0 || a.selection.OwnedAttribute != ""
	var held int
	var first, last int64
	if err := a.tx.QueryRow(ctx, `select coalesce(sum(n) filter (where state = 'blocked'), 0)::bigint, coalesce(min(first), 1), coalesce(max(last), 0)
		from (select state, reason, n, first, last from candidate_counts where campaign_id = $1
			union all select state, reason, n, first, last from candidate_deltas where campaign_id = $1) k
		where state = 'ready' or state = 'blocked' and reason = any($2)`, a.campaignID, policyReasons).Scan(&held, &first, &last); err != nil {
		return idSpan{}, err
	}
	first = max(first, after+1)
	if !wanted && held == 0 || first > last {
		return idSpan{}, nil
	}
	span := idSpan{first: first, last: first + selectionSpan - 1}
	if span.last < last {
		span.next = span.last
	}
	return span, nil
}

// step judges the candidates of the ids and moves those that stand wrong.
func (a *applying) step(ctx context.Context, ids idSpan) (int, error) {
	rows, err := a.tx.Query(ctx, `select c.id, c.contact_id, c.state, c.reason, c.attempts + c.earlier_attempts, `+ownedProduct+`
		from candidates c where c.id between $3 and $4 and c.campaign_id = $5
		and (c.state = 'ready' or c.state = 'blocked' and c.reason = any($6))`,
		a.selection.OwnedAttribute, a.selection.Product, ids.first, ids.last, a.campaignID, policyReasons)
	if err != nil {
		return 0, err
	}
	all, err := pgx.CollectRows(rows, scanJudged)
	if err != nil {
		return 0, err
	}
	var held []judged
	var free []int64
	for _, c := range all {
		reason := a.store.policy(a.selection, a.campaignID, c)
		switch {
		case reason == "" && c.state == campaigns.CandidateBlocked:
			free = append(free, c.id)
		case reason != "" && reason != c.reason:
			c.reason = reason
			held = append(held, c)
		}
	}
	if err := holdBack(ctx, a.tx, a.campaignID, a.selection, held, a.now); err != nil {
		return 0, err
	}
	if len(free) == 0 {
		return len(held), nil
	}
	tag, err := a.tx.Exec(ctx, `with taken as (
			select id from candidates where id = any($1) and state = 'blocked' and reason = any($2) for no key update skip locked)
		update candidates c set state = 'ready', reason = '', state_at = $3 from taken where c.id = taken.id`, free, policyReasons, a.now)
	return len(held) + int(tag.RowsAffected()), err
}

// segmentPage is how many candidates one step of a sweep holds against a segment.
const segmentPage = 2000

// SweepSegment takes one step of ApplySegment, in the manner of ApplySelection.
func (s *Store) SweepSegment(ctx context.Context, campaignID, after int64) (next int64, moved int, err error) {
	done, err := s.ApplySegment(ctx, campaignID, after, segmentPage)
	return done.Next, done.Blocked + done.Lifted, err
}
