package postgres

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// resetBatch is how many candidates of a list are reset in one transaction.
const resetBatch = 2000

// ResetList begins a new pass of a list: candidates that rest or are done for
// one of the reasons (nil: campaigns.ResetReasons) become ready, at their first
// number, with their attempts of this pass set back and their rank as before
// them. Caps, windows and do-not-call lists hold for them as for all. Who is
// blocked, agreed on a callback, is in the hopper or in a call, or said more than
// the reasons cover, stays. With dry nothing is changed but told.
//
// It goes through the list in batches; one that ends early has begun the pass,
// and resetting again finishes it. CodeNotFound: no such list; CodeInvalid: a
// reason that cannot be reset; CodeConflict: the campaign is closed.
func (s *Store) ResetList(ctx context.Context, id int64, reasons []campaigns.Reason, dry bool) (campaigns.ListReset, error) {
	done := campaigns.ListReset{Reset: map[campaigns.Reason]int{}, Kept: map[string]int{}}
	if err := campaigns.CheckReset(reasons); err != nil {
		return done, err
	}
	r := resetting{store: s, listID: id, reasons: reasons, now: s.clock.Now(), done: done}
	if len(reasons) == 0 {
		r.reasons, r.whole = campaigns.ResetReasons(), true
	}
	if err := r.begin(ctx, dry); err != nil {
		return done, err
	}
	ids, err := r.find(ctx)
	if err != nil || dry {
		return done, err
	}
	clear(done.Reset)
	for batch := range slices.Chunk(ids, resetBatch) {
		if err := s.tx(ctx, func(tx pgx.Tx) error { return r.batch(ctx, tx, batch) }); err != nil {
			return done, err
		}
		for reason, n := range r.moved {
			done.Reset[reason] += n
		}
	}
	return done, nil
}

// resetting is one reset under way.
type resetting struct {
	store   *Store
	listID  int64
	reasons []campaigns.Reason
	// whole passes set back the attempts of those too that are ready.
	whole bool
	decay float64
	now   time.Time
	done  campaigns.ListReset
	// moved is what the last batch has done.
	moved map[campaigns.Reason]int
}

// begin counts the reset, where it is not a dry one.
func (r *resetting) begin(ctx context.Context, dry bool) error {
	return r.store.tx(ctx, func(tx pgx.Tx) error {
		var campaignID int64
		err := tx.QueryRow(ctx, `select campaign_id from lists where id = $1`, r.listID).Scan(&campaignID)
		if errors.Is(err, pgx.ErrNoRows) {
			return campaigns.Errorf(campaigns.CodeNotFound, "no list %d", r.listID)
		}
		if err != nil {
			return err
		}
		settings, state, err := r.store.settingsOf(ctx, tx, campaignID)
		switch {
		case err != nil:
			return err
		case state == campaigns.CampaignClosed:
			return campaigns.Errorf(campaigns.CodeConflict, "the campaign is closed")
		}
		if r.decay = math.Log2(settings.AttemptDecay); dry {
			return nil
		}
		return exec(ctx, tx, `update lists set resets = resets + 1, reset_at = $2 where id = $1`, r.listID, r.now)
	})
}

// begun is what a candidate c gets a new pass for: $2 are the reasons, $3 says
// whether the whole pass is new.
const begun = `(c.state in ('resting', 'done') and c.reason = any($2) and exists (select from contact_numbers cn where cn.contact_id = c.contact_id)
	or $3 and c.state = 'ready' and c.attempts > 0)`

// find gives the candidates to reset, and counts them and the others.
func (r *resetting) find(ctx context.Context) ([]int64, error) {
	rows, err := r.store.pool.Query(ctx, `select c.id, c.state, case when c.state in ('ready', 'queued', 'open') then '' else c.reason end, `+begun+`
		from candidates c where c.list_id = $1 order by c.id`, r.listID, r.reasons, r.whole)
	if err != nil {
		return nil, classify(err)
	}
	var ids []int64
	var id int64
	var state, reason string
	var reset bool
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &reason, &reset}, func() error {
		if reset {
			ids = append(ids, id)
			r.done.Reset[resetReason(state, reason)]++
			return nil
		}
		if reason != "" {
			state += " " + reason
		}
		r.done.Kept[state]++
		return nil
	})
	return ids, classify(err)
}

// resetReason is what a reset candidate is counted under.
func resetReason(state, reason string) campaigns.Reason {
	if reason == "" {
		return campaigns.Reason(state)
	}
	return campaigns.Reason(reason)
}

// batch lets those of the ids that still wait for a reset rest until now, with
// nothing tried, and then makes them ready as the promoter does.
func (r *resetting) batch(ctx context.Context, tx pgx.Tx, ids []int64) error {
	r.moved = map[campaigns.Reason]int{}
	rows, err := tx.Query(ctx, `with held as (
			select c.id, c.state, c.reason, coalesce((select cn.number_id from contact_numbers cn join numbers n on n.id = cn.number_id
				where cn.contact_id = c.contact_id order by n.bad_at is not null, cn.position limit 1), c.number_id) as number
			from candidates c where c.id = any($1) and `+begun+` order by c.id for no key update of c),
		back as (update candidates c set state = 'resting', reason = 'max_attempts', due_at = $4, agent_id = null, number_id = held.number,
				earlier_attempts = c.earlier_attempts + c.attempts, rank = c.rank - c.attempts * $5::float8, attempts = 0, reset_at = $4, state_at = $4
			from held where c.id = held.id
			returning c.id, c.campaign_id, c.contact_id, c.number_id, held.state as was, held.reason as why)
		select b.id, b.campaign_id, b.was, case when b.was = 'ready' then '' else b.why end, coalesce(n.region, ''), coalesce(n.zones, '{}'), coalesce(n.e164, ''), p.region, p.postal_code, p.time_zone
		from back b join contacts p on p.id = b.contact_id left join numbers n on n.id = b.number_id`, ids, r.reasons, r.whole, r.now, r.decay)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (due, error) {
		d := due{state: campaigns.CandidateResting, kind: bucketRank}
		var was, why string
		a := &d.address
		err := row.Scan(&d.id, &d.campaignID, &was, &why, &a.country, &d.byNumber, &d.e164, &a.region, &a.postalCode, &a.timeZone)
		r.moved[resetReason(was, why)]++
		return d, err
	})
	if err != nil || len(all) == 0 {
		return err
	}
	return r.store.promoteAll(ctx, tx, all, r.now)
}
