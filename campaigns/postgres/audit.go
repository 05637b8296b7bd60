package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// AuditedAttempt is one attempt with the facts that its gates should have seen.
type AuditedAttempt struct {
	ID, ContactID      int64
	Number             string
	Shared             bool
	SIPCallID          string
	SentAt, AnsweredAt time.Time
	Outcome            campaigns.Outcome
	// WindowOpen is judged anew for SentAt, by the campaign's hours and those of
	// the law, in the zones of the person's address or else of the number.
	WindowOpen bool
	// BlockedSince is the earliest do-not-call entry of the number or complaint of the
	// person that held at SentAt; zero: none.
	BlockedSince time.Time
}

// AuditedCall is one call with its times and its agent's phone.
type AuditedCall struct {
	Direction          campaigns.Direction
	SIPCallID          string
	BridgedAt, EndedAt time.Time
	Phone              string
}

// AuditAttempts gives every attempt since a business time, oldest first.
func (s *Store) AuditAttempts(ctx context.Context, since time.Time) ([]AuditedAttempt, error) {
	all, err := s.AllCampaigns(ctx)
	if err != nil {
		return nil, err
	}
	settings, zones := map[int64]*campaigns.Settings{}, zoneCache{}
	for i := range all {
		settings[all[i].ID] = &all[i].Settings
	}
	rows, err := s.pool.Query(ctx, `select a.id, a.contact_id, n.e164, a.number_shared, a.sip_call_id, a.sent_at, a.answered_at, coalesce(a.outcome, ''),
			a.campaign_id, n.zones, n.region, p.region, p.postal_code, p.time_zone,
			(select min(b.at) from (
				select created_at as at from suppressions s where s.number_hmac = n.hmac and (s.campaign_id is null or s.campaign_id = a.campaign_id)
					and (s.expires_at is null or s.expires_at > a.sent_at)
				union all
				select f.started_at from dnc_entries e join dnc_files f on f.id = e.file_id join dnc_lists d on d.id = f.list_id
					where e.key = substr(n.hmac, 1, 16) and (f.retired_at is null or f.retired_at > a.sent_at)
					and (d.campaign_id is null or d.campaign_id = a.campaign_id) and (e.expires_at is null or e.expires_at > a.sent_at)
				union all
				select x.created_at from dnc_patterns x join dnc_lists d on d.id = x.list_id
					where (x.pattern = n.region or starts_with(n.e164, x.pattern))
					and (d.campaign_id is null or d.campaign_id = a.campaign_id) and (x.expires_at is null or x.expires_at > a.sent_at)
				union all
				select opened_at from complaints o where o.contact_id = a.contact_id and (o.closed_at is null or o.closed_at > a.sent_at)) b
				where b.at <= a.sent_at)
		from attempts a join numbers n on n.id = a.number_id join contacts p on p.id = a.contact_id where a.reserved_at >= $1 order by a.id`, since)
	if err != nil {
		return nil, classify(err)
	}
	attempts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (AuditedAttempt, error) {
		var a AuditedAttempt
		var sent, answered, blocked *time.Time
		var campaignID int64
		var byNumber []string
		var at zoneQuestion
		err := row.Scan(&a.ID, &a.ContactID, &a.Number, &a.Shared, &a.SIPCallID, &sent, &answered, &a.Outcome, &campaignID,
			&byNumber, &at.country, &at.region, &at.postalCode, &at.timeZone, &blocked)
		a.SentAt, a.AnsweredAt, a.BlockedSince = value(sent), value(answered), value(blocked)
		if err != nil {
			return a, err
		}
		of := settings[campaignID]
		law := s.laws.law(s.laws.jurisdictions(at, a.Number), &of.Compliance, a.SentAt)
		a.WindowOpen = !law.Unknown && !calling.LawAllowsUntil(of.Window, law, zones.of(at, byNumber), a.SentAt).IsZero()
		return a, nil
	})
	return attempts, classify(err)
}

// AuditCalls gives every call since a business time, oldest first.
func (s *Store) AuditCalls(ctx context.Context, since time.Time) ([]AuditedCall, error) {
	rows, err := s.pool.Query(ctx, `select k.direction, k.sip_call_id, k.bridged_at, k.ended_at, coalesce(u.phone, '')
		from calls k left join users u on u.id = k.agent_id where k.started_at >= $1 order by k.started_at`, since)
	if err != nil {
		return nil, classify(err)
	}
	calls, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (AuditedCall, error) {
		var c AuditedCall
		var bridged, ended *time.Time
		err := row.Scan(&c.Direction, &c.SIPCallID, &bridged, &ended, &c.Phone)
		c.BridgedAt, c.EndedAt = value(bridged), value(ended)
		return c, err
	})
	return calls, classify(err)
}

// Integrity counts what the invariants forbid.
type Integrity struct {
	// OpenAttempts have no end.
	OpenAttempts int
	// StatelessCandidates are in no state, or wait in one that nothing leaves:
	// open without an attempt or call under way.
	StatelessCandidates int
	// AnsweredWithoutResult are ended calls without a disposition.
	AnsweredWithoutResult int
	// RTP packets of all calls since the time.
	Sent, Received, Lost int64
	// Rows that imports rejected.
	Rejected int
}

// CheckIntegrity counts them, and the RTP packets since a business time.
func (s *Store) CheckIntegrity(ctx context.Context, since time.Time) (Integrity, error) {
	var i Integrity
	var batch pgx.Batch
	batch.Queue(`select count(*) from attempts where ended_at is null`).QueryRow(func(r pgx.Row) error { return r.Scan(&i.OpenAttempts) })
	batch.Queue(`select count(*) from candidates c where c.state not in ('ready', 'resting', 'callback', 'queued', 'open', 'blocked', 'done')
		or (c.state = 'open' and not exists (select from attempts a where a.candidate_id = c.id and a.ended_at is null)
			and not exists (select from calls k where k.candidate_id = c.id and k.closed_at is null))`).
		QueryRow(func(r pgx.Row) error { return r.Scan(&i.StatelessCandidates) })
	batch.Queue(`select (select count(*) from calls where ended_at is not null and disposition is null)
		+ (select count(*) from attempts a where a.outcome = 'answered' and not exists (select from calls k where k.attempt_id = a.id))`).
		QueryRow(func(r pgx.Row) error { return r.Scan(&i.AnsweredWithoutResult) })
	batch.Queue(`select coalesce(sum(rtp_sent), 0)::bigint, coalesce(sum(rtp_received), 0)::bigint, coalesce(sum(rtp_lost), 0)::bigint from calls where started_at >= $1`, since).
		QueryRow(func(r pgx.Row) error { return r.Scan(&i.Sent, &i.Received, &i.Lost) })
	batch.Queue(`select coalesce(sum(rejected), 0)::bigint from imports`).QueryRow(func(r pgx.Row) error { return r.Scan(&i.Rejected) })
	return i, classify(s.pool.SendBatch(ctx, &batch).Close())
}

// value gives the zero time for nil.
func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
