package postgres

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// Hot names candidates that are to be dialed as soon as may be.
type Hot struct {
	CampaignID int64   `json:"campaign_id"`
	Candidates []int64 `json:"candidates"`
}

// WatchHot calls f for the hot candidates of each event as it is applied, until
// ctx ends, which is its error. A notice that is lost costs time only: the
// candidates are ready and will be picked by their rank.
func (s *Store) WatchHot(ctx context.Context, f func(campaignID int64, candidates []int64)) error {
	return s.watch(ctx, hotChannel, func() {}, func(payload string) {
		var h Hot
		if err := json.Unmarshal([]byte(payload), &h); err != nil {
			s.log.Error("notice of hot candidates is unreadable", "error", err)
			return
		}
		f(h.CampaignID, h.Candidates)
	})
}

// QueueHot marks those of the candidates as queued that are ready in a bucket
// whose window is open, and gives them for the hopper. It gives none when the
// campaign does not run.
func (s *Store) QueueHot(ctx context.Context, campaignID int64, candidates []int64) ([]campaigns.HopperItem, error) {
	var items []campaigns.HopperItem
	err := s.tx(ctx, func(tx pgx.Tx) error {
		items = nil
		settings, state, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil || state != campaigns.CampaignRunning {
			return err
		}
		now := s.clock.Now()
		p := picker{tx: tx, campaignID: campaignID, n: len(candidates)}
		if err := s.openBuckets(ctx, &p, settings, now); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select c.bucket_id, c.list_id, c.id, c.contact_id, c.number_id, c.answer_probability, c.rank, coalesce(c.agent_id, 0)
			from candidates c join buckets b on b.id = c.bucket_id
			where c.campaign_id = $1 and c.id = any($2) and c.state = 'ready' and c.bucket_id = any($3) and c.list_id = any($4)
			and (c.rank >= $5 or b.kind = 'callback') and c.number_id is not null`,
			campaignID, candidates, p.buckets, slices.Collect(maps.Keys(p.lists)), p.floor)
		if err != nil {
			return err
		}
		heads, err := pgx.CollectRows(rows, p.scanHead)
		if err != nil {
			return err
		}
		items, err = p.mark(ctx, p.best(heads), now)
		return err
	})
	return items, err
}
