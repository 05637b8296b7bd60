package postgres_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/scoring"
	"ringmaster/campaigns/scoring/model"
)

// school is a campaign with a past: of 400 persons queued and called, those of
// plan gold mostly bought.
func school(t *testing.T) *imports {
	t.Helper()
	i := newImports(t)
	i.exec(generate, 600, i.campaign.ID, []string{"America/New_York"})
	i.exec(`update contacts set updated_at = $1, attributes = jsonb_build_object('plan', case when id % 3 = 0 then 'gold' else 'basic' end,
		'tenure', (id % 40)::text, 'gender', 'x')`, i.store.Clock().Now().Add(-100*time.Hour))
	i.selection(func(s *campaigns.Selection) { s.Model = "spring" })
	if items := i.refill(400); len(items) != 400 {
		t.Fatalf("%d queued", len(items))
	}
	i.exec(`update candidate_features set at = at - interval '1 hour'`)
	now := i.store.Clock().Now().Add(-30 * time.Minute)
	i.exec(`insert into attempts (campaign_id, candidate_id, contact_id, number_id, number_shared, node, epoch, reserved_at, dial_by, answered_at, ended_at, outcome)
		select campaign_id, id, contact_id, number_id, false, 'n1', 1, $1::timestamptz + id * interval '1 millisecond', $1, $1, $1,
			case when id % 20 = 1 then 'failed' else 'answered' end from candidates where state = 'queued'`, now)
	i.exec(`insert into calls (id, direction, campaign_id, candidate_id, contact_id, number_id, attempt_id, node, epoch, started_at, ended_at, ended_by, disposition, closed_at)
		select lpad(a.id::text, 26, '0'), 'outbound', a.campaign_id, a.candidate_id, a.contact_id, a.number_id, a.id, 'n1', 1, $1, $1, 'agent',
			case when c.contact_id % 3 = 0 and c.contact_id % 4 > 0 or c.contact_id % 10 = 0 then 'sale' else 'not_interested' end, $1
		from attempts a join candidates c on c.id = a.candidate_id where a.outcome = 'answered'`, now)
	return i
}

func train(t *testing.T, i *imports) *model.Model {
	t.Helper()
	table, err := i.store.TrainingRows(t.Context(), []int64{i.campaign.ID}, 24*time.Hour, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Train(t.Context(), table, model.Options{Target: "success", TimeOrder: true})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A model learns from what was known before the call, not from what the call
// or anybody else changed afterwards, and never from protected fields.
func TestTrainingRowsAreWhatWasKnownAtTheAttempt(t *testing.T) {
	t.Parallel()
	i := school(t)
	i.exec(`update contacts set attributes = '{"plan": "customer"}', updated_at = $1`, i.store.Clock().Now().Add(time.Minute))
	rows := func() *model.Table {
		table, err := i.store.TrainingRows(t.Context(), []int64{i.campaign.ID}, 24*time.Hour, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	table := rows()
	if table.Len() != 380 || len(table.Days) != 380 {
		t.Fatalf("%d rows, %d days", table.Len(), len(table.Days))
	}
	if slices.Contains(table.Columns, "gender") || !slices.Contains(table.Columns, "plan") {
		t.Errorf("columns %v", table.Columns)
	}
	gold := 0
	for k := range table.Len() {
		switch row := table.Row(k); row["plan"] {
		case "gold":
			gold++
		case "basic":
		default:
			t.Fatalf("row %d was told %v", k, row)
		}
		if row := table.Row(k); row["sales_before"] != "0" || row["answers_before"] != "0" {
			t.Fatalf("row %d knows the result: %v", k, row)
		}
	}
	if gold < 100 || gold > 150 {
		t.Errorf("%d of plan gold", gold)
	}
	if latest, err := i.store.TrainingRows(t.Context(), []int64{i.campaign.ID}, 24*time.Hour, 50); err != nil || latest.Len() != 50 {
		t.Errorf("the last fifty are %d, %v", latest.Len(), err)
	}
	// Where nothing was kept, a contact that was changed since is no lesson.
	i.exec(`delete from candidate_features`)
	if n := rows().Len(); n != 0 {
		t.Errorf("%d rows of what is not known", n)
	}
	i.exec(`update contacts set updated_at = $1 where id % 2 = 0`, i.store.Clock().Now().Add(-24*time.Hour))
	table = rows()
	if table.Len() < 150 || table.Len() > 250 || table.Row(0)["sales_before"] != "0" || table.Row(0)["plan"] != "customer" {
		t.Errorf("%d rows, the first %v", table.Len(), table.Row(0))
	}
}

func TestTheRegistryHoldsVersionsOfWhichOneIsInUse(t *testing.T) {
	t.Parallel()
	i := school(t)
	m := train(t, i)
	if _, _, err := i.store.Model(t.Context(), "spring", 0); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("none in use: %v", err)
	}
	for version := 1; version <= 3; version++ {
		r, err := i.store.SaveModel(t.Context(), "spring", i.campaign.ID, m, map[string]float64{"auc": 0.7})
		if err != nil || r.Version != version || r.InUse || r.Rows != 380 || r.Metrics["auc"] != 0.7 || r.CampaignID != i.campaign.ID {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	for _, version := range []int{2, 2, 3} {
		if err := i.store.UseModel(t.Context(), "spring", version); err != nil {
			t.Fatal(err)
		}
		read, r, err := i.store.Model(t.Context(), "spring", 0)
		if err != nil || r.Version != version || !r.InUse {
			t.Fatalf("%+v, %v", r, err)
		}
		if row := (model.Row{"plan": "gold"}); math.Abs(read.Score(row)-m.Score(row)) > 1e-12 {
			t.Errorf("read back it scores %v, not %v", read.Score(row), m.Score(row))
		}
	}
	for _, missing := range []func() error{
		func() error { return i.store.UseModel(t.Context(), "spring", 9) },
		func() error { _, _, err := i.store.Model(t.Context(), "spring", 9); return err },
	} {
		if err := missing(); campaigns.CodeOf(err) != campaigns.CodeNotFound {
			t.Errorf("no such version: %v", err)
		}
	}
	if _, r, err := i.store.Model(t.Context(), "spring", 0); err != nil || r.Version != 3 {
		t.Errorf("a refused version is in use: %+v, %v", r, err)
	}
	all, err := i.store.Models(t.Context(), "")
	if err != nil || len(all) != 3 || all[0].Version != 3 || !all[0].InUse || all[1].InUse {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := i.store.SaveModel(t.Context(), "", 0, m, nil); campaigns.CodeOf(err) != campaigns.CodeInvalid {
		t.Errorf("no name: %v", err)
	}
	first, err := i.store.ClaimTraining(t.Context(), "spring", time.Hour)
	if err != nil || !first {
		t.Errorf("first claim %v, %v", first, err)
	}
	if second, err := i.store.ClaimTraining(t.Context(), "spring", time.Hour); err != nil || second {
		t.Errorf("second claim %v, %v", second, err)
	}
	i.exec(`update model_trainings set began_at = began_at - interval '1 hour'`)
	if later, err := i.store.ClaimTraining(t.Context(), "spring", time.Hour); err != nil || !later {
		t.Errorf("later claim %v, %v", later, err)
	}
}

func (i *imports) scoreAll() (moved int) {
	i.t.Helper()
	for after := int64(0); ; {
		next, n, err := i.store.ScoreCandidates(i.t.Context(), i.campaign.ID, after)
		if err != nil {
			i.t.Fatal(err)
		}
		moved += n
		if after = next; next == 0 {
			return moved
		}
	}
}

// The model's propensity takes the place of the given one, in the rank too, and
// gives it back.
func TestTheModelInUseScoresWhoWaits(t *testing.T) {
	t.Parallel()
	i := school(t)
	rules := scoring.RulesOf(i.campaign.Settings)
	event := i.store.Clock().Now().Add(-48 * time.Hour).Truncate(time.Microsecond)
	given := scoring.Rank(scoring.Candidate{Value: 100, Propensity: 0.25, EventAt: event}, rules)
	i.exec(`update candidates set value = 100, propensity = 0.25, event_at = $1, rank = $2 where state = 'ready'`, event, given)
	if moved := i.scoreAll(); moved != 0 {
		t.Errorf("%d moved without a model", moved)
	}
	m := train(t, i)
	for range 2 {
		if _, err := i.store.SaveModel(t.Context(), "spring", i.campaign.ID, m, nil); err != nil {
			t.Fatal(err)
		}
	}
	use := func(version int) {
		if err := i.store.UseModel(t.Context(), "spring", version); err != nil {
			t.Fatal(err)
		}
	}
	use(1)
	if moved := i.scoreAll(); moved != 200 {
		t.Errorf("%d of 200 scored", moved)
	}
	if moved := i.scoreAll(); moved != 0 {
		t.Errorf("%d scored again", moved)
	}
	type line struct {
		id               int64
		plan             string
		rank, propensity float64
	}
	var all []line
	rows, err := i.conn.Query(t.Context(), `select c.id, p.attributes ->> 'plan', c.rank, c.propensity from candidates c join contacts p on p.id = c.contact_id
		where c.state = 'ready' and c.given_propensity = 0.25 and c.model_id is not null`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.id, &l.plan, &l.rank, &l.propensity); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if len(all) != 200 {
		t.Fatalf("%d scored lines", len(all))
	}
	mean, n := map[string]float64{}, map[string]float64{}
	for _, l := range all {
		want := scoring.Rank(scoring.Candidate{Value: 100, Propensity: l.propensity, EventAt: event}, rules)
		if math.Abs(l.rank-want) > 1e-9 {
			t.Fatalf("candidate %d of propensity %v has rank %v, not %v", l.id, l.propensity, l.rank, want)
		}
		mean[l.plan] += l.propensity
		n[l.plan]++
	}
	if gold, basic := mean["gold"]/n["gold"], mean["basic"]/n["basic"]; gold < 0.5 || basic > 0.3 {
		t.Errorf("gold %v, basic %v", gold, basic)
	}
	for _, l := range all[:10] {
		factors, err := i.store.ScoreFactors(t.Context(), l.id)
		if err != nil || len(factors) < 2 {
			t.Fatalf("%+v, %v", factors, err)
		}
		sum := 0.0
		for _, f := range factors {
			sum += f.Points
		}
		if want := math.Log2(l.propensity / (1 - l.propensity)); math.Abs(sum-want) > 1e-6 {
			t.Errorf("the factors add up to %v, not %v: %+v", sum, want, factors)
		}
		pop, err := i.store.Pop(t.Context(), postgres.PopFor{CampaignID: i.campaign.ID, CandidateID: l.id})
		if n := min(3, len(factors)); err != nil || !slices.Equal(pop.ScoreFactors, factors[:n]) {
			t.Errorf("the pop gives the reasons %+v (%v), not %+v", pop.ScoreFactors, err, factors[:n])
		}
	}
	i.exec(`insert into candidate_features select id, $1, '{}' from candidates where state = 'ready'`, i.store.Clock().Now().Add(-300*24*time.Hour))
	use(2) // the same scores of another version are written
	if moved := i.scoreAll(); moved != 200 {
		t.Errorf("%d of 200 scored by the next version", moved)
	}
	if old := i.rows(`select count(*), min(at) > $1 from candidate_features`, i.store.Clock().Now().Add(-24*time.Hour)); old[0] != "400 true" {
		t.Errorf("kept for lessons: %v", old)
	}
	i.selection(func(s *campaigns.Selection) { s.Model = "" })
	if moved := i.scoreAll(); moved != 200 {
		t.Errorf("%d of 200 given back", moved)
	}
	if got := i.rows(`select count(*), min(propensity), bool_and(model_id is null and given_propensity is null), bool_and(abs(rank - $1) < 1e-9)
		from candidates where state = 'ready'`, given); fmt.Sprint(got) != "[200 0.25 true true]" {
		t.Errorf("given back: %v", got)
	}
	if factors, err := i.store.ScoreFactors(t.Context(), all[0].id); err != nil || factors != nil {
		t.Errorf("factors of a given propensity: %v, %v", factors, err)
	}
	if _, err := i.store.ScoreFactors(t.Context(), 4711_4711); campaigns.CodeOf(err) != campaigns.CodeNotFound {
		t.Errorf("no such candidate: %v", err)
	}
}
