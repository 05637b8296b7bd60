package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// resultCall is the call that a result is for; ids that are not known are zero.
type resultCall struct {
	direction                                   campaigns.Direction
	campaignID, contactID, candidateID, agentID int64
	ended                                       bool
	disposition                                 campaigns.Disposition
	// number is the customer's, as E.164; empty when it is withheld.
	number string
	// zones in which the customer may be.
	zones []string
	// jurisdictions that may bind a call back, joined by commas.
	jurisdictions string
	settings      *campaigns.Settings
}

// lost reports whether the call was closed because its agent's node was.
func (c *resultCall) lost() bool { return c.disposition == campaigns.SystemAgentLost }

// lockCall reads the call and locks it, after the rows of its person and of the
// numbers that a DNC entry of the result will need. chosen is the person that
// the agent found an inbound caller to be, or zero.
func (s *Store) lockCall(ctx context.Context, tx pgx.Tx, id campaigns.CallID, chosen int64) (resultCall, error) {
	if err := lockCallers(ctx, tx, id, chosen); err != nil {
		return resultCall{}, err
	}
	c, address, err := s.readCall(ctx, tx, id, chosen)
	if err != nil {
		return c, err
	}
	if c.campaignID != 0 {
		if c.settings, _, err = s.settingsOf(ctx, tx, c.campaignID); err != nil {
			return c, err
		}
	} else {
		defaults := campaigns.DefaultSettings(campaigns.KindLoyalty)
		c.settings = &defaults
	}
	if parsed, err := phone.Parse(c.number, c.settings.DefaultRegion); err == nil {
		c.number = parsed.E164
		if len(c.zones) == 0 && address.country == "" {
			c.zones = parsed.Zones
		}
		address.country = cmp.Or(address.country, parsed.Region)
		c.jurisdictions = s.laws.jurisdictions(address, c.number)
	} else {
		c.number = ""
	}
	return c, nil
}

// lockCallers locks the person of the call, the one chosen, and their numbers.
func lockCallers(ctx context.Context, tx pgx.Tx, id campaigns.CallID, chosen int64) error {
	var persons []int64
	rows, err := tx.Query(ctx, `select id from contacts where id in (select contact_id from calls where id = $1
			union select c.contact_id from calls k join candidates c on c.id = k.candidate_id where k.id = $1 union select nullif($2::bigint, 0))
		order by id for no key update`, id, chosen)
	if err != nil {
		return err
	}
	if persons, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
		return err
	}
	if chosen != 0 && !slices.Contains(persons, chosen) {
		return campaigns.Invalid("contact_id", "there is no contact %d", chosen)
	}
	return exec(ctx, tx, `select id from numbers where id in (
			select number_id from calls where id = $1 union select number_id from contact_numbers where contact_id = any($2))
		order by id for no key update`, id, persons)
}

// readCall reads the locked call with its person's candidate in the campaign,
// and the customer's address with the country of the number where that is known.
func (s *Store) readCall(ctx context.Context, tx pgx.Tx, id campaigns.CallID, chosen int64) (resultCall, zoneQuestion, error) {
	var c resultCall
	var byNumber []string
	var address zoneQuestion
	err := tx.QueryRow(ctx, `select k.direction, coalesce(k.campaign_id, 0), coalesce(w.contact, 0), coalesce(k.agent_id, 0), k.ended_at is not null,
			coalesce(k.disposition, ''), coalesce(n.e164, k.caller), coalesce(n.zones, '{}'), coalesce(n.region, ''),
			coalesce(p.region, ''), coalesce(p.postal_code, ''), coalesce(p.time_zone, ''),
			coalesce(k.candidate_id, (select c.id from candidates c where c.campaign_id = k.campaign_id and c.contact_id = w.contact), 0)
		from calls k
		cross join lateral (select case when k.direction = 'inbound' then coalesce(nullif($2::bigint, 0), k.contact_id)
			else coalesce(k.contact_id, (select c.contact_id from candidates c where c.id = k.candidate_id)) end as contact) w
		left join numbers n on n.id = k.number_id left join contacts p on p.id = w.contact
		where k.id = $1 for no key update of k`, id, chosen).
		Scan(&c.direction, &c.campaignID, &c.contactID, &c.agentID, &c.ended, &c.disposition, &c.number, &byNumber, &address.country,
			&address.region, &address.postalCode, &address.timeZone, &c.candidateID)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, address, campaigns.Errorf(campaigns.CodeNotFound, "no call %s", id)
	}
	c.zones = zoneCache{}.of(address, byNumber)
	return c, address, err
}
