package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// Record writes facts in their order in one transaction; repeated ones change
// nothing. A fact counts for what its node and epoch own, and is dropped for
// anything else. What Reconcile closed stays closed, but for the end of an
// attempt that was closed as unknown: its owner's late word amends that once.
func (s *Store) Record(ctx context.Context, facts []campaigns.Event) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		drops := dropTally{}
		for _, fact := range facts {
			if err := s.recordOne(ctx, tx, fact, drops); err != nil {
				return campaigns.Wrap(campaigns.CodeOf(err), string(fact.Kind), err)
			}
		}
		return drops.book(ctx, tx)
	})
}

func (s *Store) recordOne(ctx context.Context, tx pgx.Tx, f campaigns.Event, drops dropTally) error {
	switch f.Kind {
	case campaigns.AttemptSent:
		return exec(ctx, tx, `update attempts set sent_at = coalesce(sent_at, $4), trunk = $5, caller_id = $6, sip_call_id = $7, claim_to_invite_us = $8
			where id = $1 and node = $2 and epoch = $3`, f.AttemptID, f.Node, f.Epoch, f.At, f.Trunk, f.CallerID, f.SIPCallID, f.Latency.Microseconds())
	case campaigns.AttemptRinging:
		return exec(ctx, tx, `update attempts set ringing_at = coalesce(ringing_at, $4) where id = $1 and node = $2 and epoch = $3`,
			f.AttemptID, f.Node, f.Epoch, f.At)
	case campaigns.AttemptAnswered:
		return s.recordAnswer(ctx, tx, f)
	case campaigns.AttemptEnded:
		return s.recordAttemptEnd(ctx, tx, f, drops)
	case campaigns.CallArrived, campaigns.CallQueued, campaigns.CallOffered, campaigns.CallBridged, campaigns.CallEnded,
		campaigns.CallIdentified, campaigns.CallClosed:
		return s.recordCall(ctx, tx, f)
	case campaigns.AgentChanged:
		if err := recordPresence(ctx, tx, f); err != nil {
			return err
		}
		return exec(ctx, tx, `insert into agent_spells (agent_id, state, reason, until, spent_ms, hold_ms) values ($1, $2, $3, $4, $5, $6)
			on conflict do nothing`,
			f.AgentID, f.PreviousState, f.PreviousReason, f.At, f.Spent.Milliseconds(), f.Hold.Milliseconds())
	default:
		return nil
	}
}

// recordPresence keeps what the agent does now.
func recordPresence(ctx context.Context, tx pgx.Tx, f campaigns.Event) error {
	if f.AgentState == "" {
		return nil
	}
	return exec(ctx, tx, `insert into agent_presence (agent_id, state, since, node, epoch) values ($1, $2, $3, $4, $5)
		on conflict (agent_id) do update set state = excluded.state, since = excluded.since, node = excluded.node, epoch = excluded.epoch
		where agent_presence.since <= excluded.since`, f.AgentID, f.AgentState, f.At, f.Node, f.Epoch)
}

// recordAnswer sets the answer and opens the call.
func (s *Store) recordAnswer(ctx context.Context, tx pgx.Tx, f campaigns.Event) error {
	if err := exec(ctx, tx, `update attempts set answered_at = coalesce(answered_at, $4) where id = $1 and node = $2 and epoch = $3`,
		f.AttemptID, f.Node, f.Epoch, f.At); err != nil {
		return err
	}
	return s.insertCall(ctx, tx, `insert into calls (id, direction, campaign_id, candidate_id, contact_id, number_id, attempt_id, node, epoch, trunk,
			caller, called, sip_call_id, started_at)
		select $1, 'outbound', a.campaign_id, a.candidate_id, case when $6::boolean then a.contact_id end, a.number_id, a.id, a.node, a.epoch, a.trunk,
			a.caller_id, n.e164, a.sip_call_id, $5
		from attempts a join numbers n on n.id = a.number_id where a.id = $2 and a.node = $3 and a.epoch = $4
		on conflict (id) do nothing`, f.CallID, f.AttemptID, f.Node, f.Epoch, f.At)
}

// insertCall inserts a call with its contact, and without it when that person
// is in a live call already: a conversation is kept, come what may.
func (s *Store) insertCall(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error { return exec(ctx, inner, sql, append(args, true)...) })
	if violates(err, "calls_live_contact") {
		err = exec(ctx, tx, sql, append(args, false)...)
	}
	return err
}

// recordAttemptEnd closes the attempt, counts it for the drop ledger, marks a bad
// number, and recycles the candidate unless a call owes its result.
func (s *Store) recordAttemptEnd(ctx context.Context, tx pgx.Tx, f campaigns.Event, drops dropTally) error {
	if f.End == nil || !f.End.Outcome.Valid() {
		return campaigns.Invalid("end", "attempt %d ends without a known outcome", f.AttemptID)
	}
	var candidateID *int64
	var campaignID, numberID int64
	var before *campaigns.Outcome
	err := tx.QueryRow(ctx, `select candidate_id, campaign_id, number_id, outcome from attempts
		where id = $1 and node = $2 and epoch = $3 for no key update`, f.AttemptID, f.Node, f.Epoch).Scan(&candidateID, &campaignID, &numberID, &before)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	late := before != nil && *before == campaigns.OutcomeUnknown && f.End.Outcome != campaigns.OutcomeUnknown
	if before != nil && !late {
		return nil
	}
	if err := exec(ctx, tx, `update attempts set outcome = $2, ended_at = coalesce(ended_at, $3), sip_code = $4, q850 = $5, detail = $6 where id = $1`,
		f.AttemptID, f.End.Outcome, f.At, f.End.SIPCode, f.End.Q850, f.End.Detail); err != nil {
		return err
	}
	drops.add(campaignID, f.Node, f.End.Outcome, f.At)
	if f.End.Outcome == campaigns.OutcomeBadNumber {
		if err := exec(ctx, tx, `update numbers set bad_at = coalesce(bad_at, $2) where id = $1`, numberID, f.At); err != nil {
			return err
		}
	}
	if candidateID == nil || f.End.Outcome == campaigns.OutcomeAnswered || late {
		return nil
	}
	return s.stepAfterOutcome(ctx, tx, *candidateID, f.End.Outcome, f.At)
}

func exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	_, err := tx.Exec(ctx, sql, args...)
	return err
}
