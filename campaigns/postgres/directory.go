package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// contactColumns select a contact c with its numbers as JSON; $1 is now.
const contactColumns = `c.id, coalesce(c.external_id, ''), c.first_name, c.last_name, c.company, c.email, c.language, c.time_zone, c.region,
	c.postal_code, c.value, c.attributes,
	coalesce((select json_agg(json_build_object('number_id', n.id, 'e164', n.e164, 'region', n.region, 'zones', n.zones, 'shared', n.shared,
			'bad', n.bad_at is not null, 'do_not_call', ` + suppressedUntil + ` is not null) order by cn.position)
		from contact_numbers cn join numbers n on n.id = cn.number_id
		cross join (select null::bigint as campaign, $1::timestamptz as at) w where cn.contact_id = c.id), '[]')`

func scanContact(row pgx.Row) (campaigns.Contact, error) {
	var c campaigns.Contact
	var attributes, numbers []byte
	if err := row.Scan(&c.ID, &c.ExternalID, &c.FirstName, &c.LastName, &c.Company, &c.Email, &c.Language, &c.TimeZone, &c.Region,
		&c.PostalCode, &c.Value, &attributes, &numbers); err != nil {
		return c, err
	}
	if err := json.Unmarshal(attributes, &c.Attributes); err != nil {
		return c, err
	}
	return c, json.Unmarshal(numbers, &c.Numbers)
}

func (s *Store) queryContacts(ctx context.Context, sql string, args ...any) ([]campaigns.Contact, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Contact, error) { return scanContact(row) })
	return all, classify(err)
}

// Contact finds a person; CodeNotFound when there is none.
func (s *Store) Contact(ctx context.Context, id int64) (campaigns.Contact, error) {
	c, err := scanContact(s.pool.QueryRow(ctx, `select `+contactColumns+` from contacts c where c.id = $2`, s.clock.Now(), id))
	if errors.Is(err, pgx.ErrNoRows) {
		return c, campaigns.Errorf(campaigns.CodeNotFound, "no contact %d", id)
	}
	return c, classify(err)
}

// FindContacts searches by number, external id or the beginning of a name, best
// first, at most 20; nothing for a blank text.
func (s *Store) FindContacts(ctx context.Context, text string) ([]campaigns.Contact, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return []campaigns.Contact{}, nil
	}
	e164 := ""
	if number, err := phone.Parse(text, "US"); err == nil {
		e164 = number.E164
	}
	return s.queryContacts(ctx, `select `+contactColumns+` from contacts c
		where c.external_id = $2
			or c.id in (select cn.contact_id from contact_numbers cn join numbers n on n.id = cn.number_id where n.e164 = $3)
			or lower(c.first_name || ' ' || c.last_name) like lower($4) || '%' or lower(c.last_name) like lower($4) || '%' or lower(c.company) like lower($4) || '%'
		order by coalesce(c.external_id = $2, false) desc, c.value desc, c.id limit 20`, s.clock.Now(), text, e164, escapeLike(text))
}

// escapeLike makes a text match itself in a LIKE pattern.
func escapeLike(text string) string {
	escaped := make([]rune, 0, len(text))
	for _, r := range text {
		if r == '%' || r == '_' || r == '\\' {
			escaped = append(escaped, '\\')
		}
		escaped = append(escaped, r)
	}
	return string(escaped)
}

// CreateContact makes a person with the numbers given (E.164 or readable with
// the region); CodeInvalid names a wrong number.
func (s *Store) CreateContact(ctx context.Context, c campaigns.Contact) (campaigns.Contact, error) {
	region := c.Region
	if len(region) != 2 {
		region = "US"
	}
	attributes, err := json.Marshal(c.Attributes)
	if err != nil || c.Attributes == nil {
		attributes = []byte("{}")
	}
	var id int64
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `insert into contacts (external_id, first_name, last_name, company, email, language, time_zone, region, postal_code, value, attributes)
			values (nullif($1, ''), $2, $3, $4, $5, $6, $7, $8, $9, case when $10::float8 > 0 then $10 else 1 end, $11) returning id`,
			c.ExternalID, c.FirstName, c.LastName, c.Company, c.Email, c.Language, c.TimeZone, c.Region, c.PostalCode, c.Value, attributes).Scan(&id); err != nil {
			if violates(err, "contacts_external_id_key") {
				return campaigns.Errorf(campaigns.CodeConflict, "a contact with the external id %q exists already", c.ExternalID)
			}
			return err
		}
		for i, given := range c.Numbers {
			number, err := phone.Parse(given.E164, region)
			if err != nil {
				return campaigns.Invalid("number", "%v", err)
			}
			numberID, err := s.ensureNumber(ctx, tx, number)
			if err != nil {
				return err
			}
			if err := exec(ctx, tx, `insert into contact_numbers (contact_id, number_id, position) values ($1, $2, $3) on conflict do nothing`, id, numberID, i+1); err != nil {
				return err
			}
			if err := exec(ctx, tx, `update numbers set shared = true where id = $1 and not shared
				and (select count(*) from contact_numbers where number_id = $1) > 1`, numberID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return campaigns.Contact{}, err
	}
	return s.Contact(ctx, id)
}

// ensureNumber finds or makes the row of a number.
func (s *Store) ensureNumber(ctx context.Context, tx pgx.Tx, number phone.Number) (int64, error) {
	zones := number.Zones
	if zones == nil {
		zones = []string{}
	}
	var id int64
	err := tx.QueryRow(ctx, `insert into numbers (e164, hmac, prefix, region, zones) values ($1, $2, $3, $4, $5)
		on conflict (e164) do update set e164 = excluded.e164 returning id`,
		number.E164, s.NumberHMAC(number.E164), number.Prefix, number.Region, zones).Scan(&id)
	return id, err
}

// Identity is who may be calling from a number.
type Identity struct {
	Contacts                          []campaigns.Contact
	NumberID, CampaignID, CandidateID int64
	// Priority by value tier: 0 unknown, 1 to 3.
	Priority int
}

// Identify finds the persons that have the caller's number, most recent
// attempt first, and the campaign of that attempt.
func (s *Store) Identify(ctx context.Context, caller, region string) (Identity, error) {
	var who Identity
	number, err := phone.Parse(caller, region)
	if err != nil {
		return who, nil //nolint:nilerr // a withheld or odd number is an unknown caller, not an error
	}
	now := s.clock.Now()
	err = s.pool.QueryRow(ctx, `select n.id, coalesce(a.campaign_id, 0), coalesce(a.candidate_id, 0) from numbers n
		left join lateral (select campaign_id, candidate_id from attempts where number_id = n.id order by reserved_at desc limit 1) a on true
		where n.e164 = $1`, number.E164).Scan(&who.NumberID, &who.CampaignID, &who.CandidateID)
	if errors.Is(err, pgx.ErrNoRows) {
		return who, nil
	}
	if err != nil {
		return who, classify(err)
	}
	who.Contacts, err = s.queryContacts(ctx, `select `+contactColumns+` from contact_numbers x join contacts c on c.id = x.contact_id
		where x.number_id = $2 order by (select max(reserved_at) from attempts a where a.contact_id = c.id) desc nulls last, c.id limit 20`, now, who.NumberID)
	for _, c := range who.Contacts {
		who.Priority = max(who.Priority, tier(c.Value))
	}
	return who, err
}

// tier puts a customer's value into one of three tiers.
func tier(value float64) int {
	switch {
	case value >= 1000:
		return 3
	case value >= 100:
		return 2
	default:
		return 1
	}
}

// history gives the last ten contacts with a person over all campaigns.
func (s *Store) history(ctx context.Context, contactID int64) ([]campaigns.Interaction, error) {
	rows, err := s.pool.Query(ctx, `select at, direction, campaign, agent, outcome, disposition, reason, notes, talk from (
			select a.reserved_at as at, 'outbound' as direction, p.name as campaign, coalesce(u.display_name, '') as agent, coalesce(a.outcome, '') as outcome,
				coalesce(k.disposition, '') as disposition, coalesce(k.disposition_reason, '') as reason, coalesce(k.notes, '') as notes, coalesce(k.talk_ms, 0) / 1000 as talk
			from attempts a join campaigns p on p.id = a.campaign_id left join calls k on k.attempt_id = a.id left join users u on u.id = k.agent_id
			where a.contact_id = $1 and a.ended_at is not null
			union all
			select k.started_at, 'inbound', coalesce(p.name, ''), coalesce(u.display_name, ''), '', coalesce(k.disposition, ''), k.disposition_reason, k.notes, k.talk_ms / 1000
			from calls k left join campaigns p on p.id = k.campaign_id left join users u on u.id = k.agent_id
			where k.contact_id = $1 and k.direction = 'inbound' and k.ended_at is not null) h
		order by at desc limit 10`, contactID)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Interaction, error) {
		var i campaigns.Interaction
		err := row.Scan(&i.At, &i.Direction, &i.Campaign, &i.Agent, &i.Outcome, &i.Disposition, &i.Reason, &i.Notes, &i.TalkSeconds)
		return i, err
	})
	return all, classify(err)
}

// consents gives a person's ledger entries that hold now.
func (s *Store) consents(ctx context.Context, contactID int64, now time.Time) ([]campaigns.Consent, error) {
	rows, err := s.pool.Query(ctx, `select purpose, channel, granted, source, valid_from, valid_until from consents
		where contact_id = $1 and valid_from <= $2 and (valid_until is null or valid_until > $2) order by valid_from desc limit 20`, contactID, now)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (campaigns.Consent, error) {
		var c campaigns.Consent
		err := row.Scan(&c.Purpose, &c.Channel, &c.Granted, &c.Source, &c.From, &c.Until)
		return c, err
	})
	return all, classify(err)
}
