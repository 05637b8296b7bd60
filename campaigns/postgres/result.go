package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// resultCall is the call that a result is for.
type resultCall struct {
	campaignID, candidateID, contactID, numberID *int64
	ended                                        bool
	disposition                                  *campaigns.Disposition
	e164                                         *string
	zones                                        []string
	settings                                     *campaigns.Settings
}

// CommitResult stores an agent's result once: the call is closed, the candidate
// moved, suppression or complaint written, in one transaction. The same command
// again gives the stored reply with Replayed set; another body under its id is
// CodeConflict. CodeInvalid names a wrong field. A call that was closed as
// system_agent_lost is completed and keeps the old word as an amendment.
func (s *Store) CommitResult(ctx context.Context, r campaigns.Result) (campaigns.ResultReply, error) {
	var reply campaigns.ResultReply
	err := s.tx(ctx, func(tx pgx.Tx) error {
		stored, found, err := s.storedReply(ctx, tx, r)
		if err != nil || found {
			reply = stored
			return err
		}
		now := s.clock.Now()
		call, err := s.lockCall(ctx, tx, r)
		if err != nil {
			return err
		}
		choice, err := checkResult(r, call, now)
		if err != nil {
			return err
		}
		if err := s.closeByAgent(ctx, tx, r, call, now); err != nil {
			return err
		}
		if reply, err = s.follow(ctx, tx, r, call, choice, now); err != nil {
			return err
		}
		return s.storeReply(ctx, tx, r.AgentID, r.CommandID, "call.result", r.BodyHash, reply, now)
	})
	return reply, err
}

// storedReply finds the reply of an earlier commit of the same command. The
// advisory lock makes concurrent repetitions wait for the first.
func (s *Store) storedReply(ctx context.Context, tx pgx.Tx, r campaigns.Result) (campaigns.ResultReply, bool, error) {
	var reply campaigns.ResultReply
	if err := exec(ctx, tx, `select pg_advisory_xact_lock(hashtextextended($1, $2))`, r.CommandID, r.AgentID); err != nil {
		return reply, false, err
	}
	var hash string
	var body []byte
	err := tx.QueryRow(ctx, `select body_hash, reply from agent_commands where agent_id = $1 and command_id = $2`, r.AgentID, r.CommandID).Scan(&hash, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return reply, false, nil
	}
	if err != nil {
		return reply, false, err
	}
	if hash != r.BodyHash {
		return reply, false, campaigns.Errorf(campaigns.CodeConflict, "the command id %s was used for another result", r.CommandID)
	}
	err = json.Unmarshal(body, &reply)
	reply.Replayed = true
	return reply, true, err
}

func (s *Store) storeReply(ctx context.Context, tx pgx.Tx, agentID int64, commandID, kind, hash string, reply any, now time.Time) error {
	body, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	return exec(ctx, tx, `insert into agent_commands (agent_id, command_id, kind, body_hash, reply, at) values ($1, $2, $3, $4, $5, $6)`,
		agentID, commandID, kind, hash, body, now)
}

// lockCall reads the call and locks it, after the rows of its person and its
// number, which a DNC entry or complaint of the result will need.
func (s *Store) lockCall(ctx context.Context, tx pgx.Tx, r campaigns.Result) (resultCall, error) {
	var c resultCall
	var batch pgx.Batch
	batch.Queue(`select id from contacts where id in (select contact_id from calls where id = $1 union select nullif($2::bigint, 0)) order by id for update`,
		r.CallID, r.ContactID)
	batch.Queue(`select id from numbers where id in (select number_id from calls where id = $1) for update`, r.CallID)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return c, err
	}
	err := tx.QueryRow(ctx, `select k.campaign_id, k.candidate_id, k.contact_id, k.number_id, k.ended_at is not null, k.disposition, n.e164, n.zones
		from calls k left join numbers n on n.id = k.number_id where k.id = $1 for update of k`, r.CallID).
		Scan(&c.campaignID, &c.candidateID, &c.contactID, &c.numberID, &c.ended, &c.disposition, &c.e164, &c.zones)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, campaigns.Errorf(campaigns.CodeNotFound, "no call %s", r.CallID)
	}
	if err != nil {
		return c, err
	}
	if c.campaignID != nil {
		if c.settings, _, err = s.settingsOf(ctx, tx, *c.campaignID); err != nil {
			return c, err
		}
	} else {
		defaults := campaigns.DefaultSettings(campaigns.KindLoyalty)
		c.settings = &defaults
	}
	return c, nil
}

// checkResult names the first thing that is wrong with the result.
func checkResult(r campaigns.Result, c resultCall, now time.Time) (campaigns.DispositionChoice, error) {
	choice, ok := c.settings.Choice(r.Disposition)
	switch {
	case c.disposition != nil && *c.disposition != campaigns.SystemAgentLost:
		return choice, campaigns.Errorf(campaigns.CodeConflict, "the call has its result already: %s", *c.disposition)
	case !c.ended:
		return choice, campaigns.Errorf(campaigns.CodeConflict, "the call has not ended yet")
	case !ok:
		return choice, campaigns.Invalid("disposition", "%q is not a result of this campaign", r.Disposition)
	case len(choice.Reasons) > 0 && !slices.Contains(choice.Reasons, r.Reason):
		return choice, campaigns.Invalid("reason", "%q is not one of %v", r.Reason, choice.Reasons)
	case r.Disposition != campaigns.DispositionCallback:
		return choice, nil
	case r.CallbackAt.IsZero():
		return choice, campaigns.Invalid("callback_at", "is missing")
	case !r.CallbackAt.After(now):
		return choice, campaigns.Invalid("callback_at", "%s has passed", r.CallbackAt.Format(time.RFC3339))
	}
	if len(c.zones) > 0 {
		if open, next := calling.WindowOpen(c.settings.Window, c.zones, r.CallbackAt); !open {
			return choice, campaigns.Invalid("callback_at", "%s is outside the customer's calling hours, the next allowed time is %s",
				r.CallbackAt.Format(time.RFC3339), next.Format(time.RFC3339))
		}
	}
	return choice, nil
}

// closeByAgent writes the result into the call.
func (s *Store) closeByAgent(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, now time.Time) error {
	if c.disposition != nil {
		if err := exec(ctx, tx, `insert into call_amendments (call_id, user_id, disposition, reason, notes, why, amended_at)
			select id, $2, disposition, disposition_reason, notes, 'completed by the agent', $3 from calls where id = $1`, r.CallID, r.AgentID, now); err != nil {
			return err
		}
	}
	if r.ContactID != 0 && c.contactID == nil {
		if err := s.bindContact(ctx, tx, r.CallID, r.ContactID); err != nil {
			return err
		}
	}
	return exec(ctx, tx, `update calls set disposition = $2, disposition_reason = $3, notes = $4, closed_at = $5, agent_id = $6, draft = null,
			wrap_up_ms = $7, talk_ms = greatest(talk_ms, $8), hold_ms = greatest(hold_ms, $9) where id = $1`,
		r.CallID, r.Disposition, r.Reason, r.Notes, now, r.AgentID, r.WrapUp.Milliseconds(), r.TalkTime.Milliseconds(), r.HoldTime.Milliseconds())
}

// follow does what the disposition asks for: suppression, complaint, and the
// candidate's next step.
func (s *Store) follow(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, choice campaigns.DispositionChoice, now time.Time) (campaigns.ResultReply, error) {
	reply := campaigns.ResultReply{CallID: r.CallID, Disposition: r.Disposition}
	contactID := r.ContactID
	if c.contactID != nil {
		contactID = *c.contactID
	}
	reason := campaigns.Reason(r.Disposition)
	switch r.Disposition {
	case campaigns.DispositionDoNotCall:
		if c.e164 != nil {
			if err := s.suppress(ctx, tx, suppression{e164: *c.e164, source: "agent", reason: r.Notes}, now); err != nil {
				return reply, err
			}
		}
	case campaigns.DispositionComplaint:
		reason = campaigns.ReasonOpenComplaint
		if contactID != 0 {
			if err := s.openComplaint(ctx, tx, contactID, r.Notes, now); err != nil {
				return reply, err
			}
		}
	}
	if c.candidateID == nil {
		return reply, nil
	}
	candidate, err := s.holdCandidate(ctx, tx, *c.candidateID, now)
	if err != nil || candidate.state != campaigns.CandidateOpen {
		return reply, err
	}
	var same int
	if err := tx.QueryRow(ctx, `select count(*) from calls where candidate_id = $1 and disposition = $2`, *c.candidateID, r.Disposition).Scan(&same); err != nil {
		return reply, err
	}
	next := choice.Then.Next(reason, max(same, 1), candidate.attempts+1, candidate.settings.MaxAttempts, candidate.nextNumberID != 0, now)
	agentID := int64(0)
	if r.Disposition == campaigns.DispositionCallback {
		// An agreed callback is kept even where the attempts are used up.
		next = campaigns.NextStep{State: campaigns.CandidateCallback, Reason: reason, Due: r.CallbackAt}
		if r.CallbackPersonal {
			agentID = r.AgentID
		}
	}
	reply.Candidate, reply.DueAt = next.State, optional(next.Due)
	return reply, s.step(ctx, tx, candidate, next, agentID, true, now)
}

// AmendResult changes a committed result by appending: the old word, who
// changed it and why stay readable. The candidate is not moved again.
func (s *Store) AmendResult(ctx context.Context, userID int64, id campaigns.CallID, disposition campaigns.Disposition, reason, notes, why string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		tag, err := tx.Exec(ctx, `insert into call_amendments (call_id, user_id, disposition, reason, notes, why, amended_at)
			select id, $2, disposition, disposition_reason, notes, $3, $4 from calls where id = $1 and closed_at is not null for update`, id, userID, why, now)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return campaigns.Errorf(campaigns.CodeConflict, "call %s has no result to amend", id)
		}
		return exec(ctx, tx, `update calls set disposition = $2, disposition_reason = $3, notes = $4 where id = $1`, id, disposition, reason, notes)
	})
}

// SaveDraft keeps an unfinished result; a closed call keeps none.
func (s *Store) SaveDraft(ctx context.Context, d campaigns.Draft) error {
	_, err := s.pool.Exec(ctx, `update calls set draft = $2 where id = $1 and closed_at is null`, d.CallID, []byte(d.Body))
	return classify(err)
}
