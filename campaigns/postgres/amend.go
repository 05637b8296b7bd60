package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// Amendment is a later word on a call that has its result.
type Amendment struct {
	CallID campaigns.CallID
	// UserID is who amends; zero for the system.
	UserID      int64
	Disposition campaigns.Disposition
	Reason      string
	Notes       string
	// Why the result is changed; required.
	Why string
}

// AmendResult changes a committed result by appending: the old word, who
// changed it and why stay readable. What protects the customer follows (a
// do_not_call or complaint that was forgotten); otherwise the candidate is not
// moved again. A sale that is none any more gives its offer back, for good.
// CodeInvalid names a wrong field, CodeConflict a call without a
// result, CodeNotFound one that does not exist.
func (s *Store) AmendResult(ctx context.Context, a Amendment) error {
	if a.Why == "" {
		return campaigns.Invalid("why", "is missing")
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		call, err := s.lockCall(ctx, tx, a.CallID, 0)
		if err != nil {
			return err
		}
		if call.disposition == "" {
			return campaigns.Errorf(campaigns.CodeConflict, "call %s has no result to amend", a.CallID)
		}
		if _, err := checkChoice(call.settings, a.Disposition, a.Reason); err != nil {
			return err
		}
		if err := keepOldWord(ctx, tx, a.CallID, a.UserID, a.Why, now); err != nil {
			return err
		}
		if err := exec(ctx, tx, `update calls set disposition = $2, disposition_reason = $3, notes = $4 where id = $1`,
			a.CallID, a.Disposition, a.Reason, a.Notes); err != nil {
			return err
		}
		if a.Disposition == call.disposition {
			return nil
		}
		if call.disposition == campaigns.DispositionSale {
			if err := releaseOffer(ctx, tx, a.CallID, a.Why, now); err != nil {
				return err
			}
		}
		return s.protect(ctx, tx, call, a.Disposition, a.Notes, now)
	})
}

// keepOldWord appends the call's present result to its amendments, with who
// replaces it and why.
func keepOldWord(ctx context.Context, tx pgx.Tx, id campaigns.CallID, userID int64, why string, now time.Time) error {
	return exec(ctx, tx, `insert into call_amendments (call_id, user_id, disposition, reason, notes, why, amended_at)
		select id, nullif($2::bigint, 0), disposition, disposition_reason, notes, $3, $4 from calls where id = $1`, id, userID, why, now)
}
