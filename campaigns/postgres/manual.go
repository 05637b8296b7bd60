package postgres

import (
	"context"
	"errors"
	"slices"
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

// manualFrom are the states from which an agent may take a candidate.
var manualFrom = []campaigns.CandidateState{
	campaigns.CandidateReady, campaigns.CandidateResting, campaigns.CandidateCallback, campaigns.CandidateQueued,
}

// ReserveManual gates and reserves one manual dial. The person's candidate in
// the campaign goes along when there is one that waits; dialed at another than
// its number, it goes on with that one. CodeRefused tells the gate's reason,
// CodeNotFound an unknown person, number or campaign.
func (s *Store) ReserveManual(ctx context.Context, owner Owner, dial ManualDial) (campaigns.Attempt, error) {
	var attempt campaigns.Attempt
	started := time.Now()
	err := s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		item, err := s.manualItem(ctx, tx, dial)
		if err != nil {
			return err
		}
		row, err := s.manualFacts(ctx, tx, owner, item, now)
		if err != nil {
			return err
		}
		row.facts.AgentGuaranteed = true // the one who dials
		if verdict := calling.Decide(row.facts, now); !verdict.Allowed {
			return campaigns.Errorf(campaigns.CodeRefused, "%s", verdict.Reason)
		}
		if row.facts.Attempts == 0 && s.inControl(&row.facts.Settings.Selection, item.CampaignID, item.ContactID) {
			return campaigns.Errorf(campaigns.CodeRefused, "%s", campaigns.ReasonControlGroup)
		}
		if row.state == campaigns.CandidateOpen {
			return campaigns.Errorf(campaigns.CodeRefused, "%s", campaigns.ReasonPersonInAttempt)
		}
		if !slices.Contains(manualFrom, row.state) {
			row.candidateID = 0
		}
		row.agentID = dial.AgentID
		var batch pgx.Batch
		ids := queueAttempts(&batch, owner, []factRow{row}, manualFrom, now)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		id, ok := ids[row.contactID]
		if !ok {
			return campaigns.Errorf(campaigns.CodeRefused, "%s", campaigns.ReasonPersonInAttempt)
		}
		attempt = row.attempt(id, owner, now)
		return nil
	})
	if err != nil {
		return campaigns.Attempt{}, err
	}
	attempt.DialBy = started.Add(dialBy)
	return attempt, nil
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

// manualFacts locks the person and the number, and reads the facts of a person
// who need not be a candidate. The attempts of one who is not, or not any more,
// are limited by the caps alone.
func (s *Store) manualFacts(ctx context.Context, tx pgx.Tx, owner Owner, item campaigns.HopperItem, now time.Time) (factRow, error) {
	var rows []factRow
	var fresh bool
	var batch pgx.Batch
	queueLocks(&batch, owner, []campaigns.HopperItem{item}, &fresh)
	batch.Queue(factsSelect+`
		from (select nullif($1::bigint, 0) as candidate, $3::bigint as contact, $4::bigint as number, $5::bigint as campaign, $2::timestamptz as at) w
		join numbers n on n.id = w.number left join candidates c on c.id = w.candidate left join lists l on l.id = c.list_id`,
		item.CandidateID, now, item.ContactID, item.NumberID, item.CampaignID).
		Query(func(r pgx.Rows) error {
			var err error
			rows, err = pgx.CollectRows(r, s.scanFacts)
			return err
		})
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return factRow{}, err
	}
	if !fresh {
		return factRow{}, notFresh(owner)
	}
	if len(rows) != 1 {
		return factRow{}, campaigns.Errorf(campaigns.CodeNotFound, "nobody with this number is known")
	}
	row := rows[0]
	settings, state, err := s.settingsOf(ctx, tx, item.CampaignID)
	if err != nil {
		return row, noCampaign(err, item.CampaignID)
	}
	s.underRules(&row, settings, state, now)
	if !slices.Contains(manualFrom, row.state) {
		row.facts.Attempts, row.facts.ListActive = 0, true
	}
	return row, nil
}
