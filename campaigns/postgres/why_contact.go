package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
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
		row.underRules(settings, state)
		numbers[i] = WhyNumber{E164: row.number, Next: row.numberID == next, Zones: row.facts.Zones,
			Allowed: calling.Decide(row.facts, now).Allowed, Gates: allGates(row.facts, now)}
	}
	return numbers, nil
}

// gate is one check of calling.Decide and how to lift it.
type gate struct {
	reason campaigns.Reason
	lift   func(*calling.Facts)
}

// gates in the order of calling.Decide.
func gates() []gate {
	return []gate{
		{campaigns.ReasonCampaignNotRunning, func(f *calling.Facts) { f.CampaignState = campaigns.CampaignRunning }},
		{campaigns.ReasonListInactive, func(f *calling.Facts) { f.ListActive = true }},
		{campaigns.ReasonDoNotCall, func(f *calling.Facts) { f.DoNotCall = false }},
		{campaigns.ReasonOpenComplaint, func(f *calling.Facts) { f.OpenComplaint = false }},
		{campaigns.ReasonConsentRefused, func(f *calling.Facts) { f.ConsentRefused = false }},
		{campaigns.ReasonNoNumber, func(f *calling.Facts) { f.NumberBad = false }},
		{campaigns.ReasonMaxAttempts, func(f *calling.Facts) { f.Attempts = 0 }},
		{campaigns.ReasonZoneUnknown, func(f *calling.Facts) {
			f.Zones, f.Locations, f.Settings = []string{"Etc/UTC"}, nil, alwaysOpen(f.Settings)
		}},
		{campaigns.ReasonPersonCap, func(f *calling.Facts) { f.PersonAttempts = nil }},
		{campaigns.ReasonNumberCap, func(f *calling.Facts) { f.NumberAttempts = nil }},
		{campaigns.ReasonOutsideWindow, func(f *calling.Facts) { f.Settings = alwaysOpen(f.Settings) }},
		{campaigns.ReasonPersonInAttempt, func(f *calling.Facts) { f.PersonInAttempt = false }},
		{campaigns.ReasonNumberInAttempt, func(f *calling.Facts) { f.NumberInAttempt = false }},
		{campaigns.ReasonPersonInCall, func(f *calling.Facts) { f.PersonInCall = false }},
	}
}

// alwaysOpen gives the settings with every hour of every day open.
func alwaysOpen(s *campaigns.Settings) *campaigns.Settings {
	open := *s
	open.Window, open.RingTimeout = campaigns.DailyWindow(0, 24), 0
	return &open
}

// allGates gives every gate's verdict, although Decide tells the first refusal
// only: each refusal is lifted in turn and the facts are decided again.
func allGates(f calling.Facts, now time.Time) []WhyGate {
	all := gates()
	verdicts := make([]WhyGate, len(all))
	for i, g := range all {
		verdicts[i] = WhyGate{Gate: g.reason, Passed: true}
	}
	for range all {
		v := calling.Decide(f, now)
		if v.Allowed {
			break
		}
		for i, g := range all {
			if g.reason != v.Reason {
				continue
			}
			verdicts[i].Passed, verdicts[i].Until = false, optional(v.Until)
			g.lift(&f)
		}
	}
	return verdicts
}
