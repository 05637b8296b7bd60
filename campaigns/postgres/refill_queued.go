package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// queuedColumns read a hopper item of a candidate c in its bucket b and list l.
const queuedColumns = `c.id, c.contact_id, c.number_id, c.answer_probability,
	c.rank + case when b.kind = 'callback' then 0 else 2e6 * greatest(-400, least(400, l.priority)) end, b.kind = 'callback',
	coalesce(c.agent_id, 0), b.zones, b.region`

// scanQueued reads one, with the score that a refill would give it now: what
// went back into the hopper after a loss stands among what is refilled.
func (s *Store) scanQueued(campaignID int64, hours *hourOffsets, now time.Time) pgx.RowToFunc[campaigns.HopperItem] {
	return func(row pgx.CollectableRow) (campaigns.HopperItem, error) {
		i := campaigns.HopperItem{CampaignID: campaignID}
		var callback bool
		var zones []string
		var jurisdictions string
		err := row.Scan(&i.CandidateID, &i.ContactID, &i.NumberID, &i.AnswerProbability, &i.Score, &callback, &i.AgentID, &zones, &jurisdictions)
		if callback {
			i.Score += callbackOffset
			return i, err
		}
		i.AgentID = 0
		if hours != nil {
			_, clocks := s.zones.of(zoneQuestion{}, zones)
			i.Score += hours.at(hourPlace(zones, jurisdictions), now, clocks)
		}
		return i, err
	}
}

// queued runs a statement that gives queuedColumns.
func (s *Store) queued(ctx context.Context, campaignID int64, now time.Time, sql string, args ...any) ([]campaigns.HopperItem, error) {
	settings, _, err := s.settingsOf(ctx, s.pool, campaignID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil // no campaign has nobody queued
	}
	if err != nil {
		return nil, classify(err)
	}
	hours, err := s.readHourOffsets(ctx, s.pool, campaignID, settings)
	if err != nil {
		return nil, classify(err)
	}
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	items, err := pgx.CollectRows(rows, s.scanQueued(campaignID, hours, now))
	return items, classify(err)
}

// Queued gives the campaign's candidates that have been queued for at least the
// given time, longest first. There are never many more than the hopper's depth.
func (s *Store) Queued(ctx context.Context, campaignID int64, since time.Duration) ([]campaigns.HopperItem, error) {
	now := s.clock.Now()
	return s.queued(ctx, campaignID, now, `select `+queuedColumns+` from candidates c
		join buckets b on b.id = c.bucket_id join lists l on l.id = c.list_id
		where c.campaign_id = $1 and c.state = 'queued' and c.queued_at <= $2 order by c.queued_at`, campaignID, now.Add(-since))
}

// Requeue gives those of the candidates that are queued still, for another
// push; their time in the queue starts anew.
func (s *Store) Requeue(ctx context.Context, campaignID int64, candidateIDs []int64) ([]campaigns.HopperItem, error) {
	now := s.clock.Now()
	return s.queued(ctx, campaignID, now, `update candidates c set queued_at = $3 from buckets b, lists l
		where b.id = c.bucket_id and l.id = c.list_id and c.campaign_id = $1 and c.id = any($2) and c.state = 'queued'
		returning `+queuedColumns, campaignID, candidateIDs, now)
}

// Unqueue makes every queued candidate of the campaign ready again and gives
// their number. A leased one among them is refused by the gate as not_queued.
func (s *Store) Unqueue(ctx context.Context, campaignID int64) (int, error) {
	tag, err := s.pool.Exec(ctx, `with taken as (
			select id from candidates where campaign_id = $1 and state = 'queued' for no key update skip locked)
		update candidates c set state = 'ready', queued_at = null, state_at = $2 from taken where c.id = taken.id and c.state = 'queued'`,
		campaignID, s.clock.Now())
	return int(tag.RowsAffected()), classify(err)
}
