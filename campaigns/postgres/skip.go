package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// Skip lets a previewed candidate rest and notes who skipped it and why. It
// fails with CodeConflict when the candidate is not in the hopper any more.
func (s *Store) Skip(ctx context.Context, skip campaigns.Skip) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		tag, err := tx.Exec(ctx, `update candidates set state = 'resting', reason = $3, due_at = $4, state_at = $5, queued_at = null
			where id = $1 and campaign_id = $2 and state = 'queued'`,
			skip.CandidateID, skip.CampaignID, campaigns.ReasonSkipped, now.Add(skip.Delay), now)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return campaigns.Errorf(campaigns.CodeConflict, "candidate %d is not in the hopper any more", skip.CandidateID)
		}
		return nil
	})
}
