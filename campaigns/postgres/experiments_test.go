package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/trial"
)

// experiment makes one with two offers as arms.
func (h *house) experiment(name string) campaigns.Experiment {
	h.t.Helper()
	h.offers(offer("half"))
	h.offers(offer("gift"))
	e, err := h.store.CreateExperiment(h.t.Context(), campaigns.Experiment{
		Name: name, CampaignID: h.campaign.ID, Subject: campaigns.SubjectOffer, Baseline: 0.3, Effect: 0.6, Alpha: 0.05, Power: 0.8,
		Arms: []campaigns.ExperimentArm{{Name: "as_it_was", Value: "half"}, {Name: "tried", Value: "gift"}},
	})
	h.must(err)
	return e
}

func TestAnExperimentTellsItsSizeAndShowsNoResultBeforeItsHorizon(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ann")
	e := h.experiment("gifts")
	want, err := trial.Size(0.3, 0.6, 0.05, 0.8)
	h.must(err)
	if e.State != campaigns.ExperimentDraft || e.PerArm != want || e.PerArm > 12 {
		t.Fatalf("created: %+v", e)
	}
	h.campaignOffers("half")
	first := h.queued(1)[0]
	if arms := h.pop(first, agent).Arms; len(arms) != 0 {
		t.Errorf("a draft assigns: %v", arms)
	}
	e, err = h.store.StartExperiment(t.Context(), "gifts")
	h.must(err)
	if _, err := h.store.StartExperiment(t.Context(), "gifts"); campaigns.CodeOf(err) != campaigns.CodeConflict || !strings.Contains(err.Error(), `"gifts" is running`) {
		t.Errorf("started twice: %v", err)
	}
	h.experiment("second")
	if _, err := h.store.StartExperiment(t.Context(), "second"); campaigns.CodeOf(err) != campaigns.CodeConflict || !strings.Contains(err.Error(), "another experiment with its offer running") {
		t.Errorf("two of one subject: %v", err)
	}
	talked, salt := map[string]int{}, h.read(`select salt from experiments where name = 'gifts'`)
	for i := 0; min(talked["half"], talked["gift"]) < e.PerArm; i++ {
		p := h.queued(1)[0]
		pop := h.pop(p, agent)
		arm := trial.Arm(salt, p.ContactID, 2)
		if name := []string{"half", "gift"}[arm]; pop.OfferShown.Name != name || pop.Arms[0] != (campaigns.PopArm{Experiment: "gifts", Subject: "offer", Arm: e.Arms[arm].Name}) {
			t.Fatalf("person of arm %d sees %s, %v", arm, pop.OfferShown.Name, pop.Arms)
		}
		talked[pop.OfferShown.Name]++
		h.talked(p, agent, callID(i))
		got, err := h.store.Experiment(t.Context(), "gifts")
		h.must(err)
		if got.Result != nil || got.State != campaigns.ExperimentRunning {
			t.Fatalf("a result with %v of %d and the last call open: %+v", talked, e.PerArm, got.Result)
		}
		if sum := got.Progress[0] + got.Progress[1]; sum != i+1 {
			t.Fatalf("progress %v after %d persons", got.Progress, i+1)
		}
		// All of the second arm buy, none of the first.
		d := campaigns.DispositionServed
		if arm == 1 {
			d = campaigns.DispositionSale
		}
		h.commit(h.result(agent, callID(i), d))
	}
	got, err := h.store.Experiment(t.Context(), "gifts")
	h.must(err)
	r := got.Result
	if got.State != campaigns.ExperimentFinished || r == nil || !r.Significant || r.Difference != 1 || r.Low <= 0 ||
		r.Arms[0] != (campaigns.ExperimentShare{Arm: "as_it_was", Persons: e.PerArm}) || r.Arms[1] != (campaigns.ExperimentShare{Arm: "tried", Sales: e.PerArm, Persons: e.PerArm}) {
		t.Errorf("finished: %+v %+v", got, r)
	}
	if arms := h.pop(first, agent).Arms; len(arms) != 0 {
		t.Errorf("a finished one assigns: %v", arms)
	}
	if _, err := h.store.StopExperiment(t.Context(), "gifts"); campaigns.CodeOf(err) != campaigns.CodeConflict {
		t.Errorf("stopped after the end: %v", err)
	}
}

func TestAPersonIsExposedOnceAndOnlyByTalking(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ann")
	h.experiment("gifts")
	_, err := h.store.StartExperiment(t.Context(), "gifts")
	h.must(err)
	people := h.queued(2)
	h.attempt(people[1])
	h.pop(people[1], agent)
	h.talked(people[0], agent, callID(1))
	h.commit(h.result(agent, callID(1), campaigns.DispositionServed))
	h.cameIn(people[0], h.campaign.ID, agent, callID(2))
	if got := h.read(`select contact_id = $1, call_id from experiment_exposures`, people[0].ContactID); got != "true "+string(callID(1)) {
		t.Errorf("exposed: %q", got)
	}
}

func TestASaleCountsWithinTheTimeGiven(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	agent := h.agent("ann")
	h.experiment("gifts")
	h.exec(`update experiments set within_s = 86400, per_arm = 1`)
	_, err := h.store.StartExperiment(t.Context(), "gifts")
	h.must(err)
	h.exec(`update experiments set started_at = $1`, h.ago(100*time.Hour))
	seen := map[string]bool{}
	for i := 0; len(seen) < 2; i++ {
		p := h.queued(1)[0]
		h.talked(p, agent, callID(10*i))
		h.commit(h.result(agent, callID(10*i), campaigns.DispositionServed))
		arm := h.read(`select arm from experiment_exposures where contact_id = $1`, p.ContactID)
		if !seen[arm] {
			// They call back and buy, the first arm's after the time.
			seen[arm] = true
			h.cameIn(p, h.campaign.ID, agent, callID(10*i+1))
			h.commit(h.result(agent, callID(10*i+1), campaigns.DispositionSale))
			late := "-2 hours"
			if arm == "0" {
				late = "-30 hours"
			}
			h.exec(`update experiment_exposures set exposed_at = exposed_at + $2::interval where contact_id = $1`, p.ContactID, late)
		}
	}
	e, err := h.store.Experiment(t.Context(), "gifts")
	h.must(err)
	if e.Result != nil {
		t.Fatalf("finished while a sale could still count: %+v", e.Result)
	}
	h.exec(`update experiment_exposures set exposed_at = exposed_at - interval '23 hours' where arm = 1`)
	h.exec(`update calls set started_at = started_at - interval '23 hours' where contact_id in (select contact_id from experiment_exposures where arm = 1)`)
	e, err = h.store.Experiment(t.Context(), "gifts")
	h.must(err)
	if e.Result == nil || e.Result.Arms[0].Sales != 0 || e.Result.Arms[1].Sales != 1 {
		t.Errorf("result %+v", e.Result)
	}
}

func TestAStoppedExperimentHasNoResult(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.experiment("gifts")
	_, err := h.store.StartExperiment(t.Context(), "gifts")
	h.must(err)
	e, err := h.store.StopExperiment(t.Context(), "gifts")
	h.must(err)
	if e.State != campaigns.ExperimentStopped || e.Result != nil || e.EndedAt == nil {
		t.Errorf("stopped: %+v", e)
	}
	if _, err := h.conn.Exec(t.Context(), `update experiments set result = '{}'`); err == nil {
		t.Error("a stopped experiment took a result")
	}
}

func TestAnExperimentThatMakesNoSenseIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.experiment("gifts")
	right := campaigns.Experiment{
		Name: "next", CampaignID: h.campaign.ID, Subject: campaigns.SubjectOffer, Baseline: 0.05, Effect: 0.01, Alpha: 0.05, Power: 0.8,
		Arms: []campaigns.ExperimentArm{{Name: "a", Value: "half"}, {Name: "b", Value: "gift"}},
	}
	for i, c := range []struct {
		change func(*campaigns.Experiment)
		text   string
	}{
		{func(e *campaigns.Experiment) { e.Name = "gifts" }, "exists already"},
		{func(e *campaigns.Experiment) { e.Arms = e.Arms[:1] }, "arm: 1 given"},
		{func(e *campaigns.Experiment) { e.Arms[1].Value = "half" }, "nothing to compare"},
		{func(e *campaigns.Experiment) { e.Arms[1].Value = "gone" }, `arm: b: there is no offer "gone"`},
		{func(e *campaigns.Experiment) { e.Subject = campaigns.SubjectScore }, `arm: a: there is no model "half"`},
		{func(e *campaigns.Experiment) { e.Effect = 2 }, "effect: 2 makes the share"},
		{func(e *campaigns.Experiment) { e.Subject = "music" }, `subject: "music"`},
	} {
		e := right
		e.Arms = append([]campaigns.ExperimentArm{}, right.Arms...)
		c.change(&e)
		if _, err := h.store.CreateExperiment(t.Context(), e); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if e, err := h.store.CreateExperiment(t.Context(), right); err != nil || e.PerArm != 8158 {
		t.Errorf("%s needs %d, %v", fmt.Sprint(right.Name), e.PerArm, err)
	}
}
