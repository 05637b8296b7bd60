package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
)

// errOvertaken says that a contact was changed by somebody else since the batch
// has read it; the batch is done again.
var errOvertaken = errors.New("a contact was changed meanwhile")

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
		b.drawIDs, b.copyContacts, b.copyNumbers, b.copyLinks, b.copyCandidates, b.updateContacts, b.updateNumbers, b.updateCandidates, b.suppressPast, b.followSegments,
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
		keyOf[i] = b.store.bucketKeyOf(b.zones, zoneQuestion{n.region, p.region, p.postalCode, p.timeZone}, n.zones, n.e164)
	}
	b.uncallable = nil
	for i, p := range fresh {
		if reason := b.nowhere(keyOf[i]); reason != "" && p.candidate.state != campaigns.CandidateBlocked {
			b.uncallable = append(b.uncallable, ingest.Uncallable{Line: p.candidate.line, Number: campaigns.MaskNumber(p.candidate.number.e164), Reason: reason})
		}
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
		n.id = ids[i]
	}
	return nil
}

// newNumbers marks and gives the new numbers in the order of the file.
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
	rows, err := tx.Query(ctx, `with of as materialized (select pg_get_serial_sequence($1, 'id')::regclass as sequence)
		select nextval(of.sequence) from of, generate_series(1, $2)`, table, n)
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
			rows = append(rows, []any{n.id, n.e164, n.hmac, n.prefix, n.region, n.zones, n.shared, n.badAt(b.now), b.now})
		}
	}
	return copyRows(ctx, tx, "numbers", []string{"id", "e164", "hmac", "prefix", "region", "zones", "shared", "bad_at", "created_at"}, rows)
}

func (b *batch) copyLinks(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for _, p := range b.persons {
		for position := p.stored; position < len(p.numbers); position++ {
			rows = append(rows, []any{p.id, p.numbers[position].id, int16(position + 1)})
		}
	}
	return copyRows(ctx, tx, "contact_numbers", []string{"contact_id", "number_id", "position"}, rows)
}

func (b *batch) copyCandidates(ctx context.Context, tx pgx.Tx) error {
	var rows [][]any
	for _, p := range b.fresh() {
		c := p.candidate
		rows = append(rows, []any{b.campaign.ID, p.id, b.listID, c.number.id, c.bucketID, c.rank, c.value, c.propensity,
			c.eventAt, string(c.state), string(c.reason), c.due, c.attempts, b.now, b.now})
	}
	return copyRows(ctx, tx, "candidates", []string{"campaign_id", "contact_id", "list_id", "number_id", "bucket_id", "rank",
		"value", "propensity", "event_at", "state", "reason", "due_at", "attempts", "state_at", "created_at"}, rows)
}

// updateContacts writes the contacts that were there before and differ now. A
// dry run leaves them alone, because it would keep them locked to its end.
func (b *batch) updateContacts(ctx context.Context, tx pgx.Tx) error {
	var changed []*person
	var ids []int64
	for _, p := range b.persons { // sorted by id, as long as they are not new
		if !p.isNew && p.changed {
			changed, ids = append(changed, p), append(ids, p.id)
		}
	}
	if len(changed) == 0 || b.dry != nil {
		return nil
	}
	rows, err := tx.Query(ctx, `select updated_at from contacts where id = any($1) order by id for no key update`, ids)
	if err != nil {
		return err
	}
	now, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return err
	}
	statements := &pgx.Batch{}
	for i, p := range changed {
		if i >= len(now) || !now[i].Equal(p.updatedAt) {
			return errOvertaken
		}
		statements.Queue(`update contacts set external_id = $2, first_name = $3, last_name = $4, company = $5, email = $6,
			language = $7, time_zone = $8, region = $9, postal_code = $10, value = $11, attributes = $12, updated_at = $13
			where id = $1`, p.id, orNull(p.externalID), p.firstName, p.lastName, p.company, p.email, p.language, p.timeZone,
			p.region, p.postalCode, p.value, p.attributes, b.now)
	}
	return tx.SendBatch(ctx, statements).Close()
}

// updateNumbers marks the numbers that were there before and are shared now, or
// do not exist.
func (b *batch) updateNumbers(ctx context.Context, tx pgx.Tx) error {
	shared, bad := []int64{}, []int64{}
	for _, n := range b.byNumber {
		if !n.isNew && n.shared && !n.wasShared {
			shared = append(shared, n.id)
		}
		if !n.isNew && n.wentBad {
			bad = append(bad, n.id)
		}
	}
	if len(shared)+len(bad) == 0 || b.dry != nil {
		return nil
	}
	_, err := tx.Exec(ctx, `with locked as (select id from numbers where id = any($1::bigint[] || $2::bigint[]) order by id for no key update)
		update numbers set shared = shared or numbers.id = any($1), bad_at = case when numbers.id = any($2) then coalesce(bad_at, $3) else bad_at end
		from locked where numbers.id = locked.id`, shared, bad, b.now)
	return err
}

// updateCandidates corrects value, propensity, event and rank. The rank is
// computed from the attempts found now, and the state moves only between ready
// and the wait for the event.
func (b *batch) updateCandidates(ctx context.Context, tx pgx.Tx) error {
	statements := &pgx.Batch{}
	for _, p := range b.persons {
		c := p.candidate
		if c == nil || c.id == 0 || !c.changed {
			continue
		}
		untried := *c
		untried.attempts = 0
		rank := untried.score(b.rules)
		statements.Queue(`update candidates set value = $2, propensity = $3, event_at = $4, rank = $5 + attempts * $6::float8 where id = $1`,
			c.id, c.value, c.propensity, c.eventAt, rank, math.Log2(b.rules.AttemptDecay))
		if c.state == campaigns.CandidateResting && c.reason == campaigns.ReasonFutureEvent {
			statements.Queue(`update candidates set state = 'resting', reason = $2, due_at = $3, state_at = $4
				where id = $1 and (state = 'ready' or state = 'resting' and reason = $2)`, c.id, c.reason, c.due, b.now)
		}
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
