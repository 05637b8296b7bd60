package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// heldConsent is an entry of the ledger that is in force, as the gate reads it.
type heldConsent struct {
	Purpose campaigns.Purpose `json:"purpose"`
	Granted bool              `json:"granted"`
	Proven  bool              `json:"proven"`
	Until   *time.Time        `json:"until"`
	Hours   *campaigns.Window `json:"hours"`
}

// RecordConsent appends an entry to the consent ledger. The newest entry in
// force for a purpose decides. A refusal blocks the person's waiting candidates
// in the campaigns of its purpose and cancels what rings; a grant makes those
// ready again that a refusal had blocked. An entry without a beginning begins
// now. CodeInvalid names a wrong field, CodeNotFound an unknown person.
func (s *Store) RecordConsent(ctx context.Context, c campaigns.ConsentEntry) (campaigns.ConsentEntry, error) {
	now := s.clock.Now()
	if c.From.IsZero() {
		c.From = now
	}
	c.RecordedAt = now
	if err := c.Validate(); err != nil {
		return c, err
	}
	return c, s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockContact(ctx, tx, c.ContactID); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `insert into consents (contact_id, purpose, channel, granted, source, proof, valid_from, valid_until, hours, recorded_at, recorded_by)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nullif($11::bigint, 0)) returning id`, c.ContactID, c.Purpose, c.Channel, c.Granted,
			c.Source, c.Proof, c.From, c.Until, c.Hours, now, c.RecordedBy).Scan(&c.ID); err != nil {
			return err
		}
		if c.From.After(now) || c.Until != nil && !c.Until.After(now) {
			return nil
		}
		if c.Granted {
			if err := freePurpose(ctx, tx, c, campaigns.ReasonConsentMissing, now); err != nil {
				return err
			}
			return freePurpose(ctx, tx, c, campaigns.ReasonConsentRefused, now)
		}
		return blockPurpose(ctx, tx, c.ContactID, c.Purpose, campaigns.ReasonConsentRefused, c.Until, now)
	})
}

// ofPurpose joins to a candidate c its campaign m where that calls for the
// purpose $4; a campaign that does not say calls for marketing.
const ofPurpose = `m.id = c.campaign_id and coalesce(nullif(m.settings -> 'compliance' ->> 'purpose', ''), 'marketing') = $4`

// blockPurpose takes a locked person's waiting candidates aside in the
// campaigns of one purpose, until a time or (nil) for good, and tells the
// dialers, who cancel whatever rings: a call of another purpose among them comes
// back through the gate.
func blockPurpose(ctx context.Context, tx pgx.Tx, contactID int64, purpose campaigns.Purpose, reason campaigns.Reason, until *time.Time, now time.Time) error {
	if err := exec(ctx, tx, `update candidates c set state = case when $5::timestamptz is null then 'blocked' else 'resting' end,
			reason = $3, due_at = $5, queued_at = null, state_at = $2 from campaigns m
		where c.contact_id = $1 and c.state = any($6) and `+ofPurpose, contactID, now, reason, purpose, until, waiting); err != nil {
		return err
	}
	return notify(ctx, tx, Block{ContactID: contactID})
}

// freePurpose is the way back from blockPurpose.
func freePurpose(ctx context.Context, tx pgx.Tx, c campaigns.ConsentEntry, reason campaigns.Reason, now time.Time) error {
	return exec(ctx, tx, `update candidates c set state = 'ready', reason = '', due_at = null, state_at = $2 from campaigns m
		where c.contact_id = $1 and c.state in ('blocked', 'resting') and c.reason = $3 and c.number_id is not null and `+ofPurpose,
		c.ContactID, now, reason, c.Purpose)
}

// Consents gives a person's ledger, newest first. CodeNotFound for an unknown
// person.
func (s *Store) Consents(ctx context.Context, contactID int64) ([]campaigns.ConsentEntry, error) {
	if _, err := s.Contact(ctx, contactID); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `select id, contact_id, purpose, channel, granted, source, proof, valid_from, valid_until, hours,
			recorded_at, coalesce(recorded_by, 0)
		from consents where contact_id = $1 order by valid_from desc, id desc`, contactID)
	if err != nil {
		return nil, classify(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[campaigns.ConsentEntry])
	return entries, classify(err)
}

// Object records that a person objects to marketing (GDPR art. 21(2)): every
// marketing campaign leaves them alone at once, ringing calls included. A person
// who objected before stays as they were. CodeNotFound for an unknown person.
func (s *Store) Object(ctx context.Context, o campaigns.Objection) error {
	if o.Source == "" {
		return campaigns.Invalid("source", "is missing: say how the person objected")
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		if err := lockContact(ctx, tx, o.ContactID); err != nil {
			return err
		}
		if err := exec(ctx, tx, `insert into objections (contact_id, source, proof, objected_at) values ($1, $2, $3, $4) on conflict do nothing`,
			o.ContactID, o.Source, o.Proof, now); err != nil {
			return err
		}
		return blockPurpose(ctx, tx, o.ContactID, campaigns.PurposeMarketing, campaigns.ReasonObjected, nil, now)
	})
}

// WithdrawObjection ends a person's objection; what it blocked is ready again.
// CodeNotFound when there is none.
func (s *Store) WithdrawObjection(ctx context.Context, contactID int64) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		if err := lockContact(ctx, tx, contactID); err != nil {
			return err
		}
		var id int64
		err := tx.QueryRow(ctx, `update objections set withdrawn_at = greatest($2, objected_at) where contact_id = $1 and withdrawn_at is null returning id`,
			contactID, now).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return campaigns.Errorf(campaigns.CodeNotFound, "contact %d has not objected", contactID)
		}
		if err != nil {
			return err
		}
		return freePerson(ctx, tx, contactID, campaigns.ReasonObjected, now)
	})
}
