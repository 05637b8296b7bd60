package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// factRow is what the gates need to know of one candidate and its number.
type factRow struct {
	candidateID, contactID, numberID, campaignID, agentID int64
	nextNumberID                                          int64
	state                                                 campaigns.CandidateState
	number                                                string
	shared                                                bool
	answerProbability                                     float64
	facts                                                 calling.Facts
}

// factsSelect reads the facts of the rows of w: (candidate, contact, number,
// campaign); candidate is null for a manual dial outside any list. $2 is now.
const factsSelect = `
select coalesce(w.candidate, 0), w.contact, w.number, w.campaign, coalesce(c.agent_id, 0),
	coalesce(c.state, ''), n.e164, n.shared, coalesce(c.answer_probability, 0), coalesce(c.attempts, 0),
	n.zones, n.bad_at is not null, coalesce(l.active, true),
	exists (select from suppressions s where s.number_hmac = n.hmac and (s.campaign_id is null or s.campaign_id = w.campaign)
		and (s.expires_at is null or s.expires_at > $2)),
	exists (select from complaints o where o.contact_id = w.contact and o.closed_at is null),
	coalesce((select not g.granted from consents g where g.contact_id = w.contact and g.purpose = 'marketing' and g.channel in ('phone', 'any')
		and g.valid_from <= $2 and (g.valid_until is null or g.valid_until > $2) order by g.valid_from desc limit 1), false),
	array(select a.reserved_at from attempts a where a.contact_id = w.contact
		and (a.outcome is null or a.outcome not in ('congestion', 'failed', 'cancelled')) order by a.reserved_at desc limit 32),
	array(select a.reserved_at from attempts a where a.number_id = w.number
		and (a.outcome is null or a.outcome not in ('congestion', 'failed', 'cancelled')) order by a.reserved_at desc limit 32),
	exists (select from attempts a where a.contact_id = w.contact and a.ended_at is null),
	not n.shared and exists (select from attempts a where a.number_id = w.number and a.ended_at is null and not a.number_shared),
	exists (select from calls k where k.contact_id = w.contact and k.ended_at is null),
	coalesce((select cn.number_id from contact_numbers cn join numbers m on m.id = cn.number_id
		where cn.contact_id = w.contact and m.bad_at is null and cn.number_id <> w.number
		and cn.position > (select position from contact_numbers p where p.contact_id = w.contact and p.number_id = w.number)
		and not exists (select from suppressions s where s.number_hmac = m.hmac and (s.campaign_id is null or s.campaign_id = w.campaign)
			and (s.expires_at is null or s.expires_at > $2))
		order by cn.position limit 1), 0)`

// readFacts reads the facts of the items' candidates, by candidate id.
func (s *Store) readFacts(ctx context.Context, tx pgx.Tx, items []campaigns.HopperItem, now time.Time) (map[int64]factRow, error) {
	ids := make([]int64, len(items))
	for i, item := range items {
		ids[i] = item.CandidateID
	}
	rows, err := tx.Query(ctx, factsSelect+`
		from (select id as candidate, contact_id as contact, number_id as number, campaign_id as campaign from candidates where id = any($1)) w
		join candidates c on c.id = w.candidate join numbers n on n.id = w.number join lists l on l.id = c.list_id`, ids, now)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanFacts)
	if err != nil {
		return nil, err
	}
	return s.withSettings(ctx, tx, all)
}

// withSettings adds each campaign's settings and state.
func (s *Store) withSettings(ctx context.Context, tx pgx.Tx, all []factRow) (map[int64]factRow, error) {
	type rules struct {
		settings *campaigns.Settings
		state    campaigns.CampaignState
	}
	known := map[int64]rules{}
	byCandidate := make(map[int64]factRow, len(all))
	for _, row := range all {
		r, ok := known[row.campaignID]
		if !ok {
			settings, state, err := s.settingsOf(ctx, tx, row.campaignID)
			if err != nil {
				return nil, err
			}
			r = rules{settings, state}
			known[row.campaignID] = r
		}
		row.facts.Settings, row.facts.CampaignState = r.settings, r.state
		byCandidate[row.candidateID] = row
	}
	return byCandidate, nil
}

func scanFacts(row pgx.CollectableRow) (factRow, error) {
	var r factRow
	f := &r.facts
	err := row.Scan(&r.candidateID, &r.contactID, &r.numberID, &r.campaignID, &r.agentID,
		&r.state, &r.number, &r.shared, &r.answerProbability, &f.Attempts,
		&f.Zones, &f.NumberBad, &f.ListActive, &f.DoNotCall, &f.OpenComplaint, &f.ConsentRefused,
		&f.PersonAttempts, &f.NumberAttempts, &f.PersonInAttempt, &f.NumberInAttempt, &f.PersonInCall, &r.nextNumberID)
	return r, err
}
