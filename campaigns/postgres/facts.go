package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// querier is what a transaction and a connection have in common.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// factRow is what the gates need to know of one candidate and its number.
type factRow struct {
	candidateID, contactID, numberID, campaignID, agentID int64
	state                                                 campaigns.CandidateState
	number                                                string
	shared                                                bool
	answerProbability                                     float64
	address                                               zoneQuestion
	person                                                lockedPerson
	byNumber                                              []string
	facts                                                 calling.Facts
	// callbackAt is when a callback was promised for; agentReady says that its
	// agent is ready now.
	callbackAt time.Time
	agentReady bool
	// consents in force by purpose, the newest first; the campaign's settings say
	// which of them count.
	consents []heldConsent
}

// underRules gives the row the campaign's settings and state, and what follows
// from them.
func (s *Store) underRules(row *factRow, settings *campaigns.Settings, state campaigns.CampaignState, now time.Time) {
	f := &row.facts
	f.Law = s.laws.law(s.laws.jurisdictions(row.address, row.number), &settings.Compliance, now)
	f.Registers = s.laws.registers.of(row.campaignID)
	f.Settings, f.CampaignState = settings, state
	f.ConsentGranted, f.ConsentProven, f.ConsentRefused, f.ConsentRefusedUntil, f.PreferredHours = false, false, false, time.Time{}, nil
	purpose := purposeOf(settings)
	for _, c := range row.consents {
		if c.Purpose != purpose {
			continue
		}
		f.ConsentGranted, f.ConsentProven, f.ConsentRefused, f.PreferredHours = c.Granted, c.Proven, !c.Granted, c.Hours
		if !c.Granted {
			f.ConsentRefusedUntil = value(c.Until)
		}
		return
	}
}

// purposeOf is what the campaign calls for: marketing, where it does not say.
func purposeOf(settings *campaigns.Settings) campaigns.Purpose {
	if settings.Compliance.Purpose == "" {
		return campaigns.PurposeMarketing
	}
	return settings.Compliance.Purpose
}

// factsSelect reads the facts of the rows of w: (candidate, contact, number,
// campaign, at); candidate is null for a manual dial outside any list. $2 is now.
// A cap may count up to campaigns.MaxCap attempts.
//
// What is under way is asked for by "limit 1" where "exists" would read better:
// an exists may be planned as a hash of all that is under way, which grows with
// the floor, where an index finds the one row. An open attempt is the newest of
// those that count, so that it comes with them.
const factsSelect = factsOfCandidate + addressOfContact + factsOfNumber

// addressOfContact is left out by the reserve transaction, which reads it with
// the lock.
const addressOfContact = `(select array[p.region, p.postal_code, p.time_zone] from contacts p where p.id = w.contact)`

const factsOfCandidate = `
select coalesce(w.candidate, 0), w.contact, w.number, w.campaign, coalesce(c.agent_id, 0),
	coalesce(c.state, ''), n.e164, n.shared, coalesce(c.answer_probability, 0), coalesce(c.attempts, 0),
	(select b.kind = 'callback' from buckets b where b.id = c.bucket_id), c.callback_at,
	case when c.agent_id is not null then (select a.state = 'ready' from agent_presence a join nodes o
		on o.name = a.node and o.epoch = a.epoch and o.lease_until > clock_timestamp() where a.agent_id = c.agent_id) end,
	n.zones, n.region, `

// attemptOver is when an attempt a surely was over. That of a node which died may
// ring on at the carrier, longer than the ring time-out of any campaign.
const attemptOver = `case when a.outcome = 'unknown' and a.ended_at > $2::timestamptz - interval '2 minutes' then null else a.ended_at end`

const factsOfNumber = `,
	n.bad_at is not null, coalesce(l.active, true), coalesce(l.expires_at <= $2, false),
	` + suppressedUntil + `,
	coalesce((select true from complaints o where o.contact_id = w.contact and o.closed_at is null limit 1), false),
	coalesce((select true from objections o where o.contact_id = w.contact and o.withdrawn_at is null limit 1), false),
	array(select json_build_object('purpose', g.purpose, 'granted', g.granted, 'proven', g.proof <> '', 'until', g.valid_until, 'hours', g.hours) from consents g
		where g.contact_id = w.contact and g.channel in ('phone', 'any')
		and g.valid_from <= $2 and (g.valid_until is null or g.valid_until > $2) order by g.valid_from desc, g.id desc limit 10),
	array(select array[a.reserved_at, ` + attemptOver + `, case when a.outcome = 'dropped' then a.ended_at end, case when a.campaign_id = w.campaign then a.reserved_at end]
		from attempts a where a.contact_id = w.contact
		and (a.outcome is null or a.outcome not in ('congestion', 'failed', 'cancelled')) order by a.reserved_at desc limit 100),
	array(select array[a.reserved_at, ` + attemptOver + `, case when a.outcome = 'dropped' then a.ended_at end, null]
		from attempts a where a.number_id = w.number
		and (a.outcome is null or a.outcome not in ('congestion', 'failed', 'cancelled')) order by a.reserved_at desc limit 100),
	(select array[max(k.started_at) filter (where k.disposition = 'not_interested'), max(k.bridged_at), max(k.started_at) filter (where k.ended_at is null)]
		from calls k where k.contact_id = w.contact)`

// candidateFacts reads the facts of the candidates $1, but for their address.
const candidateFacts = factsOfCandidate + `null::text[]` + factsOfNumber + `
	from candidates c cross join lateral (select c.id as candidate, c.contact_id as contact, c.number_id as number, c.campaign_id as campaign, $2::timestamptz as at) w
	join numbers n on n.id = w.number join lists l on l.id = c.list_id where c.id = any($1)`

// scanFacts reads one row of factsSelect, with the clocks of its zones.
func (s *Store) scanFacts(row pgx.CollectableRow) (factRow, error) {
	r, err := scanFactColumns(row)
	if err == nil {
		r.facts.Zones, r.facts.Locations = s.zones.of(r.address, r.byNumber)
	}
	return r, err
}

func scanFactColumns(row pgx.CollectableRow) (factRow, error) {
	var r factRow
	var callback, ready *bool
	var address []string
	var doNotCall pgtype.Timestamptz
	var promised *time.Time
	var ofPerson, ofNumber, ofCalls pgtype.FlatArray[*time.Time]
	f := &r.facts
	err := row.Scan(&r.candidateID, &r.contactID, &r.numberID, &r.campaignID, &r.agentID,
		&r.state, &r.number, &r.shared, &r.answerProbability, &f.Attempts, &callback, &promised, &ready,
		&r.byNumber, &r.address.country, &address, &f.NumberBad, &f.ListActive, &f.ListExpired, &doNotCall, &f.OpenComplaint, &f.Objected, &r.consents,
		&ofPerson, &ofNumber, &ofCalls)
	if len(address) == 3 {
		r.address.region, r.address.postalCode, r.address.timeZone = address[0], address[1], address[2]
	}
	person, number := attemptTimes(ofPerson), attemptTimes(ofNumber)
	f.PersonAttempts, f.PersonInAttempt, f.CampaignAttempts = person.reserved, person.open, person.inCampaign
	f.NumberAttempts, f.NumberInAttempt = number.reserved, number.open
	f.LastDrop = person.dropped
	if len(ofCalls) == 3 {
		f.LastRefusal, f.LastConversation, f.PersonInCall = value(ofCalls[0]), value(ofCalls[1]), ofCalls[2] != nil
	}
	if number.dropped.After(f.LastDrop) {
		f.LastDrop = number.dropped
	}
	f.NumberInAttempt = f.NumberInAttempt && !r.shared
	f.AgreedCallback = callback != nil && *callback
	r.callbackAt, r.agentReady = value(promised), ready != nil && *ready
	f.DoNotCall, f.DoNotCallUntil = holds(doNotCall)
	return r, err
}

// pastAttempts are the newest attempts of a person or a number.
type pastAttempts struct {
	reserved, inCampaign []time.Time // newest first
	open                 bool        // one has no end yet
	dropped              time.Time   // the end of the last one that was dropped
}

// attemptTimes reads the attempts' four times each: the reservation, the end,
// the end again of a dropped one, the reservation again of the campaign's own.
func attemptTimes(times []*time.Time) pastAttempts {
	var p pastAttempts
	for ; len(times) >= 4; times = times[4:] {
		p.reserved = append(p.reserved, value(times[0]))
		p.open = p.open || times[1] == nil
		if p.dropped.IsZero() {
			p.dropped = value(times[2])
		}
		if times[3] != nil {
			p.inCampaign = append(p.inCampaign, *times[3])
		}
	}
	return p
}

// holds reads the end of an entry: null where there is none, infinity where it
// has no end, which is the zero time here.
func holds(end pgtype.Timestamptz) (bool, time.Time) {
	if end.InfinityModifier != pgtype.Finite {
		return end.Valid, time.Time{}
	}
	return end.Valid, end.Time
}
