package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// ManualDial is an agent's wish to call somebody.
type ManualDial struct {
	AgentID, CampaignID int64
	// ContactID or Number (E.164) says whom; the number alone picks the first
	// person that has it.
	ContactID int64
	Number    string
}

// ReserveManual gates and reserves one manual dial. The person's candidate in
// the campaign goes along when there is one that waits. CodeRefused tells the
// gate's reason, CodeNotFound an unknown person or number.
func (s *Store) ReserveManual(ctx context.Context, owner Owner, dial ManualDial) (campaigns.Attempt, error) {
	var attempt campaigns.Attempt
	started := time.Now()
	err := s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		item, err := s.manualItem(ctx, tx, dial)
		if err != nil {
			return err
		}
		if err := s.lockPeople(ctx, tx, owner, []campaigns.HopperItem{item}); err != nil {
			return err
		}
		row, err := s.manualFacts(ctx, tx, item, now)
		if err != nil {
			return err
		}
		if verdict := calling.Decide(row.facts, now); !verdict.Allowed {
			return campaigns.Errorf(campaigns.CodeRefused, "%s", verdict.Reason)
		}
		switch row.state {
		case campaigns.CandidateOpen:
			return campaigns.Errorf(campaigns.CodeRefused, "%s", campaigns.ReasonPersonInAttempt)
		case campaigns.CandidateDone, campaigns.CandidateBlocked:
			row.candidateID = 0
		}
		row.agentID = dial.AgentID
		attempts, err := s.insertAttempts(ctx, tx, owner, []factRow{row}, now)
		if err != nil {
			return err
		}
		attempt = attempts[0]
		return nil
	})
	attempt.DialBy = started.Add(dialBy)
	return attempt, err
}

// manualItem finds the person, the number and the candidate, if any.
func (s *Store) manualItem(ctx context.Context, tx pgx.Tx, dial ManualDial) (campaigns.HopperItem, error) {
	item := campaigns.HopperItem{CampaignID: dial.CampaignID}
	err := tx.QueryRow(ctx, `select cn.contact_id, cn.number_id, coalesce(k.id, 0)
		from contact_numbers cn join numbers n on n.id = cn.number_id
		left join candidates k on k.campaign_id = $1 and k.contact_id = cn.contact_id
		where ($2 = 0 or cn.contact_id = $2) and ($3 = '' or n.e164 = $3) and ($2 <> 0 or $3 <> '')
		order by n.bad_at is not null, (cn.number_id = k.number_id) desc, cn.position, cn.contact_id limit 1`,
		dial.CampaignID, dial.ContactID, dial.Number).Scan(&item.ContactID, &item.NumberID, &item.CandidateID)
	if errors.Is(err, pgx.ErrNoRows) {
		return item, campaigns.Errorf(campaigns.CodeNotFound, "nobody with this number is known")
	}
	return item, err
}

// manualFacts reads the facts of a person who need not be a candidate.
func (s *Store) manualFacts(ctx context.Context, tx pgx.Tx, item campaigns.HopperItem, now time.Time) (factRow, error) {
	rows, err := tx.Query(ctx, factsSelect+`
		from (select nullif($1::bigint, 0) as candidate, $3::bigint as contact, $4::bigint as number, $5::bigint as campaign) w
		join numbers n on n.id = w.number left join candidates c on c.id = w.candidate left join lists l on l.id = c.list_id`,
		item.CandidateID, now, item.ContactID, item.NumberID, item.CampaignID)
	if err != nil {
		return factRow{}, err
	}
	all, err := pgx.CollectRows(rows, scanFacts)
	if err != nil {
		return factRow{}, err
	}
	known, err := s.withSettings(ctx, tx, all)
	if errors.Is(err, pgx.ErrNoRows) {
		return factRow{}, campaigns.Errorf(campaigns.CodeNotFound, "no campaign %d", item.CampaignID)
	}
	return known[item.CandidateID], err
}
