package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// told is a customer event under way.
type told struct {
	campaigns.CustomerEvent
	rowID     int64
	contactID int64
	// number is the contact's as parsed, where the event names one.
	number phone.Number
	// hash is of the event as it was told.
	hash [sha256.Size]byte
}

// TellEvent takes an event of another system: it is kept, and then applied in
// every campaign that has a trigger for it. Told again under the same key, it
// changes nothing and gives the first receipt. What a crash leaves unapplied is
// applied by ApplyPending, or when it is told again.
//
// An event without a time happened now. region is the country of a number without a prefix. CodeInvalid names a wrong
// field; CodeNotFound says that nobody is known by the contact's id or external
// id and that there is no number to make them of; CodeConflict that the key was
// used for another event.
func (s *Store) TellEvent(ctx context.Context, event campaigns.CustomerEvent, region string) (campaigns.EventReceipt, error) {
	now := s.clock.Now()
	// What the key stands for is the event as it was told: one without a time is
	// the same one when it is told again later.
	body, err := json.Marshal(event)
	if err != nil {
		return campaigns.EventReceipt{}, campaigns.Invalid("data", "%v", err)
	}
	if event.At.IsZero() {
		event.At = now
	}
	event.At = event.At.UTC().Truncate(time.Microsecond)
	if err := event.Validate(now); err != nil {
		return campaigns.EventReceipt{}, err
	}
	e := told{CustomerEvent: event, hash: sha256.Sum256(body)}
	if event.Contact.Phone != "" {
		if e.number, err = phone.Parse(event.Contact.Phone, region); err != nil {
			return campaigns.EventReceipt{}, campaigns.Invalid("contact.phone", "%v", err)
		}
		e.Contact.Phone = e.number.E164
	}
	receipt, err := s.keepEvent(ctx, &e, now)
	switch {
	case err != nil:
		return campaigns.EventReceipt{}, err
	case receipt != nil:
		return *receipt, nil
	}
	return s.applyEvent(ctx, e)
}

// keepEvent stores the event and gives the receipt of one that was applied
// before. A complaint stops the calls in the same transaction.
func (s *Store) keepEvent(ctx context.Context, e *told, now time.Time) (*campaigns.EventReceipt, error) {
	var receipt *campaigns.EventReceipt
	err := s.tx(ctx, func(tx pgx.Tx) error {
		receipt = nil
		if err := s.whoseEvent(ctx, tx, e); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `insert into customer_events (key, type, contact_id, body, body_hash, occurred_at, received_at)
			values ($1, $2, nullif($3::bigint, 0), $4, $5, $6, $7) on conflict (key) do nothing returning id`,
			e.Key, e.Type, e.contactID, e.CustomerEvent, e.hash[:], e.At, now).Scan(&e.rowID)
		if errors.Is(err, pgx.ErrNoRows) {
			receipt, err = e.before(ctx, tx)
			return err
		}
		if err != nil || e.contactID == 0 {
			return err
		}
		return s.complain(ctx, tx, e, now)
	})
	return receipt, err
}

// before gives the receipt of the event that was told under this key before;
// nil while it is not applied.
func (e *told) before(ctx context.Context, tx pgx.Tx) (*campaigns.EventReceipt, error) {
	var first, receipt []byte
	if err := tx.QueryRow(ctx, `select id, body_hash, receipt from customer_events where key = $1`, e.Key).Scan(&e.rowID, &first, &receipt); err != nil {
		return nil, err
	}
	if !bytes.Equal(first, e.hash[:]) {
		return nil, &campaigns.Error{Code: campaigns.CodeConflict, Field: "id", Message: "was used for another event"}
	}
	if receipt == nil {
		return nil, nil
	}
	given := &campaigns.EventReceipt{}
	err := json.Unmarshal(receipt, given)
	given.Replayed = true
	return given, err
}

// whoseEvent finds the contact; zero is one to be made. Of several persons
// behind a number, the one with the event's name is meant, else the oldest.
func (s *Store) whoseEvent(ctx context.Context, tx pgx.Tx, e *told) error {
	c := e.Contact
	var err error
	switch {
	case c.ID != 0:
		err = tx.QueryRow(ctx, `select id from contacts where id = $1`, c.ID).Scan(&e.contactID)
	case c.ExternalID != "":
		err = tx.QueryRow(ctx, `select id from contacts where external_id = $1`, c.ExternalID).Scan(&e.contactID)
	default:
		err = tx.QueryRow(ctx, `select p.id from numbers n join contact_numbers l on l.number_id = n.id join contacts p on p.id = l.contact_id
			where n.e164 = $1 order by lower(p.first_name || p.last_name) = lower($2::text || $3) desc, p.id limit 1`,
			c.Phone, c.FirstName, c.LastName).Scan(&e.contactID)
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	e.contactID = 0
	if c.ID != 0 || c.Phone == "" {
		return &campaigns.Error{Code: campaigns.CodeNotFound, Field: "contact", Message: "nobody is known by that name; give phone to make them known"}
	}
	return nil
}

// complain does what complaints do by themselves.
func (s *Store) complain(ctx context.Context, tx pgx.Tx, e *told, now time.Time) error {
	switch e.Type {
	case campaigns.EventComplaintOpened:
		return s.openComplaint(ctx, tx, e.contactID, e.Data["text"], now)
	case campaigns.EventComplaintClosed:
		return closeComplaint(ctx, tx, e.contactID, now)
	}
	return nil
}

// pendingAge is how old an unapplied event is before it is taken for left.
const pendingAge = 10 * time.Second

// ApplyPending applies up to limit events that were kept but not applied, the
// oldest first, and gives how many it did.
func (s *Store) ApplyPending(ctx context.Context, limit int) (int, error) {
	rows, err := s.pool.Query(ctx, `select id, coalesce(contact_id, 0), body from customer_events
		where applied_at is null and received_at < $1 order by received_at limit $2`, s.clock.Now().Add(-pendingAge), limit)
	if err != nil {
		return 0, classify(err)
	}
	left, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (told, error) {
		var e told
		return e, row.Scan(&e.rowID, &e.contactID, &e.CustomerEvent)
	})
	if err != nil {
		return 0, classify(err)
	}
	for i, e := range left {
		if e.Contact.Phone != "" {
			if e.number, err = phone.Parse(e.Contact.Phone, ""); err != nil {
				return i, campaigns.Invalid("contact.phone", "event %s: %v", e.Key, err)
			}
		}
		if _, err := s.applyEvent(ctx, e); err != nil {
			return i, campaigns.Wrap(campaigns.CodeOf(err), "event "+e.Key, err)
		}
	}
	return len(left), nil
}
