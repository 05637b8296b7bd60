package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
)

// pastNode is the node of attempts and calls that another system has made.
const pastNode = "import"

// pastCalls is one import of calls under way. It is used by one goroutine.
type pastCalls struct {
	store    *Store
	campaign campaigns.Campaign
	dryRun   bool
}

// BeginHistory implements ingest.HistoryStore.
func (s *Store) BeginHistory(ctx context.Context, t ingest.Target) (ingest.HistoryBatches, error) {
	campaign, err := s.CampaignByName(ctx, t.Campaign)
	if err != nil {
		return nil, err
	}
	return &pastCalls{store: s, campaign: campaign, dryRun: t.DryRun}, nil
}

// Region implements ingest.HistoryBatches.
func (p *pastCalls) Region() string { return p.campaign.Settings.DefaultRegion }

// errDry takes a dry run back.
var errDry = errors.New("dry run")

// Merge implements ingest.HistoryBatches.
func (p *pastCalls) Merge(ctx context.Context, calls []ingest.PastCall) (ingest.HistoryMerged, error) {
	var b *pastBatch
	err := p.store.tx(ctx, func(tx pgx.Tx) error {
		b = &pastBatch{pastCalls: p, tx: tx, now: p.store.clock.Now(), merged: ingest.HistoryMerged{Outcomes: map[campaigns.Outcome]int{}}}
		err := b.merge(ctx, calls)
		if err == nil && p.dryRun {
			return errDry
		}
		return err
	})
	if err != nil && !errors.Is(err, errDry) {
		return ingest.HistoryMerged{}, err
	}
	return b.merged, nil
}

// pastBatch is one transaction's worth of calls.
type pastBatch struct {
	*pastCalls
	tx     pgx.Tx
	now    time.Time
	owners map[string][]pastOwner
	known  map[string]bool
	agents map[string]int64
	merged ingest.HistoryMerged
}

// pastOwner is a person who has a number.
type pastOwner struct {
	contactID, numberID, candidateID int64
	shared                           bool
	lead                             string
}

func (b *pastBatch) merge(ctx context.Context, calls []ingest.PastCall) error {
	if err := b.look(ctx, calls); err != nil {
		return err
	}
	var made []ingest.PastCall
	var whose []pastOwner
	for i, call := range calls {
		owner, ok := b.owner(call)
		switch {
		case call.At.After(b.now):
			b.merged.Refused = append(b.merged.Refused, ingest.RefusedCall{Index: i, Column: "call_date", Reason: call.At.Format(time.RFC3339) + " is ahead; name the zone of the file's times by --zone"})
			continue
		case !ok:
			b.merged.Refused = append(b.merged.Refused, ingest.RefusedCall{Index: i, Column: "phone_number", Reason: "nobody has this number: import the leads first"})
			continue
		case b.known[call.Key]:
			b.merged.Known++
			continue
		}
		b.known[call.Key] = true
		made, whose = append(made, call), append(whose, owner)
		b.merged.Stored++
		b.merged.Outcomes[call.Outcome]++
	}
	ids, err := draw(ctx, b.tx, "attempts", len(made))
	if err != nil {
		return err
	}
	return b.copy(ctx, made, whose, ids)
}

// look reads who has the numbers, which of the calls are there, and the agents.
func (b *pastBatch) look(ctx context.Context, calls []ingest.PastCall) error {
	b.owners, b.known, b.agents = map[string][]pastOwner{}, map[string]bool{}, map[string]int64{}
	var numbers, keys, agents []string
	for _, call := range calls {
		numbers, keys, agents = append(numbers, call.Number.E164), append(keys, call.Key), append(agents, call.Agent)
	}
	rows, err := b.tx.Query(ctx, `select n.e164, n.id, n.shared, p.id, coalesce(p.attributes->>'lead_id', ''), coalesce(c.id, 0)
		from numbers n join contact_numbers l on l.number_id = n.id join contacts p on p.id = l.contact_id
		left join candidates c on c.contact_id = p.id and c.campaign_id = $2
		where n.e164 = any($1) order by n.id, p.id`, numbers, b.campaign.ID)
	if err != nil {
		return err
	}
	var e164 string
	var o pastOwner
	var contacts []int64
	if _, err := pgx.ForEachRow(rows, []any{&e164, &o.numberID, &o.shared, &o.contactID, &o.lead, &o.candidateID}, func() error {
		b.owners[e164] = append(b.owners[e164], o)
		contacts = append(contacts, o.contactID)
		return nil
	}); err != nil {
		return err
	}
	rows, err = b.tx.Query(ctx, `select sip_call_id from attempts where contact_id = any($1) and node = $2 and sip_call_id = any($3)`, contacts, pastNode, keys)
	if err != nil {
		return err
	}
	var key string
	if _, err := pgx.ForEachRow(rows, []any{&key}, func() error { b.known[key] = true; return nil }); err != nil {
		return err
	}
	rows, err = b.tx.Query(ctx, `select name, id from users where name = any($1)`, agents)
	if err != nil {
		return err
	}
	var name string
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error { b.agents[name] = id; return nil })
	return err
}

// owner gives whose call it was: of several who have the number the one with
// the lead, or else a candidate of the campaign, or else the oldest.
func (b *pastBatch) owner(call ingest.PastCall) (pastOwner, bool) {
	owners := b.owners[call.Number.E164]
	for _, fits := range []func(pastOwner) bool{
		func(o pastOwner) bool { return call.Lead != "" && o.lead == call.Lead },
		func(o pastOwner) bool { return o.candidateID != 0 },
		func(pastOwner) bool { return true },
	} {
		if i := slices.IndexFunc(owners, fits); i >= 0 {
			return owners[i], true
		}
	}
	return pastOwner{}, false
}

// copy stores each call as an attempt that has ended, and with a call where an
// agent spoke to somebody.
func (b *pastBatch) copy(ctx context.Context, made []ingest.PastCall, whose []pastOwner, ids []int64) error {
	var attempts, calls [][]any
	for i, call := range made {
		o, end := whose[i], call.At.Add(call.Length)
		var answered *time.Time
		if call.Outcome == campaigns.OutcomeAnswered || call.Outcome == campaigns.OutcomeMachine || call.Outcome == campaigns.OutcomeDropped {
			answered = &call.At
		}
		attempts = append(attempts, []any{ids[i], b.campaign.ID, orNoID(o.candidateID), o.contactID, o.numberID, o.shared, orNoID(b.agents[call.Agent]), pastNode, int64(0),
			call.Key, call.At, call.At, call.At, answered, end, string(call.Outcome), "status " + call.Status})
		if call.Disposition != "" {
			calls = append(calls, []any{pastCallID(call), string(campaigns.Outbound), b.campaign.ID, orNoID(o.candidateID), o.contactID, o.numberID, ids[i],
				orNoID(b.agents[call.Agent]), pastNode, int64(0), call.Key, call.At, call.At, end, string(campaigns.EndedByAgent), call.Length.Milliseconds(),
				string(call.Disposition), "", call.Notes, end})
		}
	}
	if err := copyRows(ctx, b.tx, "attempts", []string{"id", "campaign_id", "candidate_id", "contact_id", "number_id", "number_shared", "agent_id", "node", "epoch",
		"sip_call_id", "reserved_at", "dial_by", "sent_at", "answered_at", "ended_at", "outcome", "detail"}, attempts); err != nil {
		return err
	}
	return copyRows(ctx, b.tx, "calls", []string{"id", "direction", "campaign_id", "candidate_id", "contact_id", "number_id", "attempt_id", "agent_id", "node", "epoch",
		"sip_call_id", "started_at", "bridged_at", "ended_at", "ended_by", "talk_ms", "disposition", "disposition_reason", "notes", "closed_at"}, calls)
}

func orNoID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// pastCallID makes a ULID of the call's time and key, the same each time.
func pastCallID(call ingest.PastCall) string {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	digest := sha256.Sum256([]byte(pastNode + "\x00" + call.Key + "\x00" + call.Number.E164))
	id := make([]byte, 26)
	ms := uint64(call.At.UnixMilli())
	for i := 9; i >= 0; i-- {
		id[i], ms = crockford[ms&31], ms>>5
	}
	for half := range 2 {
		bits := binary.BigEndian.Uint64(digest[8*half:])
		for i := range 8 {
			id[10+8*half+i], bits = crockford[bits&31], bits>>5
		}
	}
	return string(id)
}
