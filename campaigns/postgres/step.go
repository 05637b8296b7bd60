package postgres

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// heldCandidate is a candidate whose row is locked, to be moved on.
type heldCandidate struct {
	id, campaignID, contactID int64
	state                     campaigns.CandidateState
	attempts                  int
	// nextNumberID is the person's next callable number after the present one,
	// firstNumberID the first of the others; zero: none.
	nextNumberID, firstNumberID int64
	settings                    *campaigns.Settings
}

// holdCandidate locks a candidate and reads what its next step depends on.
func (s *Store) holdCandidate(ctx context.Context, tx pgx.Tx, id int64, now time.Time) (heldCandidate, error) {
	c := heldCandidate{id: id}
	err := tx.QueryRow(ctx, `select k.campaign_id, k.contact_id, k.state, k.attempts,
		coalesce((select cn.number_id from `+callableNumbers+`
			and cn.position > (select position from contact_numbers p where p.contact_id = k.contact_id and p.number_id = k.number_id)
			order by cn.position limit 1), 0),
		coalesce((select cn.number_id from `+callableNumbers+` order by cn.position limit 1), 0)
		from candidates k `+ofCampaign+` where k.id = $1 for no key update of k`, id, now).
		Scan(&c.campaignID, &c.contactID, &c.state, &c.attempts, &c.nextNumberID, &c.firstNumberID)
	if err != nil {
		return c, err
	}
	c.settings, _, err = s.settingsOf(ctx, tx, c.campaignID)
	return c, err
}

// step moves a held candidate on. counted adds the attempt to its count and
// lowers its rank by the campaign's decay.
func (s *Store) step(ctx context.Context, tx pgx.Tx, c heldCandidate, next campaigns.NextStep, agentID int64, counted bool, now time.Time) error {
	if next.State != c.state && !c.state.CanMove(next.State) {
		return campaigns.Errorf(campaigns.CodeConflict, "candidate %d is %s and cannot become %s", c.id, c.state, next.State)
	}
	added, decay, number := 0, 0.0, int64(0)
	if counted {
		added, decay = 1, math.Log2(c.settings.AttemptDecay)
	}
	switch {
	case next.NextNumber:
		number = c.nextNumberID
	case next.FirstNumber:
		number = c.firstNumberID
	}
	return exec(ctx, tx, `update candidates set state = $2::text, reason = $3, due_at = $4::timestamptz, agent_id = nullif($5::bigint, 0), queued_at = null,
		attempts = attempts + $6, rank = rank + $7, number_id = coalesce(nullif($8::bigint, 0), number_id), state_at = $9,
		callback_at = case when $2::text = 'callback' then $4::timestamptz end
		where id = $1`, c.id, next.State, next.Reason, optional(next.Due), agentID, added, decay, number, now)
}

// hoursTried is how many of the last attempts another hour keeps away from.
const hoursTried = 4

// atOtherHour moves the due time of a retry to an hour of the person's day at
// which they were not tried lately, within the campaign's window and the hours and
// dates of the rules that bind the call.
func (s *Store) atOtherHour(ctx context.Context, tx pgx.Tx, c heldCandidate, due time.Time) (time.Time, error) {
	var at zoneQuestion
	var number string
	var byNumber []string
	var tried []time.Time
	err := tx.QueryRow(ctx, `select n.e164, n.region, n.zones, p.region, p.postal_code, p.time_zone,
			array(select a.reserved_at from attempts a where a.contact_id = k.contact_id and a.candidate_id = k.id order by a.reserved_at desc limit $2)
		from candidates k join contacts p on p.id = k.contact_id join numbers n on n.id = k.number_id where k.id = $1`, c.id, hoursTried).
		Scan(&number, &at.country, &byNumber, &at.region, &at.postalCode, &at.timeZone, &tried)
	if err != nil {
		return due, err
	}
	_, clocks := s.zones.of(at, byNumber)
	if len(clocks) == 0 {
		return due, nil
	}
	places := s.laws.jurisdictions(at, number)
	return campaigns.AtOtherHour(due, tried, clocks[0], func(at time.Time) bool {
		return s.laws.law(places, &c.settings.Compliance, at).Open(c.settings, clocks, at)
	}), nil
}

// stepAfterOutcome recycles an open candidate by the campaign's rule for the
// outcome of the attempt that just ended; one that is not open stays.
func (s *Store) stepAfterOutcome(ctx context.Context, tx pgx.Tx, candidateID int64, outcome campaigns.Outcome, now time.Time) error {
	c, err := s.holdCandidate(ctx, tx, candidateID, now)
	if err != nil || c.state != campaigns.CandidateOpen {
		return err
	}
	var same int
	if err := tx.QueryRow(ctx, `select count(*) from attempts where contact_id = $1 and candidate_id = $2 and outcome = $3
			and reserved_at >= coalesce((select reset_at from candidates where id = $2), '-infinity')`,
		c.contactID, candidateID, outcome).Scan(&same); err != nil {
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
	if rule.OtherHour && next.State == campaigns.CandidateResting {
		if next.Due, err = s.atOtherHour(ctx, tx, c, next.Due); err != nil {
			return err
		}
	}
	return s.step(ctx, tx, c, next, 0, counted, now)
}
