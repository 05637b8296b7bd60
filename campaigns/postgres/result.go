package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// CommitResult stores an agent's result once: the call is closed, the candidate
// moved, suppression or complaint written, in one transaction. The same command
// again gives the stored reply with Replayed set; another body under its id is
// CodeConflict, and so is a call that has its result or goes on still.
// CodeInvalid names a wrong field, CodeForbidden another agent's call. A call
// that was closed as system_agent_lost is completed and keeps the old word as
// an amendment.
func (s *Store) CommitResult(ctx context.Context, r campaigns.Result) (campaigns.ResultReply, error) {
	var reply campaigns.ResultReply
	err := s.tx(ctx, func(tx pgx.Tx) error {
		stored, found, err := s.storedReply(ctx, tx, r)
		if err != nil || found {
			reply = stored
			return err
		}
		now := s.clock.Now()
		call, err := s.lockCall(ctx, tx, r.CallID, r.ContactID)
		if err != nil {
			return err
		}
		choice, err := s.checkResult(r, call, now)
		if err != nil {
			return err
		}
		if err := s.confirmDisclosures(ctx, tx, r, call, now); err != nil {
			return err
		}
		if err := s.closeByAgent(ctx, tx, r, call, now); err != nil {
			return err
		}
		if reply, err = s.follow(ctx, tx, r, call, choice, now); err != nil {
			return err
		}
		if err := s.acceptOffer(ctx, tx, r, call, now); err != nil {
			return err
		}
		return s.storeReply(ctx, tx, r, reply, now)
	})
	if err != nil {
		return campaigns.ResultReply{}, err
	}
	return reply, nil
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

func (s *Store) storeReply(ctx context.Context, tx pgx.Tx, r campaigns.Result, reply campaigns.ResultReply, now time.Time) error {
	body, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	return exec(ctx, tx, `insert into agent_commands (agent_id, command_id, kind, body_hash, reply, at) values ($1, $2, 'call.result', $3, $4, $5)`,
		r.AgentID, r.CommandID, r.BodyHash, body, now)
}

// checkResult names the first thing that is wrong with the result.
func (s *Store) checkResult(r campaigns.Result, c resultCall, now time.Time) (campaigns.DispositionChoice, error) {
	switch {
	case c.agentID != 0 && c.agentID != r.AgentID:
		return campaigns.DispositionChoice{}, campaigns.Errorf(campaigns.CodeForbidden, "the call belongs to another agent")
	case c.disposition != "" && !c.lost():
		return campaigns.DispositionChoice{}, campaigns.Errorf(campaigns.CodeConflict, "the call has its result already: %s", c.disposition)
	case !c.ended:
		return campaigns.DispositionChoice{}, campaigns.Errorf(campaigns.CodeConflict, "the call has not ended yet")
	}
	choice, err := checkChoice(c.settings, r.Disposition, r.Reason)
	if err != nil || r.Disposition != campaigns.DispositionCallback {
		return choice, err
	}
	switch {
	case r.CallbackAt.IsZero():
		return choice, campaigns.Invalid("callback_at", "is missing")
	case !r.CallbackAt.After(now):
		return choice, campaigns.Invalid("callback_at", "%s has passed", r.CallbackAt.Format(time.RFC3339))
	case len(c.zones) == 0:
		return choice, nil
	}
	v := s.hoursVerdict(c.settings, c.zones, c.jurisdictions, r.CallbackAt)
	switch {
	case !slices.Contains(clockReasons, v.Reason):
		return choice, nil
	case v.Until.IsZero():
		return choice, campaigns.Invalid("callback_at", "%s is outside the customer's calling hours", r.CallbackAt.Format(time.RFC3339))
	default:
		return choice, campaigns.Invalid("callback_at", "%s is outside the customer's calling hours, the next allowed time is %s",
			r.CallbackAt.Format(time.RFC3339), v.Until.UTC().Format(time.RFC3339))
	}
}

// checkChoice finds the disposition among those of the campaign.
func checkChoice(settings *campaigns.Settings, code campaigns.Disposition, reason string) (campaigns.DispositionChoice, error) {
	choice, ok := settings.Choice(code)
	switch {
	case !ok || code.System():
		return choice, campaigns.Invalid("disposition", "%q is not a result of this campaign", code)
	case len(choice.Reasons) > 0 && !slices.Contains(choice.Reasons, reason):
		return choice, campaigns.Invalid("reason", "%q is not one of %v", reason, choice.Reasons)
	}
	return choice, nil
}

// closeByAgent writes the result into the call.
func (s *Store) closeByAgent(ctx context.Context, tx pgx.Tx, r campaigns.Result, c resultCall, now time.Time) error {
	if c.disposition != "" {
		if err := keepOldWord(ctx, tx, r.CallID, r.AgentID, "completed by the agent", now); err != nil {
			return err
		}
	}
	return exec(ctx, tx, `update calls set disposition = $2, disposition_reason = $3, notes = $4, closed_at = $5, agent_id = $6, draft = null,
			wrap_up_ms = $7, talk_ms = greatest(talk_ms, $8), hold_ms = greatest(hold_ms, $9), contact_id = nullif($10::bigint, 0) where id = $1`,
		r.CallID, r.Disposition, r.Reason, r.Notes, now, r.AgentID, r.WrapUp.Milliseconds(), r.TalkTime.Milliseconds(), r.HoldTime.Milliseconds(),
		c.contactID)
}

// SaveDraft keeps an unfinished result; a closed call keeps none.
func (s *Store) SaveDraft(ctx context.Context, d campaigns.Draft) error {
	_, err := s.pool.Exec(ctx, `update calls set draft = $2 where id = $1 and closed_at is null`, d.CallID, []byte(d.Body))
	return classify(err)
}
