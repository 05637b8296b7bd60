package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/scoring"
)

// eventsList is the list of candidates that a trigger makes without naming one.
const eventsList = "events"

// rule is a trigger with its campaign.
type rule struct {
	campaigns.Trigger
	campaign campaigns.Campaign
}

// applyEvent makes the candidates that triggers ask for, moves all of the
// person's candidates, and closes the event, in one transaction.
func (s *Store) applyEvent(ctx context.Context, e told) (campaigns.EventReceipt, error) {
	rules, err := s.rulesFor(ctx, e.Type)
	if err != nil {
		return campaigns.EventReceipt{}, err
	}
	contactID := e.contactID
	var receipt campaigns.EventReceipt
	err = s.tx(ctx, func(tx pgx.Tx) error {
		e.contactID = contactID
		receipt = campaigns.EventReceipt{Key: e.Key, Effects: []campaigns.EventEffect{}}
		var given []byte
		if err := tx.QueryRow(ctx, `select receipt from customer_events where id = $1 for update`, e.rowID).Scan(&given); err != nil {
			return err
		}
		if given != nil { // by somebody else meanwhile
			receipt.Replayed = true
			return json.Unmarshal(given, &receipt)
		}
		for _, r := range rules {
			if r.Do == campaigns.TriggerAdd {
				if err := s.addCandidate(ctx, tx, &e, r); err != nil {
					return err
				}
			}
		}
		if e.contactID != 0 {
			receipt.Complaint = complaintMoves[e.Type]
			if err := s.moveByEvent(ctx, tx, &e, rules, &receipt); err != nil {
				return err
			}
		}
		return exec(ctx, tx, `update customer_events set applied_at = $2, receipt = $3, contact_id = nullif($4::bigint, 0) where id = $1`,
			e.rowID, s.clock.Now(), receipt, e.contactID)
	})
	return receipt, err
}

// complaintMoves say what happens to a complaint by itself.
var complaintMoves = map[string]string{campaigns.EventComplaintOpened: "opened", campaigns.EventComplaintClosed: "closed"}

// rulesFor gives the triggers for a type of events in all campaigns that are
// not closed.
func (s *Store) rulesFor(ctx context.Context, eventType string) ([]rule, error) {
	all, err := s.Campaigns(ctx)
	var rules []rule
	for _, campaign := range all {
		for _, t := range campaign.Settings.Triggers {
			if t.On == eventType {
				rules = append(rules, rule{t, campaign})
			}
		}
	}
	return rules, err
}

// moveByEvent merges the event's attributes into the person's, moves their
// candidates, and tells the engines of hot ones.
func (s *Store) moveByEvent(ctx context.Context, tx pgx.Tx, e *told, rules []rule, receipt *campaigns.EventReceipt) error {
	receipt.ContactID = e.contactID
	if err := lockContact(ctx, tx, e.contactID); err != nil {
		return err
	}
	if len(e.Contact.Attributes) > 0 {
		if err := exec(ctx, tx, `update contacts set attributes = attributes || $2, updated_at = $3 where id = $1 and not attributes @> $2`,
			e.contactID, e.Contact.Attributes, s.clock.Now()); err != nil {
			return err
		}
	}
	if err := s.followSegments(ctx, tx, []int64{e.contactID}, s.clock.Now()); err != nil {
		return err
	}
	for _, r := range rules {
		c, err := s.candidateOf(ctx, tx, r.campaign, e.contactID)
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		hot := false
		if r.Do == campaigns.TriggerFinish {
			err = c.finish(ctx, tx, campaigns.Reason(e.Type))
		} else if err = c.boost(ctx, tx, e, r.Trigger); err == nil && r.Hot && c.state == campaigns.CandidateReady {
			hot = true
			err = announce(ctx, tx, hotChannel, Hot{CampaignID: r.campaign.ID, Candidates: []int64{c.id}})
		}
		if err != nil {
			return err
		}
		receipt.Effects = append(receipt.Effects, campaigns.EventEffect{
			Campaign: r.campaign.Name, CandidateID: c.id, Action: r.Do, State: c.state, Reason: c.reason, Hot: hot,
		})
	}
	return nil
}

// addCandidate makes the person a candidate of the campaign by the way of an
// import, unless they are one.
func (s *Store) addCandidate(ctx context.Context, tx pgx.Tx, e *told, r rule) error {
	row, err := s.rowOf(ctx, tx, e, r.campaign.ID)
	if err != nil || row == nil {
		return err
	}
	row.EventAt = e.At.Add(r.Delay.Std())
	row.Value, row.Propensity = firstAbove(e.Value, row.Value, r.Value), firstAbove(e.Propensity, r.Propensity)
	list := r.List
	if list == "" {
		list = eventsList
	}
	merging := s.newImport(r.campaign, ingest.Target{Campaign: r.campaign.Name, List: list, FileName: "event"})
	merging.outer = tx
	if err := merging.findList(ctx, tx); err != nil {
		return err
	}
	merged, err := merging.Merge(ctx, []ingest.Row{*row})
	if err != nil || e.contactID != 0 {
		return err
	}
	if len(merged.Refused) > 0 {
		return campaigns.Errorf(campaigns.CodeRefused, "%s: this person's data may not be stored again", merged.Refused[0].Reason)
	}
	return s.whoseEvent(ctx, tx, e)
}

// rowOf describes the person as a row of a list; nil when they are a candidate
// already or have no number to be called at.
func (s *Store) rowOf(ctx context.Context, tx pgx.Tx, e *told, campaignID int64) (*ingest.Row, error) {
	c := e.Contact
	row := &ingest.Row{Line: 1, ExternalID: c.ExternalID, FirstName: c.FirstName, LastName: c.LastName, Company: c.Company, Email: c.Email,
		Language: c.Language, TimeZone: c.TimeZone, Region: c.Region, PostalCode: c.PostalCode, Attributes: c.Attributes}
	if e.contactID == 0 {
		row.Numbers = []phone.Number{e.number}
		return row, nil
	}
	var number string
	// The stored name, external id and number make the import find this person.
	err := tx.QueryRow(ctx, `select coalesce(p.external_id, ''), p.first_name, p.last_name, p.company, p.value, n.e164
		from contacts p join contact_numbers l on l.contact_id = p.id join numbers n on n.id = l.number_id
		where p.id = $2 and not exists (select from candidates k where k.campaign_id = $1 and k.contact_id = p.id)
		order by l.position limit 1`, campaignID, e.contactID).
		Scan(&row.ExternalID, &row.FirstName, &row.LastName, &row.Company, &row.Value, &number)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first, err := phone.Parse(number, "")
	row.Numbers = []phone.Number{first}
	return row, err
}

// firstAbove gives the first figure above zero; zero where there is none.
func firstAbove(figures ...float64) float64 {
	for _, f := range figures {
		if f > 0 {
			return f
		}
	}
	return 0
}

// boosted is a candidate that an event moves; its person is locked.
type boosted struct {
	store *Store
	scoring.Candidate
	id     int64
	state  campaigns.CandidateState
	reason campaigns.Reason
	due    due
	now    time.Time
	rules  scoring.Rules
}

// candidateOf locks and reads the person's candidate; nil when there is none.
func (s *Store) candidateOf(ctx context.Context, tx pgx.Tx, campaign campaigns.Campaign, contactID int64) (*boosted, error) {
	b := &boosted{store: s, now: s.clock.Now(), rules: scoring.RulesOf(campaign.Settings), due: due{campaignID: campaign.ID, kind: bucketRank}}
	a := &b.due.address
	err := tx.QueryRow(ctx, `select c.id, c.state, c.reason, c.value, c.propensity, c.event_at, c.attempts,
			coalesce(n.region, ''), coalesce(n.zones, '{}'), coalesce(n.e164, ''), p.region, p.postal_code, p.time_zone
		from candidates c join contacts p on p.id = c.contact_id left join numbers n on n.id = c.number_id
		where c.campaign_id = $1 and c.contact_id = $2 for no key update of c`, campaign.ID, contactID).
		Scan(&b.id, &b.state, &b.reason, &b.Value, &b.Propensity, &b.EventAt, &b.Attempts,
			&a.country, &b.due.byNumber, &b.due.e164, &a.region, &a.postalCode, &a.timeZone)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	b.due.id, b.due.state, b.due.reason = b.id, campaigns.CandidateResting, b.reason
	return b, err
}
