package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// waiting are the states of a candidate that nobody is dialing or talking to.
var waiting = []campaigns.CandidateState{
	campaigns.CandidateReady, campaigns.CandidateResting, campaigns.CandidateCallback, campaigns.CandidateQueued,
}

// follow does what the disposition asks for: suppression, complaint, and the
// candidate's next step.
func (s *Store) follow(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, choice campaigns.DispositionChoice, now time.Time) (campaigns.ResultReply, error) {
	reply := campaigns.ResultReply{CallID: r.CallID, Disposition: r.Disposition}
	if err := s.protect(ctx, tx, c, r.Disposition, r.Notes, now); err != nil {
		return reply, err
	}
	var candidate heldCandidate
	if c.candidateID != 0 {
		var err error
		if candidate, err = s.holdCandidate(ctx, tx, c.candidateID, now); err != nil {
			return reply, err
		}
	}
	if !c.moves(candidate) {
		if r.Disposition == campaigns.DispositionCallback {
			return reply, noCallback(candidate)
		}
		reply.Candidate = candidate.state
		return reply, nil
	}
	next, agentID, err := s.nextAfterResult(ctx, tx, r, c, choice, candidate, now)
	if err != nil {
		return reply, err
	}
	reply.Candidate, reply.DueAt = next.State, optional(next.Due)
	return reply, s.step(ctx, tx, candidate, next, agentID, c.counts(candidate), now)
}

// moves reports whether the result moves the candidate: the one whose attempt
// this call was, and else, after an inbound call or one whose agent was lost,
// one that waits.
func (c *resultCall) moves(candidate heldCandidate) bool {
	if candidate.state == campaigns.CandidateOpen {
		return c.direction == campaigns.Outbound && !c.lost()
	}
	return slices.Contains(waiting, candidate.state) && (c.direction == campaigns.Inbound || c.lost())
}

// counts reports whether the result counts its attempt. That of a lost agent
// was counted when the call was closed; an inbound call is no attempt.
func (c *resultCall) counts(candidate heldCandidate) bool {
	return candidate.state == campaigns.CandidateOpen
}

// noCallback says why nobody would call back, rather than lose the promise.
func noCallback(candidate heldCandidate) error {
	if candidate.id == 0 {
		return campaigns.Errorf(campaigns.CodeConflict, "this person is no candidate of the campaign: nobody would call back")
	}
	return campaigns.Errorf(campaigns.CodeConflict, "this person's candidate is %s: nobody would call back", candidate.state)
}

// nextAfterResult applies the rule of the choice. An agreed callback is kept
// even where the attempts are used up; a final word stands as the reason.
func (s *Store) nextAfterResult(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, choice campaigns.DispositionChoice,
	candidate heldCandidate, now time.Time) (campaigns.NextStep, int64, error) {
	reason := campaigns.Reason(r.Disposition)
	switch r.Disposition {
	case campaigns.DispositionCallback:
		agentID := int64(0)
		if r.CallbackPersonal {
			agentID = r.AgentID
		}
		return campaigns.NextStep{State: campaigns.CandidateCallback, Reason: reason, Due: r.CallbackAt}, agentID, nil
	case campaigns.DispositionComplaint:
		return campaigns.NextStep{State: campaigns.CandidateBlocked, Reason: campaigns.ReasonOpenComplaint}, 0, nil
	case campaigns.DispositionDoNotCall:
		return campaigns.NextStep{State: campaigns.CandidateBlocked, Reason: reason}, 0, nil
	}
	var same int
	if err := tx.QueryRow(ctx, `select count(*) from calls where contact_id = $1 and campaign_id = $2 and disposition = $3
			and started_at >= coalesce((select reset_at from candidates where id = $4), '-infinity')`,
		c.contactID, c.campaignID, r.Disposition, candidate.id).Scan(&same); err != nil {
		return campaigns.NextStep{}, 0, err
	}
	attempts := candidate.attempts
	if c.counts(candidate) {
		attempts++
	}
	next := choice.Then.Next(reason, max(same, 1), attempts, candidate.settings.MaxAttempts, candidate.nextNumberID != 0, now)
	if next.State == campaigns.CandidateDone && choice.Then.Max == 0 {
		next.Reason = reason
	}
	if choice.Then.OtherHour && next.State == campaigns.CandidateResting {
		var err error
		if next.Due, err = s.atOtherHour(ctx, tx, candidate, next.Due); err != nil {
			return next, 0, err
		}
	}
	return next, 0, nil
}

// protect keeps what the customer asked for beyond this call: a complaint stops
// all marketing to the person; who asks not to be called is not called at any
// number of theirs (16 CFR 310.4(b)(1)(iii)(A) speaks of the person, not of the
// number), while others at a shared number may be.
func (s *Store) protect(ctx context.Context, tx pgx.Tx, c resultCall, disposition campaigns.Disposition, text string, now time.Time) error {
	switch disposition {
	case campaigns.DispositionComplaint:
		if c.contactID == 0 {
			return nil
		}
		return s.openComplaint(ctx, tx, c.contactID, text, now)
	case campaigns.DispositionDoNotCall:
		numbers, err := ownNumbers(ctx, tx, c)
		if err != nil {
			return err
		}
		for _, e164 := range numbers {
			if err := s.suppress(ctx, tx, suppression{e164: e164, source: "agent", reason: text}, now); err != nil {
				return err
			}
		}
		return blockPerson(ctx, tx, c.contactID, campaigns.ReasonDoNotCall, now)
	}
	return nil
}

// ownNumbers gives the number of the call and those that are the person's alone.
func ownNumbers(ctx context.Context, tx pgx.Tx, c resultCall) ([]string, error) {
	rows, err := tx.Query(ctx, `select n.e164 from contact_numbers cn join numbers n on n.id = cn.number_id
		where cn.contact_id = $1 and not n.shared and n.e164 <> $2 order by n.id`, c.contactID, c.number)
	if err != nil {
		return nil, err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if c.number != "" {
		numbers = append(numbers, c.number)
	}
	return numbers, err
}
