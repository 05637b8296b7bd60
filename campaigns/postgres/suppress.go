package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/phone"
)

// suppression is an entry of the own do-not-call list.
type suppression struct {
	e164       string
	campaignID int64
	source     string
	reason     string
	until      time.Time
}

// sourceErasure marks the entries that an erased person leaves behind.
const sourceErasure = "erasure"

// AddSuppression puts a number (E.164) on the own do-not-call list, of one
// campaign or (zero) of all, until a business time or (zero) for good. Waiting
// candidates with that number go on to their next number or are blocked in the
// same transaction, and dialers are told. An entry of the same source is
// prolonged, never shortened. CodeInvalid for a wrong number, CodeNotFound for
// an unknown campaign.
func (s *Store) AddSuppression(ctx context.Context, e164 string, campaignID int64, source, reason string, until time.Time) error {
	number, err := phone.Parse(e164, "")
	if err != nil {
		return campaigns.Invalid("number", "%v", err)
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		entry := suppression{e164: number.E164, campaignID: campaignID, source: source, reason: reason, until: until}
		return s.suppress(ctx, tx, entry, s.clock.Now())
	})
}

func (s *Store) suppress(ctx context.Context, tx pgx.Tx, entry suppression, now time.Time) error {
	hmac := s.NumberHMAC(entry.e164)
	numberID, err := lockNumber(ctx, tx, hmac)
	if err != nil {
		return err
	}
	err = exec(ctx, tx, `insert into suppressions (number_hmac, campaign_id, source, reason, created_at, expires_at)
		values ($1, nullif($2::bigint, 0), $3, $4, $5, $6)
		on conflict (number_hmac, coalesce(campaign_id, 0), source) do update set reason = excluded.reason,
			expires_at = nullif(greatest(coalesce(suppressions.expires_at, 'infinity'), coalesce(excluded.expires_at, 'infinity')), 'infinity')`,
		hmac, entry.campaignID, entry.source, entry.reason, now, optional(entry.until))
	if violates(err, "suppressions_campaign_id_fkey") {
		return campaigns.Errorf(campaigns.CodeNotFound, "no campaign %d", entry.campaignID)
	}
	if err != nil || numberID == 0 || !entry.until.IsZero() && !entry.until.After(now) {
		return err
	}
	if err := leaveNumbers(ctx, tx, []int64{numberID}, entry.campaignID, entry.until, now); err != nil {
		return err
	}
	return notify(ctx, tx, Block{NumberID: numberID})
}

// lockNumber locks the number of the HMAC and gives its id; zero when the store
// does not know it.
func lockNumber(ctx context.Context, tx pgx.Tx, hmac []byte) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, `select id from numbers where hmac = $1 for no key update`, hmac).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// LiftSuppression takes a number (E.164) off the own do-not-call list: the
// entries of one campaign, or (zero) all of them. Candidates that were blocked
// by them may be dialed again, if nothing else forbids it. What an erased
// person left behind stays. CodeNotFound when there is no such entry.
func (s *Store) LiftSuppression(ctx context.Context, e164 string, campaignID int64) error {
	number, err := phone.Parse(e164, "")
	if err != nil {
		return campaigns.Invalid("number", "%v", err)
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		hmac := s.NumberHMAC(number.E164)
		numberID, err := lockNumber(ctx, tx, hmac)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `delete from suppressions where number_hmac = $1 and ($2::bigint = 0 or campaign_id = $2) and source <> $3`,
			hmac, campaignID, sourceErasure)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return campaigns.Errorf(campaigns.CodeNotFound, "the number has no entry of its own on this list")
		}
		return freeNumbers(ctx, tx, []int64{numberID}, s.clock.Now())
	})
}

// OpenComplaint opens a complaint of a person: marketing stops everywhere at
// once, ringing calls included. CodeNotFound for an unknown person.
func (s *Store) OpenComplaint(ctx context.Context, contactID int64, text string) error {
	return s.tx(ctx, func(tx pgx.Tx) error { return s.openComplaint(ctx, tx, contactID, text, s.clock.Now()) })
}

func (s *Store) openComplaint(ctx context.Context, tx pgx.Tx, contactID int64, text string, now time.Time) error {
	if err := lockContact(ctx, tx, contactID); err != nil {
		return err
	}
	if err := exec(ctx, tx, `insert into complaints (contact_id, text, opened_at) values ($1, $2, $3)`, contactID, text, now); err != nil {
		return err
	}
	return blockPerson(ctx, tx, contactID, campaigns.ReasonOpenComplaint, now)
}

// blockPerson blocks every waiting candidate of a locked person and tells the
// dialers; zero is nobody.
func blockPerson(ctx context.Context, tx pgx.Tx, contactID int64, reason campaigns.Reason, now time.Time) error {
	if contactID == 0 {
		return nil
	}
	if err := exec(ctx, tx, `update candidates set state = 'blocked', reason = $3, due_at = null, queued_at = null, state_at = $2
		where contact_id = $1 and state = any($4)`, contactID, now, reason, waiting); err != nil {
		return err
	}
	return notify(ctx, tx, Block{ContactID: contactID})
}

// freePerson makes the candidates ready again that blockPerson blocked for the
// reason; the gate sees to whatever else stands against them.
func freePerson(ctx context.Context, tx pgx.Tx, contactID int64, reason campaigns.Reason, now time.Time) error {
	return exec(ctx, tx, `update candidates set state = 'ready', reason = '', state_at = $2
		where contact_id = $1 and state = 'blocked' and reason = $3 and number_id is not null`, contactID, now, reason)
}

// CloseComplaint closes a person's open complaints; candidates that they
// blocked are ready again. CodeNotFound for an unknown person.
func (s *Store) CloseComplaint(ctx context.Context, contactID int64) error {
	return s.tx(ctx, func(tx pgx.Tx) error { return closeComplaint(ctx, tx, contactID, s.clock.Now()) })
}

func closeComplaint(ctx context.Context, tx pgx.Tx, contactID int64, now time.Time) error {
	if err := lockContact(ctx, tx, contactID); err != nil {
		return err
	}
	if err := exec(ctx, tx, `update complaints set closed_at = $2 where contact_id = $1 and closed_at is null`, contactID, now); err != nil {
		return err
	}
	return freePerson(ctx, tx, contactID, campaigns.ReasonOpenComplaint, now)
}

// HasOpenComplaint tells whether a person has an open complaint.
func (s *Store) HasOpenComplaint(ctx context.Context, contactID int64) (bool, error) {
	var open bool
	err := s.pool.QueryRow(ctx, `select exists (select from complaints where contact_id = $1 and closed_at is null)`, contactID).Scan(&open)
	return open, classify(err)
}

func lockContact(ctx context.Context, tx pgx.Tx, contactID int64) error {
	var id int64
	err := tx.QueryRow(ctx, `select id from contacts where id = $1 for no key update`, contactID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return campaigns.Errorf(campaigns.CodeNotFound, "no contact %d", contactID)
	}
	return err
}
