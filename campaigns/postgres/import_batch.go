package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/ingest"
	"ringmaster/campaigns/phone"
	"ringmaster/campaigns/scoring"
)

// batch is one transaction's worth of rows with the persons they may be.
type batch struct {
	*importing
	persons  []*person
	byExt    map[string]*person
	byEmail  map[string][]*person
	byNumber map[string]*number
	// uncallable are new candidates whom no rule will ever let be called.
	uncallable []ingest.Uncallable
}

func newBatch(i *importing) *batch {
	return &batch{importing: i, byExt: map[string]*person{}, byEmail: map[string][]*person{}, byNumber: map[string]*number{}}
}

// merge finds or makes the row's person and takes the row over.
func (b *batch) merge(row ingest.Row) {
	p := b.find(&row)
	if p == nil {
		p = &person{value: 1, attributes: map[string]string{}}
		b.persons = append(b.persons, p)
	}
	again := p.touched || p.id != 0 && b.seen.has(p.id)
	email, ext := p.email, p.externalID
	p.take(&row, again)
	if p.email != email {
		b.byEmail[p.email] = append(b.byEmail[p.email], p)
	}
	if p.externalID != ext {
		b.byExt[p.externalID] = p
	}
	for _, n := range row.Numbers {
		b.link(p, n)
	}
	p.touched = true
	if again {
		p.merged++
	} else {
		p.first = true
	}
	b.candidateOf(p, &row, again)
}

// find gives the known person that the row is, or nil. The order of the rules
// is part of ingest.Batches' contract; among several persons the oldest is
// taken, but one of the same name before one without a name.
func (b *batch) find(row *ingest.Row) *person {
	if row.ExternalID != "" {
		if p := b.byExt[row.ExternalID]; p != nil {
			return p
		}
	}
	key := nameKey(row.FirstName, row.LastName, row.Company)
	var nameless *person
	for _, n := range row.Numbers {
		known := b.byNumber[n.E164]
		if known == nil {
			continue
		}
		for _, p := range known.owners {
			switch {
			case !p.compatible(row):
			case p.key == key && key != "":
				return p
			case (p.key == "" || key == "") && nameless == nil:
				nameless = p
			}
		}
	}
	if nameless != nil || row.Email == "" {
		return nameless
	}
	for _, p := range b.byEmail[row.Email] {
		if p.compatible(row) {
			return p
		}
	}
	return nil
}

// link gives the person the number. A number of several persons is shared:
// then one open attempt does not keep the others from being called.
func (b *batch) link(p *person, parsed phone.Number) {
	n := b.byNumber[parsed.E164]
	if n == nil {
		n = &number{e164: parsed.E164, prefix: parsed.Prefix, region: parsed.Region, zones: canonicalZones(parsed.Zones),
			hmac: b.store.NumberHMAC(parsed.E164)}
		b.byNumber[parsed.E164] = n
	}
	if p.has(n) {
		return
	}
	p.numbers = append(p.numbers, n)
	n.owners = append(n.owners, p)
	n.shared = n.shared || len(n.owners) > 1
}

// defaultPropensity is that of candidates of whom nothing is known.
const defaultPropensity = 0.5

// candidateOf makes the person's candidate, or corrects what its rank is
// computed from. A candidate that is there keeps its state, but that one whose
// event was moved waits for it, or need not wait any longer.
func (b *batch) candidateOf(p *person, row *ingest.Row, again bool) {
	if again && p.candidate != nil {
		return
	}
	c := p.candidate
	if c == nil {
		c = &candidate{value: max(p.value, scoring.LeastValue), propensity: defaultPropensity, eventAt: b.now, past: row.Past, line: row.Line}
		p.candidate = c
		b.takePast(c, row)
	}
	before := *c
	if row.Value != 0 {
		c.value = row.Value
	}
	if row.Propensity != 0 {
		c.propensity = row.Propensity
	}
	if !row.EventAt.IsZero() {
		c.eventAt = row.EventAt
	}
	c.changed = c.value != before.value || c.propensity != before.propensity || !c.eventAt.Equal(before.eventAt)
	if c.id != 0 && c.changed {
		waits := c.state == campaigns.CandidateResting && c.reason == campaigns.ReasonFutureEvent
		if waits || c.state == campaigns.CandidateReady && !scoring.Ready(c.eventAt, b.now) {
			c.wait(b.now)
		}
	}
}

// wait lets the candidate rest until its event; one in the past is due at once.
func (c *candidate) wait(now time.Time) {
	due := c.eventAt
	if due.Before(now) {
		due = now
	}
	c.state, c.reason, c.due = campaigns.CandidateResting, campaigns.ReasonFutureEvent, &due
}

// place gives a new candidate its number, state and rank.
func (b *batch) place(p *person) {
	c := p.candidate
	n, refused := p.callable()
	c.number, c.rank = n, c.score(b.rules)
	switch {
	case refused != "":
		c.state, c.reason = campaigns.CandidateBlocked, refused
	case p.complaint:
		c.state, c.reason = campaigns.CandidateBlocked, campaigns.ReasonOpenComplaint
	case !scoring.Ready(c.eventAt, b.now):
		c.wait(b.now)
	default:
		c.state = campaigns.CandidateReady
	}
	if c.past != nil {
		b.carry(p)
	}
}

// followSegments holds the batch's persons against the segments of all campaigns
// that they are candidates of, and takes over what that made of new candidates.
func (b *batch) followSegments(ctx context.Context, tx pgx.Tx) error {
	byID := map[int64]*person{}
	for _, p := range b.persons {
		if p.touched {
			byID[p.id] = p
		}
	}
	ids := slices.Sorted(maps.Keys(byID))
	if err := b.store.followSegments(ctx, tx, ids, b.now); err != nil || b.campaign.Settings.Selection.Segment == "" {
		return err
	}
	rows, err := tx.Query(ctx, `select contact_id, state, reason from candidates
		where campaign_id = $1 and contact_id = any($2) and state = 'blocked' and reason = $3`, b.campaign.ID, ids, campaigns.ReasonNotInSegment)
	if err != nil {
		return err
	}
	var id int64
	var state campaigns.CandidateState
	var reason campaigns.Reason
	_, err = pgx.ForEachRow(rows, []any{&id, &state, &reason}, func() error {
		c := byID[id].candidate
		c.state, c.reason = state, reason
		return nil
	})
	return err
}

// count says what became of the batch, once it is written.
func (b *batch) count() ingest.Merged {
	m := ingest.Merged{Candidates: map[campaigns.CandidateState]int{}, Reasons: map[campaigns.Reason]int{}, Uncallable: b.uncallable}
	for _, n := range b.byNumber {
		if n.shared && !n.wasShared {
			m.SharedNumbers++
		}
	}
	for _, p := range b.persons {
		if !p.touched {
			continue
		}
		m.Merged += p.merged
		if p.isNew {
			m.Contacts++
		}
		c := p.candidate
		if c.id == 0 {
			m.Candidates[c.state]++
			if c.reason != "" {
				m.Reasons[c.reason]++
			}
		}
		switch {
		case !p.first:
		case c.id == 0:
			m.Imported++
		case p.changed || c.changed || len(p.numbers) > p.stored:
			m.Updated++
		default:
			m.Unchanged++
		}
	}
	return m
}
