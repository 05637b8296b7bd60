package postgres_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// worked makes a day of calls: for each hour so many, of which some are
// answered after 10 s, talked in for 100 s with 20 s on hold, and wrapped up in
// 15 s; the others ring for 25 s.
func (h *house) worked(day time.Time, hour, calls, answered int) {
	h.t.Helper()
	h.exec(`insert into users (name, role) values ('ada', 'agent') on conflict do nothing`)
	for i, p := range h.queued(calls) {
		at := day.Add(time.Duration(hour)*time.Hour + time.Duration(i)*10*time.Second)
		outcome, ended := campaigns.OutcomeNoAnswer, at.Add(25*time.Second)
		var answer *time.Time
		if i < answered {
			then := at.Add(10 * time.Second)
			outcome, ended, answer = campaigns.OutcomeAnswered, at.Add(2*time.Minute), &then
		}
		attempt := h.id(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by,
			sent_at, answered_at, ended_at, outcome) values ($1, $2, $3, $4, false, 'n1', 1, $5, $5, $5, $6, $7, $8) returning id`,
			h.campaign.ID, p.CandidateID, p.ContactID, p.NumberID, at, answer, ended, outcome)
		if answer == nil {
			continue
		}
		h.exec(`insert into calls (id, direction, campaign_id, candidate_id, contact_id, number_id, attempt_id, agent_id, node, epoch, started_at,
				bridged_at, ended_at, ended_by, talk_ms, hold_ms, wrap_up_ms, disposition, closed_at)
			values ($1, 'outbound', $2, $3, $4, $5, $6, (select id from users where name = 'ada'), 'n1', 1, $7::timestamptz, $7, $7, 'agent', 80000, 20000, 15000, 'served', $7)`,
			fmt.Sprintf("%026d", attempt), h.campaign.ID, p.CandidateID, p.ContactID, p.NumberID, attempt, *answer)
	}
}

// spell makes ada be in a state for some time until then.
func (h *house) spell(name, state string, until time.Time, spent time.Duration) {
	h.t.Helper()
	h.exec(`insert into users (name, role) values ($1, 'agent') on conflict do nothing`, name)
	h.exec(`insert into agent_spells (agent_id, state, until, spent_ms) select id, $2, $3, $4 from users where name = $1`, name, state, until, spent.Milliseconds())
}

func TestAHistoryIsOfTheCampaignsDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	day := h.store.Clock().Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	h.worked(day, 9, 80, 20)
	h.worked(day, 10, 60, 30)
	h.worked(day.AddDate(0, 0, -1), 9, 10, 10) // another day's
	// What was given up says nothing about who would have answered.
	h.exec(`update attempts set outcome = 'cancelled' where id in (select id from attempts where outcome = 'no_answer' and reserved_at >= $1 order by id limit 10)`, day)
	// 9:10 to 10:00 ready, then a break, then 10:05 to 10:20 in a call; bob
	// works elsewhere.
	at := func(hour, minute int) time.Time {
		return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	h.spell("ada", "ready", at(10, 0), 50*time.Minute)
	h.spell("ada", "not_ready", at(10, 5), 5*time.Minute)
	h.spell("ada", "talking", at(10, 20), 15*time.Minute)
	h.spell("bob", "ready", at(11, 0), 2*time.Hour)

	got, err := h.store.History(t.Context(), h.campaign.ID, day, day.AddDate(0, 0, 1))
	h.must(err)
	if got.Calls != 130 || got.Answers != 50 || got.Talks != 50 || len(got.Hours) != 24 {
		t.Errorf("history %+v", got)
	}
	if got.Hours[9].Calls != 70 || got.Hours[9].Answers != 20 || got.Hours[10].Calls != 60 || got.Hours[10].Answers != 30 || got.Hours[11].Calls != 0 {
		t.Errorf("hours %+v", got.Hours[9:12])
	}
	for name, q := range map[string]struct {
		got  []float64
		want float64
	}{"answered": {got.Answered, 10}, "unanswered": {got.Unanswered, 25}, "talk": {got.Talk, 100}, "wrap-up": {got.WrapUp, 15}} {
		if len(q.got) != 101 || math.Abs(q.got[0]-q.want) > 1e-6 || math.Abs(q.got[100]-q.want) > 1e-6 {
			t.Errorf("%s takes %v, not %v", name, q.got, q.want)
		}
	}
	want := map[int]float64{36: 1.0 / 3, 37: 1, 38: 1, 39: 1, 40: 2.0 / 3, 41: 1.0 / 3}
	for slot, n := range got.Agents {
		if math.Abs(n-want[slot]) > 1e-9 {
			t.Errorf("slot %d has %v agents, not %v", slot, n, want[slot])
		}
	}

	// The last day of calls is this one: the next has too few.
	h.worked(day.AddDate(0, 0, 1), 9, 20, 15)
	last, err := h.store.LastDayOfCalls(t.Context(), h.campaign.ID)
	h.must(err)
	if !last.Equal(day) {
		t.Errorf("the last day is %v, not %v", last, day)
	}
}

func TestAHistoryOfTooFewCallsSaysHowMany(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	day := h.store.Clock().Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	refused := func(want string) {
		t.Helper()
		_, err := h.store.History(t.Context(), h.campaign.ID, day, day.AddDate(0, 0, 1))
		if campaigns.CodeOf(err) != campaigns.CodeConflict || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	refused("0 calls")
	if _, err := h.store.LastDayOfCalls(t.Context(), h.campaign.ID); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("a last day of none: %v", err)
	}
	h.worked(day, 9, 40, 10)
	refused("40 calls")
	h.worked(day, 10, 80, 5)
	refused("15 calls that a person answered (of 120)")
	h.worked(day, 11, 30, 20)
	refused("no times of agents")
	h.exec(`delete from calls where id in (select id from calls order by id limit 10)`)
	refused("25 calls that an agent talked in")
	if _, err := h.store.History(t.Context(), h.campaign.ID, day, day); campaigns.CodeOf(err) != campaigns.CodeInvalid {
		t.Errorf("a span of nothing: %v", err)
	}
}
