package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
)

// happened is an event of the person behind the number.
func (h *house) happened(key, eventType, number string) campaigns.CustomerEvent {
	return campaigns.CustomerEvent{Key: key, Type: eventType, At: h.ago(time.Minute), Contact: campaigns.EventContact{Phone: number}}
}

func (h *house) tell(e campaigns.CustomerEvent) campaigns.EventReceipt {
	h.t.Helper()
	receipt, err := h.store.TellEvent(h.t.Context(), e, "US")
	h.must(err)
	return receipt
}

func (h *house) triggers(triggers ...campaigns.Trigger) {
	h.t.Helper()
	h.settings(func(s *campaigns.Settings) { s.Triggers = triggers })
}

func TestAnEventMakesAnUnknownPersonACandidate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.triggers(campaigns.Trigger{On: "cart_abandoned", Do: campaigns.TriggerAdd, Value: 80, Propensity: 0.2, Lift: 4, Hot: true})
	e := h.happened("k1", "cart_abandoned", "(212) 555-7777")
	e.Contact.FirstName, e.Contact.Attributes = "Ada", map[string]string{"cart": "12"}
	first := h.tell(e)
	if first.ContactID == 0 || first.Replayed || len(first.Effects) != 1 || first.Effects[0].State != campaigns.CandidateReady || !first.Effects[0].Hot {
		t.Fatalf("receipt %+v", first)
	}
	want := "Ada 12 80 0.5 ready events +12125557777"
	const made = `select p.first_name, p.attributes->>'cart', c.value, c.propensity, c.state, l.name, n.e164
		from candidates c join contacts p on p.id = c.contact_id join lists l on l.id = c.list_id join numbers n on n.id = c.number_id`
	if got := h.read(made); got != want {
		t.Errorf("candidate %q, want %q", got, want)
	}
	again := h.tell(e)
	if !again.Replayed || again.ContactID != first.ContactID || len(again.Effects) != 1 {
		t.Errorf("told again: %+v", again)
	}
	if got := h.read(made); got != want {
		t.Errorf("after a replay: candidate %q, want %q", got, want)
	}
	e.Type = "purchase"
	_, err := h.store.TellEvent(t.Context(), e, "US")
	h.code(err, campaigns.CodeConflict, "id")
}

func TestAnEventBoostsWhoIsThere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before string
		trigger      campaigns.Trigger
		want         string
		hot          bool
	}{
		{"ready", `state = 'ready'`, campaigns.Trigger{Do: campaigns.TriggerBoost}, "ready test", false},
		{"ready and hot", `state = 'ready'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Hot: true}, "ready test", true},
		{"after busy", `state = 'resting', reason = 'busy', due_at = $2::timestamptz + interval '1 day'`, campaigns.Trigger{Do: campaigns.TriggerBoost}, "resting busy", false},
		{"after busy and hot", `state = 'resting', reason = 'busy', due_at = $2::timestamptz + interval '1 day'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Hot: true}, "ready ", true},
		{"a cap holds hot ones too", `state = 'resting', reason = 'person_cap', due_at = $2::timestamptz + interval '1 day'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Hot: true}, "resting person_cap", false},
		{"an agreed callback stays", `state = 'callback', due_at = $2::timestamptz + interval '1 day'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Hot: true}, "callback test", false},
		{"blocked stays", `state = 'blocked', reason = 'do_not_call'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Hot: true, Reopen: true}, "blocked do_not_call", false},
		{"done stays", `state = 'done', reason = 'sale'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Hot: true}, "done sale", false},
		{"done is reopened", `state = 'done', reason = 'sale', attempts = 6`, campaigns.Trigger{Do: campaigns.TriggerAdd, Reopen: true}, "ready ", false},
		{"rests for the delay", `state = 'ready'`, campaigns.Trigger{Do: campaigns.TriggerBoost, Delay: campaigns.Seconds(3600), Hot: true}, "resting future_event", false},
		{"finished", `state = 'resting', reason = 'busy', due_at = $2::timestamptz`, campaigns.Trigger{Do: campaigns.TriggerFinish}, "done purchase", false},
		{"finish leaves a call alone", `state = 'open'`, campaigns.Trigger{Do: campaigns.TriggerFinish}, "open test", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c.trigger.On = "purchase"
			h.triggers(c.trigger)
			p := h.queued(1)[0]
			h.exec(`update candidates set queued_at = null, event_at = $2::timestamptz - interval '90 days', rank = 0, `+c.before+` where id = $1`, p.CandidateID, h.began)
			e := h.happened("k", "purchase", "+12125550000")
			e.Value = 512
			receipt := h.tell(e)
			if len(receipt.Effects) != 1 || receipt.Effects[0].Hot != c.hot || receipt.ContactID != p.ContactID {
				t.Fatalf("receipt %+v", receipt)
			}
			if got := h.read(`select state, reason from candidates where id = $1`, p.CandidateID); got != c.want {
				t.Errorf("candidate is %q, want %q", got, c.want)
			}
			if c.trigger.Do != campaigns.TriggerFinish {
				if got := h.read(`select value, rank > 9, event_at > $2::timestamptz - interval '2 hours' from candidates where id = $1`, p.CandidateID, h.began); got != "512 true true" {
					t.Errorf("value, rank and event: %s", got)
				}
			}
		})
	}
}

func TestAComplaintByEventStopsAllMarketing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	e := h.happened("k1", campaigns.EventComplaintOpened, "+12125550000")
	e.Data = map[string]string{"text": "broken twice"}
	h.tell(e)
	h.tell(e)
	if got := h.read(`select text, (select count(*) from complaints) from complaints`); got != "broken twice 1" {
		t.Errorf("complaints: %q", got)
	}
	if got := h.read(`select state, reason from candidates where id = $1`, p.CandidateID); got != "blocked open_complaint" {
		t.Errorf("candidate is %q", got)
	}
	h.tell(h.happened("k2", campaigns.EventComplaintClosed, "+12125550000"))
	if got := h.read(`select state from candidates where id = $1`, p.CandidateID); got != "ready" {
		t.Errorf("after the closing: %q", got)
	}
}

func TestAWrongEventIsNamedAndNothingIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.queued(1)
	for text, spoil := range map[string]func(*campaigns.CustomerEvent){
		"id":            func(e *campaigns.CustomerEvent) { e.Key = "" },
		"type":          func(e *campaigns.CustomerEvent) { e.Type = "Cart abandoned" },
		"at":            func(e *campaigns.CustomerEvent) { e.At = h.ago(-time.Hour) },
		"contact":       func(e *campaigns.CustomerEvent) { e.Contact = campaigns.EventContact{} },
		"contact.phone": func(e *campaigns.CustomerEvent) { e.Contact.Phone = "12" },
		"value":         func(e *campaigns.CustomerEvent) { e.Value = -1 },
		"propensity":    func(e *campaigns.CustomerEvent) { e.Propensity = 2 },
	} {
		e := h.happened("k", "purchase", "+12125550000")
		spoil(&e)
		_, err := h.store.TellEvent(t.Context(), e, "US")
		var domain *campaigns.Error
		if !errors.As(err, &domain) || domain.Code != campaigns.CodeInvalid || domain.Field != text {
			t.Errorf("%s: %v", text, err)
		}
	}
	e := h.happened("k", "purchase", "")
	e.Contact = campaigns.EventContact{ExternalID: "nobody"}
	_, err := h.store.TellEvent(t.Context(), e, "US")
	h.code(err, campaigns.CodeNotFound, "contact")
	if got := h.read(`select count(*) from customer_events`); got != "0" {
		t.Errorf("%s events kept", got)
	}
}

// However often and however concurrently an event is told, it lifts the odds
// once.
func TestAnEventToldByManyAtOnceActsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.triggers(campaigns.Trigger{On: "usage_dropped", Do: campaigns.TriggerAdd, Propensity: 0.5, Lift: 3})
	e := h.happened("k", "usage_dropped", "+12125558888")
	var told sync.WaitGroup
	for range 8 {
		told.Go(func() {
			if _, err := h.store.TellEvent(t.Context(), e, "US"); err != nil {
				t.Error(err)
			}
		})
	}
	told.Wait()
	if got := h.read(`select count(*), min(propensity) from candidates`); got != "1 0.75" {
		t.Errorf("candidates and propensity: %q", got)
	}
}

// A crash after the event was kept and before it was applied is healed.
func TestAKeptEventIsAppliedLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.triggers(campaigns.Trigger{On: "purchase", Do: campaigns.TriggerFinish})
	p := h.queued(1)[0]
	h.tell(h.happened("k", "purchase", "+12125550000"))
	h.exec(`update customer_events set applied_at = null, receipt = null, received_at = received_at - interval '1 minute'`)
	h.exec(`update candidates set state = 'ready', reason = '' where id = $1`, p.CandidateID)
	if n, err := h.store.ApplyPending(t.Context(), 10); n != 1 || err != nil {
		t.Fatalf("applied %d: %v", n, err)
	}
	if got := h.read(`select state, reason from candidates where id = $1`, p.CandidateID); got != "done purchase" {
		t.Errorf("candidate is %q", got)
	}
	if n, err := h.store.ApplyPending(t.Context(), 10); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestHotCandidatesAreToldAndQueued(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.triggers(campaigns.Trigger{On: "cart_abandoned", Do: campaigns.TriggerAdd, Hot: true})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	heard := make(chan string, 16)
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		_ = h.store.WatchHot(ctx, func(campaign int64, candidates []int64) { heard <- fmt.Sprint(campaign, candidates) })
	})
	defer stop()
	deadline := time.After(10 * time.Second)
	for n := 0; ; n++ { // until the watcher has joined
		e := h.happened(fmt.Sprint("k", n), "cart_abandoned", "+12125558888")
		effect := h.tell(e).Effects[0]
		select {
		case got := <-heard:
			if want := fmt.Sprint(h.campaign.ID, []int64{effect.CandidateID}); got != want {
				t.Errorf("heard %s, want %s", got, want)
			}
			items, err := h.store.QueueHot(t.Context(), h.campaign.ID, []int64{effect.CandidateID})
			h.must(err)
			if len(items) != 1 || items[0].CandidateID != effect.CandidateID || items[0].NumberID == 0 {
				t.Errorf("items %+v", items)
			}
			if items, err = h.store.QueueHot(t.Context(), h.campaign.ID, []int64{effect.CandidateID}); err != nil || len(items) != 0 {
				t.Errorf("a second time: %+v, %v", items, err)
			}
			return
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatal("no notice")
		}
	}
}

// An event without a time happened when it was told; told again, it is the same.
func TestAnEventWithoutATimeIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.queued(1)
	e := h.happened("k", campaigns.EventComplaintOpened, "+12125550000")
	e.At = time.Time{}
	if first := h.tell(e); first.Replayed || first.Complaint != "opened" {
		t.Errorf("first: %+v", first)
	}
	if again := h.tell(e); !again.Replayed || again.Complaint != "opened" {
		t.Errorf("again: %+v", again)
	}
}
