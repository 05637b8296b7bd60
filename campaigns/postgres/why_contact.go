package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring"
)

// WhyPerson explains where one person stands in a campaign.
type WhyPerson struct {
	ContactID   int64                    `json:"contact_id"`
	CandidateID int64                    `json:"candidate_id"`
	Name        string                   `json:"name"`
	State       campaigns.CandidateState `json:"state"`
	Reason      campaigns.Reason         `json:"reason,omitempty"`
	// Due is when a resting candidate or a callback is ready again.
	Due *time.Time `json:"due,omitempty"`
	// Since is when the candidate came into its state.
	Since    time.Time `json:"since"`
	Attempts int       `json:"attempts"`
	// Rank orders the candidates; Factors add up to it, counted from now.
	Rank    float64            `json:"rank"`
	Factors []campaigns.Factor `json:"factors"`
	// ScoreFactors say why a model gave the propensity, where one did: they add up
	// to its log-odds in doublings.
	ScoreFactors []campaigns.Factor `json:"score_factors,omitempty"`
	// Now is the business time of the verdicts.
	Now     time.Time   `json:"now"`
	Numbers []WhyNumber `json:"numbers"`
}

// WhyNumber is what the gates say of a call to one of the person's numbers now.
type WhyNumber struct {
	E164 string `json:"e164"`
	// Next is set on the number that the candidate is to be called at.
	Next  bool     `json:"next,omitempty"`
	Zones []string `json:"zones"`
	// Jurisdictions whose rules bind, and these rules' ids.
	Jurisdictions []string `json:"jurisdictions"`
	Rules         []string `json:"rules"`
	// Allowed is calling.Decide's verdict.
	Allowed bool      `json:"allowed"`
	Gates   []WhyGate `json:"gates"`
}

// WhyGate is one gate's verdict.
type WhyGate struct {
	Gate   campaigns.Reason `json:"gate"`
	Passed bool             `json:"passed"`
	// Until is when a gate that refuses lets pass by itself; nil when it does not.
	Until *time.Time `json:"until,omitempty"`
	// Rule is the id of the calling rule that refuses, Sources where it is
	// written; empty where the campaign's own settings or the person do.
	Rule    string   `json:"rule,omitempty"`
	Sources []string `json:"sources,omitempty"`
}

// WhyContact explains one person; CodeNotFound when the person is no candidate
// of the campaign.
func (s *Store) WhyContact(ctx context.Context, campaignID, contactID int64) (WhyPerson, error) {
	var p WhyPerson
	err := s.reading(ctx, func(tx pgx.Tx) error {
		settings, state, err := s.settingsOf(ctx, tx, campaignID)
		if err != nil {
			return noCampaign(err, campaignID)
		}
		p.Now = s.clock.Now()
		var c campaigns.Contact
		var of scoring.Candidate
		err = tx.QueryRow(ctx, `select c.id, c.contact_id, p.first_name, p.last_name, p.company, c.state, c.reason, c.due_at, c.state_at,
				c.attempts, c.rank, c.value, c.propensity, c.event_at
			from candidates c join contacts p on p.id = c.contact_id where c.campaign_id = $1 and c.contact_id = $2`, campaignID, contactID).
			Scan(&p.CandidateID, &p.ContactID, &c.FirstName, &c.LastName, &c.Company, &p.State, &p.Reason, &p.Due, &p.Since,
				&p.Attempts, &p.Rank, &of.Value, &of.Propensity, &of.EventAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return campaigns.Errorf(campaigns.CodeNotFound, "contact %d is no candidate of campaign %d", contactID, campaignID)
		}
		if err != nil {
			return err
		}
		p.Name = c.Name()
		of.Attempts = p.Attempts
		p.Factors = scoring.Explain(of, scoring.RulesOf(*settings), p.Now)
		p.Numbers, err = s.whyNumbers(ctx, tx, campaignID, contactID, settings, state, p.Now)
		return err
	})
	if err != nil {
		return p, err
	}
	p.ScoreFactors, err = s.ScoreFactors(ctx, p.CandidateID)
	return p, err
}

// noCampaign names the campaign that was not found.
func noCampaign(err error, id int64) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return campaigns.Errorf(campaigns.CodeNotFound, "no campaign %d", id)
	}
	return err
}

// whyNumbers asks the gates about each of the person's numbers, by the facts
// that the reserve transaction reads.
func (s *Store) whyNumbers(ctx context.Context, tx pgx.Tx, campaignID, contactID int64, settings *campaigns.Settings, state campaigns.CampaignState, now time.Time) ([]WhyNumber, error) {
	rows, err := tx.Query(ctx, factsSelect+`
		from (select c.id as candidate, c.contact_id as contact, p.number_id as number, c.campaign_id as campaign, $2::timestamptz as at, p.position
		      from candidates c join contact_numbers p on p.contact_id = c.contact_id
		      where c.campaign_id = $1 and c.contact_id = $3) w
		join candidates c on c.id = w.candidate join numbers n on n.id = w.number join lists l on l.id = c.list_id
		order by w.position`, campaignID, now, contactID)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, s.scanFacts)
	if err != nil {
		return nil, err
	}
	var next int64
	if err := tx.QueryRow(ctx, `select coalesce(number_id, 0) from candidates where campaign_id = $1 and contact_id = $2`,
		campaignID, contactID).Scan(&next); err != nil {
		return nil, err
	}
	numbers := make([]WhyNumber, len(all))
	for i, row := range all {
		s.underRules(&row, settings, state, now)
		numbers[i] = WhyNumber{E164: row.number, Next: row.numberID == next, Zones: row.facts.Zones,
			Jurisdictions: strings.FieldsFunc(s.laws.jurisdictions(row.address, row.number), func(r rune) bool { return r == ',' }),
			Rules:         slices.Clone(row.facts.Law.Rules), Allowed: row.decide(now).Allowed, Gates: s.allGates(row, now)}
	}
	return numbers, nil
}
