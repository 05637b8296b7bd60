package postgres_test

import (
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

// promised makes a queued candidate whose callback was promised by an agent for
// some time ago.
func (h *house) promised(agentID int64, ago time.Duration) postgrestest.Person {
	h.t.Helper()
	p := h.queued(1)[0]
	bucket := h.id(`insert into buckets (campaign_id, kind, zones) values ($1, 'callback', '{America/New_York}')
		on conflict (campaign_id, kind, zones, region) do update set kind = 'callback' returning id`, h.campaign.ID)
	h.exec(`update candidates set bucket_id = $2, agent_id = $3, callback_at = $4 where id = $1`, p.CandidateID, bucket, agentID, h.ago(ago))
	return p
}

func (h *house) becomes(agentID int64, state campaigns.AgentState) {
	h.t.Helper()
	h.record(campaigns.Event{Kind: campaigns.AgentChanged, At: h.ago(0), Node: h.owner.Node, Epoch: h.owner.Epoch, AgentID: agentID,
		AgentState: state, PreviousState: campaigns.AgentOffline})
}

func TestAPersonalCallbackWaitsForItsAgentAndThenGoesOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		rules  campaigns.CallbackRules
		late   time.Duration
		state  campaigns.AgentState
		called bool
		due    time.Duration
	}{
		{"the agent is ready", campaigns.DefaultCallbacks(), 0, campaigns.AgentReady, true, 0},
		{"the agent is busy", campaigns.DefaultCallbacks(), 0, campaigns.AgentTalking, false, 20 * time.Second},
		{"the agent was never here", campaigns.DefaultCallbacks(), 0, "", false, 20 * time.Second},
		{"the grace is over", campaigns.DefaultCallbacks(), 11 * time.Minute, campaigns.AgentTalking, true, 0},
		{"kept for the next day", campaigns.CallbackRules{Grace: campaigns.Seconds(60), Then: campaigns.CallbackNextDay}, 2 * time.Minute,
			campaigns.AgentOffline, false, 24*time.Hour - 2*time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.settings(func(s *campaigns.Settings) { s.Callbacks = c.rules })
			ann := h.agent("ann")
			if c.state != "" {
				h.becomes(ann, c.state)
			}
			p := h.promised(ann, c.late)
			attempts, refused := h.reserve(h.items(p))
			if c.called {
				if len(attempts) != 1 || attempts[0].AgentID != ann {
					t.Fatalf("attempts %v, refused %v", attempts, refused)
				}
				return
			}
			if len(refused) != 1 || refused[0].Reason != campaigns.ReasonAgentAway {
				t.Fatalf("attempts %v, refused %v", attempts, refused)
			}
			if left := refused[0].Until.Sub(h.store.Clock().Now()); left > c.due || left < c.due-10*time.Second {
				t.Errorf("looks again in %s, want about %s", left, c.due)
			}
			// It is a callback still once it is due again.
			h.exec(`update candidates set due_at = $2 where id = $1`, p.CandidateID, h.ago(time.Second))
			_, err := h.store.Promote(t.Context(), 10)
			h.must(err)
			if got := h.read(`select c.state, b.kind, c.agent_id = $2, c.callback_at is not null from candidates c join buckets b on b.id = c.bucket_id where c.id = $1`,
				p.CandidateID, ann); got != "ready callback true true" {
				t.Errorf("candidate %s", got)
			}
		})
	}
}

func TestAnAgentOfADeadNodeIsNotReady(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ann := h.agent("ann")
	gone := h.join("n2", -time.Second)
	h.record(campaigns.Event{Kind: campaigns.AgentChanged, At: h.ago(0), Node: gone.Node, Epoch: gone.Epoch, AgentID: ann,
		AgentState: campaigns.AgentReady, PreviousState: campaigns.AgentOffline})
	if _, refused := h.reserve(h.items(h.promised(ann, 0))); len(refused) != 1 || refused[0].Reason != campaigns.ReasonAgentAway {
		t.Errorf("refused %v", refused)
	}
}

func TestACallbackNeverPassesACapOrTheDoNotCallList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settings(func(s *campaigns.Settings) { s.NumberCap = campaigns.Cap{} })
	ann := h.agent("ann")
	h.becomes(ann, campaigns.AgentReady)
	capped, listed := h.promised(ann, 0), h.promised(ann, 0)
	for range 4 {
		h.past(capped, h.ago(time.Hour), campaigns.OutcomeNoAnswer)
	}
	h.must(h.store.AddSuppression(t.Context(), "+12125550001", 0, "test", "", time.Time{}))
	h.exec(`update candidates set state = 'queued', queued_at = now() where id = $1`, listed.CandidateID)
	_, refused := h.reserve(h.items(capped, listed))
	if len(refused) != 2 || refused[0].Reason != campaigns.ReasonPersonCap || refused[1].Reason != campaigns.ReasonDoNotCall {
		t.Errorf("refused %v", refused)
	}
}

func TestARetryComesAtAnotherHourAndAtTheFirstNumberAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settings(func(s *campaigns.Settings) {
		s.Recycle[campaigns.OutcomeNoAnswer] = campaigns.RecycleRule{Delay: campaigns.Seconds(3600), Max: 3, NextNumber: true, OtherHour: true}
	})
	p := h.queued(1)[0]
	second := h.number(p, "+12125559999", 2)
	fail := func() (number int64, due time.Time) {
		t.Helper()
		h.exec(`update candidates set state = 'queued', queued_at = now(), due_at = null`)
		h.must(h.conn.QueryRow(t.Context(), `select number_id from candidates`).Scan(&p.NumberID))
		a := h.attempt(p)
		h.record(campaigns.Event{Kind: campaigns.AttemptEnded, AttemptID: a.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeNoAnswer}})
		h.must(h.conn.QueryRow(t.Context(), `select number_id, due_at from candidates`).Scan(&number, &due))
		return number, due
	}
	first := p.NumberID
	number, due := fail()
	if number != second {
		t.Errorf("goes on with number %d, want the second, %d", number, second)
	}
	// Tried at ten, an hour later is too near: two hours are not.
	if left := due.Sub(h.store.Clock().Now()); left < 110*time.Minute || left > 150*time.Minute {
		t.Errorf("due in %s", left)
	}
	if number, _ = fail(); number != first {
		t.Errorf("after the last number: number %d, want the first, %d", number, first)
	}
}

// Florida closes at eight in the evening (Fla. Stat. 501.616(6)), the campaign
// does not: a retry is not left at an hour at which the gate would refuse it.
func TestAnotherHourIsOneThatTheLawAllows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settings(func(s *campaigns.Settings) {
		s.Window = campaigns.DailyWindow(0, 24)
		s.Recycle[campaigns.OutcomeNoAnswer] = campaigns.RecycleRule{Delay: campaigns.Seconds(10*3600 + 900), Max: 3, OtherHour: true}
	})
	p := h.queued(1)[0]
	h.exec(`update numbers set e164 = '+13055550101' where id = $1`, p.NumberID)
	a := h.attempt(p)
	h.record(campaigns.Event{Kind: campaigns.AttemptEnded, AttemptID: a.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeNoAnswer}})
	var due time.Time
	h.must(h.conn.QueryRow(t.Context(), `select due_at from candidates`).Scan(&due))
	// Tried at ten on Tuesday, due at a quarter past eight in the evening: not
	// before noon of the next day is both open and two hours from ten.
	york, err := time.LoadLocation("America/New_York")
	h.must(err)
	if got := due.In(york).Format("Mon 15:04"); got != "Wed 12:15" {
		t.Errorf("due on %s, want Wed 12:15", got)
	}
}

// What came before a reset of the list is another pass: the rules of outcomes
// and of dispositions begin anew with their delays and with their most tries.
func TestAResetBeginsTheCountsOfTheRulesAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rule := campaigns.RecycleRule{Delay: campaigns.Seconds(60), Growth: 10, Max: 1}
	h.settings(func(s *campaigns.Settings) {
		s.PersonCap, s.NumberCap = campaigns.Cap{}, campaigns.Cap{}
		s.Recycle[campaigns.OutcomeNoAnswer] = rule
		s.Dispositions = append(s.Dispositions, campaigns.DispositionChoice{Code: "maybe", Label: "Maybe", Then: rule})
	})
	agent, p, calls := h.agent("ann"), h.queued(1)[0], 0
	silent := func() {
		a := h.attempt(p)
		h.record(campaigns.Event{Kind: campaigns.AttemptEnded, AttemptID: a.ID, End: &campaigns.AttemptEnd{Outcome: campaigns.OutcomeNoAnswer}})
	}
	maybe := func() {
		calls++
		call := callID(calls)
		h.talked(p, agent, call)
		_, err := h.store.CommitResult(t.Context(), campaigns.Result{CommandID: string(call), CallID: call, AgentID: agent, Disposition: "maybe"})
		h.must(err)
	}
	again := func() {
		h.exec(`update candidates set state = 'queued', queued_at = now(), due_at = null, reason = ''`)
	}
	for name, try := range map[string]func(){"no_answer": silent, "maybe": maybe} {
		again()
		try()
		again()
		try()
		if got := h.read(`select state, reason from candidates`); got != "done "+name {
			t.Errorf("%s twice: %s, want done", name, got)
		}
		h.exec(`update candidates set attempts = 0, reset_at = $1`, h.store.Clock().Now())
		again()
		try()
		if got := h.read(`select state, reason, round(extract(epoch from due_at - state_at))::int from candidates`); got != "resting "+name+" 60" {
			t.Errorf("%s once after the reset: %s, want resting for the first delay", name, got)
		}
	}
}
