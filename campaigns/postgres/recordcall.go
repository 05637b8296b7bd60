package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// recordCall writes one fact of a call.
func (s *Store) recordCall(ctx context.Context, tx pgx.Tx, f campaigns.Event) error {
	switch f.Kind {
	case campaigns.CallArrived:
		return s.insertCall(ctx, tx, `insert into calls (id, direction, campaign_id, candidate_id, contact_id, number_id, node, epoch, trunk, queue,
				caller, called, sip_call_id, started_at)
			values ($1, 'inbound', nullif($2::bigint, 0), null, case when $13::boolean then nullif($3::bigint, 0) end, nullif($4::bigint, 0),
				$5, $6, $7, $8, $9, $10, $11, $12)
			on conflict (id) do nothing`,
			f.CallID, f.CampaignID, f.ContactID, f.NumberID, f.Node, f.Epoch, f.Trunk, f.Queue, f.Caller, f.Called, f.SIPCallID, f.At)
	case campaigns.CallQueued:
		return exec(ctx, tx, `update calls set queued_at = coalesce(queued_at, $4), queue = coalesce(nullif($5, ''), queue)
			where id = $1 and node = $2 and epoch = $3`, f.CallID, f.Node, f.Epoch, f.At, f.Queue)
	case campaigns.CallOffered:
		// A second offer, after the bridge, tells how late the pop came.
		return exec(ctx, tx, `update calls set offered_at = case when bridged_at is null then $4 else offered_at end, agent_id = $5,
				answer_to_pop_us = case when bridged_at is null or coalesce(answer_to_pop_us, 0) = 0 then $6 else answer_to_pop_us end
			where id = $1 and node = $2 and epoch = $3`, f.CallID, f.Node, f.Epoch, f.At, f.AgentID, f.Latency.Microseconds())
	case campaigns.CallBridged:
		if err := exec(ctx, tx, `update calls set bridged_at = coalesce(bridged_at, $4), agent_id = $5, answer_to_bridge_us = coalesce(answer_to_bridge_us, $6)
			where id = $1 and node = $2 and epoch = $3`, f.CallID, f.Node, f.Epoch, f.At, f.AgentID, f.Latency.Microseconds()); err != nil {
			return err
		}
		return expose(ctx, tx, f.CallID, f.At)
	case campaigns.CallIdentified:
		return identify(ctx, tx, f)
	case campaigns.CallEnded:
		media := f.Media
		if media == nil {
			media = &campaigns.MediaStats{}
		}
		return exec(ctx, tx, `update calls set ended_at = $4, ended_by = $5, abandoned = $6, talk_ms = $7, hold_ms = $8,
				rtp_sent = $9, rtp_received = $10, rtp_lost = $11, jitter_ms = $12
			where id = $1 and node = $2 and epoch = $3 and ended_at is null`,
			f.CallID, f.Node, f.Epoch, f.At, f.EndedBy, f.Abandoned, f.Talk.Milliseconds(), f.Hold.Milliseconds(),
			media.Sent, media.Received, media.Lost, media.JitterMS)
	default:
		return s.closeBySystem(ctx, tx, f)
	}
}

// identify names the person of an inbound call that the node owns. A person who
// is in another live call is not bound; the result may name them later.
func identify(ctx context.Context, tx pgx.Tx, f campaigns.Event) error {
	err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
		return exec(ctx, inner, `update calls set contact_id = $4 where id = $1 and node = $2 and epoch = $3
			and direction = 'inbound' and closed_at is null`, f.CallID, f.Node, f.Epoch, f.ContactID)
	})
	if violates(err, "calls_live_contact") {
		return nil
	}
	return err
}

// closeBySystem closes a call with a system disposition and recycles the
// candidate that it left open, by the rule of its attempt's outcome.
func (s *Store) closeBySystem(ctx context.Context, tx pgx.Tx, f campaigns.Event) error {
	if !f.Disposition.System() {
		return campaigns.Invalid("disposition", "%q of call %s is no system disposition", f.Disposition, f.CallID)
	}
	var candidateID *int64
	var outcome *campaigns.Outcome
	err := tx.QueryRow(ctx, `update calls k set disposition = $4, closed_at = $5, ended_at = coalesce(ended_at, $5), ended_by = coalesce(ended_by, 'system')
		where id = $1 and node = $2 and epoch = $3 and closed_at is null
		returning candidate_id, (select outcome from attempts a where a.id = k.attempt_id)`, f.CallID, f.Node, f.Epoch, f.Disposition, f.At).
		Scan(&candidateID, &outcome)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil || candidateID == nil {
		return err
	}
	after := campaigns.OutcomeAnswered
	if outcome != nil {
		after = *outcome
	}
	return s.stepAfterOutcome(ctx, tx, *candidateID, after, f.At)
}
