package postgres

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// openCandidate is a candidate whose attempt or call has just ended.
type openCandidate struct {
	id, campaignID int64
	attempts       int
	nextNumberID   int64
	settings       *campaigns.Settings
}

// lockCandidate locks an open candidate; false when it is not open.
func (s *Store) lockCandidate(ctx context.Context, tx pgx.Tx, id int64, now time.Time) (openCandidate, bool, error) {
	c := openCandidate{id: id}
	var state campaigns.CandidateState
	err := tx.QueryRow(ctx, `select c.campaign_id, c.state, c.attempts,
		coalesce((select cn.number_id from contact_numbers cn join numbers m on m.id = cn.number_id
			where cn.contact_id = c.contact_id and m.bad_at is null and cn.number_id <> c.number_id
			and cn.position > (select position from contact_numbers p where p.contact_id = c.contact_id and p.number_id = c.number_id)
			and not exists (select from suppressions s where s.number_hmac = m.hmac and (s.campaign_id is null or s.campaign_id = c.campaign_id)
				and (s.expires_at is null or s.expires_at > $2))
			order by cn.position limit 1), 0)
		from candidates c where c.id = $1 for update of c`, id, now).Scan(&c.campaignID, &state, &c.attempts, &c.nextNumberID)
	if err != nil {
		return c, false, err
	}
	c.settings, _, err = s.settingsOf(ctx, tx, c.campaignID)
	return c, state == campaigns.CandidateOpen, err
}

// step moves a locked open candidate on. counted adds the attempt to its count
// and lowers its rank by the campaign's decay.
func (s *Store) step(ctx context.Context, tx pgx.Tx, c openCandidate, next campaigns.NextStep, agentID int64, counted bool, now time.Time) error {
	added, decay, number := 0, 0.0, int64(0)
	if counted {
		added, decay = 1, math.Log2(c.settings.AttemptDecay)
	}
	if next.NextNumber {
		number = c.nextNumberID
	}
	_, err := tx.Exec(ctx, `update candidates set state = $2, reason = $3, due_at = $4, agent_id = nullif($5::bigint, 0),
		attempts = attempts + $6, rank = rank + $7, number_id = coalesce(nullif($8::bigint, 0), number_id), state_at = $9
		where id = $1 and state = 'open'`, c.id, next.State, next.Reason, optional(next.Due), agentID, added, decay, number, now)
	return err
}

// stepAfterOutcome recycles the candidate by the campaign's rule for the
// outcome of the attempt that just ended.
func (s *Store) stepAfterOutcome(ctx context.Context, tx pgx.Tx, candidateID int64, outcome campaigns.Outcome, now time.Time) error {
	c, open, err := s.lockCandidate(ctx, tx, candidateID, now)
	if err != nil || !open {
		return err
	}
	var same int
	if err := tx.QueryRow(ctx, `select count(*) from attempts where candidate_id = $1 and outcome = $2`, candidateID, outcome).Scan(&same); err != nil {
		return err
	}
	counted := outcome.CountsAsAttempt()
	attempts := c.attempts
	if counted {
		attempts++
	}
	rule, known := c.settings.Recycle[outcome]
	if !known {
		rule = campaigns.DefaultRecycle()[outcome]
	}
	next := rule.Next(campaigns.ReasonOf(outcome), max(same, 1), attempts, c.settings.MaxAttempts, c.nextNumberID != 0, now)
	return s.step(ctx, tx, c, next, 0, counted, now)
}
