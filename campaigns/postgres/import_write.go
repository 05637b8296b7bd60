package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// write stores what the rows have changed. Everything is sorted by id, the
// order in which all of this package locks.
func (b *batch) write(ctx context.Context, tx pgx.Tx) error {
	for _, p := range b.persons {
		p.isNew = p.id == 0
	}
	if err := b.placeNew(ctx, tx); err != nil {
		return err
	}
	for _, step := range []func(context.Context, pgx.Tx) error{
		b.drawIDs, b.copyContacts, b.copyNumbers, b.copyLinks, b.copyCandidates, b.updateContacts, b.updateNumbers, b.updateCandidates,
	} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// fresh gives the persons whose candidate is new, in the order of the file.
func (b *batch) fresh() []*person {
	var fresh []*person
	for _, p := range b.persons {
		if p.touched && p.candidate.id == 0 {
			fresh = append(fresh, p)
		}
	}
	return fresh
}

// placeNew decides on the new candidates and finds their buckets.
func (b *batch) placeNew(ctx context.Context, tx pgx.Tx) error {
	fresh := b.fresh()
	if len(fresh) == 0 {
		return nil
	}
	var numbers []*number
	for _, p := range fresh {
		numbers = append(numbers, p.numbers...)
	}
	if err := b.lookSuppressions(ctx, tx, numbers, b.now); err != nil {
		return err
	}
	keyOf := make([]string, len(fresh))
	for i, p := range fresh {
		b.place(p)
		n := p.candidate.number
		keyOf[i] = zoneKey(b.zones.of(zoneQuestion{n.region, p.region, p.postalCode, p.timeZone}, n.zones))
	}
	keys := slices.Compact(slices.Sorted(slices.Values(keyOf)))
	buckets, err := bucketsFor(ctx, tx, b.campaign.ID, bucketRank, keys)
	if err != nil {
		return err
	}
	for i, p := range fresh {
		p.candidate.bucketID = buckets[keyOf[i]]
	}
	return nil
}

// drawIDs takes ids from the tables' own sequences.
func (b *batch) drawIDs(ctx context.Context, tx pgx.Tx) error {
	var persons []*person
	for _, p := range b.persons {
		if p.isNew {
			persons = append(persons, p)
		}
	}
	ids, err := draw(ctx, tx, "contacts", len(persons))
	if err != nil {
		return err
	}
	for i, p := range persons {
		p.id = ids[i]
	}
	numbers := b.newNumbers()
	if ids, err = draw(ctx, tx, "numbers", len(numbers)); err != nil {
		return err
	}
	for i, n := range numbers {
		n.id, n.isNew = ids[i], true
	}
	return nil
}

// newNumbers in the order of the file.
func (b *batch) newNumbers() []*number {
	var numbers []*number
	for _, p := range b.persons {
		for _, n := range p.numbers[p.stored:] {
			if n.id == 0 && !n.isNew {
				n.isNew = true
				numbers = append(numbers, n)
			}
		}
	}
	return numbers
}

func draw(ctx context.Context, tx pgx.Tx, table string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `select nextval(pg_get_serial_sequence($1, 'id')) from generate_series(1, $2)`, table, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

func copyRows(ctx context.Context, tx pgx.Tx, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	return nil
}

func (b *batch) copyContacts(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for _, p := range b.persons {
		if p.isNew {
			rows = append(rows, []any{p.id, orNull(p.externalID), p.firstName, p.lastName, p.company, p.email, p.language,
				p.timeZone, p.region, p.postalCode, p.value, p.attributes, b.now, b.now})
		}
	}
	return copyRows(ctx, tx, "contacts", []string{"id", "external_id", "first_name", "last_name", "company", "email",
		"language", "time_zone", "region", "postal_code", "value", "attributes", "created_at", "updated_at"}, rows)
}

func (b *batch) copyNumbers(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for _, n := range b.byNumber {
		if n.isNew {
			rows = append(rows, []any{n.id, n.e164, n.hmac, n.prefix, n.region, n.zones, n.shared, b.now})
		}
	}
	return copyRows(ctx, tx, "numbers", []string{"id", "e164", "hmac", "prefix", "region", "zones", "shared", "created_at"}, rows)
}

func (b *batch) copyLinks(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for _, p := range b.persons {
		for position := p.stored; position < len(p.numbers); position++ {
			rows = append(rows, []any{p.id, p.numbers[position].id, int16(position)})
		}
	}
	return copyRows(ctx, tx, "contact_numbers", []string{"contact_id", "number_id", "position"}, rows)
}

func (b *batch) copyCandidates(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for _, p := range b.fresh() {
		c := p.candidate
		rows = append(rows, []any{b.campaign.ID, p.id, b.listID, c.number.id, c.bucketID, c.rank, c.value, c.propensity,
			c.eventAt, string(c.state), string(c.reason), c.due, b.now, b.now})
	}
	return copyRows(ctx, tx, "candidates", []string{"campaign_id", "contact_id", "list_id", "number_id", "bucket_id", "rank",
		"value", "propensity", "event_at", "state", "reason", "due_at", "state_at", "created_at"}, rows)
}

// updateContacts writes the contacts that were there before and differ now. A
// dry run leaves them alone, because it would keep them locked to its end.
func (b *batch) updateContacts(ctx context.Context, tx pgx.Tx) error {
	var changed []*person
	for _, p := range b.persons {
		if !p.isNew && p.changed {
			changed = append(changed, p)
		}
	}
	if len(changed) == 0 || b.dry != nil {
		return nil
	}
	statements := &pgx.Batch{}
	for _, p := range changed { // b.persons is sorted by id
		statements.Queue(`update contacts set external_id = $2, first_name = $3, last_name = $4, company = $5, email = $6,
			language = $7, time_zone = $8, region = $9, postal_code = $10, value = $11, attributes = $12, updated_at = $13
			where id = $1`, p.id, orNull(p.externalID), p.firstName, p.lastName, p.company, p.email, p.language, p.timeZone,
			p.region, p.postalCode, p.value, p.attributes, b.now)
	}
	return tx.SendBatch(ctx, statements).Close()
}

func (b *batch) updateNumbers(ctx context.Context, tx pgx.Tx) error {
	var ids []int64
	for _, n := range b.byNumber {
		if !n.isNew && n.shared && !n.wasShared {
			ids = append(ids, n.id)
		}
	}
	if len(ids) == 0 || b.dry != nil {
		return nil
	}
	_, err := tx.Exec(ctx, `with locked as (select id from numbers where id = any($1) order by id for no key update)
		update numbers set shared = true from locked where numbers.id = locked.id`, ids)
	return err
}

// updateCandidates corrects value, propensity, event and rank. The state moves
// only from and to a wait for the event, if it is still the one that was read;
// rank and attempts go together, so the rank is computed from the attempts
// found now.
func (b *batch) updateCandidates(ctx context.Context, tx pgx.Tx) error {
	statements := &pgx.Batch{}
	for _, p := range b.persons {
		c := p.candidate
		if c == nil || c.id == 0 || !c.changed {
			continue
		}
		withoutAttempts := *c
		withoutAttempts.attempts = 0
		statements.Queue(`update candidates set value = $2, propensity = $3, event_at = $4,
			rank = $5 + attempts * log(2.0, $6::numeric)::float8,
			state = case when $7 and state in ('ready', 'resting') then 'resting' else state end,
			reason = case when $7 and state in ('ready', 'resting') then 'future_event' else reason end,
			due_at = case when $7 and state in ('ready', 'resting') then $8 else due_at end,
			state_at = case when $7 and state in ('ready', 'resting') then $9 else state_at end
			where id = $1`, c.id, c.value, c.propensity, c.eventAt, withoutAttempts.score(b.rules), b.rules.AttemptDecay,
			c.due != nil && c.reason == "future_event", c.due, b.now)
	}
	if statements.Len() == 0 || b.dry != nil {
		return nil
	}
	return tx.SendBatch(ctx, statements).Close()
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
