package main

import (
	"fmt"
	"strings"
	"testing"

	"ringmaster/campaigns/postgres"
)

// TestTheDemosPopShowsTheExamplesTexts seeds the demo campaign of each kind and
// looks at what an agent is shown with one of its people.
func TestTheDemosPopShowsTheExamplesTexts(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	store := o.store()
	for scenario, plans := range demoScenarios {
		if plans[0].example == "" {
			continue
		}
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			var people []demoPerson
			for _, p := range demoPeople(1, store.Clock().Now()) {
				// By demoColumns these own no television yet.
				if !p.doNotCall && !p.complaint && p.id%4 == 3 {
					people = append(people, p)
				}
			}
			campaign, err := seedCampaign(t.Context(), store, plans[0], people[:20])
			if err != nil {
				t.Fatal(err)
			}
			found, err := store.FindContacts(t.Context(), fmt.Sprintf("demo-%d", people[0].id))
			if err != nil || len(found) != 1 {
				t.Fatalf("%d contacts, %v", len(found), err)
			}
			pop, err := store.Pop(t.Context(), postgres.PopFor{CampaignID: campaign.ID, ContactID: found[0].ID})
			if err != nil {
				t.Fatal(err)
			}
			script := pop.ScriptShown
			if script == nil || script.Name != scenario {
				t.Fatalf("the script shown is %+v", script)
			}
			if !strings.Contains(pop.Script, "Hello "+people[0].first+",") || strings.Contains(pop.Script, "[ask") {
				t.Errorf("the script is not merged: %q", pop.Script)
			}
			if len(script.Disclosures) < 2 || len(script.Objections) < 2 {
				t.Errorf("%d disclosures and %d objections", len(script.Disclosures), len(script.Objections))
			}
			if offer := pop.OfferShown; offer == nil || offer.Title == "" || offer.Terms == "" || offer.Name != plans[0].offersNamed[0] {
				t.Errorf("the offer shown is %+v, note %q", offer, pop.OfferNote)
			}
		})
	}
}
