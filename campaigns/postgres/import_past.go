package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
)

// sourcePast marks the do-not-call entries that came with leads of another
// system.
const sourcePast = "import"

// takePast takes over what counts before a new candidate gets its place: the
// attempts, and the number that does not exist.
func (b *batch) takePast(c *candidate, row *ingest.Row) {
	if c.past == nil {
		return
	}
	c.attempts, c.pastNumber = c.past.Attempts, b.byNumber[row.Numbers[0].E164]
	if n := c.pastNumber; c.past.BadNumber && !n.bad {
		n.bad, n.wentBad = true, true
	}
}

// badAt is when the number was found not to exist; nil: never.
func (n *number) badAt(now time.Time) *time.Time {
	if !n.bad {
		return nil
	}
	return &now
}

// carry puts a new candidate where another system has left it. What the gates
// hold against it comes first.
func (b *batch) carry(p *person) {
	c := p.candidate
	if c.state == campaigns.CandidateBlocked && !c.past.BadNumber {
		return
	}
	switch did := campaigns.Disposition(c.past.Did); did {
	case ingest.PastReady:
		if c.state == campaigns.CandidateReady && c.attempts >= b.campaign.Settings.MaxAttempts {
			c.end(campaigns.ReasonMaxAttempts)
		}
	case ingest.PastDoNotCall, ingest.PastDoNotCallCampaign:
		c.state, c.reason, c.due = campaigns.CandidateBlocked, campaigns.ReasonDoNotCall, nil
	case campaigns.DispositionCallback:
		due := c.past.CallbackAt
		if due.Before(b.now) {
			due = b.now
		}
		c.state, c.reason, c.due = campaigns.CandidateCallback, campaigns.Reason(did), &due
	case campaigns.DispositionNotAvailable:
		rule := campaigns.DefaultRecycle()[campaigns.OutcomeAnswered]
		if choice, ok := b.campaign.Settings.Choice(did); ok {
			rule = choice.Then
		}
		b.recycle(p, campaigns.Reason(did), rule)
	default:
		outcome := campaigns.Outcome(did)
		if !outcome.Valid() {
			c.end(campaigns.Reason(did))
			return
		}
		rule, known := b.campaign.Settings.Recycle[outcome]
		if !known {
			rule = campaigns.DefaultRecycle()[outcome]
		}
		b.recycle(p, campaigns.ReasonOf(outcome), rule)
	}
}

// end finishes a new candidate.
func (c *candidate) end(reason campaigns.Reason) {
	c.state, c.reason, c.due = campaigns.CandidateDone, reason, nil
}

// recycle applies the campaign's rule to the last attempt of the other system.
// A rest that is over by now is none; a candidate whose number does not exist
// goes on with its next one at once, or is done.
func (b *batch) recycle(p *person, reason campaigns.Reason, rule campaigns.RecycleRule) {
	c := p.candidate
	last := c.past.LastCall
	if last.IsZero() || last.After(b.now) {
		last = b.now
	}
	// Place has left out the number that does not exist, if there is another.
	other := c.past.BadNumber && c.state != campaigns.CandidateBlocked
	next := rule.Next(reason, 1, c.attempts, b.campaign.Settings.MaxAttempts, other, last)
	switch {
	case next.State != campaigns.CandidateResting:
		c.state, c.reason, c.due = next.State, next.Reason, nil
	case next.Due.After(b.now):
		c.state, c.reason, c.due = campaigns.CandidateResting, next.Reason, &next.Due
	}
}

// suppressPast puts the numbers on the do-not-call list whose leads had been put
// there in the other system.
func (b *batch) suppressPast(ctx context.Context, tx pgx.Tx) error {
	if b.dry != nil {
		return nil
	}
	for _, p := range b.fresh() {
		c := p.candidate
		if c.past == nil || c.past.Did != ingest.PastDoNotCall && c.past.Did != ingest.PastDoNotCallCampaign {
			continue
		}
		entry := suppression{e164: c.pastNumber.e164, source: sourcePast, reason: "status " + c.past.Status}
		if c.past.Did == ingest.PastDoNotCallCampaign {
			entry.campaignID = b.campaign.ID
		}
		if err := b.store.suppress(ctx, tx, entry, b.now); err != nil {
			return err
		}
	}
	return nil
}
