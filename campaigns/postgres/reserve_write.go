package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
)

// queueMoves writes the moves of refused candidates in one statement.
func queueMoves(batch *pgx.Batch, moves []move, now time.Time) {
	var ids, numbers []int64
	var states, reasons []string
	var due []*time.Time
	for _, m := range moves {
		if m.state == "" {
			continue
		}
		reason := m.reason
		if m.state == campaigns.CandidateReady {
			reason = ""
		}
		ids, numbers = append(ids, m.id), append(numbers, m.numberID)
		states, reasons = append(states, string(m.state)), append(reasons, string(reason))
		due = append(due, optional(m.due))
	}
	if len(ids) == 0 {
		return
	}
	batch.Queue(`update candidates c
		set state = m.state, reason = m.reason, due_at = m.due, number_id = coalesce(nullif(m.number, 0), c.number_id),
		    state_at = $6, queued_at = null
		from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[]) as m (id, state, reason, due, number)
		where c.id = m.id and c.state = 'queued'`, ids, states, reasons, due, numbers, now)
}

// queueAttempts opens the candidates of the rows that passed and inserts their
// attempts. The map is filled when the batch is read: the attempt's id by
// contact. A candidate that is in none of the states any more gets none.
func queueAttempts(batch *pgx.Batch, owner Owner, rows []factRow, from []campaigns.CandidateState, now time.Time) map[int64]int64 {
	ids := map[int64]int64{}
	n := len(rows)
	if n == 0 {
		return ids
	}
	campaignIDs, candidates, contacts, numbers := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	agents, shared := make([]int64, n), make([]bool, n)
	for i, r := range rows {
		campaignIDs[i], candidates[i], contacts[i], numbers[i] = r.campaignID, r.candidateID, r.contactID, r.numberID
		agents[i], shared[i] = r.agentID, r.shared
	}
	batch.Queue(`with opened as (
			update candidates c set state = 'open', number_id = r.number, state_at = $9, queued_at = null, due_at = null, reason = ''
			from unnest($2::bigint[], $4::bigint[]) as r (candidate, number)
			where c.id = r.candidate and c.state = any($11) returning c.id)
		insert into attempts (campaign_id, candidate_id, contact_id, number_id, agent_id, number_shared, node, epoch, reserved_at, dial_by)
		select campaign, nullif(candidate, 0), contact, number, nullif(agent, 0), shared, $7, $8, $9, $10
		from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[])
			as r (campaign, candidate, contact, number, agent, shared)
		where candidate = 0 or candidate in (select id from opened)
		returning contact_id, id`,
		campaignIDs, candidates, contacts, numbers, agents, shared, owner.Node, owner.Epoch, now, now.Add(dialBy), from).
		Query(func(rows pgx.Rows) error {
			var contact, id int64
			_, err := pgx.ForEachRow(rows, []any{&contact, &id}, func() error {
				ids[contact] = id
				return nil
			})
			return err
		})
	return ids
}

// optional gives nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
