package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// blockChannel carries notices of new suppressions and complaints to dialers.
const blockChannel = "ringmaster_block"

// Block is a number or person that may no longer be called; Resync asks to
// check everything that rings, after a gap in the notices.
type Block struct {
	NumberID  int64 `json:"number_id,omitempty"`
	ContactID int64 `json:"contact_id,omitempty"`
	Resync    bool  `json:"resync,omitempty"`
}

type suppression struct {
	e164       string
	campaignID int64
	source     string
	reason     string
	until      time.Time
}

// AddSuppression puts a number (E.164) on the do-not-call list, of one campaign
// or (zero) of all. Waiting candidates with that number go on to their next
// number or are blocked in the same transaction, and dialers are told.
func (s *Store) AddSuppression(ctx context.Context, e164 string, campaignID int64, source, reason string, until time.Time) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		return s.suppress(ctx, tx, suppression{e164, campaignID, source, reason, until}, s.clock.Now())
	})
}

func (s *Store) suppress(ctx context.Context, tx pgx.Tx, entry suppression, now time.Time) error {
	hmac := s.NumberHMAC(entry.e164)
	var numberID int64
	err := tx.QueryRow(ctx, `select id from numbers where hmac = $1 for update`, hmac).Scan(&numberID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if err := exec(ctx, tx, `insert into suppressions (number_hmac, campaign_id, source, reason, created_at, expires_at)
		values ($1, nullif($2::bigint, 0), $3, $4, $5, $6)
		on conflict (number_hmac, coalesce(campaign_id, 0), source) do update set reason = excluded.reason, expires_at = excluded.expires_at`,
		hmac, entry.campaignID, entry.source, entry.reason, now, optional(entry.until)); err != nil {
		return err
	}
	if numberID == 0 {
		return nil
	}
	if err := exec(ctx, tx, `update candidates c set number_id = coalesce(o.next, c.number_id), state = case when o.next is null then 'blocked' else c.state end,
			reason = case when o.next is null then 'do_not_call' else c.reason end,
			due_at = case when o.next is null then null else c.due_at end, queued_at = case when o.next is null then null else c.queued_at end, state_at = $3
		from (select k.id, (select cn.number_id from contact_numbers cn join numbers m on m.id = cn.number_id
				where cn.contact_id = k.contact_id and cn.number_id <> $1 and m.bad_at is null
				and not exists (select from suppressions s where s.number_hmac = m.hmac and (s.campaign_id is null or s.campaign_id = k.campaign_id)
					and (s.expires_at is null or s.expires_at > $3))
				order by cn.position limit 1) as next
			from candidates k where k.number_id = $1 and ($2 = 0 or k.campaign_id = $2) and k.state in ('ready', 'resting', 'callback', 'queued')) o
		where c.id = o.id and c.state in ('ready', 'resting', 'callback', 'queued')`, numberID, entry.campaignID, now); err != nil {
		return err
	}
	return notify(ctx, tx, Block{NumberID: numberID})
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
	if err := exec(ctx, tx, `update candidates set state = 'blocked', reason = 'open_complaint', due_at = null, queued_at = null, state_at = $2
		where contact_id = $1 and state in ('ready', 'resting', 'callback', 'queued')`, contactID, now); err != nil {
		return err
	}
	return notify(ctx, tx, Block{ContactID: contactID})
}

// CloseComplaint closes a person's open complaints; candidates that they
// blocked are ready again.
func (s *Store) CloseComplaint(ctx context.Context, contactID int64) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		if err := lockContact(ctx, tx, contactID); err != nil {
			return err
		}
		if err := exec(ctx, tx, `update complaints set closed_at = $2 where contact_id = $1 and closed_at is null`, contactID, now); err != nil {
			return err
		}
		return exec(ctx, tx, `update candidates set state = 'ready', reason = '', state_at = $2
			where contact_id = $1 and state = 'blocked' and reason = 'open_complaint' and number_id is not null`, contactID, now)
	})
}

func lockContact(ctx context.Context, tx pgx.Tx, contactID int64) error {
	var id int64
	err := tx.QueryRow(ctx, `select id from contacts where id = $1 for update`, contactID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return campaigns.Errorf(campaigns.CodeNotFound, "no contact %d", contactID)
	}
	return err
}

func notify(ctx context.Context, tx pgx.Tx, b Block) error {
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return exec(ctx, tx, `select pg_notify($1, $2)`, blockChannel, string(body))
}

// Watch calls f for each suppression and complaint as it is committed, and
// with Resync after each (re)connection, until ctx ends, which is its error.
func (s *Store) Watch(ctx context.Context, f func(Block)) error {
	for {
		err := s.listen(ctx, f)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.log.Warn("notices of blocked numbers interrupted", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (s *Store) listen(ctx context.Context, f func(Block)) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// A listening connection keeps its channel, so it never goes back.
	conn := pooled.Hijack()
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "listen "+blockChannel); err != nil {
		return err
	}
	f(Block{Resync: true})
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var b Block
		if err := json.Unmarshal([]byte(notice.Payload), &b); err != nil {
			s.log.Error("notice of a blocked number is unreadable", "error", err)
			continue
		}
		f(b)
	}
}

// HasOpenComplaint tells whether a person has an open complaint.
func (s *Store) HasOpenComplaint(ctx context.Context, contactID int64) (bool, error) {
	var open bool
	err := s.pool.QueryRow(ctx, `select exists (select from complaints where contact_id = $1 and closed_at is null)`, contactID).Scan(&open)
	return open, classify(err)
}
