package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/segment"
)

// SegmentSweep is what one step of a sweep did.
type SegmentSweep struct {
	// Looked is how many candidates were held against the segment.
	Looked int
	// Blocked left the segment, Lifted are back in it.
	Blocked, Lifted int
	// Next is where the next step goes on; zero: the sweep is through.
	Next int64
}

// segmentOf compiles a campaign's segment; CodeInvalid tells what is wrong.
func segmentOf(expression string) (*segment.Segment, error) {
	s, err := segment.Compile(expression)
	if err != nil {
		return nil, campaigns.Invalid("selection.segment", "%v", err)
	}
	return s, nil
}

// ApplySegment holds up to limit of a campaign's candidates, those after an id,
// against its segment: waiting ones that are not in it are blocked as
// not_in_segment, and such that are in it again go on where they stood. Who is
// in it changes with the contact, the history, the expression and the time, so
// that a sweep over all candidates is to be repeated: from zero on, each step
// with the Next of the one before, until that is zero. Each step is one short
// transaction; a candidate that somebody else holds is left to the next sweep.
//
// A campaign without a segment costs a look into an index, once nobody is
// blocked for it any more.
func (s *Store) ApplySegment(ctx context.Context, campaignID, after int64, limit int) (SegmentSweep, error) {
	var done SegmentSweep
	err := s.tx(ctx, func(tx pgx.Tx) error {
		done = SegmentSweep{}
		settings, _, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		if settings.Selection.Segment == "" {
			var held bool
			err := tx.QueryRow(ctx, `select exists (select from candidates where campaign_id = $1 and state = 'blocked' and reason = 'not_in_segment')`,
				campaignID).Scan(&held)
			if err != nil || !held {
				return err
			}
		}
		done, err = sweepSegment(ctx, tx, settings, campaignID, `c.id > $3 order by c.id limit $4`, after, limit, s.clock.Now())
		if done.Looked < limit {
			done.Next = 0
		}
		return err
	})
	return done, err
}

// followSegments holds all candidates of contacts whose data or history has just
// changed against their campaigns' segments, in the transaction of the change:
// they leave and enter with it. It passes over a segment that does not compile,
// which the sweep tells: a change is not to fail for it.
func (s *Store) followSegments(ctx context.Context, tx pgx.Tx, contactIDs []int64, now time.Time) error {
	if len(contactIDs) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `select id from campaigns where state <> 'closed' and settings -> 'selection' ->> 'segment' <> '' order by id`)
	if err != nil {
		return err
	}
	segmented, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, id := range segmented {
		settings, _, err := s.settingsOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if segment.Check(settings.Selection.Segment) != nil {
			continue
		}
		if _, err := sweepSegment(ctx, tx, settings, id, `c.contact_id = any($3) limit $4`, contactIDs, len(contactIDs), now); err != nil {
			return err
		}
	}
	return nil
}

// sweepSegment judges a page of candidates, in SQL that ends in which (a
// condition on $3 and a limit of $4), and moves those that stand on the wrong
// side.
func sweepSegment(ctx context.Context, tx pgx.Tx, settings *campaigns.Settings, campaignID int64, which string, from any, limit int, now time.Time) (SegmentSweep, error) {
	var done SegmentSweep
	seg, err := segmentOf(settings.Selection.Segment)
	if err != nil {
		return done, err
	}
	predicate, args := seg.SQL(now, 6)
	err = tx.QueryRow(ctx, `with page as materialized (
			select c.id, c.state = 'blocked' as held, `+predicate+` as inside
			from candidates c join contacts p on p.id = c.contact_id
			where c.campaign_id = $1 and (c.state = any($5) or c.state = 'blocked' and c.reason = 'not_in_segment') and `+which+`
		), taken as (
			select c.id, c.state, c.reason, c.due_at from candidates c join page on page.id = c.id
			where page.held = page.inside and c.number_id is not null and (
				not page.held and c.state = any($5) or page.held and c.state = 'blocked' and c.reason = 'not_in_segment')
			for no key update of c skip locked
		), forgotten as (
			delete from segment_holds h using taken t where h.candidate_id = t.id and t.state in ('ready', 'queued', 'blocked')
			returning h.*, t.state = 'blocked' as lifted
		), kept as (
			insert into segment_holds select id, state, reason, due_at from taken where state in ('resting', 'callback')
			on conflict (candidate_id) do update set state = excluded.state, reason = excluded.reason, due_at = excluded.due_at
		), moved as (
			update candidates c set queued_at = null, state_at = $2,
				state = case when t.state <> 'blocked' then 'blocked' else coalesce(h.state, 'ready') end,
				reason = case when t.state <> 'blocked' then 'not_in_segment' else coalesce(h.reason, '') end,
				due_at = case when t.state = 'blocked' then h.due_at end
			from taken t left join forgotten h on h.candidate_id = t.id and h.lifted
			where c.id = t.id returning c.state = 'blocked' as blocked
		) select (select count(*) from page), (select coalesce(max(id), 0) from page),
			(select count(*) from moved where blocked), (select count(*) from moved where not blocked)`,
		append([]any{campaignID, now, from, limit, waiting}, args...)...).Scan(&done.Looked, &done.Next, &done.Blocked, &done.Lifted)
	return done, err
}
