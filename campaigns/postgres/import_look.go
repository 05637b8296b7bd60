package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns/ingest"
)

// look reads every person that a row of the batch may be: those with its
// external id, with one of its numbers, and with its e-mail address.
func (b *batch) look(ctx context.Context, tx pgx.Tx, rows []ingest.Row) error {
	var external, emails, numbers []string
	for _, row := range rows {
		if row.ExternalID != "" {
			external = append(external, row.ExternalID)
		}
		if row.Email != "" {
			emails = append(emails, row.Email)
		}
		for _, n := range row.Numbers {
			numbers = append(numbers, n.E164)
		}
	}
	if b.dry == nil {
		// Imports take turns batch by batch, so that two files with the same
		// persons do not run into each other.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtext('ringmaster import'), hashtext(current_schema()))`); err != nil {
			return err
		}
	}
	byID := map[int64]*person{}
	if err := b.lookPersons(ctx, tx, byID, external, emails, numbers); err != nil {
		return err
	}
	ids := make([]int64, 0, len(byID))
	for _, p := range b.persons {
		ids = append(ids, p.id)
	}
	if err := b.lookNumbers(ctx, tx, byID, ids, numbers); err != nil {
		return err
	}
	return b.lookCandidates(ctx, tx, byID, ids)
}

func (b *batch) lookPersons(ctx context.Context, tx pgx.Tx, byID map[int64]*person, external, emails, numbers []string) error {
	found, err := tx.Query(ctx, `
		select id, coalesce(external_id, ''), first_name, last_name, company, email, language, time_zone, region,
		       postal_code, value, attributes, updated_at,
		       exists (select 1 from complaints o where o.contact_id = c.id and o.closed_at is null)
		from contacts c where id in (
			select id from contacts where external_id = any($1)
			union select id from contacts where email <> '' and lower(email) = any($2)
			union select l.contact_id from numbers n join contact_numbers l on l.number_id = n.id where n.e164 = any($3))
		order by id`, external, emails, numbers)
	if err != nil {
		return err
	}
	b.persons, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (*person, error) {
		p := &person{}
		return p, row.Scan(&p.id, &p.externalID, &p.firstName, &p.lastName, &p.company, &p.email, &p.language, &p.timeZone,
			&p.region, &p.postalCode, &p.value, &p.attributes, &p.updatedAt, &p.complaint)
	})
	if err != nil {
		return err
	}
	for _, p := range b.persons {
		byID[p.id] = p
		p.key = nameKey(p.firstName, p.lastName, p.company)
		if p.attributes == nil {
			p.attributes = map[string]string{}
		}
		if p.externalID != "" {
			b.byExt[p.externalID] = p
		}
		if p.email != "" {
			b.byEmail[p.email] = append(b.byEmail[p.email], p)
		}
	}
	return nil
}

func (b *batch) lookNumbers(ctx context.Context, tx pgx.Tx, byID map[int64]*person, ids []int64, e164 []string) error {
	found, err := tx.Query(ctx, `
		select n.id, n.e164, n.region, n.zones, n.shared, n.bad_at is not null, n.hmac, coalesce(l.contact_id, 0)
		from numbers n left join contact_numbers l on l.number_id = n.id
		where n.id in (select id from numbers where e164 = any($1)
		               union select number_id from contact_numbers where contact_id = any($2))
		order by l.contact_id, l.position`, e164, ids)
	if err != nil {
		return err
	}
	var row number
	var owner int64
	_, err = pgx.ForEachRow(found, []any{&row.id, &row.e164, &row.region, &row.zones, &row.shared, &row.bad, &row.hmac, &owner}, func() error {
		n := b.byNumber[row.e164]
		if n == nil {
			known := row
			n = &known
			n.wasShared = n.shared
			b.byNumber[n.e164] = n
		}
		if p := byID[owner]; p != nil {
			n.owners = append(n.owners, p)
			p.numbers = append(p.numbers, n)
			p.stored++
		}
		row.hmac, row.zones = nil, nil
		return nil
	})
	return err
}

func (b *batch) lookCandidates(ctx context.Context, tx pgx.Tx, byID map[int64]*person, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := tx.Query(ctx, `select contact_id, id, state, reason, due_at, value, propensity, event_at, attempts
		from candidates where campaign_id = $1 and contact_id = any($2)`, b.campaign.ID, ids)
	if err != nil {
		return err
	}
	var owner int64
	var c candidate
	_, err = pgx.ForEachRow(found, []any{&owner, &c.id, &c.state, &c.reason, &c.due, &c.value, &c.propensity, &c.eventAt, &c.attempts}, func() error {
		known := c
		byID[owner].candidate = &known
		c.due = nil
		return nil
	})
	return err
}

// lookSuppressions marks the numbers that must not be called for this campaign.
func (b *batch) lookSuppressions(ctx context.Context, tx pgx.Tx, numbers []*number, now time.Time) error {
	var asked suppressionQuestion
	for _, n := range numbers {
		asked.add(n.hmac, n.e164, n.region)
	}
	suppressed, err := suppressedNumbers(ctx, tx, b.campaign.ID, asked, now)
	for _, n := range numbers {
		n.suppressed = n.suppressed || suppressed[n.e164]
	}
	return err
}
