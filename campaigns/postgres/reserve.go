package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// dialBy is how long after its reservation an attempt may still be sent.
const dialBy = time.Second

// Owner is the node and epoch that an attempt or a call belongs to.
type Owner struct {
	Node  string
	Epoch int64
}

// Reserve gates a batch of leased candidates of one campaign and commits an
// attempt for each that passed (DESIGN.md section 4.5). Candidates refused are
// moved on with their reason; one that is not queued any more is refused as
// not_queued and left where it is. It fails with CodeConflict when the owner's
// lease is not fresh.
func (s *Store) Reserve(ctx context.Context, owner Owner, items []campaigns.HopperItem) ([]campaigns.Attempt, []campaigns.Refusal, error) {
	var attempts []campaigns.Attempt
	var refusals []campaigns.Refusal
	if len(items) == 0 {
		return nil, nil, nil
	}
	started := time.Now()
	err := s.tx(ctx, func(tx pgx.Tx) error {
		attempts, refusals = nil, nil
		now := s.clock.Now()
		if err := s.lockPeople(ctx, tx, owner, items); err != nil {
			return err
		}
		rows, err := s.readFacts(ctx, tx, items, now)
		if err != nil {
			return err
		}
		passed, moves := decideBatch(items, rows, now)
		for _, m := range moves {
			refusals = append(refusals, campaigns.Refusal{CandidateID: m.id, Reason: m.reason, Until: m.due})
		}
		if err := s.moveRefused(ctx, tx, moves, now); err != nil {
			return err
		}
		attempts, err = s.insertAttempts(ctx, tx, owner, passed, now)
		return err
	})
	for i := range attempts {
		attempts[i].DialBy = started.Add(dialBy)
	}
	return attempts, refusals, err
}

// lockPeople locks the persons' and numbers' rows, each sorted by id, and
// checks the owner's lease.
func (s *Store) lockPeople(ctx context.Context, tx pgx.Tx, owner Owner, items []campaigns.HopperItem) error {
	contacts, numbers := make([]int64, len(items)), make([]int64, len(items))
	for i, item := range items {
		contacts[i], numbers[i] = item.ContactID, item.NumberID
	}
	var fresh bool
	var batch pgx.Batch
	batch.Queue(`select id from contacts where id = any($1) order by id for update`, contacts)
	batch.Queue(`select id from numbers where id = any($1) order by id for update`, numbers)
	batch.Queue(`select exists (select from nodes where name = $1 and epoch = $2 and lease_until > clock_timestamp())`, owner.Node, owner.Epoch).
		QueryRow(func(row pgx.Row) error { return row.Scan(&fresh) })
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	if !fresh {
		return campaigns.Errorf(campaigns.CodeConflict, "node %s holds no fresh lease on epoch %d", owner.Node, owner.Epoch)
	}
	return nil
}

// move is where a refused candidate goes.
type move struct {
	id       int64
	state    campaigns.CandidateState
	reason   campaigns.Reason
	due      time.Time
	numberID int64 // the next number, or zero
}

// decideBatch asks calling.Decide for each item, and lets only the first of
// several items for one person or one unshared number pass.
func decideBatch(items []campaigns.HopperItem, rows map[int64]factRow, now time.Time) (passed []factRow, moves []move) {
	people, numbers := map[int64]bool{}, map[int64]bool{}
	for _, item := range items {
		row, known := rows[item.CandidateID]
		if !known || row.state != campaigns.CandidateQueued || row.numberID != item.NumberID {
			moves = append(moves, move{id: item.CandidateID, reason: campaigns.ReasonNotQueued})
			continue
		}
		row.facts.PersonInAttempt = row.facts.PersonInAttempt || people[row.contactID]
		row.facts.NumberInAttempt = (row.facts.NumberInAttempt || numbers[row.numberID]) && !row.shared
		verdict := calling.Decide(row.facts, now)
		if !verdict.Allowed {
			moves = append(moves, refuse(row, verdict))
			continue
		}
		people[row.contactID], numbers[row.numberID] = true, true
		passed = append(passed, row)
	}
	return passed, moves
}

// refuse says where a refused candidate goes: to its next number when this one
// is the trouble, to rest until the reason lapses, or aside.
func refuse(row factRow, v calling.Verdict) move {
	m := move{id: row.candidateID, reason: v.Reason, due: v.Until, state: campaigns.CandidateResting}
	switch v.Reason {
	case campaigns.ReasonCampaignNotRunning, campaigns.ReasonListInactive:
		m.state = campaigns.CandidateReady
	case campaigns.ReasonDoNotCall, campaigns.ReasonNoNumber:
		if m.numberID = row.nextNumberID; m.numberID != 0 {
			m.state = campaigns.CandidateReady
		} else {
			m.state = campaigns.CandidateBlocked
		}
	case campaigns.ReasonMaxAttempts:
		m.state = campaigns.CandidateDone
	default:
		if v.Until.IsZero() {
			m.state = campaigns.CandidateBlocked
		}
	}
	if m.state != campaigns.CandidateResting {
		m.due = time.Time{}
	}
	return m
}

// moveRefused writes the moves in one statement.
func (s *Store) moveRefused(ctx context.Context, tx pgx.Tx, moves []move, now time.Time) error {
	var ids, numbers []int64
	var states, reasons []string
	var due []*time.Time
	for _, m := range moves {
		if m.state == "" {
			continue
		}
		ids, numbers = append(ids, m.id), append(numbers, m.numberID)
		states, reasons = append(states, string(m.state)), append(reasons, string(m.reason))
		due = append(due, optional(m.due))
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `update candidates c
		set state = m.state, reason = m.reason, due_at = m.due, number_id = coalesce(nullif(m.number, 0), c.number_id),
		    state_at = $6, queued_at = null
		from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[]) as m (id, state, reason, due, number)
		where c.id = m.id and c.state = 'queued'`, ids, states, reasons, due, numbers, now)
	return err
}

// insertAttempts commits an attempt for each row that passed.
func (s *Store) insertAttempts(ctx context.Context, tx pgx.Tx, owner Owner, rows []factRow, now time.Time) ([]campaigns.Attempt, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	n := len(rows)
	campaignIDs, candidates, contacts, numbers := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	agents, shared := make([]int64, n), make([]bool, n)
	for i, r := range rows {
		campaignIDs[i], candidates[i], contacts[i], numbers[i] = r.campaignID, r.candidateID, r.contactID, r.numberID
		agents[i], shared[i] = r.agentID, r.shared
	}
	ids := map[int64]int64{}
	var batch pgx.Batch
	batch.Queue(`update candidates set state = 'open', state_at = $2, queued_at = null, due_at = null, reason = ''
		where id = any($1) and state <> 'open'`, candidates, now)
	batch.Queue(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, agent_id, number_shared, node, epoch, reserved_at, dial_by)
		select campaign, nullif(candidate, 0), contact, number, nullif(agent, 0), shared, $7, $8, $9, $10
		from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[])
			as r (campaign, candidate, contact, number, agent, shared)
		returning contact_id, id`,
		campaignIDs, candidates, contacts, numbers, agents, shared, owner.Node, owner.Epoch, now, now.Add(dialBy)).
		Query(func(rows pgx.Rows) error {
			var contact, id int64
			_, err := pgx.ForEachRow(rows, []any{&contact, &id}, func() error {
				ids[contact] = id
				return nil
			})
			return err
		})
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, err
	}
	attempts := make([]campaigns.Attempt, n)
	for i, r := range rows {
		attempts[i] = campaigns.Attempt{
			ID: ids[r.contactID], CampaignID: r.campaignID, CandidateID: r.candidateID, ContactID: r.contactID, NumberID: r.numberID,
			Number: r.number, Node: owner.Node, Epoch: owner.Epoch, AgentID: r.agentID, AnswerProbability: r.answerProbability,
			ReservedAt: now, Settings: *r.facts.Settings,
		}
	}
	return attempts, nil
}

// optional gives nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
