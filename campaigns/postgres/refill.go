package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// ActiveCampaigns gives the campaigns that the engine looks after: the running
// and the paused ones, and any other one that still has queued candidates.
func (s *Store) ActiveCampaigns(ctx context.Context) ([]campaigns.Campaign, error) {
	return s.queryCampaigns(ctx, `select `+campaignColumns+` from campaigns c where state in ('running', 'paused')
		or exists (select from candidates q where q.campaign_id = c.id and q.state = 'queued') order by id`)
}

// refillRounds bounds how often a refill picks again because the policy of the
// campaign refused some of what it had picked.
const refillRounds = 4

// Refill marks up to n of a running campaign's best candidates as queued and
// gives them, best first, for the hopper. It gives none when the campaign does
// not run.
//
// Candidates are picked from the heads of the buckets whose window is open, and
// only then locked and marked, so that no row is locked that is not taken. A
// row that somebody else holds or has moved meanwhile is left out; the next
// refill makes up for it. Due callbacks come first, then the lists by priority;
// lists of the same priority share by their mix, or else by rank alone.
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
		for range refillRounds {
			best, err := p.pick(ctx)
			if err != nil {
				return err
			}
			marked, err := p.mark(ctx, best, now)
			if err != nil {
				return err
			}
			items = append(items, marked...)
			if p.n -= len(marked); p.refused == 0 || p.n == 0 {
				break
			}
		}
		return nil
	})
	return items, err
}

// picker finds the best candidates of the open buckets in one transaction.
type picker struct {
	tx         pgx.Tx
	campaignID int64
	n          int
	store      *Store
	settings   *campaigns.Settings
	// buckets that are open, which of them hold due callbacks, and what is added
	// to the ranks of each.
	buckets   []int64
	callbacks map[int64]bool
	offset    map[int64]float64
	// lists that may be called.
	lists map[int64]listRule
	// floor is the rank below which a call is not worth its cost.
	floor float64
	// refused is how many of the picked ones the last mark has held back.
	refused int
}

// openBuckets finds the buckets whose window is open for as long as a phone may
// ring, and the lists that may be called.
func (s *Store) openBuckets(ctx context.Context, p *picker, settings *campaigns.Settings, now time.Time) error {
	p.store, p.settings, p.floor = s, settings, breakEven(settings, now)
	p.offset, p.callbacks = map[int64]float64{}, map[int64]bool{}
	hours, err := s.readHourOffsets(ctx, p.tx, p.campaignID, settings)
	if err != nil {
		return err
	}
	rows, err := p.tx.Query(ctx, `select id, kind, zones, region from buckets where campaign_id = $1`, p.campaignID)
	if err != nil {
		return err
	}
	var id int64
	var kind, jurisdictions string
	var zones []string
	if _, err := pgx.ForEachRow(rows, []any{&id, &kind, &zones, &jurisdictions}, func() error {
		if s.bucketVerdict(settings, campaigns.CampaignRunning, true, zones, jurisdictions, now).Allowed {
			p.buckets = append(p.buckets, id)
			if kind == bucketCallback {
				p.callbacks[id], p.offset[id] = true, callbackOffset
			} else if hours != nil {
				_, clocks := s.zones.of(zoneQuestion{}, zones)
				p.offset[id] = hours.at(hourPlace(zones, jurisdictions), now, clocks)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	p.lists, err = listRules(ctx, p.tx, p.campaignID, now)
	return err
}

// mark locks the picked candidates that nobody else holds and that are still
// ready, holds back those that the campaign's policy refuses, and makes the
// others queued.
func (p *picker) mark(ctx context.Context, best []head, now time.Time) ([]campaigns.HopperItem, error) {
	best, err := p.admit(ctx, best, now)
	if err != nil || len(best) == 0 {
		return nil, err
	}
	ids := make([]int64, len(best))
	for i, h := range best {
		ids[i] = h.item.CandidateID
	}
	if p.settings.Selection.Segment != "" {
		// Whoever is not in the segment is blocked here and not taken below,
		// whatever the sweep has reached.
		swept, err := sweepSegment(ctx, p.tx, p.settings, p.campaignID, `c.id = any($3) limit $4`, ids, len(ids), now)
		if err != nil {
			return nil, err
		}
		p.refused += swept.Blocked
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
	taken := make([]head, 0, len(numbers))
	items := make([]campaigns.HopperItem, 0, len(numbers))
	for _, h := range best {
		if number, ok := numbers[h.item.CandidateID]; ok {
			h.item.NumberID = number
			taken, items = append(taken, h), append(items, h.item)
		}
	}
	if err := p.keepFeatures(ctx, taken, now); err != nil {
		return nil, err
	}
	return items, p.logPicks(ctx, taken, now)
}
