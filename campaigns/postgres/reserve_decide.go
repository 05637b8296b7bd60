package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ringmaster/campaigns"
	"ringmaster/campaigns/calling"
)

// move is where a refused candidate goes; without a state it stays.
type move struct {
	id       int64
	state    campaigns.CandidateState
	reason   campaigns.Reason
	due      time.Time
	numberID int64 // the next number, or zero
}

// decide asks calling.Decide for each item, and lets only the first of several
// items for one person or one unshared number pass. An item that comes twice
// counts once.
func (r *reservation) decide(ctx context.Context) error {
	rows := make(map[int64]*factRow, len(r.rows))
	for i := range r.rows {
		rows[r.rows[i].candidateID] = &r.rows[i]
	}
	var elsewhere []*factRow // refused for their number
	var verdicts []calling.Verdict
	people, numbers := map[int64]bool{}, map[int64]bool{}
	seen := map[int64]bool{}
	for _, item := range r.items {
		if seen[item.CandidateID] {
			continue
		}
		seen[item.CandidateID] = true
		row := rows[item.CandidateID]
		if row == nil || !row.is(item) {
			r.moves = append(r.moves, move{id: item.CandidateID, reason: campaigns.ReasonNotQueued})
			continue
		}
		row.facts.PersonInAttempt = row.facts.PersonInAttempt || people[row.contactID]
		row.facts.NumberInAttempt = (row.facts.NumberInAttempt || numbers[row.numberID]) && !row.shared
		switch verdict := row.decide(r.now); {
		case verdict.Allowed:
			people[row.contactID], numbers[row.numberID] = true, true
			r.passed = append(r.passed, *row)
		case verdict.Reason == campaigns.ReasonDoNotCall, verdict.Reason == campaigns.ReasonNoNumber:
			elsewhere, verdicts = append(elsewhere, row), append(verdicts, verdict)
		default:
			r.moves = append(r.moves, refuse(row, verdict, 0, r.now))
		}
	}
	if len(elsewhere) == 0 {
		return nil
	}
	next, err := otherNumbers(ctx, r.conn, elsewhere, r.now)
	for i, row := range elsewhere {
		r.moves = append(r.moves, refuse(row, verdicts[i], next[row.candidateID], r.now))
	}
	return err
}

// decide asks calling.Decide, and lets a personal callback that may be called
// wait for its agent.
func (row *factRow) decide(now time.Time) calling.Verdict {
	v := calling.Decide(row.facts, now)
	if !v.Allowed || !row.facts.AgreedCallback || row.agentID == 0 || row.agentReady || row.callbackAt.IsZero() {
		return v
	}
	zone := time.UTC
	if len(row.facts.Locations) > 0 {
		zone = row.facts.Locations[0]
	}
	if until := row.facts.Settings.Callbacks.WaitUntil(row.callbackAt, now, zone); !until.IsZero() {
		return calling.Verdict{Reason: campaigns.ReasonAgentAway, Until: until}
	}
	return v
}

// is reports whether the row is what the item was when it was pushed.
func (row *factRow) is(item campaigns.HopperItem) bool {
	return row.state == campaigns.CandidateQueued && row.facts.Settings != nil &&
		row.campaignID == item.CampaignID && row.contactID == item.ContactID && row.numberID == item.NumberID
}

// clockReasons are refusals by the clock and the calendar.
var clockReasons = []campaigns.Reason{campaigns.ReasonOutsideWindow, campaigns.ReasonHoliday, campaigns.ReasonOutsidePreferredHours}

// neverOpenRest is how long a candidate rests whose window does not open in the
// weeks to come: a supervisor may change the hours.
const neverOpenRest = 24 * time.Hour

// registerRest is how long a candidate rests behind a register that is old: a
// fresh file may be imported at any time.
const registerRest = time.Hour

// refuse says where a refused candidate goes: to another number when this one
// is the trouble, to rest until the reason lapses, or aside.
func refuse(row *factRow, v calling.Verdict, otherNumber int64, now time.Time) move {
	m := move{id: row.candidateID, reason: v.Reason, due: v.Until, state: campaigns.CandidateResting, numberID: otherNumber}
	switch {
	case v.Reason == campaigns.ReasonCampaignNotRunning, v.Reason == campaigns.ReasonListInactive, v.Reason == campaigns.ReasonListExpired, otherNumber != 0:
		m.state = campaigns.CandidateReady
	case v.Reason == campaigns.ReasonMaxAttempts:
		m.state = campaigns.CandidateDone
	case slices.Contains(clockReasons, v.Reason) && v.Until.IsZero():
		m.due = now.Add(neverOpenRest)
	case v.Reason == campaigns.ReasonRegisterOld:
		m.due = now.Add(registerRest)
	case v.Until.IsZero():
		m.state = campaigns.CandidateBlocked
	}
	if m.state != campaigns.CandidateResting {
		m.due = time.Time{}
	}
	return m
}

// otherNumbers finds for each candidate another number that may be called, the
// ones after the present one first.
func otherNumbers(ctx context.Context, q querier, rows []*factRow, now time.Time) (map[int64]int64, error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.candidateID
	}
	found, err := q.Query(ctx, `select k.id, (select cn.number_id from `+callableNumbers+`
			order by cn.position < (select position from contact_numbers p where p.contact_id = k.contact_id and p.number_id = k.number_id), cn.position limit 1)
		from candidates k `+ofCampaign+` where k.id = any($1)`, ids, now)
	if err != nil {
		return nil, err
	}
	next := map[int64]int64{}
	var id int64
	var number *int64
	_, err = pgx.ForEachRow(found, []any{&id, &number}, func() error {
		if number != nil {
			next[id] = *number
		}
		return nil
	})
	return next, err
}
