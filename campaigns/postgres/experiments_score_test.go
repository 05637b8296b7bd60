package postgres_test

import (
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/trial"
)

// TestAnArmsModelScoresItsPersons holds that an experiment with scores gives each
// person the model of their arm, and the campaign's again after it.
func TestAnArmsModelScoresItsPersons(t *testing.T) {
	t.Parallel()
	i := school(t)
	m := train(t, i)
	for _, name := range []string{"spring", "autumn"} {
		if _, err := i.store.AddModel(t.Context(), name, i.campaign.ID, m, nil, true); err != nil {
			t.Fatal(err)
		}
	}
	if moved := i.scoreAll(); moved != 200 {
		t.Fatalf("%d of 200 scored", moved)
	}
	_, err := i.store.CreateExperiment(t.Context(), campaigns.Experiment{
		Name: "scores", CampaignID: i.campaign.ID, Subject: campaigns.SubjectScore, Baseline: 0.05, Effect: 0.01, Alpha: 0.05, Power: 0.8,
		Arms: []campaigns.ExperimentArm{{Name: "as_it_was", Value: "spring"}, {Name: "tried", Value: "autumn"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if moved := i.scoreAll(); moved != 0 {
		t.Errorf("%d moved by a draft", moved)
	}
	if _, err := i.store.StartExperiment(t.Context(), "scores"); err != nil {
		t.Fatal(err)
	}
	moved := i.scoreAll()
	var salt string
	if err := i.conn.QueryRow(t.Context(), `select salt from experiments`).Scan(&salt); err != nil {
		t.Fatal(err)
	}
	rows, err := i.conn.Query(t.Context(), `select c.contact_id, m.name from candidates c join models m on m.id = c.model_id where c.state = 'ready'`)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for rows.Next() {
		var person int64
		var model string
		if err := rows.Scan(&person, &model); err != nil {
			t.Fatal(err)
		}
		arm := trial.Arm(salt, person, 2)
		tried += arm
		if want := []string{"spring", "autumn"}[arm]; model != want {
			t.Errorf("person %d of arm %d is scored by %s", person, arm, model)
		}
	}
	if tried == 0 || tried == 200 || moved != tried {
		t.Errorf("%d moved, %d of 200 in the second arm", moved, tried)
	}
	if _, err := i.store.StopExperiment(t.Context(), "scores"); err != nil {
		t.Fatal(err)
	}
	if moved := i.scoreAll(); moved != tried {
		t.Errorf("%d of %d scored by the campaign's model again", moved, tried)
	}
}
